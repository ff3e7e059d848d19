"""Whatever call of the system fails, and wherever a run is killed: a pull makes the cache whole, `prune` clears the rest."""

import pytest

from tests.faults import FILES, KILLED, library
from tests.trials import MANNERS, cache_trials, output_trials, tried

# `python tests/bench/trust.py` tries every call.
MOST = 1


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    made = library(tmp_path_factory.mktemp("faults"))
    if made is None:
        pytest.skip("no compiler makes tests/faults.c, or this system has no LD_PRELOAD")
    return made


def test_no_fault_and_no_kill_loses_a_model(made, tmp_path):
    with cache_trials(made, tmp_path) as trials:
        for number, (name, trial) in enumerate(trials.items()):
            calls = 0
            for manner, error in MANNERS.items():
                tally = tried(trial, trial.folder, FILES, error, MOST, number, calls)
                calls = tally.calls
                assert (name, manner, tally.lost) == (name, manner, [])
                assert tally.tried > 0


def test_no_fault_and_no_kill_leaves_half_a_result(made, tmp_path):
    with output_trials(made, tmp_path, (".jsonl", ".npy"), (".jsonl",)) as trials:
        for number, (name, trial) in enumerate(trials.items()):
            # Of a job nearly every call is a write, which is tried again.
            kinds, calls = tuple(kind for kind in FILES if kind != "write" or "--resume" not in name), 0
            for manner, error in MANNERS.items():
                tally = tried(trial, trial.folder, kinds, error, MOST, number, calls)
                calls = tally.calls
                assert (name, manner, tally.lost) == (name, manner, [])


def test_a_removal_that_was_killed_is_finished_by_prune(made, tmp_path):
    with cache_trials(made, tmp_path) as trials:
        trial = trials["rm"]
        tally = tried(trial, trial.folder, ("remove",), KILLED, most=3)
        assert (tally.lost, tally.killed, tally.tried) == ([], 3, 3)

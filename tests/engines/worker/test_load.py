"""The worker under load, in small: what `tests/bench/load.py` measures with starter models, with tiny ones."""

import statistics
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench import load
from tiny import save_causal_lm, save_classifier

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the worker's place is told by XDG_RUNTIME_DIR")


@pytest.fixture(scope="module")
def tasks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    classifier, decoder = save_classifier(folder / "classifier"), save_causal_lm(folder / "decoder")
    load.PARTS = [[*"abcdefghij"]] * 4
    return {
        "sentiment": (str(classifier), {}),
        "embed": (str(classifier), {}),
        "summarize": (str(classifier), {"method": "extractive"}),
        "generate": (str(decoder), {"greedy": True, "max_tokens": 3}),
    }


@pytest.fixture(scope="module", autouse=True)
def worker(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        # Set here, so that it is taken back whatever the worker's context sets.
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("place")))
        patch.setenv("OMP_WAIT_POLICY", "PASSIVE")
        patch.setenv("GOMP_SPINCOUNT", "1000")
        with load.worker():
            yield


def test_200_clients_at_once_get_what_is_theirs_in_its_order(tasks):
    alone, together, _ = load.crowd(tasks, clients=200, each=10)
    # 0.9 on a quiet machine with starter models (docs/serve.md); tiny ones compute nothing, so that this is all overhead.
    assert together.processor < 10 * alone.processor + 5


def test_a_single_record_is_answered_while_a_large_run_goes_on(tasks):
    costs = load.beside(("embed", *tasks["embed"]), ("sentiment", *tasks["sentiment"]), count=20_000, rounds=15)
    # The processor, not the clock: other programs may have the cores.
    assert statistics.median(cost.worker for cost in costs) < 1


def test_memory_does_not_grow_with_requests(tasks):
    before, after = load.memory(tasks, first=100, last=600)
    assert after < 1.05 * before

"""What was tried to break nlpcli, how often, and what was lost: python tests/bench/trust.py [PERCENT] [SEED] [PART,…].

Prints the table of docs/trust.md. PERCENT of the numbers there (100: an hour on two cores); the parts are `mutations`,
`texts`, `records`, `faults` (`kills` alone is a third of them), `memory`, `race`. What was lost is said on standard error, and makes the exit status 1.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Thread
from typing import NamedTuple

sys.path += [str(path) for path in (Path(__file__).parents[2], Path(__file__).parents[1])]
sys.path.append(str(Path(__file__).parents[1] / "models"))

from fuzz import RECORDS, TARGETS, TEXTS, Target, run
from fuzz_own import OWN
from hub_server import FILES, HubServer, Repository

from tests.faults import FILES as CALLS
from tests.faults import KILLED, library
from tests.trials import MANNERS, NAME, cache_trials, output_trials, tried

MUTATIONS, TEXTS_EACH, RECORDS_EACH, CALLS_EACH, ALLOCATIONS, PROCESSES = 1500, 6000, 1500, 200, 100, 50


class Row(NamedTuple):
    """One line of the table; `outcome` says what the runs did, `lost` is each loss in words."""

    tried: str
    often: int
    outcome: str
    lost: Sequence[str]


def fuzzed(targets: Sequence[Target], count: int, seed: int) -> Iterator[Row]:
    """Mutations of one kind of file after the other."""
    for target in targets:
        with tempfile.TemporaryDirectory() as folder:
            found = run(target, count, Path(folder), seed)
        outcome = f"{found.taken:,} read, {found.refused:,} refused in words; slowest {found.slowest:.1f} s"
        yield Row(f"mutations: {target.name}", count, outcome, found.failures)


def faulty(count: int, seed: int, kinds: tuple[str, ...], manners: dict[str, int]) -> Iterator[Row]:
    """Calls that fail and kills, in the cache and in files of results."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = library(folder)
        if made is None:
            print("no compiler makes tests/faults.c: faults were not tried", file=sys.stderr)
            return
        for area, trials_of in (("cache", cache_trials), ("output", output_trials)):
            (folder / area).mkdir()
            with trials_of(made, folder / area) as trials:
                for what, trial in trials.items():
                    for manner, error in manners.items():
                        tally = tried(trial, trial.folder, kinds, error, count, seed)
                        outcome = f"{tally.failed} failed in words, {tally.killed} died, the others went on"
                        calls = "any call on files" if kinds == CALLS else " or ".join(kinds)
                        yield Row(f"`{what}`: {calls}, {manner}", tally.tried, outcome, tally.lost)


def race(count: int) -> Iterator[Row]:
    """Many processes on an empty cache: each has the model, and each file was sent once."""
    with tempfile.TemporaryDirectory() as folder, HubServer() as hub:
        hub.repositories[NAME] = Repository({"main": FILES})
        thread = Thread(target=hub.serve_forever, daemon=True)
        thread.start()
        environment = _environment(hub.url, folder)
        command = [sys.executable, "-m", "nlpcli", "models", "pull", "--quiet", NAME]
        pulls = [subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) for _ in range(count)]
        folders = {pull.communicate(timeout=600)[0].decode().strip() for pull in pulls}
        sent = [line for line in hub.requests if line.startswith("GET ") and "/resolve/" in line]
        hub.shutdown()
        wrong = [f"a pull ended with {pull.returncode}" for pull in pulls if pull.returncode]
        wrong += [f"{len(folders)} folders"] if len(folders) != 1 else []
        wrong += [f"sent twice: {line}" for line in set(sent) if sent.count(line) > 1]
        yield Row(
            "processes that pull one model into an empty cache", count, f"{len(sent)} files sent, once each", wrong
        )


def _environment(url: str, folder: str) -> dict[str, str]:
    import os

    own = {"HF_ENDPOINT": url, "HF_HOME": f"{folder}/home", "NLPCLI_CACHE_DIR": f"{folder}/cache"}
    return {**os.environ, **own, "HF_HUB_DISABLE_XET": "1", "HF_HUB_OFFLINE": "0", "NO_PROXY": "127.0.0.1"}


def main() -> int:
    given = dict(enumerate(sys.argv))
    percent, seed, parts = int(given.get(1) or 100), int(given.get(2, 1)), given.get(3)

    def share(count: int) -> int:
        return max(1, count * percent // 100)

    rows_of: dict[str, Callable[[], Iterator[Row]]] = {
        "mutations": lambda: fuzzed([*TARGETS, *OWN], share(MUTATIONS), seed),
        "texts": lambda: fuzzed(TEXTS, share(TEXTS_EACH), seed),
        "records": lambda: fuzzed(RECORDS, share(RECORDS_EACH), seed),
        "faults": lambda: faulty(share(CALLS_EACH), seed, CALLS, MANNERS),
        "kills": lambda: faulty(share(CALLS_EACH), seed, CALLS, {"killed": KILLED}),
        "memory": lambda: faulty(share(ALLOCATIONS), seed, ("malloc",), {"no memory": 12}),
        "race": lambda: race(share(PROCESSES)),
    }
    print("| what was tried | how often | what came of it | lost |\n| --- | --- | --- | --- |")
    lost = 0
    for part in parts.split(",") if parts else [part for part in rows_of if part != "kills"]:
        for row in rows_of[part]():
            print(f"| {row.tried} | {row.often:,} | {row.outcome} | {len(row.lost) or 'nothing'} |", flush=True)
            print(*row.lost[:20], sep="\n", end="\n" * bool(row.lost), file=sys.stderr, flush=True)
            lost += len(row.lost)
    return lost > 0


if __name__ == "__main__":
    sys.exit(main())

"""Each task beside another checkout: python tests/bench/beside.py BEFORE [--rounds N] [--only TASK...] [--threads N], where
BEFORE is a commit of this repository or a folder with another checkout.

Whole commands, in turn and each round the other way round, of two numbers of records; what one record takes is the
difference by that of their numbers. The least of all rounds counts; ratios are AFTER : BEFORE, of the clock, of CPU
seconds (user and system) and of peak memory. Where the results of both differ, the line says so. All of it takes less
than ten minutes on two quiet cores; CPU seconds hold on a busy machine too.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class Measured(NamedTuple):
    """A task: what is called, how many records at least and at most, of how many sentences each."""

    command: list[str]
    few: int = 200
    many: int = 2000
    sentences: int = 1


TASKS = {
    "help": Measured(["--help"], 0, 0),
    "embed": Measured(["embed"]),
    "sentiment": Measured(["sentiment"]),
    "translate": Measured(["translate", "-m", "starter/en-pt"], 200, 1000),
    "summarize": Measured(["summarize"], 20, 200, 12),
    "generate": Measured(["generate", "--greedy", "--max-tokens", "16"], 20, 200),
    "attention-inspect": Measured(["attention-inspect"], 20, 100),
    "extract": Measured(["extract"], 200, 1000),
}
WORDS = {
    "who": "teacher farmer doctor neighbor sailor painter lawyer cook child nurse driver poet",
    "did": "found lost sold mended painted carried forgot admired bought hid returned described",
    "what": "letter bicycle kettle map violin coat lamp basket mirror clock window garden",
    "kind": "old blue broken heavy quiet famous small wooden strange bright empty warm",
    "where": "Lisbon London Berlin Toronto Madrid Boston Dublin Vienna Oslo Prague Geneva Sydney",
    "when": "yesterday today slowly again twice alone early late gladly sadly quickly finally",
}


class Spent(NamedTuple):
    """Seconds on the clock and of CPU, and the most memory held at once in MiB, of a process and its children."""

    wall: float
    cpu: float
    memory: float


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=list(TASKS), choices=TASKS, metavar="TASK")
    parser.add_argument("--threads", default="2")
    options = parser.parse_args()
    print(
        f"{'':18} {'records':>7}  {'wall, s':>17} {'ratio':>6}  {'CPU, s':>17} {'ratio':>6}  {'MiB':>13} {'ratio':>6}"
    )
    with tempfile.TemporaryDirectory() as folder:
        trees = {"before": tree_of(options.before, Path(folder)), "after": ROOT}
        for name in options.only:
            compare(name, trees, options, Path(folder))


def tree_of(before, folder):
    """The folder of a checkout; a commit is written out."""
    if Path(before, "nlpcli").is_dir():
        return Path(before).resolve()
    tree = folder / "before"
    tree.mkdir()
    archive = subprocess.run(["git", "archive", before, "nlpcli"], cwd=ROOT, capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", str(tree)], input=archive, check=True)
    return tree


def compare(name, trees, options, folder):
    """Measure one task in both trees, and print its rows."""
    task = TASKS[name]
    least = {}
    differs = False
    for size in dict.fromkeys((task.few, task.many)):
        spent = {tree: [] for tree in trees}
        for number in range(options.rounds + 1):
            results = {}
            for tree in list(trees)[:: -1 if number % 2 else 1]:
                cost, results[tree] = run(trees[tree], command_of(task, size, options.threads, folder), folder)
                spent[tree].append(cost)
            differs |= results["before"] != results["after"]
        # The first round reads files and compiles what a first run does.
        least[size] = [Spent(*map(min, zip(*spent[tree][1:], strict=True))) for tree in trees]
        show(name, size or "", least[size])
    if task.many > task.few:
        show(f"{name}, each (ms)", "", [per_record(*pair, task) for pair in zip(*least.values(), strict=True)])
    if differs:
        print(f"{name}: the results differ", flush=True)


def command_of(task, size, threads, folder):
    if not size:
        return task.command
    chance = random.Random(size)
    path = folder / f"{task.sentences} {size}.txt"
    path.write_text("".join(text(chance, task.sentences) + "\n" for _ in range(size)), encoding="utf-8")
    return [*task.command, "--threads", threads, "-i", str(path)]


def text(chance, sentences):
    """English sentences that have not been read before, as a rule."""
    words = {kind: chance.sample(found.split(), sentences) for kind, found in WORDS.items()}
    return " ".join(
        f"The {who} from {where} {did} the {kind} {what} {when}, and nobody knew why."
        for who, did, what, kind, where, when in zip(*words.values(), strict=True)
    )


def run(tree, command, folder):
    """What one run takes, and its results."""
    out = folder / "out"
    with out.open("wb") as stream, (folder / "err").open("wb") as errors:
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "nlpcli", *command], stdout=stream, stderr=errors, stdin=subprocess.DEVNULL,
            cwd=folder, env={**os.environ, "PYTHONPATH": str(tree)},
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if status:
        raise SystemExit(f"{tree}: {' '.join(command)}\n{(folder / 'err').read_text(encoding='utf-8')}")
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return Spent(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit), out.read_bytes()


def per_record(few, many, task):
    """Milliseconds of each record more; memory as it is with many."""
    records = (task.many - task.few) / 1000
    return Spent((many.wall - few.wall) / records, (many.cpu - few.cpu) / records, many.memory)


def show(name, size, least):
    before, after = least
    columns = [
        f"{old:7.{digits}f} → {new:7.{digits}f} {new / old if old > 0 else float('nan'):6.3f}"
        for old, new, digits in zip(before, after, (2, 2, 0), strict=True)
    ]
    print(f"{name:24} {size:>6}  " + "  ".join(columns), flush=True)


if __name__ == "__main__":
    main()

"""Every task as a whole command, here and in another checkout: python tests/bench/before.py CHECKOUT SENTENCES.txt
[--rounds N] [--only TASK...]. CHECKOUT: a folder with an older state of this repository (`git worktree add`).

Each task reads a few records and many, in both trees in turn, each round the other way round. What many take more than
few is the time of records, with start-up and loading left out. Ratios are here : there of the least of all rounds, on
the clock and by CPU seconds; memory is the most of any run. No worker serves a command.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

from paired import Spent, run

HERE = Path(__file__).parents[2]


class Case(NamedTuple):
    """A command, and how many records it is given: few, many. One number: the command says all by itself."""

    command: list[str]
    sizes: tuple[int, ...]
    sentences_a_record: int = 1


CASES = {
    "help": Case(["--help"], (0,)),
    "embed": Case(["embed", "-F", "jsonl"], (50, 1500)),
    "sentiment": Case(["sentiment", "-F", "jsonl"], (50, 1500)),
    "translate": Case(["translate", "-m", "starter/en-pt", "-F", "jsonl"], (20, 300)),
    "summarize": Case(["summarize", "-F", "jsonl"], (10, 150), 15),
    "generate": Case(["generate", "--greedy", "--max-tokens", "24", "-F", "jsonl"], (2, 24)),
    "attention-inspect": Case(["attention-inspect", "-F", "json", "--verify"], (1,)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("sentences", type=Path, help="a file of English sentences, one a line")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=list(CASES), choices=CASES, metavar="TASK", help=", ".join(CASES))
    options = parser.parse_args()
    trees = {"there": options.checkout.resolve(), "here": HERE}
    os.environ["NLPCLI_SERVER"] = "false"
    print(f"{'':18} {'records':>9} {'wall s':>16} {'ratio':>6} {'CPU s':>16} {'ratio':>6} {'MiB':>12} {'ratio':>6}")
    with tempfile.TemporaryDirectory() as folder:
        # Not from a checkout: Python would take the code of the folder that it is started in.
        os.chdir(folder)
        for name in options.only:
            inputs = list(write_inputs(CASES[name], options.sentences, Path(folder)))
            least = measure(CASES[name], inputs, trees, options.rounds, Path(folder))
            for line in table(name, CASES[name], least):
                print(line, flush=True)


def write_inputs(case: Case, sentences: Path, folder: Path) -> Iterator[Path]:
    """A file of records for each size of a case."""
    lines = sentences.read_text(encoding="utf-8").splitlines()
    for size in case.sizes:
        path = folder / f"{size}.txt"
        if len(lines) < size * case.sentences_a_record:
            sys.exit(f"{sentences} has too few lines: {size * case.sentences_a_record} are needed")
        chunks = (
            lines[start : start + case.sentences_a_record] for start in range(0, len(lines), case.sentences_a_record)
        )
        path.write_text("".join(" ".join(chunk) + "\n" for chunk, _ in zip(chunks, range(size), strict=False)))
        yield path


def measure(
    case: Case, inputs: list[Path], trees: dict[str, Path], rounds: int, folder: Path
) -> dict[tuple[str, int], Spent]:
    """(Tree, size) → the least wall and CPU seconds of all rounds, and the most memory."""
    spent: dict[tuple[str, int], list[Spent]] = {(tree, size): [] for tree in trees for size in case.sizes}
    for number in range(-1, rounds):
        for tree in list(trees)[:: -1 if number % 2 else 1]:
            os.environ["PYTHONPATH"] = str(trees[tree])
            for size, path in zip(case.sizes, inputs, strict=True):
                found = run(
                    sys.executable, ["-m", "nlpcli", *case.command, *(["-i", str(path)] if size else [])], folder
                )
                # The first of all reads files and compiles what a first run does.
                if number >= 0:
                    spent[tree, size].append(found)
    return {
        key: Spent(min(f.wall for f in all_), min(f.cpu for f in all_), max(f.mib for f in all_))
        for key, all_ in spent.items()
    }


def table(name: str, case: Case, least: dict[tuple[str, int], Spent]) -> Iterator[str]:
    """A row for each size, and one for what many records took more than few."""
    for size in case.sizes:
        yield row(name, str(size), least["there", size], least["here", size])
    if len(case.sizes) == 2:
        few, many = case.sizes
        there, here = (
            Spent(least[tree, many].wall - least[tree, few].wall, least[tree, many].cpu - least[tree, few].cpu, 0)
            for tree in ("there", "here")
        )
        yield row(name, f"{few}–{many}", there, here)


def row(name: str, records: str, there: Spent, here: Spent) -> str:
    memory = f"{there.mib:5.0f} →{here.mib:5.0f} {here.mib / there.mib:6.3f}" if there.mib else ""
    return (
        f"{name:18} {records:>9} {there.wall:7.2f} →{here.wall:7.2f} {here.wall / there.wall:6.3f}"
        f" {there.cpu:7.2f} →{here.cpu:7.2f} {here.cpu / there.cpu:6.3f} {memory}"
    )


if __name__ == "__main__":
    main()

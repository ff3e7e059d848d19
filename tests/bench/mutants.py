"""How many mistakes the tests notice: python tests/bench/mutants.py [AREA] [COUNT] [SEED] (pip install cosmic-ray).

cosmic-ray makes every mutant that it knows of an area's modules; COUNT of them, chosen by SEED, meet the tests that mirror
the area, those of the module first. A mutant that every test lets pass has survived. Works in a copy of the tree.
"""

import logging
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from cosmic_ray.commands.init import _all_work_items
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.testing import run_tests
from cosmic_ray.work_item import TestOutcome

ROOT = Path(__file__).parents[2]
# Tests that take so many times as long as without a mutant hang.
_HANGS = 5
# They kill most of what can be killed within seconds.
_QUICK = "tests/models/test_made.py tests/models/test_removal.py tests/models/test_hub_c*.py tests/models/test_cache.py"
# Area → its modules, and the tests that mirror them.
AREAS = {
    "records": ("nlpcli/records/*.py", "tests/records"),
    "batching": ("nlpcli/runtime/batching.py nlpcli/runtime/arrivals.py", "tests/runtime/test_batching.py"),
    "cache": (
        "nlpcli/models/removal.py nlpcli/models/cache.py nlpcli/models/sources/hub*.py nlpcli/models/sources/made.py",
        f"{_QUICK} tests/models/test_hostile_hub.py tests/models/test_hub*.py tests/models/test_starter.py",
    ),
    "markup": ("nlpcli/text/markup/*.py", "tests/text/markup"),
}
# Annotations are never evaluated here, and `X | None` is most of what these would change.
_IN_ANNOTATIONS = "core/ReplaceBinaryOperator_BitOr"


def survivors(area: str, count: int, seed: int, copy: Path) -> list[str]:
    """The diffs of the mutants that no test notices; each outcome is said."""
    patterns, tests = AREAS[area]
    modules = sorted(path for pattern in patterns.split() for path in copy.glob(pattern))
    items = [item for item in _all_work_items(modules, {}) if not _name(item).startswith(_IN_ANNOTATIONS)]
    chosen = random.Random(f"{area} {seed}").sample(items, min(count, len(items)))
    seconds, found = _seconds(_command(copy, Path("no"), tests)), []
    for number, item in enumerate(chosen, start=1):
        (mutation,) = item.mutations
        result = mutate_and_test(item.mutations, _command(copy, Path(mutation.module_path), tests), seconds)
        survived = result.test_outcome is TestOutcome.SURVIVED
        where = f"{Path(mutation.module_path).name}:{mutation.start_pos[0]} {_name(item)}"
        print(f"{area} {number}/{len(chosen)} {result.test_outcome}: {where}", file=sys.stderr, flush=True)
        if survived:
            found.append(result.diff or where)
    print(area, len(items), len(chosen), len(chosen) - len(found), f"{1 - len(found) / len(chosen):.0%}", sep="\t")
    return found


def _seconds(command: str) -> float:
    """How long the tests of an area may take; they pass without a mutant."""
    start = time.monotonic()
    outcome, output = run_tests(command, 3600)
    if outcome is not TestOutcome.SURVIVED:
        raise SystemExit(output)
    return 60 + _HANGS * (time.monotonic() - start)


def _name(item) -> str:
    return item.mutations[0].operator_name


def _command(copy: Path, module: Path, tests: str) -> str:
    own = copy.glob(f"tests/**/test_{module.stem}.py")
    files = " ".join(map(str, [*own, *(path for pattern in tests.split() for path in sorted(copy.glob(pattern)))]))
    return f"{sys.executable} -m pytest -q -x -p no:cacheprovider --rootdir {copy} {files}"


def main() -> int:
    logging.disable()
    given = dict(enumerate(sys.argv))
    areas, count, seed = given.get(1) or ",".join(AREAS), int(given.get(2, 60)), int(given.get(3, 1))
    print("area\tmutants\ttried\tkilled\tshare")
    for area in areas.split(","):
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "tree"
            shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", "__pycache__", ".*_cache", "dist"))
            os.environ["PYTHONPATH"] = str(copy)
            os.chdir(copy)
            print(*survivors(area, count, seed, copy), sep="\n", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

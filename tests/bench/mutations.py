"""Mutations of each kind of file that comes from elsewhere: python tests/bench/mutations.py [COUNT] [SEED] [KIND]."""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz import TARGETS, run


def main() -> int:
    given = dict(enumerate(sys.argv))
    count, seed, kind = int(given.get(1, 200)), int(given.get(2, 1)), given.get(3, "")
    failed = 0
    print("kind\ttried\ttaken\trefused\tfailed\tslowest")
    for target in TARGETS:
        if kind not in target.name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            outcome = run(target, count, Path(folder), seed)
        failed += len(outcome.failures)
        row = (target.name, count, outcome.taken, outcome.refused, len(outcome.failures), f"{outcome.slowest:.1f} s")
        print(*row, sep="\t", flush=True)
        print(*outcome.failures[:20], sep="\n", file=sys.stderr)
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())

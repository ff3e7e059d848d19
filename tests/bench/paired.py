"""How much slower or faster a command is in one tree than in another: python tests/bench/paired.py BEFORE AFTER [--rounds N]
COMMAND..., where BEFORE and AFTER are the programs of two environments.

For the cost of being faithful (issue 18), for example:
python tests/bench/paired.py /env/before/bin/nlpcli /env/after/bin/nlpcli translate -m starter/en-pt --threads 2 -i dev.en

Whole commands, in turn and each round the other way round, so that what else the machine does meets both alike. CPU
seconds (user and system) hold on a busy machine; of wall time the least of many says most. Ratios are AFTER : BEFORE.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple


class Spent(NamedTuple):
    """Seconds on the clock, and seconds of CPU of a process and its children."""

    wall: float
    cpu: float


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("before")
    parser.add_argument("after")
    parser.add_argument("--rounds", type=int, default=10)
    arguments, command = parser.parse_known_args()
    programs = {"before": arguments.before, "after": arguments.after}
    spent = {name: [] for name in programs}
    with tempfile.TemporaryDirectory() as folder:
        for program in programs.values():
            run(program, command, Path(folder))  # reads files and compiles what a first run does
        for number in range(arguments.rounds):
            for name in list(programs)[:: -1 if number % 2 else 1]:
                spent[name].append(run(programs[name], command, Path(folder)))
            say(spent)


def run(program, command, folder):
    """What one run takes; its output goes nowhere."""
    with (folder / "out").open("wb") as out:
        start = time.perf_counter()
        process = subprocess.Popen([program, *command], stdout=out, stderr=subprocess.PIPE)
        message = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
    if status:
        raise SystemExit(message.decode())
    return Spent(wall, usage.ru_utime + usage.ru_stime)


def say(spent):
    before, after = spent["before"], spent["after"]
    least = {name: Spent(*map(min, zip(*runs, strict=True))) for name, runs in spent.items()}
    ratios = [Spent(a.wall / b.wall, a.cpu / b.cpu) for a, b in zip(after, before, strict=True)]
    wall, cpu = (statistics.median(values) for values in zip(*ratios, strict=True))
    print(
        f"{len(before):2} rounds   wall, least {least['before'].wall:.2f} → {least['after'].wall:.2f} s"
        f" ({least['after'].wall / least['before'].wall:.3f}), median ratio {wall:.3f}"
        f"   CPU, least {least['before'].cpu:.2f} → {least['after'].cpu:.2f} s"
        f" ({least['after'].cpu / least['before'].cpu:.3f}), median ratio {cpu:.3f}",
        flush=True,
    )


if __name__ == "__main__":
    main()

"""Contestants side by side in one process, in turn, several times; and the table of what they took.

Machines are shared: seconds of CPU stand beside those on the clock, and ratios are those of each round, of which the
median counts. `NLPCLI_BENCH_ROWS=1` prints rows as JSON, for the table of all (`python -m tests.bench`).
"""

import json
import os
import statistics
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

# What the command line sets before torch is there (nlpcli/__main__.py).
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "1000")

# A CPU with AVX2 alone, as far as the libraries inside torch ask.
if os.environ.get("AVX2"):
    os.environ["ATEN_CPU_CAPABILITY"] = "avx2"
    for library in ("ONEDNN_MAX_CPU_ISA", "FBGEMM_ENABLE_INSTRUCTIONS", "MKL_ENABLE_INSTRUCTIONS"):
        os.environ[library] = "AVX2"

import torch

from nlpcli.engines.local import Execution, process
from nlpcli.records.record import Origin, Record
from nlpcli.runtime.arrivals import ReadAhead
from nlpcli.runtime.device import describe_hardware
from nlpcli.tasks.base import load, make_task

ROUNDS = 3


@dataclass(frozen=True)
class Row:
    """Medians of one contestant, and how many times as fast the reference is, on the clock and by CPU seconds."""

    contestant: str
    items: int
    wall: float
    cpu: float
    wall_ratio: float
    cpu_ratio: float

    @staticmethod
    def head():
        return f"{'':34} {'wall s':>8} {'per s':>8} {'CPU s':>8}   times as fast: wall, CPU"

    def __str__(self):
        return (
            f"{self.contestant:34} {self.wall:8.2f} {self.items / self.wall:8.0f} {self.cpu:8.2f}"
            f"   {self.wall_ratio:16.2f} {self.cpu_ratio:5.2f}"
        )


def forced_avx2():
    return os.environ.get("ATEN_CPU_CAPABILITY") == "avx2"


def this_hardware():
    """What nlpcli sees; without AVX-512 and all that came after it where that is forced."""
    hardware = describe_hardware()
    if not forced_avx2():
        return hardware
    newer = ("avx512", "amx", "vnni", "avx_ne")
    return replace(hardware, cpu_flags=frozenset(f for f in hardware.cpu_flags if not any(n in f for n in newer)))


def lines_of(arguments):
    """Up to 2,000 lines of the file named on the command line."""
    if len(arguments) != 2:
        sys.exit(f"usage: python {arguments[0]} SENTENCES.txt")
    return Path(arguments[1]).read_text(encoding="utf-8").splitlines()[:2000]


def task_of(name, options, model, placement):
    """The task of one run, its pipeline loaded for it alone."""
    return make_task(name, options, load(name, options, model, placement))


def run_task(task, lines, budget, placement, hardware, threads=None, exact=False):
    """What the local engine does, model loading left out; a budget of None leaves it to the task or the device."""
    records = (Record(line, {}, Origin("bench", number)) for number, line in enumerate(lines))
    threads = threads or hardware.cores
    return list(process(task, ReadAhead(records), placement, Execution(hardware, threads, budget), exact=exact))


def compare(contestants, reference, lines, placement, hardware, rounds=None):
    """Run all in turn, `ROUNDS` times, and print what they took and how many times as fast the reference was."""
    rounds = rounds or int(os.environ.get("NLPCLI_BENCH_ROUNDS", ROUNDS))
    spent = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, work in contestants.items():
            torch.set_num_threads(hardware.cores)
            wall, cpu = time.perf_counter(), time.process_time()
            # An engine in a process of its own says what it took.
            took = work()
            took = took if isinstance(took, tuple) else (time.perf_counter() - wall, time.process_time() - cpu)
            spent[name].append(took)
    path = "AVX2 forced" if forced_avx2() else "all that the CPU has"
    title = f"{len(lines)} lines, {placement.device} in {placement.dtype}, {path}, medians of {rounds}"
    report(title, rows_of(spent, reference, len(lines)))


def rows_of(spent, reference, items):
    """`spent`: of each contestant (wall, CPU) seconds of each round."""
    rows = []
    for name, rounds in spent.items():
        wall, cpu = (statistics.median(values) for values in zip(*rounds, strict=True))
        pairs = zip(rounds, spent[reference], strict=True)
        ratios = [(own[0] / best[0], own[1] / best[1]) for own, best in pairs]
        rows.append(Row(name, items, wall, cpu, *(statistics.median(values) for values in zip(*ratios, strict=True))))
    return rows


def report(title, rows):
    """Print the rows, for a person or for the table of all."""
    if os.environ.get("NLPCLI_BENCH_ROWS"):
        print(json.dumps({"title": title, "rows": [asdict(row) for row in rows]}), flush=True)
        return
    print(title)
    print(Row.head())
    for row in rows:
        print(row, flush=True)

"""Contestants side by side in one process, in turn, several times; and the table of their medians."""

import statistics
import sys
import time
from pathlib import Path

import torch

from nlpcli.engines.local import process
from nlpcli.records.record import Origin, Record
from nlpcli.runtime.batching import ReadAhead
from nlpcli.tasks.base import load, make_task

ROUNDS = 3


def lines_of(arguments):
    """Up to 2,000 lines of the file named on the command line."""
    if len(arguments) != 2:
        sys.exit(f"usage: python {arguments[0]} SENTENCES.txt")
    return Path(arguments[1]).read_text(encoding="utf-8").splitlines()[:2000]


def task_of(name, options, model, placement):
    """The task of one run, its pipeline loaded for it alone."""
    return make_task(name, options, load(name, options, model, placement))


def run_task(task, lines, budget, placement, hardware):
    """What the local engine does, model loading left out; a budget of None leaves it to the task or the device."""
    records = (Record(line, {}, Origin("bench", number)) for number, line in enumerate(lines))
    return list(process(task, ReadAhead(records), hardware, placement, budget, hardware.cores))


def compare(contestants, reference, lines, placement, hardware):
    """Run all in turn, `ROUNDS` times, and print the medians and their ratios to that of `reference`."""
    times = {name: [] for name in contestants}
    for _ in range(ROUNDS):
        for name, work in contestants.items():
            torch.set_num_threads(hardware.cores)
            start = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(runs) for name, runs in times.items()}
    print(f"{len(lines)} lines, {placement.device} in {placement.dtype}, median of {ROUNDS}")
    for name, median in medians.items():
        ratio = median / medians[reference]
        print(f"{name:28} {median:8.2f} s {len(lines) / median:8.0f} lines/s   {ratio:5.2f} times {reference}'s time")

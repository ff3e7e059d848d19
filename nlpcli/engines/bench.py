"""Measures which dtype, budget of a batch and number of threads are fastest for a task here, with the same results."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from nlpcli.engines import local
from nlpcli.engines.job import Job
from nlpcli.errors import InputError
from nlpcli.models.reference import ProgressCallback
from nlpcli.records.record import Origin, Record
from nlpcli.runtime.arrivals import ReadAhead
from nlpcli.runtime.bench_results import Measurement, machine
from nlpcli.runtime.device import Hardware, Placement, choose, describe_hardware, device_name, padded_tokens_per_batch
from nlpcli.tasks.base import BatchTask, ContinuousTask, make_task

# Around what the device would be given anyway, and as far as a step is a gain.
SMALLEST_BUDGET, LARGEST_BUDGET = 256, 131_072
# A run is as many texts as take about this long, and is repeated; the fastest counts: the others were disturbed.
SECONDS = 0.8
REPEATS = 3
MOST_TEXTS = 2000
# How far the numbers of another dtype may be from those of float32: the cosine of vectors, the difference of scores.
LEAST_COSINE = 0.999
LARGEST_DIFFERENCE = 0.02
_COMPARED = 64
# What is not faster by this is noise.
_GAIN = 1.05
# A dtype this much slower than another is not tried further.
_HOPELESS = 0.5


@dataclass(frozen=True, slots=True)
class Trial:
    """One setting and how fast it was. `same_results`: as float32; `automatic`: what `auto` takes, measured or not."""

    dtype: str
    batch_tokens: int
    threads: int
    texts_per_second: float
    tokens_per_second: float | None
    same_results: bool
    automatic: bool = False


@dataclass(slots=True)
class _Loaded:
    """A task in one dtype, and the texts that it is given."""

    task: BatchTask | ContinuousTask
    dtype: str
    placement: Placement
    hardware: Hardware
    texts: Sequence[str]
    tokens: int | None = None
    same_results: bool = True

    def run(self, count: int, budget: int, threads: int) -> tuple[float, list[Record]]:
        """Seconds, and the records with their results."""
        records = _records(self.texts[:count])
        start = time.perf_counter()
        source = ReadAhead(records)
        done = list(local.process(self.task, source, self.placement, local.Execution(self.hardware, threads, budget)))
        seconds = time.perf_counter() - start
        if failed := next((record for record in done if record.error is not None), None):
            # How fast something fails is no speed.
            raise InputError(f"{failed.origin}: {failed.error}; give texts that the model takes: -i FILE")
        return seconds, done


def measure(job: Job, texts: Sequence[str], dtypes: Sequence[str], progress: ProgressCallback) -> Iterator[Trial]:
    """Every setting that is tried, as it is done.

    `dtypes` begins with the one that the others are compared with, and has `auto` before the others. A row bears the
    name of what is computed in.

    Raises:
        NlpcliError: the model cannot be had or used.
    """
    hardware = describe_hardware()
    reference: list[Record] = []
    seen: set[str] = set()
    fastest = 0.0
    for dtype in dtypes:
        placement = choose(hardware, job.compute.device, dtype)
        progress(f"loading {job.model.name} in {dtype}")
        pipeline = local.load_model(job, placement, progress)
        name = pipeline.precision.name
        if name in seen:
            continue
        seen.add(name)
        loaded = _Loaded(make_task(job.task, job.options, pipeline), name, placement, hardware, texts)
        count = _enough(loaded)
        _, done = loaded.run(min(count, _COMPARED), padded_tokens_per_batch(hardware, placement), hardware.cores)
        reference = reference or done
        loaded.same_results = agree(reference, done)
        loaded.tokens = _tokens(loaded.task, texts[:count])
        for trial in _trials(loaded, count, progress):
            yield trial
            if trial.texts_per_second < fastest * _HOPELESS:
                break
            fastest = max(fastest, trial.texts_per_second)


def best(trials: Sequence[Trial]) -> Trial:
    """The fastest setting that `auto` takes anyway or whose results are those of float32; of equals the first."""
    sound = [trial for trial in trials if trial.same_results or trial.automatic]
    chosen = sound[0]
    for trial in sound:
        if trial.texts_per_second > chosen.texts_per_second * _GAIN:
            chosen = trial
    return chosen


def as_measurement(job: Job, trial: Trial) -> Measurement:
    """What is kept of the best trial."""
    hardware = describe_hardware()
    device = choose(hardware, job.compute.device).device
    return Measurement(
        task=job.task,
        model=job.model.name,
        device=device,
        device_name=device_name(hardware, device),
        dtype=trial.dtype,
        batch_tokens=trial.batch_tokens,
        threads=trial.threads,
        texts_per_second=round(trial.texts_per_second, 2),
        tokens_per_second=None if trial.tokens_per_second is None else round(trial.tokens_per_second),
        day=time.strftime("%Y-%m-%d"),
        machine=machine(),
    )


def _trials(loaded: _Loaded, count: int, progress: ProgressCallback) -> Iterator[Trial]:
    """Budgets up and down from the device's own, as long as they are faster; then threads with the fastest budget."""
    cores = loaded.hardware.cores
    start = padded_tokens_per_batch(loaded.hardware, loaded.placement)
    fastest = yield from _climb(loaded, count, start, cores, progress)
    for threads in sorted({1, cores // 2} - {0, cores}, reverse=True) if loaded.placement.device_type == "cpu" else ():
        yield _trial(loaded, count, fastest.batch_tokens, threads, progress)


def _climb(
    loaded: _Loaded, count: int, start: int, threads: int, progress: ProgressCallback
) -> Generator[Trial, None, Trial]:
    first = fastest = _trial(loaded, count, start, threads, progress)
    yield first
    for factor in (2, 0.5):
        budget, last = start, first
        while SMALLEST_BUDGET <= (budget := int(budget * factor)) <= LARGEST_BUDGET:
            trial = _trial(loaded, count, budget, threads, progress)
            yield trial
            if trial.texts_per_second > fastest.texts_per_second * _GAIN:
                fastest = trial
            if trial.texts_per_second < last.texts_per_second * _GAIN:
                break
            last = trial
    return fastest


def _trial(loaded: _Loaded, count: int, budget: int, threads: int, progress: ProgressCallback) -> Trial:
    progress(f"{loaded.dtype}, {budget:,} tokens a batch, {threads} threads")
    seconds = min(loaded.run(count, budget, threads)[0] for _ in range(REPEATS))
    return Trial(
        dtype=loaded.dtype,
        batch_tokens=budget,
        threads=threads,
        texts_per_second=count / seconds,
        tokens_per_second=loaded.tokens / seconds if loaded.tokens else None,
        same_results=loaded.same_results,
        automatic=loaded.placement.automatic,
    )


def _enough(loaded: _Loaded) -> int:
    """How many texts take about `SECONDS`; what is run for it also warms everything up."""
    budget = padded_tokens_per_batch(loaded.hardware, loaded.placement)
    count = 1
    loaded.run(count, budget, loaded.hardware.cores)
    most = min(len(loaded.texts), MOST_TEXTS)
    while True:
        seconds, _ = loaded.run(count, budget, loaded.hardware.cores)
        if seconds > SECONDS / 2 or count == most:
            return count
        count = min(most, max(count * 2, int(count * SECONDS / max(seconds, 0.001) / 2)))


def _tokens(task: BatchTask | ContinuousTask, texts: Sequence[str]) -> int | None:
    if isinstance(task, ContinuousTask):
        return None
    return sum(unit.cost for split in task.split(list(_records(texts))) for unit in split.units)


def _records(texts: Sequence[str]) -> Iterator[Record]:
    for number, text in enumerate(texts, start=1):
        yield Record(text, {"text": text}, Origin("bench", number))


def agree(reference: Sequence[Record], records: Sequence[Record]) -> bool:
    """Whether results are the same: words to the letter, vectors and scores within what another dtype may do."""
    return all(
        _same(one.result, other.result) for one, other in zip(reference, islice(records, len(reference)), strict=False)
    )


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, str | bool) or one is None or other is None:
        return bool(one == other)
    if isinstance(one, int | float):
        return bool(abs(one - other) <= LARGEST_DIFFERENCE)
    return _same_list(one, other)


def _same_list(one: Any, other: Any) -> bool:
    import numpy as np

    if len(one) != len(other):
        return False
    if len(one) and isinstance(one[0], str | dict):
        return all(_same(first, second) for first, second in zip(one, other, strict=True))
    first, second = np.asarray(one, np.float64).ravel(), np.asarray(other, np.float64).ravel()
    lengths = float(np.linalg.norm(first) * np.linalg.norm(second))
    return bool(not lengths or float(first @ second) / lengths >= LEAST_COSINE)

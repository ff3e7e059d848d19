"""A host of loaded models: many runs in one process, each as it would be alone.

Runs come from threads of their own: those of the worker's connections, or of a front end in this process. What
belongs to a run is set around it with `runtime.runs.running`.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from nlpcli.engines.job import Job
from nlpcli.engines.local import Execution, no_progress, place, run_loaded, tell_place
from nlpcli.engines.model_choice import with_chosen_model
from nlpcli.engines.shared_batches import FairBatches, Lane, lane_key
from nlpcli.errors import OutOfMemory, quoted
from nlpcli.models.cache import ready_to_load, resolve
from nlpcli.models.reference import LocalModel, ProgressCallback
from nlpcli.models.sources.made import MANIFEST
from nlpcli.records.record import Record
from nlpcli.runtime import runs
from nlpcli.runtime.arrivals import Arrivals
from nlpcli.runtime.device import Hardware, Placement, describe_hardware, is_out_of_memory
from nlpcli.runtime.runs import no_text
from nlpcli.tasks.base import BatchTask, Loaded, Loader, TextCallback, load_with, loader_of

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.05
# Options that differ, such as queries, are many; what is remembered of them is little.
_MOST_LOADERS = 256


class HeldModel(NamedTuple):
    """What `status` says of a loaded model; `size` in bytes, `idle` in seconds since its last run, 0 in use."""

    name: str
    device: str
    dtype: str
    size: int
    runs: int
    idle: float


@dataclass(slots=True, eq=False)
class _Held:
    """A loaded model, who uses it, and what was said when it was loaded, which each run is told anew."""

    loaded: Loaded[Any]
    size: int
    said: list[logging.LogRecord]
    users: int = 0
    runs: int = 0
    last_used: float = field(default_factory=time.monotonic)
    is_doomed: bool = False

    def repeat(self) -> None:
        """Say again what was said when it was loaded."""
        for record in self.said:
            runs.repeat(record)


class Host:
    """Holds loaded models within `memory` bytes and runs jobs with them; the one used longest ago leaves first."""

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self.on_batch: Callable[[int], object] = lambda size: None  # noqa: ARG005
        """Is told how many units are computed as one batch."""
        self._held: dict[Hashable, _Held] = {}
        self._loaders: dict[Hashable, Loader] = {}
        self._changed = threading.Condition()
        self._loading = threading.Lock()

    @cached_property
    def hardware(self) -> Hardware:
        """This machine. Imports torch."""
        return describe_hardware()

    @cached_property
    def _batches(self) -> FairBatches:
        runs.check_in_modules()
        return FairBatches(self.hardware.cores, lambda size: self.on_batch(size))

    def run(
        self,
        job: Job,
        source: Arrivals,
        progress: ProgressCallback = no_progress,
        on_text: TextCallback | None = None,
        path: str | None = None,
    ) -> Iterator[Record]:
        """As `local.run`, with a model that stays loaded and beside other runs. `path` is where it lies, if its name
        does not say so from this process.

        Raises:
            NlpcliError: the model cannot be had or used, or the input cannot be read.
            Cancelled: the run was.
        """
        lanes: list[Lane] = []
        job = with_chosen_model(job, source)
        placement, best = place(job, self.hardware)
        threads = job.compute.threads or (best.threads if best else self.hardware.cores)
        budget = job.compute.batch_tokens or (best.batch_tokens if best else None)
        with self._using(job, placement, progress, path) as held:
            tell_place(job, held.loaded)

            def lane(task: BatchTask, device_type: str, threads: int, budget: int) -> Lane:
                together = None if job.compute.exact else task.batches_with
                key = lane_key(held.loaded.pipeline, task, together)
                lanes.append(self._batches.lane(device_type, threads, budget, key, task.decode_slots))
                if cancellation := runs.cancellation():
                    cancellation.on_cancel(lanes[-1].close)
                return lanes[-1]

            execution = Execution(self.hardware, threads, budget, progress, on_text or no_text, lane)
            try:
                yield from run_loaded(job, held.loaded, source, execution)
            except CancelledError as error:
                raise runs.Cancelled from error
            finally:
                for each in lanes:
                    each.close()
                    held.is_doomed = held.is_doomed or each.ran_out

    @contextmanager
    def holding(self, job: Job) -> Iterator[Loaded[Any]]:
        """The loaded pipeline of a job, which stays meanwhile and, if there is room, afterwards.

        Raises:
            NlpcliError: the model cannot be had or used.
        """
        placement, _ = place(job, self.hardware)
        with self._using(job, placement, no_progress) as held:
            yield held.loaded

    def load(self, job: Job) -> None:
        """Hold the model of a job before anybody asks for it."""
        with self.holding(job):
            pass

    def status(self) -> list[HeldModel]:
        """What is held, the one that leaves last first."""
        now = time.monotonic()
        with self._changed:
            held = sorted(self._held.values(), key=lambda one: (one.users, one.last_used), reverse=True)
            return [
                HeldModel(
                    one.loaded.model.name,
                    one.loaded.placement.device,
                    one.loaded.placement.asked,
                    one.size,
                    one.runs,
                    0.0 if one.users else now - one.last_used,
                )
                for one in held
            ]

    @contextmanager
    def _using(
        self, job: Job, placement: Placement, progress: ProgressCallback, path: str | None = None
    ) -> Iterator[_Held]:
        asked = job.model
        found = resolve(path or asked.name, asked.revision, asked.offline, progress)
        model = ready_to_load(replace(found, name=asked.name) if path else found, progress)
        stamp = _stamp(model)
        loader = self._loader(job, model, placement, stamp)
        key = (model, placement, loader, stamp)
        held = self._taken(key)
        if held is None:
            held = self._loaded(key, loader, model, placement, progress)
        else:
            held.repeat()
        try:
            yield held
        finally:
            self._give_back(key, held)

    def _loader(self, job: Job, model: LocalModel, placement: Placement, stamp: Hashable) -> Loader:
        """What loads the pipeline of a job. To find it files of the model are read: once, as long as they stay."""
        asked = (job.task, job.options, model, placement, stamp)
        loader = self._loaders.get(asked)
        if loader is None:
            loader = loader_of(job.task, job.options, model, placement)
            if len(self._loaders) >= _MOST_LOADERS:
                self._loaders.clear()
            self._loaders[asked] = loader
        return loader

    def _taken(self, key: Hashable) -> _Held | None:
        with self._changed:
            held = self._held.get(key)
            if held is not None:
                held.users += 1
                held.runs += 1
            return held

    def _loaded(
        self, key: Hashable, loader: Loader, model: LocalModel, placement: Placement, progress: ProgressCallback
    ) -> _Held:
        """The model of that key, loaded unless another run does so meanwhile."""
        with self._loading:
            if held := self._taken(key):
                held.repeat()
                return held
            progress(f"loading {model.name}")
            self._make_room(_size_of_files(model))
            said: list[logging.LogRecord] = []
            with runs.listening(said.append), runs.telling(progress):
                log.info("%s: %s", placement.device, placement.device_reason)
                loaded = self._load(loader, model, placement)
            held = _Held(loaded, _size_of(loaded.pipeline), said, users=1, runs=1)
            with self._changed:
                self._held[key] = held
            self._make_room(0)
        return held

    def _load(self, loader: Loader, model: LocalModel, placement: Placement) -> Loaded[Any]:
        try:
            return load_with(loader, model, placement)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        # Everything that is not in use leaves, and it is tried once more.
        self._make_room(self._memory)
        try:
            return load_with(loader, model, placement)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise OutOfMemory(
                f"{quoted(model.name)} does not fit into memory beside what runs; try again later, or --no-server"
            ) from error

    def _give_back(self, key: Hashable, held: _Held) -> None:
        with self._changed:
            held.users -= 1
            held.last_used = time.monotonic()
            if not held.users and held.is_doomed and self._held.get(key) is held:
                del self._held[key]
                dropped = True
            else:
                dropped = False
            self._changed.notify_all()
        if dropped:
            _give_memory_back()

    def _make_room(self, size: int) -> None:
        """Drop what was used longest ago until `size` more bytes fit; what is in use is waited for, the rest not.

        A model that is larger than all of the memory that there may be is loaded alone.
        """
        while True:
            with self._changed:
                total = sum(held.size for held in self._held.values())
                if not self._held or total + size <= self._memory:
                    return
                idle = [(held.last_used, key) for key, held in self._held.items() if not held.users]
                if not idle and size == 0:
                    return
                if not idle:
                    self._changed.wait(_LOOK_SECONDS)
                    runs.check()
                    continue
                _, key = min(idle, key=lambda found: found[0])
                del self._held[key]
            _give_memory_back()


def _stamp(model: LocalModel) -> Hashable:
    """What changes where the files of a model do."""
    if model.then is not None:
        return _stamp_of(model.path), _stamp(model.then)
    return _stamp_of(model.path)


def _stamp_of(path: Path) -> Hashable:
    if not path.is_dir():
        status = path.stat()
        return status.st_mtime_ns, status.st_size
    with os.scandir(path) as files:
        # The manifest says by its time when a model was last used.
        found = [(file.name, file.stat()) for file in files if file.name != MANIFEST]
    return tuple(sorted((name, status.st_mtime_ns, status.st_size) for name, status in found))


def _size_of_files(model: LocalModel) -> int:
    """About as much as a model takes, before it is loaded."""
    files = list(model.path.rglob("*")) if model.path.is_dir() else [model.path]
    own = sum(file.stat().st_size for file in files if file.is_file())
    return own + (_size_of_files(model.then) if model.then else 0)


def _size_of(pipeline: object) -> int:
    """The bytes of all tensors that a pipeline holds, wherever in it, and of the files of its graphs."""
    import torch

    seen: set[int] = set()
    waiting: list[Any] = [pipeline]
    size = 0
    while waiting:
        value = waiting.pop()
        if id(value) in seen or isinstance(value, str | bytes | int | float | type | None):
            continue
        seen.add(id(value))
        if isinstance(value, torch.Tensor):
            size += value.nbytes
        elif isinstance(graph := getattr(value, "_model_path", None), str):
            # A session of ONNX Runtime, whose weights are nowhere in Python.
            size += sum(file.stat().st_size for file in Path(graph).parent.iterdir() if file.is_file())
        elif isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list | tuple | set | frozenset):
            # A vocabulary is long, and holds no tensors.
            waiting += value if len(value) < 10_000 else ()
        else:
            slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
            waiting += [vars(value)] if hasattr(value, "__dict__") else []
            waiting += [getattr(value, name) for name in slots if isinstance(name, str) and hasattr(value, name)]
    return size


def _give_memory_back() -> None:
    """What nobody refers to any more, to the system."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    trim_memory()


def trim_memory() -> None:
    """Free pages of glibc's heap go back to the system, which it does by itself only at the heap's end."""
    import ctypes

    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "malloc_trim"):  # musl has none
            libc.malloc_trim(0)

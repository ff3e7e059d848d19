"""Which engine computes a command's job: the worker where one runs, or this process."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nlpcli.cli.console import complain
from nlpcli.engines.job import Job
from nlpcli.errors import ModelError

if TYPE_CHECKING:
    from nlpcli.engines.worker.client import Connection
    from nlpcli.models.reference import ProgressCallback
    from nlpcli.records.record import Record
    from nlpcli.tasks.base import TextCallback

    Engine = Callable[[Job, Iterable[Record], ProgressCallback, TextCallback], Iterator[Record]]

# A call that took less than that is not worth a word.
_SLOW_SECONDS = 0.5
_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class SealedOptions:
    """The options of a task as the worker has them, which are not opened unless the task runs here after all."""

    fields: dict[str, str]
    encoded: bytes


@contextmanager
def engine_of(server: bool | None, keep_warm: str | None, spelled: bool, hints: bool) -> Iterator[Engine]:
    """What computes: the worker, where one runs that means the same and nobody says otherwise; else this process."""
    if server is not False:
        from nlpcli.engines.worker.client import connect

        connection = connect()
        if connection is None and server:
            from nlpcli.engines.worker.start import started

            connection = started()
        if connection is not None:
            with connection:
                yield InWorker(connection, spelled)
            return
    yield _Here(None if server is False else keep_warm, hints)


class InWorker:
    """Runs jobs in the worker; in this process where it is lost before it has answered anything."""

    def __init__(self, connection: Connection, spelled: bool) -> None:
        self._connection: Connection | None = connection
        self._spelled = spelled

    def __call__(
        self, job: Job, records: Iterable[Record], progress: ProgressCallback, on_text: TextCallback
    ) -> Iterator[Record]:
        from nlpcli.engines.worker.remote_run import Run, WorkerLost

        connection = self._connection
        if connection is None:
            yield from _run_here(job, records, progress, on_text)
            return
        standard = job.output.path is None
        run = Run(connection, _request(job, self._spelled), job.input.whole, progress, on_text, standard)
        try:
            yield from run.results(records)
        except ConnectionResetError as error:
            self._connection = None
            if run.has_begun:
                raise WorkerLost(
                    "the worker ended in the middle of this run, so that what was written is not whole; run it again,"
                    " or with --no-server"
                ) from error
            yield from _run_here(job, run.unanswered(), progress, on_text)
        except ModelError:
            if _from_anywhere(job.model.name) is None or run.has_begun:
                raise
            # Said of the path as it was written.
            yield from _run_here(job, run.unanswered(), progress, on_text)
        finally:
            run.close()


def _request(job: Job, spelled: bool) -> Any:
    import msgspec

    from nlpcli.engines.worker.messages import RunRequest

    options = job.options
    encoded = options.encoded if isinstance(options, SealedOptions) else msgspec.msgpack.encode(options)
    path = _from_anywhere(job.model.name)
    return RunRequest(job.task, msgspec.Raw(encoded), job.model, job.compute, spelled, path)


def _from_anywhere(name: str) -> str | None:
    """The absolute path of a model whose name is a path from this folder; None for other names."""
    is_path = name.startswith((".", "~")) or (os.path.exists(name) and not os.path.isabs(name))  # noqa: PTH110, PTH117
    return os.path.abspath(os.path.expanduser(name)) if is_path else None  # noqa: PTH100, PTH111


def _run_here(
    job: Job, records: Iterable[Record], progress: ProgressCallback, on_text: TextCallback
) -> Iterator[Record]:
    from nlpcli.engines import local

    if isinstance(job.options, SealedOptions):
        import msgspec

        from nlpcli.tasks.registry import TASKS

        kind = TASKS[job.task].load_module().OPTIONS
        job = replace(job, options=msgspec.msgpack.decode(job.options.encoded, type=kind))
    return local.run(job, records, progress, on_text)


class _Here:
    """Runs jobs in this process, and thinks of the next call."""

    def __init__(self, keep_warm: str | None, hints: bool) -> None:
        self._keep_warm = keep_warm
        self._hints = hints

    def __call__(
        self, job: Job, records: Iterable[Record], progress: ProgressCallback, on_text: TextCallback
    ) -> Iterator[Record]:
        began, loaded, first = _IMPORTED, 0.0, True
        for record in _run_here(job, records, progress, on_text):
            if first:
                first, loaded = False, time.time()
            yield record
        if self._keep_warm is not None:
            from nlpcli.engines.worker.start import leave_behind

            leave_behind(job, self._keep_warm)
        elif self._hints and not first and loaded - began > max(_SLOW_SECONDS, (time.time() - began) / 2):
            _hint()


# About when this process began.
_IMPORTED = time.time()


def _hint() -> None:
    """Once a day, on a terminal: how the next call need not wait."""
    import sys

    if not (sys.stderr.isatty() and sys.stdout.isatty()):
        return
    from nlpcli.settings import cache_folder

    mark = cache_folder() / "warm-hint"
    try:
        if mark.exists() and time.time() - mark.stat().st_mtime < _DAY_SECONDS:
            return
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
    except OSError:
        return
    complain(
        "most of this call went into starting; with --keep-warm 10m (or keep_warm in config.toml) the next is instant"
    )

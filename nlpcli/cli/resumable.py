"""`--resume`, `--update`, `--retry-errors` and `--shard`: a run that is kept beside its output."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nlpcli.cli.console import complain
from nlpcli.engines.job import Job, Resuming
from nlpcli.engines.shards.driver import ShardedJob, open_job
from nlpcli.engines.shards.folder import Finished, JobFolder, ShardReport, folder_of
from nlpcli.errors import UsageError, quoted
from nlpcli.records.identity import identity_of
from nlpcli.records.inputs import InputFile
from nlpcli.records.outputs import expanded, real_place
from nlpcli.records.part_files import remove_abandoned
from nlpcli.records.record import Record
from nlpcli.records.remote.address import Address, Place
from nlpcli.records.table import InputColumns
from nlpcli.tasks.registry import TASKS, across_records

if TYPE_CHECKING:
    from nlpcli.engines.shards.crew import Crew
    from nlpcli.models.reference import ProgressCallback
    from nlpcli.tasks.base import TextCallback

_SHARD = re.compile(r"([0-9]{1,9})/([0-9]{1,9})")


def resuming_of(update: bool, retry_errors: bool, shard: str | None, asked: bool) -> Resuming:
    """What the options ask for; `asked`: --resume stands on the command line.

    Raises:
        UsageError: --shard names no part.
    """
    part = _part(shard) if shard else None
    return Resuming(part, update, retry_errors, where_possible=not (asked or update or retry_errors or part))


def _part(shard: str) -> tuple[int, int]:
    match = _SHARD.fullmatch(shard)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise UsageError(f'--shard takes I/N, part I of N from 1 on, such as 3/16, not "{shard}"')
    return int(match[1]), int(match[2])


class KeptRun:
    """The records of a job that is kept. To be used as a context."""

    def __init__(
        self,
        job: Job,
        files: Sequence[InputFile],
        resuming: Resuming,
        command: Sequence[str],
        progress: ProgressCallback,
        crew: Crew | None = None,
    ) -> None:
        """A job that can be kept, as `why_not_kept` knows; a `crew` computes it, or this process."""
        self._output = real_place(str(job.output.path))
        self._job, self._files, self._resuming = job, files, resuming
        self._command, self._progress, self._crew = command, progress, crew
        self._folder = JobFolder(folder_of(self._output))
        self._end = ExitStack()

    def __enter__(self) -> KeptRun:
        if not self._resuming.merge:
            self._folder.make()
        self._end.enter_context(self._folder.at_work(self._resuming.shard))
        self._end.callback(self._folder.close)
        if self._resuming.shard is None:
            self._folder.remove_leftovers()
        self.sharded: ShardedJob = open_job(
            self._job, self._files, self._folder, self._resuming, self._command, self._progress, self._crew
        )
        self._end.callback(self.sharded.close)
        return self

    def __exit__(self, *_: object) -> None:
        self._end.close()

    @property
    def is_finished(self) -> bool:
        """Whether its output is in its place already, as it was put there, and as it would be put there now."""
        finished = self.sharded.finished
        if finished is None or self._resuming.retry_errors or self.sharded.missing:
            return False
        if (finished.generation, finished.manner) != (self.sharded.manifest.generation, self._manner):
            return False
        return all(_look(expanded(path)) == look for path, look in finished.output.items())

    @property
    def _manner(self) -> list[str | bool | None]:
        """What the bytes of the output depend on beside the results."""
        output = self._job.output
        return [output.format, output.null_separated, self._job.on_error]

    @property
    def failed(self) -> int:
        """How many records failed in the shards that are done."""
        return self.sharded.failed

    def records(self, columns: InputColumns, on_text: TextCallback) -> Iterator[Record]:  # noqa: ARG002
        """All of them in order, with what became of them now or before."""
        return self.sharded.records(columns, self._resuming.retry_errors)

    def some_result(self, record: Record) -> Mapping[str, Any]:
        """What the model makes of `record`, which is none of the input."""
        return self.sharded.some_result(record)

    def compute_part(self, part: tuple[int, int]) -> list[ShardReport]:
        """Compute part I of N; what became of its shards."""
        reports = list(self.sharded.compute(part, self._resuming.retry_errors))
        missing = len(self.sharded.missing)
        rest = f"{missing:,} shards of others are missing" if missing else f"nlpcli jobs merge {quoted(self._output)}"
        complain(f"part {part[0]} of {part[1]} is done; {rest}")
        return reports

    def remove_leftovers(self) -> None:
        """Delete what killed runs left beside the output."""
        if isinstance(self._output, Path):
            remove_abandoned(self._output if self._output.is_dir() else self._output.parent)

    def finish(self, paths: Sequence[Place]) -> None:
        """The output is in its place."""
        generation = self.sharded.manifest.generation
        looks = {str(path): look for path in paths if (look := _look(path)) is not None}
        self._name_left_over(looks)
        self._folder.mark_finished(Finished(generation, looks, time.time(), self._manner))
        self._folder.forget_generations(generation)

    def _name_left_over(self, looks: Mapping[str, list[int]]) -> None:
        """Outputs of inputs that are gone are the user's to delete."""
        before = self.sharded.finished
        gone = [path for path in (before.output if before else ()) if path not in looks and _look(expanded(path))]
        if gone:
            more = f" (and {len(gone) - 1:,} more)" if len(gone) > 1 else ""
            complain(f"{quoted(gone[0])}{more} is of an input that is gone; delete it if it is not wanted")


def _look(path: Place) -> list[int] | None:
    if isinstance(path, Address):
        from nlpcli.records.remote.stores import store_of

        facts = store_of(path).facts(path)
        known = None if facts is None else hashlib.sha256(f"{facts.token}".encode()).digest()[:6]
        return None if facts is None or known is None else [facts.size or 0, int.from_bytes(known)]
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]


def why_not_kept(job: Job, files: Sequence[InputFile], of_all: bool) -> str | None:
    """Why a job cannot be kept beside its output, and what to do; None where it can. `of_all`: its results are."""
    if job.output.path is None:
        return "what is done is kept beside the output, so --resume, --shard and --engine ray need one: -o FILE or DIR/"
    if job.input.texts or not files or any(file.path is None or file.stream for file in files):
        return "a job that is kept reads its input again, so --resume, --shard and --engine ray need files: -i FILE"
    if of_all or not TASKS[job.task].shard_records or across_records(job.options):
        return (
            "these results are of all records together, or of a map, and none of one record alone;"
            " leave --resume, --shard and --engine ray out"
        )
    output = real_place(job.output.path)
    if isinstance(output, Address):
        return _why_not_kept_there(output)
    if output.is_file() and identity_of(output) in [identity_of(file.path) for file in files if file.path]:
        return (
            "a job that is kept reads its input again, so that --resume, --shard and --engine ray put no results in its"
            " place; choose another -o"
        )
    if output.exists() and not (output.is_file() or output.is_dir()):
        return f"{quoted(job.output.path)} is no file, and nothing can be kept beside it; name one with -o"
    return None


def _why_not_kept_there(output: Address) -> str | None:
    if output.protocol == "hf":
        return f"each part of a job at {quoted(output)} would be a commit of the repository; name an -o elsewhere"
    return f"{quoted(output.shown)} is on the web, which is read only; name an -o elsewhere" if output.is_web else None

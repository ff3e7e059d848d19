"""A job on the command line: reader → engine → writer, and the exit status."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from nlpcli.cli.console import Activity, complain, configure_logging, voice
from nlpcli.cli.engine import engine_of
from nlpcli.cli.failures import SOME_FAILED, Failures, MaxErrors
from nlpcli.cli.plan import Plan, Tap, View
from nlpcli.cli.planned import planned, replanned
from nlpcli.cli.progress import ReadSoFar, Watch
from nlpcli.cli.writers import LateWriter, NoWriter, StreamedWriter, TerminalWriter
from nlpcli.engines.job import Job, Resuming
from nlpcli.errors import NlpcliError, OutputError, UsageError, quoted
from nlpcli.models.reference import NO_MODEL
from nlpcli.records.formats import BINARY_FORMATS
from nlpcli.records.inputs import InputFile, input_files
from nlpcli.records.output_folder import FolderWriter, names_folder, planned_outputs
from nlpcli.records.outputs import (
    OutputSpec,
    check_place,
    chosen_format,
    output_stream,
    real_place,
    refuse_binary_on_terminal,
)
from nlpcli.records.readers import decoder_for, find_columns, read_records
from nlpcli.records.record import Origin, Record
from nlpcli.records.remote.address import Place
from nlpcli.records.table import InputColumns
from nlpcli.records.writers import NpyWriter, Writer
from nlpcli.runtime.runs import Usage, counted, no_text
from nlpcli.streams import STDIN, is_open

if TYPE_CHECKING:
    from nlpcli.cli.engine import Engine
    from nlpcli.cli.options import SharedOptions
    from nlpcli.tasks.base import TextCallback

log = logging.getLogger(__name__)

# Some word of it is in the vocabulary of any word vectors.
_SOME_TEXT = "a the of 1 , . de la e и в 的 在 의 の"


def run_job(
    job: Job,
    shared: SharedOptions,
    view: View,
    tap: Tap | None = None,
    unwritten: bool = False,
    streamed: bool = False,
) -> int:
    """Run `job` and write its results; the exit status. `tap` sees the records on their way to the writer.

    `unwritten` keeps results that were not asked for (no `-o`, no `-F`) from standard output. `streamed` shows a text
    on standard output while it is written, where the format is text.

    Raises:
        NlpcliError: the run failed.
    """
    kept_back = unwritten and shared.output is None and job.output.format is None
    plan = Plan(
        job,
        view,
        tap,
        kept_back,
        streamed,
        shared.quiet,
        shared.verbose,
        shared.progress,
        shared.server,
        shared.keep_warm,
        _resuming(shared),
        shared.engine == "ray",
        shared.ray_address,
        None if shared.max_errors is None else MaxErrors.of(shared.max_errors),
        shared.summary,
    )
    return (planned.get() or replanned.get() or carry_out)(plan)


def _resuming(shared: SharedOptions) -> Resuming | None:
    on_ray = shared.engine == "ray"
    if shared.ray_address is not None and not on_ray:
        raise UsageError("--ray-address names a cluster for --engine ray; give both, or neither")
    if not (shared.resume or shared.update or shared.retry_errors or shared.shard or on_ray):
        return None
    from nlpcli.cli.resumable import resuming_of

    asked = on_ray or "--resume" in voice.arguments
    return resuming_of(shared.update, shared.retry_errors, shared.shard, asked)


def carry_out(plan: Plan, engine: Engine | None = None) -> int:
    """Do what was planned; the exit status. `engine` computes: by itself the worker where one runs, or this process.

    Raises:
        NlpcliError: the run failed.
    """
    configure_logging(plan.quiet, plan.verbose)
    job = plan.job
    files = [] if job.input.texts else input_files(job.input)
    decoder_for(job.input.encoding)
    _refuse_terminal_input(files, job.task)
    failures = Failures(job.on_error, plan.max_errors)
    with _watched(plan, files, failures) as watch:
        if (resuming := _of_what_can_be_kept(plan, files)) is not None:
            _carry_out_kept(plan, resuming, files, watch, failures)
        else:
            with nullcontext(engine) if engine else _engine_of(plan, files) as computing:
                _Run(plan, files, watch, failures, _Computed(plan, files, watch, computing)).write()
    watch.say_end(kept=resuming is not None)
    return SOME_FAILED if failures.count else 0


@contextmanager
def _watched(plan: Plan, files: list[InputFile], failures: Failures) -> Iterator[Watch]:
    """Within, it is said how a run goes on; behind it, what it was."""
    if plan.summary is not None:
        check_place(str(plan.summary), "--summary")
    activity, usage = Activity(plan.progress, plan.quiet), Usage()
    watch, problem = Watch(activity, usage, files, plan.quiet), None
    try:
        with counted(usage):
            yield watch
    except NlpcliError as error:
        problem = str(error)
        raise
    finally:
        activity.end()
        watch.failed = failures.count
        if plan.summary is not None:
            watch.write(plan.summary, problem)


def _of_what_can_be_kept(plan: Plan, files: list[InputFile]) -> Resuming | None:
    """How the run is kept, if it is. Raises UsageError where the command line asks for it, and it cannot be."""
    if plan.resuming is None:
        return None
    from nlpcli.cli.resumable import why_not_kept

    problem = why_not_kept(plan.job, files, plan.view.own_rows or plan.view.of_all)
    if problem is not None and not plan.resuming.where_possible:
        raise UsageError(problem)
    return plan.resuming if problem is None else None


def _carry_out_kept(plan: Plan, resuming: Resuming, files: list[InputFile], watch: Watch, failures: Failures) -> None:
    """A run that goes on from what was done before."""
    from nlpcli.cli.resumable import KeptRun

    with ExitStack() as end:
        crew = None
        if plan.on_ray and not resuming.merge:
            from nlpcli.engines.ray.crew import RayCrew

            crew = end.enter_context(RayCrew(plan.ray_address, watch.activity, plan.job.model.offline))
        kept = end.enter_context(KeptRun(plan.job, files, resuming, voice.arguments, watch.activity, crew))
        watch.total = lambda: kept.sharded.manifest.records
        if resuming.shard is not None:
            reports = kept.compute_part(resuming.shard)
            watch.count = sum(report.records for report in reports)
            failures.count += sum(report.failed for report in reports)
        elif plan.tap is None and not (plan.max_errors and kept.failed) and kept.is_finished:
            kept.remove_leftovers()
            complain(f"{quoted(str(plan.job.output.path))} is whole already: nothing to do")
            watch.count, failures.count = kept.sharded.manifest.records, kept.failed
        else:
            kept.finish(_Run(plan, files, watch, failures, kept, durable=True).write())


def _engine_of(plan: Plan, files: list[InputFile]) -> AbstractContextManager[Engine]:
    """The worker, where one runs, or this process; what needs no model waits for none."""
    if plan.job.model.name == NO_MODEL:
        from nlpcli.engines import local

        return nullcontext(local.run)
    return engine_of(plan.server, plan.keep_warm, not needs_arrays(plan, files), hints=not plan.quiet)


def needs_arrays(plan: Plan, files: list[InputFile]) -> bool:
    """Whether somebody computes with the arrays of results, or writes them otherwise than as JSON."""
    drawn = plan.job.output.path is None and plan.job.output.format is None and sys.stdout.isatty()
    return drawn or plan.tap is not None or _format_name(plan, files) in BINARY_FORMATS


def _format_name(plan: Plan, files: list[InputFile]) -> str:
    output = plan.job.output
    return output.format or "" if names_folder(output.path) else chosen_format(output, files).name


def _refuse_terminal_input(files: list[InputFile], command: str) -> None:
    if any(file.path is None for file in files) and (not is_open(STDIN) or sys.stdin.isatty()):
        raise UsageError(f"no input: give a TEXT, a file (-i FILE), or pipe something in; see: nlpcli {command} --help")


@dataclass(frozen=True, slots=True)
class _Run:
    """A plan being carried out over the files that it names."""

    plan: Plan
    files: list[InputFile]
    watch: Watch
    failures: Failures
    source: _Source
    durable: bool = False

    def write(self) -> list[Place]:
        """Write all results; the files that they are in."""
        return self._write_folder() if names_folder(self.plan.job.output.path) else self._write_one()

    def _write_one(self) -> list[Place]:
        """All results into one stream."""
        plan, files, view, output = self.plan, self.files, self.plan.view, self.plan.job.output
        format_ = chosen_format(output, files)
        if output.format:
            refuse_binary_on_terminal(format_, output)
        columns = find_columns(plan.job.input, files, every_key=format_.name in {"csv", "tsv"})
        drawn = output.path is None and output.format is None and sys.stdout.isatty()
        # What flows in may turn out to be of another format.
        streamed = plan.streamed and output.path is None and format_.name == "text"
        with output_stream(output.path, format_.compression, self.durable) as stream:

            def make() -> Writer:
                name = chosen_format(output, files).name
                if streamed and name == "text":
                    return StreamedWriter(view.render, stream, self.watch.activity, output.null_separated)
                if plan.kept_back:
                    return NoWriter()
                if drawn:
                    return TerminalWriter(view.draw, self.watch.activity)
                known = None if view.own_rows else columns
                return view.writer(name, stream, plan.job.options.fields, output.null_separated, known)

            late = LateWriter(make)
            writer: Writer = late if any(file.is_unseen for file in files) else late.made
            self._write(writer, columns, late.on_text if streamed else no_text, not drawn and not streamed)
            self._close(late.made)
        return [] if output.path is None else [real_place(output.path)]

    def _write_folder(self) -> list[Place]:
        """One output per input file, the model loaded once."""
        job, view = self.plan.job, self.plan.view
        folder, format_ = str(job.output.path), job.output.format
        if view.own_rows or view.of_all:
            raise UsageError(
                f"these results are of all inputs together, so they go into one file: -o FILE, not {folder}"
            )
        if not self.files:
            raise UsageError(f"-o {quoted(folder)} names each output after its input file; give files with -i")
        plan = planned_outputs(folder, format_, self.files, job.input.paths)

        def make(file: InputFile, stream: BinaryIO) -> Writer:
            name = chosen_format(OutputSpec(None, format_), [file]).name
            columns = find_columns(job.input, [file], every_key=name in {"csv", "tsv"})
            return view.writer(name, stream, job.options.fields, job.output.null_separated, columns)

        with FolderWriter(plan, make, self._close, self.durable) as writer:
            self._write(writer, InputColumns(), no_text, moving=True)
            writer.close()
        return [real_place(str(output.path)) for output in plan]

    def _write(self, writer: Writer, columns: InputColumns, on_text: TextCallback, moving: bool) -> None:
        outgoing = self.failures.sift(self.source.records(columns, on_text))
        for record in self.watch.over(self.plan.tap(outgoing) if self.plan.tap else outgoing, moving):
            self.failures.write(writer, record)

    def _close(self, writer: Writer) -> None:
        if isinstance(writer, NpyWriter) and writer.is_without_vector:
            # An array without rows has a width too.
            if not (result := self.source.some_result(Record(_SOME_TEXT, {}, Origin("nothing", 0)))):
                raise OutputError("no record has a vector, and so the array no width; nothing is written")
            writer.use_width_of(result)
        writer.close()


class _Source(Protocol):
    """Where outgoing records come from."""

    def records(self, columns: InputColumns, on_text: TextCallback) -> Iterator[Record]:
        """All of them, in order; `columns` learns what headers say."""

    def some_result(self, record: Record) -> Mapping[str, Any]:
        """What the model makes of `record`, which is none of the input."""


@dataclass(frozen=True, slots=True)
class _Computed:
    """Records that an engine computes, of which nothing is kept."""

    plan: Plan
    files: list[InputFile]
    watch: Watch
    engine: Engine

    def records(self, columns: InputColumns, on_text: TextCallback) -> Iterator[Record]:
        records = read_records(self.plan.job.input, self.files, columns)
        if all(file.path is not None for file in self.files):
            # A file is there at once: what is wrong with it is said before a model is loaded, and no model for nothing.
            first = next(records, None)
            if first is None:
                return iter(())
            so_far = ReadSoFar(self.files)
            self.watch.total = so_far.total
            records = so_far.over(chain([first], records))
        return self.engine(self.plan.job, records, self.watch.activity, on_text)

    def some_result(self, record: Record) -> Mapping[str, Any]:
        return next(iter(self.engine(self.plan.job, [record], self.watch.activity, no_text))).result or {}

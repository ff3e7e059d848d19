"""A job on the command line: reader → engine → writer, and the exit status."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from nlpcli.cli.console import Activity, configure_logging
from nlpcli.cli.options import MOST_BATCH_TOKENS, Per, SharedOptions
from nlpcli.cli.writers import LateWriter, NoWriter, RowsWriter, StreamedWriter, TerminalWriter
from nlpcli.engines.job import ComputeSpec, Job, ModelSpec
from nlpcli.errors import NlpcliError, UsageError, quoted
from nlpcli.records.delimited import dialect
from nlpcli.records.formats import named_input_format
from nlpcli.records.inputs import InputFile, InputSpec, input_files
from nlpcli.records.output_folder import FolderWriter, names_folder, planned_outputs
from nlpcli.records.outputs import OutputSpec, chosen_format, output_stream, refuse_binary_on_terminal
from nlpcli.records.readers import decoder_for, find_columns, read_records
from nlpcli.records.record import Origin, Record
from nlpcli.records.table import InputColumns, NotHeld
from nlpcli.records.writers import NpyWriter, Writer, make_writer
from nlpcli.runtime.device import check_names
from nlpcli.streams import STDIN, is_open

if TYPE_CHECKING:
    from rich.console import RenderableType

    from nlpcli.tasks.base import TextCallback

log = logging.getLogger(__name__)

SOME_FAILED = 3
# Of -i and -o: the standard stream.
STANDARD = "-"
_PROGRESS_SECONDS = 0.2


Tap = Callable[[Iterator[Record]], Iterator[Record]]


class RecordFailed(NlpcliError):
    """`--on-error fail`: a record could not be processed."""


@dataclass(frozen=True, slots=True)
class LongForm:
    """Results that are lists: in tables and lines each thing in them has a row of its own, and a record has several.

    `rows` makes them of a record, each with its result `fields`; of a failed record itself.
    """

    fields: Mapping[str, str]
    rows: Callable[[Record], Iterable[Record]]


@dataclass(frozen=True, slots=True)
class View:
    """How the results of a task look: a line of the text format, and a drawing for a terminal."""

    render: Callable[[Record], str]
    draw: Callable[[Record], RenderableType]
    own_rows: bool = False
    """The rows are found in the input, and have none of its fields."""
    of_all: bool = False
    """The rows are those of all files together, in an order of their own."""
    long: LongForm | None = None
    """Lines and tables have a row for each thing that was found; `render` is given such rows."""

    def writer(
        self, name: str, stream: BinaryIO, names: Mapping[str, str], null: bool, columns: InputColumns | None
    ) -> Writer:
        """What writes the results in the format of that name."""
        if self.long is None or name not in _FORMATS_OF_ROWS:
            return make_writer(name, stream, names, self.render, null, columns)
        return RowsWriter(make_writer(name, stream, self.long.fields, self.render, null, columns), self.long.rows)


_FORMATS_OF_ROWS = frozenset({"text", "csv", "tsv", "parquet"})


def make_job(
    task: str,
    options: Any,
    shared: SharedOptions,
    texts: list[str] | None,
    per: Per,
    model: str,
    whole_records: bool = False,
    written: Iterable[Path | None] = (),
) -> Job:
    """The job that the command line describes; `per` and `model` are the task's defaults.

    `whole_records`: the task reads every field of a record, not only the one of `--field`. `written` are the files
    that it writes beside its results, which it does not read.

    Raises:
        UsageError: the options do not go together, or one has a value that it can never take.
    """
    check_names(shared.device, shared.dtype)
    if shared.input_format is not None:
        named_input_format(shared.input_format)
    input_spec = InputSpec(
        texts=_texts(texts or [], shared.input or []),
        paths=tuple(shared.input or ()),
        format=shared.input_format,
        field=shared.field,
        per=(shared.per or per).value,
        null_separated=shared.null,
        encoding=shared.encoding,
        whole=whole_records,
        written=tuple(str(path) for path in (shared.output, *written) if path is not None),
        delimiter=shared.delimiter,
        quote=shared.quote,
        no_header=shared.no_header,
    )
    dialect("csv", shared.delimiter, shared.quote)
    compute = ComputeSpec(shared.device, shared.dtype, _batch_tokens(shared.batch_tokens), shared.threads, shared.seed)
    model_spec = ModelSpec(shared.model or model, shared.revision, shared.offline)
    return Job(task, options, input_spec, model_spec, compute, shared.on_error.value, _output(shared))


def _output(shared: SharedOptions) -> OutputSpec:
    path = None if shared.output == STANDARD else shared.output
    return OutputSpec(path, shared.format.value if shared.format else None, shared.null)


def _texts(given: list[str], paths: list[str]) -> tuple[str, ...]:
    """The TEXT arguments; none where there are none, or `-` stands for them.

    Raises:
        UsageError: they stand beside other input.
    """
    if paths and "-" in given:
        raise UsageError(f'"-" stands before -i; to read standard input too: -i - "{paths[0]}"')
    if paths and given:
        raise UsageError(f'"{given[0]}" is a text, and -i reads "{paths[0]}"; give texts or --input, not both')
    if given == ["-"]:
        return ()
    if "-" in given:
        raise UsageError("- is standard input, which is read once and stands alone; leave it out, or the rest")
    return tuple(given)


def _batch_tokens(value: str) -> int | None:
    if value == "auto":
        return None
    if not value.isdecimal() or not 1 <= int(value[:20]) <= MOST_BATCH_TOKENS:
        raise UsageError(f'--batch-tokens takes a number from 1 to {MOST_BATCH_TOKENS:,} or auto, not "{value}"')
    return int(value)


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
    configure_logging(shared.quiet, shared.verbose)
    files = [] if job.input.texts else input_files(job.input)
    decoder_for(job.input.encoding)
    _refuse_terminal_input(files, job.task)
    activity, failures = Activity(shared.progress, shared.quiet), _Failures(job.on_error)
    try:
        if names_folder(job.output.path):
            _write_folder(job, files, view, tap, activity, failures)
        else:
            kept_back = unwritten and shared.output is None and job.output.format is None
            _write_one(job, files, view, tap, activity, failures, kept_back, streamed)
    finally:
        activity.end()
    return SOME_FAILED if failures.count else 0


def _write_one(
    job: Job,
    files: list[InputFile],
    view: View,
    tap: Tap | None,
    activity: Activity,
    failures: _Failures,
    kept_back: bool,
    streamed: bool,
) -> None:
    """All results into one stream."""
    output = job.output
    format_ = chosen_format(output, files)
    if output.format:
        refuse_binary_on_terminal(format_, output)
    columns = find_columns(job.input, files, every_key=format_.name in {"csv", "tsv"})
    drawn = output.path is None and output.format is None and sys.stdout.isatty()
    # What flows in may turn out to be of another format.
    streamed = streamed and output.path is None and format_.name == "text"
    with output_stream(output.path, format_.compression) as stream:

        def make() -> Writer:
            name = chosen_format(output, files).name
            if streamed and name == "text":
                return StreamedWriter(view.render, stream, activity, output.null_separated)
            if kept_back:
                return NoWriter()
            if drawn:
                return TerminalWriter(view.draw, activity)
            known = None if view.own_rows else columns
            return view.writer(name, stream, job.options.fields, output.null_separated, known)

        late = LateWriter(make)
        writer: Writer = late if any(file.is_unseen for file in files) else late.made
        outgoing = failures.sift(_results(job, files, columns, activity, late.on_text if streamed else _no_text))
        for record in _counted(tap(outgoing) if tap else outgoing, activity, not drawn and not streamed):
            failures.write(writer, record)
        _close(late.made, job, activity)


def _write_folder(
    job: Job, files: list[InputFile], view: View, tap: Tap | None, activity: Activity, failures: _Failures
) -> None:
    """One output per input file, the model loaded once."""
    folder, format_ = str(job.output.path), job.output.format
    if view.own_rows or view.of_all:
        raise UsageError(f"these results are of all inputs together, so they go into one file: -o FILE, not {folder}")
    if not files:
        raise UsageError(f"-o {quoted(folder)} names each output after its input file; give files with -i")
    plan = planned_outputs(folder, format_, files, job.input.paths)

    def make(file: InputFile, stream: BinaryIO) -> Writer:
        name = chosen_format(OutputSpec(None, format_), [file]).name
        columns = find_columns(job.input, [file], every_key=name in {"csv", "tsv"})
        return view.writer(name, stream, job.options.fields, job.output.null_separated, columns)

    def finish(writer: Writer) -> None:
        _close(writer, job, activity)

    with FolderWriter(plan, make, finish) as writer:
        outgoing = failures.sift(_results(job, files, InputColumns(), activity, _no_text))
        for record in _counted(tap(outgoing) if tap else outgoing, activity, moving=True):
            failures.write(writer, record)
        writer.close()


def _close(writer: Writer, job: Job, activity: Activity) -> None:
    if isinstance(writer, NpyWriter) and writer.is_without_vector:
        writer.use_width_of(_some_result(job, activity))
    writer.close()


def _refuse_terminal_input(files: list[InputFile], command: str) -> None:
    if any(file.path is None for file in files) and (not is_open(STDIN) or sys.stdin.isatty()):
        raise UsageError(f"no input: give a TEXT, a file (-i FILE), or pipe something in; see: nlpcli {command} --help")


def _results(
    job: Job, files: list[InputFile], columns: InputColumns, activity: Activity, on_text: TextCallback
) -> Iterator[Record]:
    from nlpcli.engines import local

    records = read_records(job.input, files, columns)
    if all(file.path is not None for file in files):
        # A file is there at once: what is wrong with it is said before a model is loaded, and no model for nothing.
        first = next(records, None)
        if first is None:
            return iter(())
        records = chain([first], records)
    return local.run(job, records, activity, on_text)


def _some_result(job: Job, activity: Activity) -> Mapping[str, Any]:
    """A result of this run's model, where no record of the input has one: an array without rows has a width too."""
    from nlpcli.engines import local

    record = next(iter(local.run(job, [Record("a", {}, Origin("nothing", 0))], activity)))
    return record.result or {}


class _Failures:
    """Records that failed: an end of the run, passed over, or kept, as the job says; counted in any case."""

    def __init__(self, on_error: str) -> None:
        self._on_error = on_error
        self.count = 0

    def sift(self, records: Iterable[Record]) -> Iterator[Record]:
        for record in records:
            if record.error is not None:
                self.count += 1
                if self._on_error == "fail":
                    raise RecordFailed(
                        f"{quoted_origin(record)}: {record.error}; go on past it: --on-error keep (or skip)"
                    )
                log.warning("%s: %s", quoted_origin(record), record.error)
                if self._on_error == "skip":
                    continue
            yield record

    def write(self, writer: Writer, record: Record) -> None:
        """Write a record; what its format cannot hold makes it one that failed."""
        try:
            writer.write(record)
        except NotHeld as problem:
            failed = replace(record, fields=problem.fields, result=None, error=record.error or str(problem))
            for kept in [failed] if record.error else self.sift([failed]):
                writer.write(kept)


def quoted_origin(record: Record) -> str:
    """Where a record stands, for a message."""
    return f"{quoted(record.origin.source)}:{record.origin.line}"


def _counted(records: Iterator[Record], activity: Activity, moving: bool) -> Iterator[Record]:
    """The records, with their number and speed shown now and then."""
    start = last = time.monotonic()
    for count, record in enumerate(records, start=1):
        yield record
        now = time.monotonic()
        if moving and now - last > _PROGRESS_SECONDS:
            last = now
            activity(f"{count:,} records, {count / (now - start):,.0f} a second")


def _no_text(record: Record, piece: str) -> None:
    """Results are written when they are whole."""

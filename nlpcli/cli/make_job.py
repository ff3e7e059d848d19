"""The job that a command line describes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nlpcli import __version__
from nlpcli.cli.arguments import STANDARD
from nlpcli.cli.options import MOST_BATCH_TOKENS
from nlpcli.engines.job import AUTO, ComputeSpec, Job, ModelSpec
from nlpcli.errors import UsageError, quoted
from nlpcli.models.reference import NO_MODEL
from nlpcli.records.delimited import dialect
from nlpcli.records.formats import named_input_format
from nlpcli.records.inputs import InputSpec
from nlpcli.records.outputs import OutputSpec, real_place
from nlpcli.records.remote.address import Address, is_remote, was_remote
from nlpcli.runtime.device import check_names
from nlpcli.tasks.registry import needs_model

if TYPE_CHECKING:
    from nlpcli.cli.options import Per, SharedOptions


def make_job(
    task: str,
    options: Any,
    shared: SharedOptions,
    texts: list[str] | None,
    per: Per,
    model: str,
    whole_records: bool = False,
    written: Iterable[Path | None] = (),
    role: str = "",
) -> Job:
    """The job that the command line describes; `per` and `model` are the task's defaults.

    `whole_records`: the task reads every field of a record, not only the one of `--field`. `written` are the files
    that it writes beside its results, which it does not read. `role`: see `ModelSpec`.

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
        written=tuple(str(path) for path in (shared.output, shared.summary, *written) if path is not None),
        delimiter=shared.delimiter,
        quote=shared.quote,
        no_header=shared.no_header,
    )
    dialect("csv", shared.delimiter, shared.quote)
    _check_written(input_spec, shared.output)
    _check_addresses(input_spec, shared.offline)
    compute = ComputeSpec(
        shared.device,
        shared.dtype,
        _batch_tokens(shared.batch_tokens),
        shared.threads,
        shared.seed,
        shared.dedupe,
        __version__ if shared.cache else None,
        shared.exact,
    )
    name = (shared.model or model) if needs_model(options) else NO_MODEL
    model_spec = ModelSpec(name, shared.revision, shared.offline, role)
    if model_spec.name == AUTO:
        from nlpcli.engines.model_choice import check_choice

        check_choice(model_spec)
    return Job(task, options, input_spec, model_spec, compute, shared.on_error.value, _output(shared))


def _check_written(spec: InputSpec, output: str | None) -> None:
    """Raises UsageError where one file would be written twice, or anything but results take the place of an input."""
    names = [name for name in spec.written if not was_remote(name)]
    places = [real_place(name) for name in names]
    read = {real_place(name) for name in spec.paths if name}
    for name, place in zip(names, places, strict=True):
        if isinstance(place, Path) and place.exists() and not place.is_file():
            continue  # a device, or a folder
        if places.count(place) > 1:
            raise UsageError(f"{quoted(name)} would be written twice; name another file for one of the two")
        if name != output and place in read:
            raise UsageError(f"{quoted(name)} is read by this run, and would be lost; name another file")


def _check_addresses(spec: InputSpec, offline: bool) -> None:
    """Raises UsageError where an address names nothing that can be used, or no connection may be opened."""
    for name in filter(was_remote, spec.written):
        raise UsageError(
            f"{quoted(name)} is no file of this machine: an address has two slashes, and only -i and -o take one"
        )
    for address in [Address.of(name) for name in (*spec.paths, *spec.written) if is_remote(name)]:
        if offline:
            raise UsageError(
                f"{quoted(address.shown)} is not on this machine, and --offline opens no connection; leave it out, or"
                " name a file of this machine"
            )


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

"""Options that tasks share, each defined once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from nlpcli.cli.arguments import matched
from nlpcli.cli.console import voice
from nlpcli.cli.planned import NotPlanned, planned
from nlpcli.cli.profile import Profile
from nlpcli.records.formats import INPUT_FORMATS, OUTPUT_FORMATS

# A text is no longer, and no machine holds a larger batch.
MOST_BATCH_TOKENS = 10_000_000
# Some more than the largest machines have; a process cannot start 100,000.
MOST_THREADS = 1024
# What torch takes as a signed number.
MOST_SEED = 2**63 - 1


class Per(StrEnum):
    """What makes a record of plain text."""

    LINE = "line"
    PARAGRAPH = "paragraph"
    DOCUMENT = "document"


class OnError(StrEnum):
    """What becomes of a record that cannot be processed."""

    FAIL = "fail"
    SKIP = "skip"
    KEEP = "keep"


class EngineName(StrEnum):
    """What computes a run."""

    LOCAL = "local"
    RAY = "ray"


def _show_tracebacks(wanted: bool) -> bool:
    """Also for what is wrong before the command itself is called."""
    voice.tracebacks = wanted
    return wanted


OutputFormat = StrEnum("OutputFormat", {name.upper(): name for name in OUTPUT_FORMATS})  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class SharedOptions:
    """What every task takes. The order is that of `--help`."""

    input: Annotated[
        list[str] | None,
        typer.Option(
            "-i",
            "--input",
            metavar="PATH...",
            help="Read files, folders, addresses (s3://, https:// …): all that stand behind it, up to the next option.",
        ),
    ] = None
    input_format: Annotated[
        str | None,
        typer.Option(metavar="FORMAT", help=f"Format where the suffix does not tell: {', '.join(INPUT_FORMATS)}."),
    ] = None
    field: Annotated[
        str, typer.Option(metavar="NAME", help="Column or key that holds the text of structured input.")
    ] = "text"
    delimiter: Annotated[
        str | None, typer.Option(metavar="CHAR", help="Between the columns of CSV or TSV input; \\t is a tab.")
    ] = None
    quote: Annotated[
        str | None,
        typer.Option(metavar="CHAR", help='Quote of CSV or TSV input, or none. Default: " in CSV, none in TSV.'),
    ] = None
    no_header: Annotated[
        bool, typer.Option("--no-header", help="CSV or TSV input begins with a row; its columns are named 1, 2, …")
    ] = False
    per: Annotated[Per | None, typer.Option(help="What makes a record of plain text.")] = None
    null: Annotated[bool, typer.Option("-0", "--null", help="Records end in NUL, on input and output.")] = False
    encoding: Annotated[str, typer.Option(metavar="NAME", help="Encoding of text input.")] = "utf-8"
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="PATH",
            help="Write to a file or address, whole or not at all; DIR/: one output per input file.",
        ),
    ] = None
    format: Annotated[
        OutputFormat | None,
        typer.Option("-F", "--format", help="Output format. Default: that of structured input, else text."),
    ] = None
    on_error: Annotated[
        OnError,
        typer.Option(help="A record that fails: end the run, leave it out, or keep it with its error."),
    ] = OnError.KEEP
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Keep what is done beside -o FILE; the same command goes on where it ended."),
    ] = False
    update: Annotated[
        bool, typer.Option("--update", help="As --resume; where the input has changed, compute what changed.")
    ] = False
    retry_errors: Annotated[
        bool, typer.Option("--retry-errors", help="As --resume; compute records that failed again.")
    ] = False
    shard: Annotated[
        str | None,
        typer.Option(metavar="I/N", help="Compute part I of N alone; nlpcli jobs merge puts all together."),
    ] = None
    engine: Annotated[
        EngineName | None,
        typer.Option(help="ray: as --resume, computed on a Ray cluster. Default: local, here."),
    ] = None
    ray_address: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="Of the cluster: HOST:PORT, auto. Default: RAY_ADDRESS, or one for this run."
        ),
    ] = None
    max_errors: Annotated[
        str | None,
        typer.Option(metavar="N|P%", help="End the run (status 4) when more records fail than that."),
    ] = None
    dedupe: Annotated[
        bool, typer.Option("--dedupe/--no-dedupe", help="Compute identical texts once, or each. Default: once.")
    ] = True
    cache: Annotated[
        bool, typer.Option("--cache", help="Keep results for other runs of the same model and options.")
    ] = False
    summary: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write what there is to say of the run as JSON: records, failed, seconds …"),
    ] = None
    model: Annotated[
        str | None,
        typer.Option(
            "-m",
            "--model",
            metavar="NAME",
            help="A name of the catalogue, a hub id, a folder, a .gguf file, word vectors; auto: by the language.",
        ),
    ] = None
    revision: Annotated[str | None, typer.Option(metavar="REV", help="Branch, tag or commit on the hub.")] = None
    device: Annotated[
        str, typer.Option(metavar="DEVICE", help="auto, cpu, cuda (all that are visible), cuda:N,M or mps.")
    ] = "auto"
    dtype: Annotated[
        str, typer.Option(metavar="DTYPE", help="auto, float32, bfloat16, float16, int8; int4 for writing.")
    ] = "auto"
    batch_tokens: Annotated[
        str, typer.Option(metavar="N|auto", help=f"Padded tokens per batch, at most {MOST_BATCH_TOKENS:,}.")
    ] = "auto"
    threads: Annotated[
        int | None, typer.Option(min=1, max=MOST_THREADS, metavar="N", help="CPU threads. Default: all cores.")
    ] = None
    seed: Annotated[int | None, typer.Option(min=0, max=MOST_SEED, metavar="N", help="Seed of the random numbers.")] = (
        None
    )
    exact: Annotated[
        bool, typer.Option("--exact", help="Each text by itself: the same bits whatever stands beside it. Slower.")
    ] = False
    offline: Annotated[bool, typer.Option("--offline", help="Open no connection: cached and local models only.")] = (
        False
    )
    profile: Profile = None
    server: Annotated[
        bool | None,
        typer.Option(
            "--server/--no-server", help="Compute in the worker (nlpcli serve), or here. Default: there if it runs."
        ),
    ] = None
    keep_warm: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Leave a worker behind that answers the next calls at once: 10m, 1h."),
    ] = None
    progress: Annotated[
        bool | None,
        typer.Option("--progress/--no-progress", help="Show what is going on. Default: on a terminal."),
    ] = None
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No warnings, no progress.")] = False
    verbose: Annotated[
        bool,
        typer.Option("-v", "--verbose", callback=_show_tracebacks, is_eager=True, help="Say more; tracebacks."),
    ] = False


Texts = Annotated[
    list[str] | None,
    typer.Argument(metavar="TEXT", help="Each TEXT is a record; - or nothing reads standard input."),
]


# A job is kept where the command was called.
_OF_JOBS = ("resume", "update", "retry_errors", "shard", "max_errors", "engine", "ray_address")


def _names_file(parameter: inspect.Parameter) -> bool:
    """Whether what an option names is read, or written by other than the writer of the results."""
    metavars = {getattr(info, "metavar", None) for info in getattr(parameter.annotation, "__metadata__", ())}
    return bool(metavars & {"FILE", "PATH", "PATH..."}) and parameter.name != "output"


def shares_options(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command that takes `shared: SharedOptions` all of these as options of its own on the command line."""
    hints = get_type_hints(SharedOptions, include_extras=True)
    names = [field.name for field in fields(SharedOptions)]
    shared = [
        inspect.Parameter(
            field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
        )
        for field in fields(SharedOptions)
    ]
    own_hints = get_type_hints(command, include_extras=True)
    own = [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY, annotation=own_hints[name])
        for name, parameter in inspect.signature(command).parameters.items()
        if name != "shared"
    ]

    files = [parameter.name for parameter in [*own, *shared] if _names_file(parameter)] + [*_OF_JOBS]

    @wraps(command)
    def with_options(**values: Any) -> int:
        if planned.get() is not None and any(values[name] for name in files):
            raise NotPlanned  # a file is where the command was called
        values["input"] = values["input"] and matched(values["input"])
        options = SharedOptions(**{name: values.pop(name) for name in names})
        return command(shared=options, **values)

    parameters = [*own, *shared]
    with_options.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    with_options.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    del with_options.__wrapped__
    return with_options

"""`nlpcli embed`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nlpcli.cli.arguments import TaskCommand
from nlpcli.cli.help import command_app
from nlpcli.cli.options import Per, SharedOptions, Texts, shares_options
from nlpcli.cli.plan import Tap, View
from nlpcli.cli.why import Why, WhyPage, page_of_reasons
from nlpcli.errors import UsageError
from nlpcli.models.catalog import catalog
from nlpcli.records.splitting import without_surrogates
from nlpcli.views import vectors

if TYPE_CHECKING:
    from nlpcli.tasks.embed import EmbedOptions, Result


class Pooling(StrEnum):
    """How token vectors become one."""

    AUTO = "auto"
    MEAN = "mean"
    CLS = "cls"
    LAST = "last"
    SIF = "sif"


class Precision(StrEnum):
    """The bits of a vector's numbers."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    INT8 = "int8"
    BINARY = "binary"


EXAMPLES = """
\b
Examples:
  nlpcli embed "The cat sleeps." "Stocks fell on Monday."
  nlpcli embed --similarity "A man eats." "Someone is having a meal." "It rains."
  nlpcli embed -i notes/ --search "how to renew a passport" --top 5
  nlpcli embed -i article.txt --per document --chunks -F jsonl
  nlpcli embed -i reviews.csv --field review -o reviews.parquet
  cat lines.txt | nlpcli embed -F npy > lines.npy
  nlpcli embed -i lines.txt --plot map.svg
"""

app = command_app()


@app.command(cls=TaskCommand, epilog=EXAMPLES)
@shares_options
def embed(
    shared: SharedOptions,
    texts: Texts = None,
    search: Annotated[
        str | None,
        typer.Option(metavar="QUERY", help="Print the records nearest in meaning to QUERY, best first."),
    ] = None,
    similarity: Annotated[
        bool,
        typer.Option("--similarity", help="Print all pairs of records by cosine similarity, best first."),
    ] = False,
    top: Annotated[
        int | None,
        typer.Option(
            min=1, max=1_000_000_000, metavar="K", help="How many results of --search (10) or --similarity (all)."
        ),
    ] = None,
    chunks: Annotated[
        bool,
        typer.Option("--chunks", help="A vector for each window of a record, with its place in the text."),
    ] = False,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw a map of the records (PCA) as .png or .svg.")
    ] = None,
    pooling: Annotated[
        Pooling, typer.Option(help="How token vectors become one; auto: as the model says; sif: rare words count more.")
    ] = (Pooling.AUTO),
    normalize: Annotated[
        bool | None,
        typer.Option("--normalize/--no-normalize", help="Unit length. Default: as the model says."),
    ] = None,
    dim: Annotated[
        int | None,
        typer.Option(min=1, max=1_000_000, metavar="N", help="Keep the first N numbers (Matryoshka models)."),
    ] = None,
    precision: Annotated[Precision, typer.Option(help="Type of the numbers.")] = Precision.FLOAT32,
    why: Why = False,
    html: WhyPage = None,
    prompt: Annotated[
        str | None,
        typer.Option(metavar="NAME|TEXT", help="A prompt of the model by name, or text put before each."),
    ] = None,
) -> int:
    """Turn each record into a vector; or search by meaning, rank by similarity, draw a map.

    Prints the numbers separated by spaces, one record a line. Texts longer than the model takes are embedded in
    windows and averaged, never cut; --chunks keeps the windows apart, and --search finds the best one.
    """
    from nlpcli.cli.make_job import make_job
    from nlpcli.cli.run import run_job
    from nlpcli.tasks.embed import EmbedOptions

    options = EmbedOptions(
        result=_result(search, similarity, chunks, plot),
        pooling=pooling.value,
        normalize=normalize,
        dimension=dim,
        precision=precision.value,
        prompt=None if prompt is None else without_surrogates(prompt),
        query=None if search is None else without_surrogates(search),
        top=top,
        why=why,
    )
    _check(options, plot)
    job = make_job(
        "embed", options, shared, texts, Per.LINE, catalog().defaults["embed"], written=[plot, html], role="embed"
    )
    tap = page_of_reasons(why, html) if plot is None else _plotting(plot)
    return run_job(job, shared, _VIEWS[options.result], tap, unwritten=plot is not None or html is not None)


def _plotting(plot: Path) -> Tap:
    from nlpcli.views.scatter import plotted

    return lambda records: plotted(records, plot)


def _result(search: str | None, similarity: bool, chunks: bool, plot: Path | None) -> Result:
    asked: dict[Result, bool] = {"search": search is not None, "similarity": similarity, "chunks": chunks}
    if [*asked.values(), plot is not None].count(True) > 1:
        if asked["search"] and chunks:
            raise UsageError(
                "--search looks at each window of a text by itself and says which is nearest; leave --chunks out"
            )
        raise UsageError("--search, --similarity, --chunks and --plot exclude each other; run one after the other")
    return next((result for result, is_asked in asked.items() if is_asked), "vectors")


def _check(options: EmbedOptions, plot: Path | None) -> None:
    if options.query == "":
        raise UsageError('--search "" asks for nothing; a variable of the shell may be empty')
    if options.why and options.result != "search":
        raise UsageError("--why shows what made a hit similar: it goes with --search QUERY")
    if options.top is not None and options.result not in ("search", "similarity"):
        raise UsageError("--top goes with --search QUERY or --similarity")
    if plot is not None:
        from nlpcli.views.scatter import check

        check(plot)
        if options.precision == "binary":
            raise UsageError("--plot needs numbers; leave --precision binary out")


_VIEWS: dict[Result, View] = {
    "vectors": View(vectors.vector_line, vectors.draw_vector),
    "chunks": View(vectors.chunk_lines, vectors.draw_chunks),
    "search": View(vectors.found_line, vectors.draw_found, of_all=True),
    "similarity": View(vectors.pair_line, vectors.draw_pair, own_rows=True),
}

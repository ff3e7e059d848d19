"""`nlpcli extract`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from nlpcli.cli.arguments import TaskCommand
from nlpcli.cli.options import Per, SharedOptions, Texts, shares_options
from nlpcli.cli.run import LongForm, View, make_job, run_job
from nlpcli.errors import UsageError
from nlpcli.models.catalog import catalog
from nlpcli.records.splitting import without_surrogates
from nlpcli.tasks.extraction import ExtractOptions
from nlpcli.views import spans as drawings


class Aggregation(StrEnum):
    """How the pieces of a word make the label of the word."""

    SIMPLE = "simple"
    FIRST = "first"
    AVERAGE = "average"
    MAX = "max"


class Offsets(StrEnum):
    """What offsets count."""

    CHARACTERS = "characters"
    BYTES = "bytes"


EXAMPLES = """
\b
Examples:
  nlpcli extract "Ada Lovelace was born in London in 1815."
  nlpcli extract -i notes/ -F jsonl -o entities.jsonl
  nlpcli extract -i reviews.csv --field review --types "PERSON,ORG" -o people.csv
  nlpcli extract -i lines.txt --count
"""

app = typer.Typer(rich_markup_mode=None, add_completion=False, context_settings={"help_option_names": ["-h", "--help"]})


@app.command(cls=TaskCommand, epilog=EXAMPLES)
@shares_options
def extract(
    shared: SharedOptions,
    texts: Texts = None,
    types: Annotated[
        str | None, typer.Option(metavar="A,B,…", help="Only entities of these types, by the model's names.")
    ] = None,
    aggregation: Annotated[
        Aggregation, typer.Option(help="How the pieces of a word make its label; simple: each piece by itself.")
    ] = Aggregation.AVERAGE,
    offsets: Annotated[
        Offsets, typer.Option(help="What start and end count: code points, or bytes of UTF-8.")
    ] = Offsets.CHARACTERS,
    count: Annotated[
        bool, typer.Option("--count", help="Print how often each was found in all of the input, instead of where.")
    ] = False,
) -> int:
    """Find the names, places, dates and other entities in each record, with where they stand.

    Prints label, text and file:line:column, separated by tabs. Long texts are read in windows that overlap, so that no
    entity is cut.
    """
    options = ExtractOptions(types=_listed(types), aggregation=aggregation.value, offsets=offsets.value, count=count)
    job = make_job("extract", options, shared, texts, Per.LINE, catalog().defaults["extract"])
    return run_job(job, shared, _view(options))


def _listed(types: str | None) -> tuple[str, ...]:
    if types is None:
        return ()
    # Written in Chinese, a list has Chinese commas.
    names = [name.strip() for name in without_surrogates(types).replace("，", ",").replace("、", ",").split(",")]
    distinct = tuple(dict.fromkeys(name for name in names if name))
    if not distinct:
        raise UsageError('--types takes names, separated by commas: --types "PERSON,ORG"')
    return distinct


def _view(options: ExtractOptions) -> View:
    if options.count:
        return View(drawings.tally_line, drawings.draw_tally, own_rows=True)
    rows = LongForm(drawings.ROW_FIELDS, drawings.SpanRows(options.result, options.offsets))
    return View(drawings.span_line, drawings.Highlights(options.result, options.offsets, {}), long=rows)

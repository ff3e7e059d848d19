"""`nlpcli extract`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from nlpcli.cli.arguments import TaskCommand
from nlpcli.cli.extract_mask import chosen_kinds, run_mask, run_unmask
from nlpcli.cli.options import Per, SharedOptions, Texts, shares_options
from nlpcli.cli.run import LongForm, View, make_job, run_job
from nlpcli.errors import UsageError
from nlpcli.models.catalog import catalog
from nlpcli.records.splitting import without_surrogates
from nlpcli.tasks.extraction import ExtractOptions, Result
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
  nlpcli extract --mask --map names.json -i mail.txt | nlpcli translate | nlpcli extract --unmask --map names.json
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
    mask: Annotated[
        bool,
        typer.Option("--mask", help="Put tokens such as <EMAIL_1> in the place of personal data."),
    ] = False,
    unmask: Annotated[
        bool, typer.Option("--unmask", help="Put back what tokens stand for, also in a translation or a summary.")
    ] = False,
    map_: Annotated[
        Path | None,
        typer.Option(
            "--map", metavar="FILE", help="What the tokens of --mask stand for: kept there, or read by --unmask."
        ),
    ] = None,
    kinds: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,…",
            help="What --mask masks: all (default), url, email, iban, card, mac, ip, birth-date, id, phone; and types"
            " of entities of the model, such as PERSON.",
        ),
    ] = None,
    originals: Annotated[
        bool, typer.Option("--originals", help="Let --mask keep the texts as they were in structured output, too.")
    ] = False,
) -> int:
    """Find the names, places, dates and other entities in each record, with where they stand.

    Prints label, text and file:line:column, separated by tabs. Long texts are read in windows that overlap, so that no
    entity is cut. --mask prints each record with tokens in the place of personal data, and --unmask with that put back.
    """
    _check_mask(mask, unmask, count, types, map_, kinds, originals)
    if mask or unmask:
        result: Result = "masked" if mask else "unmasked"
        asked = ExtractOptions(
            result=result,
            aggregation=aggregation.value,
            offsets=offsets.value,
            kinds=chosen_kinds(_listed(kinds, "--kinds")),
            originals=originals,
        )
        return (run_mask if mask else run_unmask)(asked, shared, texts, Per.LINE, map_)
    options = ExtractOptions(types=_listed(types), aggregation=aggregation.value, offsets=offsets.value, count=count)
    job = make_job("extract", options, shared, texts, Per.LINE, catalog().defaults["extract"])
    return run_job(job, shared, _view(options))


def _check_mask(
    mask: bool, unmask: bool, count: bool, types: str | None, map_: Path | None, kinds: str | None, originals: bool
) -> None:
    if mask and unmask:
        raise UsageError("--mask and --unmask exclude each other; run one after the other")
    if (mask or unmask) and (count or types is not None):
        raise UsageError("--count and --types are of entities, and --mask has --kinds; leave them out")
    if not mask and (kinds is not None or originals):
        raise UsageError(f"{'--originals' if kinds is None else '--kinds'} goes with --mask")
    if map_ is not None and not (mask or unmask):
        raise UsageError("--map goes with --mask or --unmask")


def _listed(types: str | None, option: str = "--types") -> tuple[str, ...]:
    if types is None:
        return ()
    # Written in Chinese, a list has Chinese commas.
    names = [name.strip() for name in without_surrogates(types).replace("，", ",").replace("、", ",").split(",")]
    distinct = tuple(dict.fromkeys(name for name in names if name))
    if not distinct:
        raise UsageError(f'{option} takes names, separated by commas: {option} "PERSON,ORG"')
    return distinct


def _view(options: ExtractOptions) -> View:
    if options.count:
        return View(drawings.tally_line, drawings.draw_tally, own_rows=True)
    rows = LongForm(drawings.ROW_FIELDS, drawings.SpanRows(options.result, options.offsets))
    return View(drawings.span_line, drawings.Highlights(options.result, options.offsets, {}), long=rows)

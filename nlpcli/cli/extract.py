"""`nlpcli extract`."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from nlpcli.cli.arguments import TaskCommand
from nlpcli.cli.extract_schema import is_shipped, read_examples, read_schema, shipped_examples
from nlpcli.cli.help import command_app
from nlpcli.cli.options import OutputFormat, Per, SharedOptions, Texts, shares_options
from nlpcli.cli.plan import LongForm, View
from nlpcli.errors import UsageError
from nlpcli.models.catalog import catalog
from nlpcli.records.splitting import without_surrogates
from nlpcli.tasks.extraction import ExtractOptions, Result, chosen_kinds
from nlpcli.views import keyphrases as phrases
from nlpcli.views import span_files
from nlpcli.views import spans as drawings
from nlpcli.views.span_page import SpanPage


class Aggregation(StrEnum):
    """How the pieces of a word make the label of the word."""

    SIMPLE = "simple"
    FIRST = "first"
    AVERAGE = "average"
    MAX = "max"


class Layout(StrEnum):
    """How text output is laid out."""

    LINES = "lines"
    CONLL = "conll"
    SPACY = "spacy"


class Offsets(StrEnum):
    """What offsets count."""

    CHARACTERS = "characters"
    BYTES = "bytes"


class Method(StrEnum):
    """How key phrases are ranked."""

    EMBEDDING = "embedding"
    YAKE = "yake"


class Candidates(StrEnum):
    """What may be a key phrase."""

    AUTO = "auto"
    NOUN_CHUNKS = "noun-chunks"
    N_GRAMS = "n-grams"


EXAMPLES = """
\b
Examples:
  nlpcli extract "Ada Lovelace was born in London in 1815."
  nlpcli extract -i notes/ -F jsonl -o entities.jsonl
  nlpcli extract -i reviews.csv --field review --types "PERSON,ORG" -o people.csv
  nlpcli extract -i lines.txt --count
  nlpcli extract -i notes/ --html found.html
  nlpcli extract --layout conll "Ada Lovelace was born in London."
  nlpcli extract --schema person.json "Ada Lovelace was born in London in 1815."
  nlpcli extract --schema relations "Ada Lovelace wrote notes."
  nlpcli extract --keyphrases --top 5 -i article.txt
  nlpcli extract --mask --map names.json -i mail.txt | nlpcli translate | nlpcli extract --unmask --map names.json
"""

app = command_app()


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
    schema: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Fill this JSON Schema from each text, by a model that writes; relations is shipped."
        ),
    ] = None,
    examples: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help='JSONL of texts and answers that show --schema: {"text": …, "fields": …}.'),
    ] = None,
    grounded_only: Annotated[
        bool, typer.Option("--grounded-only", help="Leave out values of --schema that the text does not have.")
    ] = False,
    offsets: Annotated[
        Offsets, typer.Option(help="What start and end count: code points, or bytes of UTF-8.")
    ] = Offsets.CHARACTERS,
    layout: Annotated[
        Layout,
        typer.Option(help="Of text output: a line each, CoNLL's columns, or JSON lines for spaCy's Doc.from_json."),
    ] = Layout.LINES,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page with all texts to look at in a browser.")
    ] = None,
    count: Annotated[
        bool, typer.Option("--count", help="Print how often each was found in all of the input, instead of where.")
    ] = False,
    keyphrases: Annotated[
        bool, typer.Option("--keyphrases", help="Find the phrases that say most of each record, the best first.")
    ] = False,
    top: Annotated[
        int | None, typer.Option(min=1, max=1_000_000, metavar="K", help="How many key phrases of each record (10).")
    ] = None,
    method: Annotated[
        Method | None,
        typer.Option(
            help="embedding: near in meaning to the record (-m: any model of embed); yake: statistics, no model."
        ),
    ] = None,
    candidates: Annotated[
        Candidates | None,
        typer.Option(help="Of --keyphrases: noun chunks (English), or any run of words; auto: by the language."),
    ] = None,
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
    --keyphrases prints score, phrase and place, and reads plain text as whole documents.
    """
    from nlpcli.cli.make_job import make_job
    from nlpcli.cli.run import run_job

    others = bool(schema or examples or grounded_only or html or layout is not Layout.LINES)
    _check_keyphrases(keyphrases, others or mask or unmask or types is not None, top, method, candidates)
    _check_mask(mask, unmask, count, types, map_, kinds, originals)
    if (mask or unmask) and others:
        raise UsageError(
            "--mask and --unmask find nothing to show; leave out --schema, --layout, --html and their like"
        )
    if mask or unmask:
        result: Result = "masked" if mask else "unmasked"
        asked = ExtractOptions(
            result=result,
            aggregation=aggregation.value,
            offsets=offsets.value,
            kinds=chosen_kinds(_listed(kinds, "--kinds")),
            originals=originals,
        )
        from nlpcli.cli.extract_mask import run_mask, run_unmask

        return (run_mask if mask else run_unmask)(asked, shared, texts, Per.LINE, map_)
    if keyphrases:
        return _run_keyphrases(shared, texts, offsets, count, top, method, candidates)
    schema_text = None if schema is None else read_schema(schema)
    if schema is not None and examples is None and is_shipped(schema):
        examples = shipped_examples(schema)
    options = ExtractOptions(
        result="entities" if schema is None else "fields",
        types=_listed(types),
        aggregation=aggregation.value,
        offsets=offsets.value,
        count=count,
        schema=schema_text,
        examples=() if examples is None else read_examples(examples, schema_text),
        grounded_only=grounded_only,
    )
    _check(options)
    if count and html is not None:
        raise UsageError("--html shows texts, and --count shows none; leave one of them out")
    shared = _laid_out(shared, layout, count or html is not None)
    per = Per.LINE if schema is None else Per.DOCUMENT
    model = catalog().defaults[options.role]
    job = make_job("extract", options, shared, texts, per, model, written=[html])
    tap = None if html is None else SpanPage(html, options.offsets)
    return run_job(job, shared, _view(options, layout), tap, unwritten=html is not None)


def _laid_out(shared: SharedOptions, layout: Layout, otherwise: bool) -> SharedOptions:
    """Of another layout than lines the output is text, whatever the input is."""
    if layout is Layout.LINES:
        return shared
    if otherwise or shared.format not in (None, OutputFormat("text")):
        raise UsageError(f"--layout {layout} is for text; leave it out, or -F, --count and --html")
    return replace(shared, format=OutputFormat("text"))


def _run_keyphrases(
    shared: SharedOptions,
    texts: list[str] | None,
    offsets: Offsets,
    count: bool,
    top: int | None,
    method: Method | None,
    candidates: Candidates | None,
) -> int:
    from nlpcli.cli.make_job import make_job
    from nlpcli.cli.run import run_job

    chosen = method or Method.EMBEDDING
    phrases_by = candidates or Candidates.AUTO
    if chosen is Method.YAKE and phrases_by is Candidates.NOUN_CHUNKS:
        raise UsageError("--method yake counts runs of words; leave --candidates or --method out")
    if chosen is Method.YAKE and shared.model is not None:
        raise UsageError("--method yake takes no model; leave -m or --method out")
    options = ExtractOptions(
        "keyphrases",
        offsets=offsets.value,
        count=count,
        top=top or 10,
        method=chosen.value,
        candidates=phrases_by.value,
    )
    job = make_job("extract", options, shared, texts, Per.DOCUMENT, catalog().defaults["embed"])
    return run_job(job, shared, _view(options, Layout.LINES))


def _check_keyphrases(
    keyphrases: bool, others: bool, top: int | None, method: Method | None, candidates: Candidates | None
) -> None:
    if keyphrases and others:
        raise UsageError(
            "--keyphrases stands alone: without --mask, --types, --schema, --layout, --html and their like"
        )
    given = {"--top": top, "--method": method, "--candidates": candidates}
    if not keyphrases and (name := next((name for name, value in given.items() if value is not None), None)):
        raise UsageError(f"{name} goes with --keyphrases")


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


def _check(options: ExtractOptions) -> None:
    if options.schema is None and (options.examples or options.grounded_only):
        raise UsageError("--examples and --grounded-only go with --schema")
    if options.schema is not None and options.types:
        raise UsageError("--schema says what is to be found; leave it out, or --types")


def _view(options: ExtractOptions, layout: Layout) -> View:
    if options.count:
        return View(drawings.tally_line, drawings.draw_tally, own_rows=True)
    if layout is not Layout.LINES:
        render = span_files.conll if layout is Layout.CONLL else span_files.spacy_json
        return View(lambda record: render(record, options.offsets), drawings.draw_values)
    if options.result == "fields":
        values = LongForm(drawings.VALUE_FIELDS, drawings.ValueRows(options.offsets))
        return View(drawings.value_line, drawings.draw_values, long=values)
    if options.result == "keyphrases":
        ranked = LongForm(drawings.ROW_FIELDS, phrases.RankedRows(options.offsets))
        return View(phrases.phrase_line, phrases.PhraseHighlights(options.offsets), long=ranked)
    rows = LongForm(drawings.ROW_FIELDS, drawings.SpanRows(options.result, options.offsets))
    return View(drawings.span_line, drawings.Highlights(options.result, options.offsets, {}), long=rows)

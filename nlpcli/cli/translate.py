"""`nlpcli translate`."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from itertools import islice
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated

import typer

from nlpcli.cli.arguments import TaskCommand
from nlpcli.cli.help import command_app
from nlpcli.cli.options import Per, SharedOptions, Texts, shares_options
from nlpcli.cli.plan import View
from nlpcli.cli.why import Why, WhyPage, page_of_reasons
from nlpcli.errors import InputBroken, UsageError, quoted
from nlpcli.models.catalog import catalog
from nlpcli.models.pairs import likely_source, model_for, sources_into
from nlpcli.records.content import read_document
from nlpcli.tasks.translate import TranslateOptions, prose_of
from nlpcli.text.languages import code_of
from nlpcli.text.markup import MARKUP_SUFFIXES, Markup
from nlpcli.views import translations as drawings

if TYPE_CHECKING:
    from nlpcli.records.inputs import InputSpec

EXAMPLES = """
\b
Examples:
  nlpcli translate --to pt "Where is the station?"
  nlpcli translate --from pt --to en -i carta.txt -o letter.txt
  nlpcli translate --to pt -i page.html -o pagina.html
  nlpcli translate --to pt -i film.srt -o filme.srt --glossary terms.tsv
  nlpcli translate --to pt -i reviews.csv --field review -o resenhas.csv
  cat notes.md | nlpcli translate --to pt --markup markdown
"""

# A language is told from so much of the input.
_FIRST_RECORDS, _FIRST_CHARACTERS = 50, 500
# What is as fast as can be; other dtypes compute the reference.
_FAST = ("auto", "int8")

app = command_app()


class MarkupChoice(StrEnum):
    """What in a text is prose."""

    AUTO = "auto"
    NONE = "none"
    HTML = "html"
    MARKDOWN = "markdown"
    SRT = "srt"
    VTT = "vtt"
    PO = "po"
    XLIFF = "xliff"
    DOCX = "docx"


@app.command(cls=TaskCommand, epilog=EXAMPLES)
@shares_options
def translate(
    shared: SharedOptions,
    texts: Texts = None,
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="LANG", help="Language of the text: a code or a name. Default: detected."),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option("--to", metavar="LANG", help="Language to translate into. Default: the one that the model has."),
    ] = None,
    markup: Annotated[
        MarkupChoice, typer.Option(help="What to keep as it is. auto: by the suffix of the file.")
    ] = MarkupChoice.AUTO,
    glossary: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Terms that must be translated so: two columns with a tab between."),
    ] = None,
    beams: Annotated[
        int, typer.Option(min=1, max=64, metavar="N", help="Width of the search; 1 takes the best word.")
    ] = 1,
    shortlist: Annotated[
        bool | None,
        typer.Option(
            "--shortlist/--no-shortlist",
            help="Look only at words that go with those of the text: faster. Default: with --dtype auto or int8.",
        ),
    ] = None,
    scores: Annotated[
        bool,
        typer.Option("--scores/--no-scores", help="Add `confidence`: how good a translation is likely to be, 0 to 1."),
    ] = False,
    why: Why = False,
    html: WhyPage = None,
    min_confidence: Annotated[
        float | None,
        typer.Option(min=0, max=1, metavar="P", help="Below it a translation is an error, for a person to look at."),
    ] = None,
) -> int:
    """Translate each record. Lines, markup and placeholders stay as they are.

    Long texts are translated sentence by sentence, longer sentences clause by clause; nothing is cut.
    """
    from nlpcli.cli.make_job import make_job
    from nlpcli.cli.run import run_job

    options = TranslateOptions(
        source=None if source is None else code_of(source),
        target=None if target is None else code_of(target),
        markup=markup.value,
        glossary=() if glossary is None else _read_glossary(Path(glossary)),
        beams=beams,
        shortlist=shared.dtype in _FAST if shortlist is None else shortlist,
        scores=scores,
        min_confidence=min_confidence,
        why=why,
    )
    if options.source is not None and options.source == options.target:
        raise UsageError(f"--from and --to are the same language ({options.source})")
    per = Per.DOCUMENT if _has_structure(markup, shared) else Per.LINE
    model = shared.model or catalog().defaults["translate"]
    job = make_job("translate", options, shared, texts, per, model, written=[html])
    if shared.model is None:
        source = options.source or _source_at_hand(options, job.input)
        name = model_for(source, options.target, job.model.name)
        job = replace(job, model=replace(job.model, name=name))
    line = drawings.translated if shared.null else drawings.translated_line
    return run_job(job, shared, View(line, drawings.draw_translation), page_of_reasons(why, html), html is not None)


def _source_at_hand(options: TranslateOptions, spec: InputSpec) -> str | None:
    """The language of the first texts, among those that models at hand translate from; None: it makes no difference."""
    several = len(sources_into(options.target)) > 1
    return likely_source(_first_prose(spec, options.markup), options.target) if several else None


@contextmanager
def _unsaid() -> Iterator[None]:
    """What there is to say of the input is said when the run reads it."""
    records = logging.getLogger("nlpcli.records")
    level = records.level
    records.setLevel(logging.ERROR)
    try:
        yield
    finally:
        records.setLevel(level)


@_unsaid()
def _first_prose(spec: InputSpec, markup: Markup) -> str:
    """The beginning of what there is to translate; empty where reading it would take it away."""
    from nlpcli.records.inputs import input_files
    from nlpcli.records.readers import read_records

    files = [] if spec.texts else input_files(spec)
    if any(file.path is None or file.stream for file in files):
        return ""
    text = ""
    for record in islice(read_records(spec, files), _FIRST_RECORDS):
        text += prose_of(record, markup)
        if len(text) >= _FIRST_CHARACTERS:
            break
    return text.strip()


def _has_structure(markup: MarkupChoice, shared: SharedOptions) -> bool:
    """Whether the texts are documents: markup goes over many lines."""
    if markup not in (MarkupChoice.AUTO, MarkupChoice.NONE):
        return True
    suffixes = {suffix.lower() for path in shared.input or () for suffix in PurePath(path).suffixes}
    return markup is MarkupChoice.AUTO and bool(suffixes & MARKUP_SUFFIXES.keys())


def _read_glossary(path: Path) -> tuple[tuple[str, str], ...]:
    lines = read_document(path, "--glossary").splitlines()
    terms = []
    for number, line in enumerate(lines, start=1):
        columns = [column.strip() for column in line.split("\t")]
        if not line.strip() or line.startswith("#"):
            continue
        if len(columns) != 2 or not all(columns):
            raise InputBroken(
                f"{quoted(path)}:{number}: a term and its translation with a tab between, not: {line[:60]}"
            )
        terms.append((columns[0], columns[1]))
    return tuple(terms)

"""`nlpcli summarize`."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from nlpcli.cli.arguments import TaskCommand
from nlpcli.cli.help import command_app
from nlpcli.cli.options import Per, SharedOptions, Texts, shares_options
from nlpcli.cli.plan import View
from nlpcli.models.catalog import catalog
from nlpcli.settings import home_path
from nlpcli.views import summaries as drawings


class Length(StrEnum):
    """How long a summary is, beside the text."""

    SHORT = "short"
    MEDIUM = "medium"
    LONG = "long"


class Method(StrEnum):
    """Whose sentences a summary is made of."""

    AUTO = "auto"
    ABSTRACTIVE = "abstractive"
    EXTRACTIVE = "extractive"


class MarkupChoice(StrEnum):
    """How a document is written."""

    AUTO = "auto"
    NONE = "none"
    HTML = "html"
    MARKDOWN = "markdown"


# The task whose default model does it.

EXAMPLES = """
\b
Examples:
  nlpcli summarize -i article.txt
  nlpcli summarize -i notes/ --bullets --length short
  nlpcli summarize -i articles.jsonl -o summaries.jsonl
  cat article.txt | nlpcli summarize --max-words 40
  nlpcli summarize --method abstractive -i article.txt
"""

app = command_app()


@app.command(cls=TaskCommand, epilog=EXAMPLES)
@shares_options
def summarize(
    shared: SharedOptions,
    texts: Texts = None,
    length: Annotated[
        Length, typer.Option(help="Beside the text: of 1,000 words about 50, 95 or 190 stay.")
    ] = Length.MEDIUM,
    max_words: Annotated[
        int | None,
        typer.Option(min=1, max=1_000_000, metavar="N", help="Never more words (in Chinese: characters) than that."),
    ] = None,
    method: Annotated[
        Method,
        typer.Option(help="Sentences of the text (extractive) or the model's own; auto: what the model can."),
    ] = Method.AUTO,
    bullets: Annotated[bool, typer.Option("--bullets", help="A list with one sentence a line.")] = False,
    markup: Annotated[
        MarkupChoice,
        typer.Option(help="Read the prose of a page or of Markdown alone. auto: by the suffix of the file."),
    ] = MarkupChoice.AUTO,
) -> int:
    """Shorten each document; a file is one document unless --per says otherwise.

    Documents of any length are read in windows that end where a sentence ends, never cut. A summary is never longer
    than its document.
    """
    from nlpcli.cli.make_job import make_job
    from nlpcli.cli.run import run_job
    from nlpcli.tasks.summary import SummarizeOptions

    several = _several_files(shared.input or ())
    options = SummarizeOptions(length.value, max_words, method.value, bullets, markup.value, several)
    role = options.role
    job = make_job("summarize", options, shared, texts, Per.DOCUMENT, catalog().defaults[role], role=role)
    return run_job(job, shared, _BULLETS if bullets else _SUMMARY)


def _several_files(paths: Sequence[str]) -> bool:
    """Whether results must say which file they are of."""
    return len(paths) > 1 or any(home_path(path).is_dir() for path in paths)


_SUMMARY = View(drawings.summary_line, drawings.draw_summary)
_BULLETS = View(drawings.summary_points, drawings.draw_summary)

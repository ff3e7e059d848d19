"""`nlpcli words nearest|analogy|odd|compare|axis|map|evaluate`."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from nlpcli.cli.arguments import TaskCommand
from nlpcli.cli.help import command_app
from nlpcli.cli.numpy_threads import multiply_in
from nlpcli.cli.options import Per, SharedOptions, Texts, shares_options
from nlpcli.cli.plan import Tap, View
from nlpcli.errors import UsageError
from nlpcli.models.catalog import catalog
from nlpcli.tasks.words import Result, WordsOptions
from nlpcli.views import words as drawings

EXAMPLES = """
\b
Examples:
  nlpcli words nearest frog --top 3
  nlpcli words analogy king man woman
  nlpcli words odd breakfast cereal dinner lunch
  nlpcli words compare coffee tea
  nlpcli words axis good bad sunshine murder table
  nlpcli words map king queen man woman --plot map.svg
"""

app = command_app(
    no_args_is_help=True,
    help="Ask the vocabulary of a model: word vectors, or the input embeddings of any transformer.",
    epilog=EXAMPLES,
)


class Method(StrEnum):
    """How an analogy is computed."""

    ADD = "add"
    MUL = "mul"


Top = Annotated[int | None, typer.Option(min=1, max=1_000_000, metavar="K", help="How many words.")]
MethodOption = Annotated[Method, typer.Option(help="Of an analogy: 3CosAdd or 3CosMul.")]
Vocabulary = Annotated[
    int | None,
    typer.Option(min=1, max=1_000_000_000, metavar="N", help="Only the N most frequent words. Default: all."),
]


@app.command(cls=TaskCommand)
@shares_options
def nearest(shared: SharedOptions, texts: Texts = None, top: Top = None, vocab: Vocabulary = None) -> int:
    """The words whose vectors are nearest to that of each record (10, or --top), best first.

    Prints word, score (cosine) and record. Several words count by their mean.
    """
    return _run(WordsOptions("nearest", top, vocabulary=vocab), shared, texts)


@app.command(cls=TaskCommand)
@shares_options
def analogy(
    shared: SharedOptions,
    texts: Texts = None,
    top: Top = None,
    method: MethodOption = Method.ADD,
    vocab: Vocabulary = None,
) -> int:
    """What is to the third word as the first is to the second: king man woman → queen.

    Three arguments are one question; a line of three words is one, too, and so is a quoted argument.
    """
    return _run(WordsOptions("analogy", top, method.value, vocab), shared, _one_question(texts))


@app.command(cls=TaskCommand)
@shares_options
def odd(shared: SharedOptions, texts: Texts = None) -> int:
    """The word that fits the others least: the farthest from the mean of all.

    The arguments are one question; a line of words is one, too, and so is a quoted argument.
    """
    return _run(WordsOptions("odd"), shared, _one_question(texts))


@app.command(cls=TaskCommand)
@shares_options
def compare(shared: SharedOptions, texts: Texts = None) -> int:
    """The similarity (cosine) of two words.

    Two arguments are one pair; a line of two words is one, too, and so is a quoted argument.
    """
    return _run(WordsOptions("compare"), shared, _one_question(texts))


@app.command(cls=TaskCommand)
@shares_options
def axis(
    shared: SharedOptions,
    positive: Annotated[str, typer.Argument(metavar="POSITIVE", help="One end; several words with commas: good,fine.")],
    negative: Annotated[str, typer.Argument(metavar="NEGATIVE", help="The other end.")],
    texts: Texts = None,
) -> int:
    """How far each record lies from NEGATIVE towards POSITIVE: its cosine to the difference of the two.

    Prints score and record.
    """
    return _run(WordsOptions("axis", poles=(positive, negative)), shared, texts)


@app.command("map", cls=TaskCommand)
@shares_options
def draw_map(
    shared: SharedOptions,
    texts: Texts = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the map (PCA) as .png or .svg, as embed --plot does.")
    ] = None,
) -> int:
    """Where the words lie beside each other, in the two directions in which they differ most (PCA).

    Prints x, y and word; with --plot a picture is drawn in their place.
    """
    if plot is not None:
        from nlpcli.views.scatter import check

        check(plot)
    options = WordsOptions("map", keeps_vectors=plot is not None)
    return _run(options, shared, texts, plot)


@app.command(cls=TaskCommand)
@shares_options
def evaluate(
    shared: SharedOptions,
    files: Annotated[
        list[str] | None, typer.Argument(metavar="FILE", help="Analogies or pairs; none reads -i or standard input.")
    ] = None,
    method: MethodOption = Method.ADD,
    vocab: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1_000_000_000,
            metavar="N",
            help="Only the N most frequent words. Default: of analogies 30,000, of pairs 300,000.",
        ),
    ] = None,
) -> int:
    """Measure word vectors by analogies (four words a line, `: name` begins a section) and pairs with people's scores.

    Prints score, correct/total, left out and section: the share of right answers, or Spearman's correlation of ranks.
    Counted as gensim counts.
    """
    paths = [*(files or []), *(shared.input or [])]
    options = WordsOptions("evaluate", method=method.value, vocabulary=vocab)
    lines = replace(shared, input=paths or None, input_format="txt", per=Per.LINE)
    return _run(options, lines, None)


def _run(options: WordsOptions, shared: SharedOptions, texts: list[str] | None, plot: Path | None = None) -> int:
    from nlpcli.cli.make_job import make_job
    from nlpcli.cli.run import run_job

    multiply_in(shared.threads or 1)
    job = make_job("words", options, shared, texts, Per.LINE, catalog().defaults["words"], written=[plot])
    tap = None if plot is None else _plotting(plot)
    return run_job(job, shared, _VIEWS[options.result], tap, unwritten=plot is not None)


def _plotting(plot: Path) -> Tap:
    from nlpcli.views.scatter import plotted

    return lambda records: plotted(records, plot)


def _one_question(texts: list[str] | None) -> list[str] | None:
    """Arguments that are single words make one record."""
    if not texts or texts == ["-"] or any(len(text.split()) != 1 for text in texts):
        return texts
    if len(texts) == 1:
        raise UsageError(f'"{texts[0]}" is one word; give the words of a question')
    return [" ".join(texts)]


_VIEWS: dict[Result, View] = {
    "nearest": View(drawings.word_line, drawings.draw_word),
    "analogy": View(drawings.word_line, drawings.draw_word),
    "odd": View(drawings.word_line, drawings.draw_word),
    "compare": View(drawings.score_line, drawings.draw_score),
    "axis": View(drawings.score_line, drawings.draw_score),
    "map": View(drawings.place_line, drawings.draw_place),
    "evaluate": View(drawings.evaluation_line, drawings.draw_evaluation, own_rows=True),
}

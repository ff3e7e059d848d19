"""`nlpcli bias weat|pairs|swap`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from nlpcli.cli.arguments import TaskCommand
from nlpcli.cli.help import command_app
from nlpcli.cli.numpy_threads import multiply_in
from nlpcli.cli.options import Per, SharedOptions, Texts, shares_options
from nlpcli.cli.plan import View
from nlpcli.models.catalog import catalog
from nlpcli.records.record import Record
from nlpcli.tasks.bias import BiasOptions
from nlpcli.views import bias as drawings

EXAMPLES = """
\b
Examples:
  nlpcli bias weat
  nlpcli bias weat weat-1 weat-6 --plot weat.svg
  nlpcli bias weat weat-6 -m starter/minilm -F jsonl
  nlpcli bias swap
  nlpcli bias swap "{} is a doctor." "I like {}."
"""

app = command_app(
    no_args_is_help=True,
    help="Measure what vectors and models have learnt of us; docs/bias.md says what such figures can and cannot show.",
    epilog=EXAMPLES,
)


class Level(StrEnum):
    """What a test of associations compares."""

    AUTO = "auto"
    WORDS = "words"
    SENTENCES = "sentences"


Plot = Annotated[Path | None, typer.Option(metavar="FILE", help="Draw the figures as .png or .svg.")]


@app.command(cls=TaskCommand)
@shares_options
def weat(
    shared: SharedOptions,
    texts: Texts = None,
    sets: Annotated[Path | None, typer.Option(metavar="FILE", help="Word sets of your own, in TOML.")] = None,
    level: Annotated[
        Level, typer.Option(help="Words (WEAT), or sentences around them (SEAT); auto: what the model is made for.")
    ] = Level.AUTO,
    plot: Plot = None,
) -> int:
    """Association tests: whether words of one kind are nearer to the pleasant, to career, … than those of another.

    A record is the name of a test; without TEXT and -i all of them are made (- reads standard input). Prints name,
    effect size, one-sided p-value of a permutation test, and what is compared.
    """
    options = BiasOptions("weat", None if sets is None else str(sets), level.value)
    return _run(options, shared, texts, plot, _names_of_tests, ("effect_size", "effect size", None))


@app.command(cls=TaskCommand)
@shares_options
def pairs(
    shared: SharedOptions,
    texts: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
    each: Annotated[bool, typer.Option("--each", help="A row for each pair, not for each group.")] = False,
    by: Annotated[
        str, typer.Option(metavar="NAME", help="Column or key that names the group of a pair.")
    ] = "bias_type",
    plot: Plot = None,
) -> int:
    """Which of two sentences a language model prefers, the stereotype or the other; 0.5 is neither.

    Records have sent_more and sent_less (CrowS-Pairs), or sentences with gold_label (StereoSet). Masked models are
    asked by pseudo-log-likelihood over the tokens that both share, causal ones by log-likelihood. Prints share, 95 %
    interval, pairs and group.
    """
    options = BiasOptions("pairs", each=each, by=by)
    drawn = ("share", "share that is the stereotype", "interval")
    return _run(options, shared, texts, plot, lambda _: texts, drawn, whole=True)


@app.command(cls=TaskCommand)
@shares_options
def swap(
    shared: SharedOptions,
    texts: Texts = None,
    sets: Annotated[Path | None, typer.Option(metavar="FILE", help="Groups of terms of your own, in TOML.")] = None,
    label: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Whose probability is watched. Default: positive less negative."),
    ] = None,
    plot: Plot = None,
) -> int:
    """How a classifier's score changes when another name stands in the same text.

    A record is a text with {} where a name can stand, or one that has a name of the list; without TEXT and -i sentences
    of nlpcli's are taken (- reads standard input). Prints change against the mean of all groups, its 95 % interval over
    the texts, mean score, texts and group.
    """
    options = BiasOptions("swap", None if sets is None else str(sets), label=label)
    return _run(options, shared, texts, plot, _templates, ("change", "change of the score", "interval"))


Drawn = tuple[str, str, str | None]
"""The result field that is drawn, what stands below it, and the field with its interval."""


def _run(
    options: BiasOptions,
    shared: SharedOptions,
    texts: list[str] | None,
    plot: Path | None,
    otherwise: Callable[[BiasOptions], list[str] | None],
    drawn: Drawn,
    whole: bool = False,
) -> int:
    from nlpcli.cli.make_job import make_job
    from nlpcli.cli.run import run_job

    if plot is not None:
        from nlpcli.views.scatter import check

        check(plot)
    if not texts and not shared.input:
        texts = otherwise(options)
    multiply_in(shared.threads or 1)
    job = make_job("bias", options, shared, texts, Per.LINE, catalog().defaults[options.role], whole, [plot])
    view = _VIEWS["each" if options.each else options.result]
    tap = None if plot is None else (lambda records: _plotted(records, plot, drawn))
    return run_job(job, shared, view, tap)


def _names_of_tests(options: BiasOptions) -> list[str]:
    from nlpcli.pipelines.weat import FILE, read_tests

    return list(read_tests(Path(options.sets) if options.sets else FILE))


def _templates(options: BiasOptions) -> list[str] | None:
    from nlpcli.tasks.bias_swap import FILE, read_groups

    return list(read_groups(options.sets).templates or read_groups(str(FILE)).templates)


def _plotted(records: Iterator[Record], path: Path, drawn: Drawn) -> Iterator[Record]:
    from nlpcli.views.intervals import Intervals

    number, title, interval = drawn
    figure = Intervals(title)
    for record in records:
        result: dict[str, Any] = record.result or {}
        if number in result:
            figure.add(record.text.strip(), result[number], result[interval] if interval else None)
        yield record
    figure.save(path)


_VIEWS: dict[str, View] = {
    "weat": View(drawings.association_line, drawings.draw_association),
    "pairs": View(drawings.share_line, drawings.draw_share, own_rows=True),
    "each": View(drawings.preference_line, drawings.draw_preference),
    "swap": View(drawings.change_line, drawings.draw_change, own_rows=True),
}

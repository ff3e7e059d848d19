"""`nlpcli sentiment`."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from nlpcli.cli.arguments import TaskCommand
from nlpcli.cli.help import command_app
from nlpcli.cli.options import Per, SharedOptions, Texts, shares_options
from nlpcli.cli.plan import View
from nlpcli.cli.why import Why, WhyPage, page_of_reasons
from nlpcli.errors import UsageError
from nlpcli.models.catalog import catalog
from nlpcli.records.splitting import without_surrogates
from nlpcli.tasks.sentiment import DEFAULT_HYPOTHESIS, PLACE, SentimentOptions
from nlpcli.text.tone import tone_of
from nlpcli.views import labels as drawings

EXAMPLES = """
\b
Examples:
  nlpcli sentiment "I love this film." "What a waste of time!"
  nlpcli sentiment -i reviews.csv --field review -o labelled.csv
  nlpcli sentiment -i reviews.csv --field review --aggregate
  tail -f app.log | nlpcli sentiment --threshold 0.8
  nlpcli sentiment --labels "billing,bug,praise" "The app crashes when I open it."
  nlpcli sentiment --why "I love the film, but the ending was terrible."
  nlpcli sentiment --all-scores -F jsonl "Not bad at all."
"""

_NEGATED = re.compile(
    r"(?:not|no|non|never|without|kein\w*|nicht|ohne|não|nao|sem|nunca|pas|sans|aucun\w*|sin|senza|niet|geen|zonder|не|без|нет)"
    r"(?:\s+|-)\w|isn['’]t\s|n['’](?:est|a)\s+pas\s",
    re.IGNORECASE,
)
_NEGATED_IN_CHINESE = ("不是", "不", "非", "没有", "没", "无", "不能", "未")

app = command_app()


@app.command(cls=TaskCommand, epilog=EXAMPLES)
@shares_options
def sentiment(
    shared: SharedOptions,
    texts: Texts = None,
    all_scores: Annotated[
        bool, typer.Option("--all-scores", help="Give the score of every label, not only of the best.")
    ] = False,
    threshold: Annotated[
        float | None,
        typer.Option(
            min=0.0, max=1.0, metavar="P", help="Below this score a label does not hold (then: none). Default: any."
        ),
    ] = None,
    aggregate: Annotated[
        bool, typer.Option("--aggregate", help="Print how often each label is given, its share and its mean score.")
    ] = False,
    labels: Annotated[
        str | None,
        typer.Option(metavar="A,B,…", help="Your own labels instead of the model's, without training (zero-shot)."),
    ] = None,
    why: Why = False,
    html: WhyPage = None,
    hypothesis: Annotated[
        str, typer.Option(metavar="TEXT", help="The sentence that --labels are put into, at {}.")
    ] = DEFAULT_HYPOTHESIS,
) -> int:
    """Label each record as negative, neutral or positive; or as whatever the model, or --labels, has.

    Prints label, score (a probability) and text, separated by tabs. Long texts are read in windows that end where a
    sentence ends, never cut.
    """
    from nlpcli.cli.make_job import make_job
    from nlpcli.cli.run import run_job

    options = SentimentOptions(
        result="aggregate" if aggregate else "labels",
        all_scores=all_scores,
        threshold=threshold,
        labels=_own_labels(labels),
        hypothesis=without_surrogates(hypothesis),
        why=why,
    )
    _check(options)
    model, role = catalog().defaults[options.role], options.role
    job = make_job("sentiment", options, shared, texts, Per.LINE, model, written=[html], role=role)
    return run_job(job, shared, _TALLY if aggregate else _LABELLED, page_of_reasons(why, html), html is not None)


def _own_labels(labels: str | None) -> tuple[str, ...]:
    if labels is None:
        return ()
    # Written in Chinese, a list has Chinese commas.
    names = [name.strip() for name in without_surrogates(labels).replace("，", ",").replace("、", ",").split(",")]
    distinct = tuple(dict.fromkeys(name for name in names if name))
    if len(distinct) < 2:
        raise UsageError('--labels takes at least two, separated by commas: --labels "billing,bug,praise"')
    _refuse_negated(distinct)
    return distinct


def _refuse_negated(labels: tuple[str, ...]) -> None:
    """What a text is not about resembles it as much as what it is about, to every model that is asked."""
    for label in labels:
        in_chinese = any(label == before + other for before in _NEGATED_IN_CHINESE for other in labels)
        if _NEGATED.match(label) or in_chinese:
            raise UsageError(
                f'--labels are what a text may be, and "{label}" is what it is not; name what it is instead, or give'
                " --threshold P for those that are none of them"
            )


def _check(options: SentimentOptions) -> None:
    tones = {tone_of(label) for label in options.labels}
    if None in tones and {"positive", "negative"} & tones:
        raise UsageError("--labels mixes tones and topics, which are two questions; ask them one after the other")
    if options.result == "aggregate" and options.all_scores:
        raise UsageError("--all-scores says something of each record, --aggregate of all; choose one")
    if options.result == "aggregate" and options.why:
        raise UsageError("--why says something of each record, --aggregate of all; choose one")
    if options.hypothesis != DEFAULT_HYPOTHESIS and not options.labels:
        raise UsageError("--hypothesis goes with --labels")
    if PLACE not in options.hypothesis:
        raise UsageError(f'--hypothesis needs {PLACE} where the label stands, as in "{DEFAULT_HYPOTHESIS}"')


_LABELLED = View(drawings.labelled_line, drawings.draw_labelled)
_TALLY = View(drawings.tally_line, drawings.draw_tally, own_rows=True)

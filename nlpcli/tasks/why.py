"""The field `why` of a result: what the tokens of its windows make of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nlpcli.records.attribution import Attribution, Share, at_their_places

if TYPE_CHECKING:
    from nlpcli.pipelines.attribution.integrated import Integral
    from nlpcli.text.origins import Origins

Places = Sequence[tuple[int, int] | None]


def why_of_windows(
    target: str,
    text: str,
    origins: Origins,
    integrals: Sequence[Integral],
    places_of: Sequence[Places],
    weights: Sequence[int],
) -> dict[str, Any]:
    """The attribution of a text whose windows count by their `weights`; the places are those of the rewritten text."""
    total = sum(weights) or 1
    shares: list[Share] = []
    numbers = [0.0, 0.0, 0.0]
    for window, (integral, places, weight) in enumerate(zip(integrals, places_of, weights, strict=True)):
        part = weight / total
        own = [None if place is None else origins.place(*place) for place in places]
        scored = [Share("", float(score) * part, window=window) for score in integral.scores]
        shares += [share for share in at_their_places(scored, text, own) if share.start is not None]
        for number, value in enumerate((integral.value, integral.baseline, integral.error)):
            numbers[number] += value * part
    value, baseline, error = numbers
    steps = max((integral.steps for integral in integrals), default=0)
    return Attribution(
        "integrated gradients", target, value, tuple(shares), baseline, error, steps, len(integrals)
    ).fields


def why_of_erasure(
    text: str,
    groups: Sequence[tuple[int, int] | None],
    log_probabilities: Sequence[float],
    lost: Sequence[Sequence[float]],
    output: Sequence[tuple[str, int, int]],
    target: str,
    names: Sequence[str],
) -> dict[str, Any]:
    """The attribution of a written text: for each group of tokens of its input, and for each token of its own.

    `groups` are their places in `text`, where they have one, and `names` what they are; `lost` (groups, tokens) is what
    the log-probability of each token loses without them; `output`: its tokens and their places.
    """
    shares = tuple(
        Share(name, float(sum(row))) if place is None else Share(text[slice(*place)], float(sum(row)), *place)
        for place, name, row in zip(groups, names, lost, strict=True)
    )
    why = Attribution("erasure", target, float(sum(log_probabilities)), shares).fields
    columns = zip(*lost, strict=True) if lost else iter([[]] * len(output))
    why["output"] = [
        {"text": word, "start": start, "end": end, "scores": [round(float(score), 6) for score in column]}
        for (word, start, end), column in zip(output, columns, strict=True)
    ]
    return why

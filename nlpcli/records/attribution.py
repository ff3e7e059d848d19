"""Which tokens of a text made a result: computed by the pipelines, written as the field `why`, drawn by the views."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

_DIGITS = 6

Method = Literal["integrated gradients", "erasure"]


@dataclass(frozen=True, slots=True)
class Share:
    """What one token makes of a result.

    `text` is what the record has in its place, from `start` to `end` in code points; None where it has no place there.
    `window`: which of the windows of a long text it stands in.
    """

    text: str
    score: float
    start: int | None = None
    end: int | None = None
    window: int = 0

    @property
    def fields(self) -> dict[str, Any]:
        """As JSON shows it."""
        return {"text": self.text, "start": self.start, "end": self.end, "score": round(self.score, _DIGITS)}


@dataclass(frozen=True, slots=True)
class Attribution:
    """What the tokens make of `target`, which is `value` here.

    Integrated gradients: the scores sum to `value` - `baseline`, but for `error`; `steps` of the integral. Erasure:
    each score is what `value` loses without the token, and there is neither.
    """

    method: Method
    target: str
    value: float
    tokens: tuple[Share, ...]
    baseline: float | None = None
    error: float | None = None
    steps: int | None = None
    windows: int = 1

    @property
    def fields(self) -> dict[str, Any]:
        """As JSON shows it."""
        windowed = self.windows > 1
        tokens = [share.fields | ({"window": share.window} if windowed else {}) for share in self.tokens]
        numbers = {"value": self.value, "baseline": self.baseline, "error": self.error}
        return {
            "method": self.method,
            "target": self.target,
            **{name: round(number, _DIGITS) for name, number in numbers.items() if number is not None},
            **({} if self.steps is None else {"steps": self.steps}),
            **({"windows": self.windows} if windowed else {}),
            "tokens": tokens,
        }


def at_their_places(shares: Iterable[Share], text: str, places: Sequence[tuple[int, int] | None]) -> tuple[Share, ...]:
    """The shares with the places of their tokens in `text`; those of one place, or of a part of one, are one.

    A character can lie in several tokens, and a word of the model can stand for a picture of the record.
    """
    merged: list[Share] = []
    for share, place in zip(shares, places, strict=True):
        if place is None or place[0] >= place[1]:
            merged.append(replace(share, start=None, end=None))
            continue
        last = merged[-1] if merged else None
        if last is not None and last.end is not None and last.start is not None and place[0] < last.end:
            end = max(last.end, place[1])
            merged[-1] = replace(last, text=text[last.start : end], score=last.score + share.score, end=end)
        else:
            merged.append(replace(share, text=text[slice(*place)], start=place[0], end=place[1]))
    return tuple(merged)

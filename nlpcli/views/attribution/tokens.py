"""The field `why` on a terminal and as text: each token as strong in color as it speaks for the result, or against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nlpcli.views.attention.labels import label

if TYPE_CHECKING:
    from rich.text import Text

Why = Mapping[str, Any]
Tokens = Sequence[Mapping[str, Any]]

_STRONGEST = 5
# Background of what speaks for the result and of what speaks against it, as faint and as strong as they come.
_FOR, _AGAINST = (22, 140, 70), (205, 60, 50)
# Fainter than this share of the strongest is not shaded.
_LEAST_SHARE = 0.04


def strongest(why: Why, most: int = _STRONGEST) -> list[Mapping[str, Any]]:
    """The tokens that weigh most, for or against; of equal ones the first."""
    weighty = [token for token in why["tokens"] if token["score"] and token["text"].strip()]
    return sorted(weighty, key=lambda token: -abs(token["score"]))[:most]


def written(why: Why | None) -> str:
    """The strongest tokens in one line."""
    if why is None:
        return ""
    return " ".join(f"{label(' '.join(token['text'].split()))}={token['score']:+.3f}" for token in strongest(why))


def draw_tokens(text: str, tokens: Tokens) -> Text:
    """The text with its tokens shaded; what has no place in it is left out."""
    from rich.text import Text

    drawn = Text()
    largest = max((abs(token["score"]) for token in tokens), default=0.0)
    end = 0
    for token in sorted((t for t in tokens if t["start"] is not None), key=lambda t: t["start"]):
        drawn.append(text[end : token["start"]])
        drawn.append(text[token["start"] : token["end"]], style=_style(token["score"], largest))
        end = max(end, token["end"])
    drawn.append(text[end:])
    return drawn


def _style(score: float, largest: float) -> str:
    share = abs(score) / largest if largest else 0.0
    if share < _LEAST_SHARE:
        return ""
    red, green, blue = _FOR if score > 0 else _AGAINST
    strength = 0.25 + 0.75 * share
    color = "#{:02x}{:02x}{:02x}".format(*(round(part * strength) for part in (red, green, blue)))
    return f"#ffffff on {color}"


def draw_why(text: str, why: Why) -> Iterator[Text]:
    """The text in its shades, the strongest tokens with their scores, and how these came about."""
    from rich.text import Text

    yield draw_tokens(text, why["tokens"])
    yield draw_strongest(why)
    yield Text(in_words(why), style="dim")


def draw_strongest(why: Why) -> Text:
    """Those for the result, then those against it."""
    from rich.text import Text

    line = Text()
    chosen = strongest(why)
    for name, sign, style in (("for", 1, "green"), ("against", -1, "red")):
        own = [token for token in chosen if token["score"] * sign > 0]
        if own:
            listed = "  ".join(f"{label(' '.join(t['text'].split()))} {t['score']:+.2f}" for t in own)
            line.append(f"{'  ' if line else ''}{name} ", style=style).append(listed)
    return line if line else Text("no token weighs anything", style="dim")


def in_words(why: Why) -> str:
    """What was explained, by which method, and how exact that is."""
    if "baseline" not in why:
        return f"{why['method']}: what the {why['target']} ({why['value']:.2f}) loses without each"
    made = why["value"] - why["baseline"]
    share = f", {abs(why['error'] / made):.1%}" if abs(made) > 1e-9 else ""
    return (
        f"{why['method']}: {why['target']} {why['value']:.3f} = {why['baseline']:.3f} without the words"
        f" + {made:.3f} (completeness error {abs(why['error']):.1e}{share}; {why['steps']} steps)"
    )

"""Figures of bias: lines of text, and drawings for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nlpcli.records.record import Record
from nlpcli.views.bars import bar

if TYPE_CHECKING:
    from rich.text import Text

# An effect size of 2 is the largest that two groups of equal size can have.
_LARGEST_EFFECT = 2.0


def association_line(record: Record) -> str:
    """Test, effect size, p-value and what is compared, separated by tabs."""
    result = _result(record)
    return f"{record.text.strip()}\t{result['effect_size']:.4f}\t{result['p_value']:.2g}\t{result['title']}"


def share_line(record: Record) -> str:
    """Share, interval, pairs and group, separated by tabs."""
    result = _result(record)
    low, high = result["interval"]
    return f"{result['share']:.4f}\t{low:.4f}…{high:.4f}\t{result['pairs']}\t{result['group']}"


def preference_line(record: Record) -> str:
    """Which sentence is preferred, and the two scores, separated by tabs."""
    result = _result(record)
    return f"{result['preferred']}\t{result['score_more']:.4f}\t{result['score_less']:.4f}"


def change_line(record: Record) -> str:
    """Change, interval, score, texts and group, separated by tabs."""
    result = _result(record)
    interval = "-" if result["interval"] is None else "{:+.4f}…{:+.4f}".format(*result["interval"])
    return f"{result['change']:+.4f}\t{interval}\t{result['score']:.4f}\t{result['texts']}\t{result['group']}"


def draw_association(record: Record) -> Text:
    """Effect size, bar, p-value and what is compared."""
    result = _result(record)
    p_value = f"p {result['p_value']:.2g}"
    return _drawn(result["effect_size"], _LARGEST_EFFECT, record.text.strip(), f"{p_value}  {result['title']}")


def draw_share(record: Record) -> Text:
    """Share, bar, interval and group."""
    result = _result(record)
    low, high = result["interval"]
    return _drawn(result["share"], 1.0, result["group"], f"{low:.2f}…{high:.2f}, {result['pairs']:,} pairs")


def draw_preference(record: Record) -> Text:
    """The line itself."""
    from rich.text import Text

    return Text(preference_line(record))


def draw_change(record: Record) -> Text:
    """Change, bar, interval and group."""
    result = _result(record)
    interval = "" if result["interval"] is None else "{:+.3f}…{:+.3f}, ".format(*result["interval"])
    return _drawn(result["change"], 1.0, result["group"], f"{interval}score {result['score']:.3f}")


def _drawn(number: float, largest: float, text: str, aside: str) -> Text:
    from rich.text import Text

    style = "cyan" if number >= 0 else "magenta"
    return Text.assemble(
        (f"{number:+7.4f}", "bold"), "  ", (bar(abs(number) / largest), style), "  ", text, "  ", (aside, "dim")
    )


def _result(record: Record) -> dict[str, Any]:
    return record.result or {}

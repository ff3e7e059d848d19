"""Tokens as labels that stay in their cells: one line, no character of unclear width."""

from __future__ import annotations

import unicodedata

from rich.cells import cell_len

_SHOWN = {"\n": "⏎", "\r": "⏎", "\t": "⇥"}
_MARKS = ("##", "\u2581")
ELLIPSIS = "…"


def label(text: str) -> str:
    """The text of a token in one line; what has no picture, or changes the width of its neighbor, is replaced."""
    shown = "".join(_SHOWN.get(character, character) for character in text)
    return "".join(_visible(character) for character in shown)


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category in {"Cf", "Mn", "Me"}:  # joiners and selectors, which glue emoji together in some terminals alone
        return "" if character not in "\u200b\u00ad" else "·"
    return "\ufffd" if category in {"Cc", "Cs", "Co", "Cn"} else character


def short_label(text: str) -> str:
    """The label without the mark that says where in a word it stands."""
    for mark in _MARKS:
        if text.startswith(mark) and len(text) > len(mark):
            return label(text.removeprefix(mark))
    return label(text)


def wrapped(text: str, cells: int) -> list[str]:
    """Lines of at most `cells` cells, broken at spaces; a word that is wider alone is cut."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and cell_len(lines[-1]) + 1 + cell_len(word) <= cells:
            lines[-1] += " " + word
        else:
            lines.append(word if cell_len(word) <= cells else fitted(word, cells))
    return [line for line in lines if line]


def fitted(text: str, cells: int) -> str:
    """Exactly `cells` cells wide: filled up with spaces, or cut behind a character and marked."""
    if cell_len(text) <= cells:
        return text + " " * (cells - cell_len(text))
    kept, width = "", 0
    for character in text:
        if width + cell_len(character) > cells - 1:
            break
        kept += character
        width += cell_len(character)
    return kept + ELLIPSIS + " " * (cells - 1 - width) if cells > 0 else ""


def right_fitted(text: str, cells: int) -> str:
    """As `fitted`, but the text stands at the right."""
    fit = fitted(text, cells)
    stripped = fit.rstrip(" ")
    return " " * (cells - cell_len(stripped)) + stripped


def stacked(text: str, rows: int) -> list[str]:
    """The characters one below the other, each two cells wide, at the bottom of `rows` lines."""
    characters = list(text)
    if len(characters) > rows:
        characters = [*characters[: rows - 1], "⋮"]
    cells = [character + " " * (2 - cell_len(character)) for character in characters]
    return ["  "] * (rows - len(cells)) + cells

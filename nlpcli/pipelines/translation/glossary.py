"""Terms that must be translated so: a table of two columns, source and target, separated by a tab."""

from __future__ import annotations

import re
from collections.abc import Mapping


class Glossary:
    """Finds terms as whole words, whatever their case, the longest first."""

    def __init__(self, terms: Mapping[str, str]) -> None:
        self._terms = {term.casefold(): translation for term, translation in terms.items()}
        longest_first = sorted(terms, key=len, reverse=True)
        # A letter of a script without spaces has no boundary of words around it.
        alternatives = "|".join(_bounded(term) for term in longest_first)
        self._pattern = re.compile(alternatives, re.IGNORECASE) if terms else None

    def __call__(self, text: str) -> list[tuple[str, str | None]]:
        """The text in pieces, each with its translation where the glossary has one."""
        if self._pattern is None:
            return [(text, None)]
        pieces: list[tuple[str, str | None]] = []
        end = 0
        for match in self._pattern.finditer(text):
            pieces += [(text[end : match.start()], None), (match[0], self._terms[match[0].casefold()])]
            end = match.end()
        return [piece for piece in [*pieces, (text[end:], None)] if piece[0]]


def _bounded(term: str) -> str:
    before = r"(?<!\w)" if _has_boundary(term[0]) else ""
    after = r"(?!\w)" if _has_boundary(term[-1]) else ""
    return before + re.escape(term) + after


def _has_boundary(character: str) -> bool:
    return character.isalnum() and character < "\u2e80"

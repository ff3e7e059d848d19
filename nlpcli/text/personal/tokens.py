"""Tokens in the place of personal data: `<PERSON_1>`; reading them again, also after other programs had them.

What a text already has of that shape is masked too, as `<LITERAL_1>`, so that reading finds our tokens and no others.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple, Protocol

LITERAL = "LITERAL"
# What is told without a model (`kinds` tells how), in the order in which it is believed: a card holds no phone, but a
# URL may hold an address.
KIND_NAMES = ("URL", "EMAIL", "IBAN", "CARD", "MAC", "IP", "BIRTH_DATE", "ID", "PHONE")
# Labels of entities that models commonly have: tokens of these are told apart in every text.
ENTITY_LABELS = frozenset(
    [
        "PERSON",
        "PER",
        "ORG",
        "LOC",
        "MISC",
        "NORP",
        "FAC",
        "GPE",
        "PRODUCT",
        "EVENT",
        "WORK_OF_ART",
        "LAW",
        "LANGUAGE",
        "DATE",
        "TIME",
        "PERCENT",
        "MONEY",
        "QUANTITY",
        "ORDINAL",
        "CARDINAL",
        "LOCATION",
        "ORGANIZATION",
        "COMPANY",
        "ADDRESS",
        "NAME",
    ]
)
LABELS = frozenset({*KIND_NAMES, *ENTITY_LABELS, LITERAL})
"""The labels that a token may have, without those of an uncommon model."""
_OPEN = r"(?:\\?<|&lt;|＜|〈|《|«|‹|\\?\[|【|［|「|\{|｛)"
_CLOSE = r"(?:\\?>|&gt;|＞|〉|》|»|›|\\?\]|】|］|」|\}|｝)"
_LABEL = re.compile(r"[A-Z][A-Z_]*")
_OTHER_SIGNS = re.compile(r"[^A-Z]+")


class Known(Protocol):
    """What tokens stand for: token (without brackets) → original; and the labels that such tokens may have."""

    @property
    def originals(self) -> Mapping[str, str]:
        """Token (without brackets) → original."""

    @property
    def labels(self) -> frozenset[str]:
        """Every label that a token may have."""


class Part(NamedTuple):
    """A stretch of a text, and the label of what stands there."""

    start: int
    end: int
    label: str


def label_of(kind: str) -> str:
    """A label as a token has it: `work of art` → WORK_OF_ART; ENTITY where nothing of it is left."""
    return _OTHER_SIGNS.sub("_", kind.upper()).strip("_") or "ENTITY"


@lru_cache(maxsize=8)
def token_pattern(labels: frozenset[str]) -> re.Pattern[str]:
    """Tokens of these labels: in brackets of any kind, with spaces, in any case; or bare, with the sign between.

    Between the brackets no other bracket stands, so that two matches never overlap.
    """
    names = "|".join(
        re.sub("_", r"[\\\\_＿ -]{1,3}", name)
        for name in sorted({*labels, LITERAL}, key=lambda name: (-len(name), name))
    )
    return re.compile(
        rf"{_OPEN}\s*(?P<label>{names})(?:\s|\\?[_＿-]){{0,4}}(?P<number>\d{{1,9}})\s*{_CLOSE}"
        rf"|(?<![^\W]|\\)(?P<bare>{names})\\?_(?P<count>\d{{1,9}})(?!\w)",
        re.IGNORECASE,
    )


class Tokens:
    """Which token stands for which original, for one run or for several: the same original has the same token.

    Args:
        known: token (without brackets) → original, of runs before.
        labels: every label that a token may have.
    """

    def __init__(self, known: Mapping[str, str], labels: Iterable[str]) -> None:
        self.labels = frozenset(labels)
        self._pattern = token_pattern(self.labels)
        self._originals = dict(known)
        self._tokens = {(name.rpartition("_")[0], original): name for name, original in known.items()}
        self._counts: Counter[str] = Counter()
        for name in known:
            label, _, number = name.rpartition("_")
            self._counts[label] = max(self._counts[label], int(number))

    @property
    def originals(self) -> Mapping[str, str]:
        """Token (without brackets) → original."""
        return self._originals

    def mask(self, text: str, parts: Iterable[Part]) -> tuple[str, list[Masked]]:
        """The text with tokens for `parts`, which do not overlap, and for what looked like tokens before."""
        parts = list(self._with_literals(text, parts))
        masked, found = self._replaced(text, parts)
        if [match.span() for match in self._pattern.finditer(masked)] == [place.masked for place in found]:
            return masked, found
        # What is left beside a token makes it look like another: rare enough to hide the text whole.
        return self._replaced(text, [Part(0, len(text), LITERAL)])

    def _with_literals(self, text: str, parts: Iterable[Part]) -> Iterator[Part]:
        literals = [Part(*match.span(), LITERAL) for match in self._pattern.finditer(text)]
        return without_overlap([*literals, *parts]) if literals else without_overlap(parts)

    def _replaced(self, text: str, parts: Iterable[Part]) -> tuple[str, list[Masked]]:
        pieces: list[str] = []
        found: list[Masked] = []
        end = length = 0
        for part in parts:
            token = f"<{self._name(part.label, text[part.start : part.end])}>"
            pieces += [text[end : part.start], token]
            length += part.start - end
            found.append(Masked(part, token, (length, length + len(token))))
            length += len(token)
            end = part.end
        return "".join([*pieces, text[end:]]), found

    def _name(self, label: str, original: str) -> str:
        name = self._tokens.get((label, original))
        if name is None:
            self._counts[label] += 1
            name = self._tokens[label, original] = f"{label}_{self._counts[label]}"
            self._originals[name] = original
        return name


class Masked(NamedTuple):
    """What was masked, its token, and where that stands in the masked text."""

    part: Part
    token: str
    masked: tuple[int, int]


def without_overlap(parts: Iterable[Part]) -> Iterator[Part]:
    """The parts in the order of the text; of those that overlap the first given is whole, the others what is left."""
    taken: list[Part] = []
    for part in parts:
        pieces = [part]
        for other in taken:
            pieces = [piece for whole in pieces for piece in _outside(whole, other)]
        taken += pieces
    return iter(sorted(taken))


def _outside(part: Part, other: Part) -> Iterator[Part]:
    if other.end <= part.start or part.end <= other.start:
        yield part
        return
    if part.start < other.start:
        yield part._replace(end=other.start)
    if other.end < part.end:
        yield part._replace(start=other.end)


def unmask(text: str, originals: Mapping[str, str], labels: Iterable[str]) -> tuple[str, list[str]]:
    """The text with the originals in the places of their tokens, and the tokens that nobody knows."""
    unknown: list[str] = []
    pattern = token_pattern(frozenset(labels))

    def original(match: re.Match[str]) -> str:
        label = label_of(match["label"] or match["bare"])
        name = f"{label}_{int(match['number'] or match['count'])}"
        if name in originals:
            return originals[name]
        unknown.append(name)
        return match[0]

    return pattern.sub(original, text), unknown

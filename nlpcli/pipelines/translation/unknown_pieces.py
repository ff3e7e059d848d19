"""What a vocabulary lacks: how each such character goes through a model.

A symbol goes as a stand-in, with the number or the word that it belongs to; one that only touches a word goes as a
point that the alignment places; a word with a foreign letter goes without its accents, and gets them back.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from nlpcli.pipelines.translation.protection import Protection
from nlpcli.pipelines.translation.vocabulary import Lexicon
from nlpcli.text.edits import Edit
from nlpcli.text.markup.segments import TagKind

# Letters that Unicode does not take apart into a letter and an accent.
_FOLDED = str.maketrans({
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
    "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i", "ħ": "h", "Ħ": "H",
})  # fmt: skip
# "2ª", "3.º": the normalizer of SentencePiece makes "2a" and "3.o" of them, which the models read well.
ORDINAL_LANGUAGES = frozenset({"pt", "es", "gl", "it", "ca"})
_ORDINAL = re.compile(r"\d\.?[ªº]+(?!\w)")
_BEFORE = re.compile(r"(?:\d[\d.,]*|\w+|[+-])$")
_BEHIND = re.compile(r"[+-]?(?:\d(?:[\d.,]*\d)?(?:%|[A-Za-z]{1,2}\b)?|\w+)")
_AMOUNT_BEHIND = re.compile(r"\s?\d(?:[\d.,\s]*\d)?(?:[A-Za-z]{1,2}\b)?")
_AMOUNT_BEFORE = re.compile(r"(?:\d[\d.,]*|\d{1,3}(?:\s\d{3})+(?:[.,]\d+)?)\s?$")
_WORD_BEFORE, _WORD_BEHIND = re.compile(r"[\w'’-]*$"), re.compile(r"[\w-]*(?:['’](?!s\b)\w+)*")
_TIED = re.compile(r"[\w.-]*\w")
_SENTENCE_START = re.compile(r"(?:^|[.!?:]\s+)\W*$")
_SHORTEST_FOLD = 4
# Words that a vocabulary lacks with a capital, as the models read them best.
_WORDS_OF_ONE_LETTER = {("pt", "À"): "à", ("pt", "Ó"): "Oh", ("pt", "É"): "é", ("fr", "À"): "à", ("it", "È"): "è",
                        ("es", "Ó"): "ó", ("fr", "Ô"): "ô"}  # fmt: skip
_WORD_FOLLOWS = re.compile(r" [^\W\d_]{2}| [a-zA-Z] ")


@dataclass(slots=True)
class Pieces:
    """How the unknown pieces of a sentence go: replaced for good, protected, or without accents (`folded`: to raw)."""

    edits: list[Edit] = field(default_factory=list)
    protections: list[Protection] = field(default_factory=list)
    folded: dict[str, str] = field(default_factory=dict)


def pieces_of(text: str, lacking: set[str], lexicon: Lexicon, language: str, fences: Iterable[int] = ()) -> Pieces:
    """The pieces of a sentence with characters that are `lacking`; none reaches across a place of `fences`."""
    pieces = Pieces()
    ordinals = [match.span() for match in _ORDINAL.finditer(text)] if language in ORDINAL_LANGUAGES else []
    for match in _runs(frozenset(lacking)).finditer(text):
        if any(start <= match.start() < end for start, end in ordinals):
            continue
        low = max((place for place in fences if place <= match.start()), default=0)
        high = min((place for place in fences if place >= match.end()), default=len(text))
        _Run(text, match.start(), match.end(), low, high, lexicon, language).go(pieces)
    pieces.protections = _merged(text, pieces.protections)
    # What goes as a whole is not changed in part, and a word with several foreign letters once.
    taken = [(p.start, p.end) for p in pieces.protections]
    edits, pieces.edits = sorted(pieces.edits, key=lambda edit: (edit.start, -edit.end)), []
    for edit in edits:
        if not any(start < edit.end and edit.start < end for start, end in taken):
            taken.append((edit.start, edit.end))
            pieces.edits.append(edit)
    return pieces


@lru_cache(64)
def _runs(lacking: frozenset[str]) -> re.Pattern[str]:
    spaces = "".join(re.escape(character) for character in sorted(lacking) if character.isspace())
    others = "".join(re.escape(character) for character in sorted(lacking) if not character.isspace())
    keycap = "(?:[0-9#*](?=\ufe0f?\u20e3))"
    found = [f"{keycap}?[{others}]+(?:{keycap}[{others}]+)*"] if others else []
    return re.compile("|".join([*found, *([f"[{spaces}]+"] if spaces else [])]))


@dataclass(slots=True)
class _Run:
    """Characters in a row that are lacking, between two fences."""

    text: str
    start: int
    end: int
    low: int
    high: int
    lexicon: Lexicon
    language: str = ""

    @property
    def raw(self) -> str:
        return self.text[self.start : self.end]

    @property
    def before(self) -> str:
        return self.text[max(self.low, self.start - 1) : self.start]

    @property
    def behind(self) -> str:
        return self.text[self.end : min(self.high, self.end + 1)]

    def go(self, pieces: Pieces) -> None:
        if self.raw.isspace():
            self._protect(pieces, self.start, self.end, TagKind.BREAK)
        elif all(unicodedata.category(character) in ("Cf", "Cc") for character in self.raw):
            self._protect(pieces, self.start, self.end, TagKind.POINT)
        elif any(map(_is_letter, self.raw)):
            self._word(pieces)
        else:
            self._symbol(pieces)

    def _protect(self, pieces: Pieces, start: int, end: int, kind: TagKind = TagKind.WORD) -> None:
        pieces.protections.append(Protection(start, end, self.text[start:end], kind))

    def _symbol(self, pieces: Pieces) -> None:
        if any(unicodedata.category(character) == "Sc" for character in self.raw) and self._amount(pieces):
            return
        before, behind = self.before, self.behind
        counts = any(unicodedata.category(character) in ("No", "Sc", "Sm") for character in self.raw)
        between = before.isalnum() and behind.isalnum()
        if before.isdigit() or behind.isdigit() or between or (counts and (before.isalnum() or behind.isalnum())):
            left = _BEFORE.search(self.text, self.low, self.start)
            right = _BEHIND.match(self.text, self.end, self.high)
            self._protect(pieces, left.start() if left else self.start, right.end() if right else self.end)
        elif self.raw[-1] in "#@~\\" and behind.isalnum():
            right = _TIED.match(self.text, self.end, self.high)
            self._protect(pieces, self.start, right.end() if right else self.end)
        elif (not before or before in " ([\"'" or before.isspace()) and (
            not behind or behind.isspace() or behind in ".,;:!?)]\"'"
        ):
            self._protect(pieces, self.start, self.end)
        else:
            self._protect(pieces, self.start, self.end, TagKind.POINT)

    def _amount(self, pieces: Pieces) -> bool:
        """A currency sign goes with its number, a space between them or not."""
        right = _AMOUNT_BEHIND.match(self.text, self.end, self.high)
        left = None if right else _AMOUNT_BEFORE.search(self.text, self.low, self.start)
        if right or left:
            start = left.start() if left else self.start
            self._protect(pieces, start, right.end() if right else self.end)
        return bool(right or left)

    def _word(self, pieces: Pieces) -> None:
        left = _WORD_BEFORE.search(self.text, self.low, self.start)
        right = _WORD_BEHIND.match(self.text, self.end, self.high)
        start = left.start() if left else self.start
        end = right.end() if right else self.end
        word = self.text[start:end]
        folded = fold(word)
        small = _WORDS_OF_ONE_LETTER.get((self.language, word))
        if small and _WORD_FOLLOWS.match(self.text, end, self.high):
            pieces.edits.append(Edit(start, end, small))
            return
        if (
            len(word) < 2
            or self.text[:start][-1:].isdigit()
            or not (folded.isascii() and folded.replace("-", "").replace("'", "").isalpha())
        ):
            self._protect(pieces, start, end)
            return
        lowered = "".join(c.lower() if self.lexicon.lacks(c) else c for c in word)
        own = not self.lexicon.lacks(lowered)
        if own and (self.lexicon.has_word(lowered.lower()) or _SENTENCE_START.search(self.text, 0, start)):
            pieces.edits.append(Edit(start, end, lowered))
        elif self.lexicon.has_word(folded.lower()):
            pieces.edits.append(Edit(start, end, folded))
        elif folded in self.text or not (len(folded) >= _SHORTEST_FOLD or (own and self.lexicon.has_word(folded))):
            self._protect(pieces, start, end)
        else:
            pieces.edits.append(Edit(start, end, folded))
            if not (own and self.lexicon.has_word(folded)):
                pieces.folded[folded] = word


def fold(word: str) -> str:
    """The word without accents."""
    apart = unicodedata.normalize("NFD", word.translate(_FOLDED))
    return "".join(character for character in apart if not unicodedata.combining(character))


def _is_letter(character: str) -> bool:
    return character.isalpha() or unicodedata.category(character) in ("Mn", "Mc")


def _merged(text: str, protections: Sequence[Protection]) -> list[Protection]:
    """Stand-ins with nothing between them, or white space alone, are one."""
    merged: list[Protection] = []
    for protection in sorted(protections):
        last = merged[-1] if merged else None
        overlaps = last is not None and protection.start < last.end
        if last and (overlaps or _joins(text, last, protection)):
            end = max(last.end, protection.end)
            kind = TagKind.WORD if TagKind.WORD in (last.kind, protection.kind) else last.kind
            merged[-1] = Protection(last.start, end, text[last.start : end], kind)
        else:
            merged.append(protection)
    return merged


def _joins(text: str, first: Protection, second: Protection) -> bool:
    between = text[first.end : second.start]
    if first.kind is TagKind.BREAK and second.kind is TagKind.BREAK:
        return not between.strip()
    both_words = first.kind is TagKind.WORD and second.kind is TagKind.WORD
    return (both_words and not between.strip()) or (
        not between and TagKind.WORD in (first.kind, second.kind) and TagKind.BREAK not in (first.kind, second.kind)
    )

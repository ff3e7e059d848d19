"""What a model gets to read of a sentence: straight marks, no unknown pieces, small letters."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from nlpcli.pipelines.translation.capitals import EMPHASIS, EMPHASIS_END, emphasized, in_capitals, sentence_case, small
from nlpcli.pipelines.translation.inline import Mark, Sentence
from nlpcli.pipelines.translation.protection import Protection, edited, fences_of, protected
from nlpcli.pipelines.translation.unknown_pieces import pieces_of
from nlpcli.pipelines.translation.vocabulary import Lexicon
from nlpcli.text.days import measures_written_out, without_ordinal_days, written_out
from nlpcli.text.edits import Edit
from nlpcli.text.markup.segments import TagKind
from nlpcli.text.numbers import localized
from nlpcli.text.typography import TYPOGRAPHIC, Style, straighten

# On a button the ellipsis says that something follows, and is no part of what it says.
_FEW_WORDS = 3
_SPACE = re.compile(r"\s*")
_QUOTES = '"“”„‟«»'
# Couples by their titles: what stands for the sign between them is a word.
_COUPLE = {
    "en": (re.compile(r"\b(?:Mr|Mrs|Ms|Mx|Dr|Prof|Sir|Lord)\.? (&) (?=(?:Mr|Mrs|Ms|Mx|Dr|Prof|Lady)\b)"), "and"),
    "pt": (re.compile(r"\b(?:Sr|Sra|Dr|Dra|Prof|Profa)\.? (&) (?=(?:Sr|Sra|Dr|Dra|Prof|Profa|Srta)\b)"), "e"),
}
# "&File", "E&xit": what a key opens in a menu. "R&D" and "AT&T" are names.
# "E_xit" is one in GTK, and user_id is none.
_ACCELERATOR = re.compile(
    r"(?<!\S)[&_](?=[^\W\d_])(?!\w+;)|(?<=[^\W\d_])&(?=[^\W\d_])(?!\w+;)|\b[A-Z][a-z]*(_)(?=[a-z]+(?:\W|$))"
)
_LONGEST_MENU = 40
# They belong to what follows them, and are no bullets.
_TIED = frozenset("#@~\\<")


@dataclass(slots=True)
class Prepared:
    """A sentence as a model reads it, and what its translation gets back.

    `head` and `tail` stand around it; `folded` words get their accents back. `capitals`: all of it is to be in
    capitals; `titled`: its words begin with one, `begins_large`: it does. `accelerator`: what stood before a letter of
    a menu, `&` or `_`, and that letter.
    """

    sentence: Sentence
    head: str = ""
    tail: str = ""
    style: Style = field(default_factory=Style)
    folded: dict[str, str] = field(default_factory=dict)
    capitals: bool = False
    titled: bool = False
    begins_large: bool = False
    accelerator: str = ""


class Languages(NamedTuple):
    """From which language into which."""

    source: str
    target: str


def prepare(sentence: Sentence, lexicon: Lexicon, languages: Languages) -> Prepared:
    """Cheap where a sentence is ordinary: its characters are looked up, and its capitals."""
    prepared = Prepared(sentence)
    first = next(filter(str.isalnum, sentence.text), "")
    prepared.begins_large = first.isupper() and not sentence.is_cut_before
    if languages.source == "pt" and "ª" in sentence.text:
        prepared.sentence = edited(sentence, [Edit(*day) for day in without_ordinal_days(sentence.text)])
        sentence = prepared.sentence
    if "&" in sentence.text or "_" in sentence.text:
        _without_ampersand(prepared, lexicon, languages.source)
        sentence = prepared.sentence
    months = written_out(sentence.text, languages.source) + measures_written_out(sentence.text, languages.source)
    if months:
        sentence = prepared.sentence = edited(sentence, [Edit(*month) for month in sorted(months)])
    lacking = lexicon.lacks(sentence.text)
    if lacking:
        _peel(prepared, lacking)
    if sentence.text.endswith("…") and len(sentence.text.split()) <= _FEW_WORDS:
        _cut(prepared, 0, len(sentence.text.rstrip("…")))
    if '"' in sentence.text or TYPOGRAPHIC.search(sentence.text):
        _straighten(prepared, lacking)
    _in_small_letters(prepared, lexicon)
    lacking = lacking and lexicon.lacks(prepared.sentence.text)
    if lacking:
        _without_unknown(prepared, lacking, lexicon, languages)
    return prepared


def _without_ampersand(prepared: Prepared, lexicon: Lexicon, language: str) -> None:
    """Without the sign in a menu, and with a word for it between titles."""
    sentence = prepared.sentence
    text = sentence.text
    pattern, word = _COUPLE.get(language, (None, ""))
    if pattern and (couples := list(pattern.finditer(text))):
        prepared.sentence = edited(sentence, [Edit(*match.span(1), word) for match in couples])
        return
    found = list(_ACCELERATOR.finditer(text))
    if not found or text.count("&") + text.count("_") != 1 or not sentence.is_plain or len(text) > _LONGEST_MENU:
        return
    place = max(found[0].start(), found[0].start(1))
    within = text[:place].split(" ")[-1] + text[place + 1 :].split(" ")[0].rstrip(".:…")
    if place and not text[place - 1].isspace() and not (text[place + 1].islower() and lexicon.has_word(within.lower())):
        return
    prepared.accelerator = text[place : place + 2]
    prepared.sentence = edited(sentence, [Edit(place, place + 1, "")])


def _peel(prepared: Prepared, lacking: set[str]) -> None:
    """Symbols at the edges are no business of the model."""
    text = prepared.sentence.text
    start = end = 0
    while end < len(text) and (text[end].isspace() or text[end] in "-*" or _is_symbol(text[end], lacking)):
        end += 1
        follows = text[end : end + 1]
        tied = text[end - 1] in _TIED or text[end - 1] in "-*"
        if text[end - 1].isspace() or (follows.isalpha() and not tied):
            start = end
    first = len(text)
    place = len(text)
    while place > start and (text[place - 1].isspace() or _is_symbol(text[place - 1], lacking)):
        place -= 1
        before = text[place - 1 : place]
        if not before.isdigit() and not _is_symbol(before, lacking):
            first = place
    _cut(prepared, start, len(text[:first].rstrip()) if first < len(text) else first)


def _is_symbol(character: str, lacking: set[str]) -> bool:
    if character not in lacking or character.isalnum() or character in _QUOTES + "‘’‚‛‹›…":
        return False
    return unicodedata.category(character) != "Sc"


def _cut(prepared: Prepared, start: int, end: int) -> None:
    """Take off what stands before `start` and behind `end`, where no tag stands there and a letter is left."""
    sentence = prepared.sentence
    if (start == 0 and end == len(sentence.text)) or any(not start <= mark.place <= end for mark in sentence.marks):
        return
    start, end = _SPACE.match(sentence.text, start).end(), len(sentence.text[:end].rstrip())  # type: ignore[union-attr]
    text = sentence.text[start:end]
    if not any(map(str.isalpha, text)) or any(word not in text for word in sentence.words):
        return
    prepared.head += sentence.text[:start]
    prepared.tail = sentence.text[end:] + prepared.tail
    marks = [Mark(mark.place - start, mark.tag) for mark in sentence.marks]
    prepared.sentence = replace(sentence, text=text, marks=marks)


def _straighten(prepared: Prepared, lacking: set[str]) -> None:
    text = prepared.sentence.text
    places = [place for place, character in enumerate(text) if character in _QUOTES]
    opens = places[:1] == [0]
    closes = places[-1:] == [len(text) - 1]
    if places and len(places) == opens + closes and len(text) > 1:
        _cut(prepared, int(opens), len(text) - closes)
    if not lacking and prepared.sentence.text.find('"') < 0:
        return
    edits, style = straighten(prepared.sentence.text)
    if TYPOGRAPHIC.search(prepared.sentence.text) and not lacking:
        # The model knows these marks.
        return
    prepared.sentence = edited(prepared.sentence, edits)
    prepared.style = style


def _in_small_letters(prepared: Prepared, lexicon: Lexicon) -> None:
    sentence = prepared.sentence
    if in_capitals(sentence.text, sentence.words):
        edits = sentence_case(sentence.text, sentence.words, lexicon.has_word)
        prepared.capitals = bool(edits)
        prepared.sentence = edited(sentence, edits)
    elif spans := emphasized(sentence.text, sentence.words, lexicon.has_word):
        tags = [
            protection
            for start, end in spans
            for protection in (
                Protection(start, start, EMPHASIS, TagKind.OPEN),
                Protection(end, end, EMPHASIS_END, TagKind.CLOSE),
            )
        ]
        prepared.sentence = protected(sentence, tags, small(sentence.text, spans))


def _without_unknown(prepared: Prepared, lacking: set[str], lexicon: Lexicon, languages: Languages) -> None:
    sentence = prepared.sentence
    pieces = pieces_of(sentence.text, lacking, lexicon, languages.source, fences_of(sentence))
    protections = [p._replace(raw=localized(p.raw, *languages)) for p in pieces.protections]
    prepared.folded = pieces.folded
    prepared.sentence = protected(sentence, protections, pieces.edits)

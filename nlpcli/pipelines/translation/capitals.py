"""Texts in capitals go in small letters through a model that learnt few others, and come out in capitals again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from nlpcli.text.edits import Edit
from nlpcli.text.markup.segments import Node, merged

HasWord = Callable[[str], bool]
# They stand around a stretch of a translation that is to be in capitals; characters of the private use area.
EMPHASIS, EMPHASIS_END = "\ue002", "\ue003"
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
# Abbreviations whose small letters are a word of one of the languages that share a vocabulary.
_ABBREVIATIONS_TABLE = """
EU UN UK USA UAE EUA ONU UE TV PC ID OK AI IA UV DC CD DVD PDF CV AC DJ MP PM AM CEO HR PR VAT IVA CPF CNPJ RG
FAQ SMS ATM DNA RNA HIV GPS USB NASA NATO OTAN FBI CIA BBC CNN NBA FIFA UEFA UNESCO OMS
"""
_ABBREVIATIONS = frozenset(_ABBREVIATIONS_TABLE.split())
# Words of three letters and fewer are more often abbreviations in a sentence of small letters; these are not.
_SHORT_EMPHASIS_TABLE = """
ALL ANY AND ARE BUT CAN DID FEW FOR HAS HER HIS HOW LOW MY NEW NO NOT NOW OFF OLD ONE OUR OUT SO TOO TWO WAS WHY YES YOU
BIG BAD HOT DO IF IS BE WE HE ESTE JÁ MAS NÃO OU QUE QUEM SEM SIM SÓ TODO TUDO UM UMA VOCÊ
"""
_SHORT_EMPHASIS = frozenset(_SHORT_EMPHASIS_TABLE.split())
_ROMAN = re.compile("[IVX]{2,}$")
_EMPHASIS = re.compile(f"([{EMPHASIS}{EMPHASIS_END}])")
_VOWEL = re.compile("[aeiouyáàâãéêíóôõúAEIOUYÁÀÂÃÉÊÍÓÔÕÚ]")
_SHORT = 5
_SHORT_WORD = 3


class Span(NamedTuple):
    """A stretch of a text."""

    start: int
    end: int


def in_capitals(text: str, kept: Iterable[str]) -> bool:
    """Whether a text has no small letter, and a word of capitals; stand-ins that are `kept` do not count."""
    if not text.isupper() and not kept:
        return False
    for word in kept:
        text = text.replace(word, "")
    return text.isupper() and any(len(match[0]) > 1 for match in _WORD.finditer(text))


def sentence_case(text: str, kept: Iterable[str], has_word: HasWord) -> list[Edit]:
    """The edits that write a text of capitals in small letters; names begin with a capital, abbreviations stay.

    None where all its words are abbreviations.
    """
    stretches = _stretches(text, kept)
    edits, is_first = [], True
    for match in _words(text, stretches):
        new = _smaller(match[0], has_word)
        if is_first and new.islower():
            new = new[0].upper() + new[1:]
        is_first = False
        if new != match[0] and len(new) == len(match[0]):
            edits.append(Edit(*match.span(), new))
    return edits


def _smaller(word: str, has_word: HasWord) -> str:
    lower = word.lower()
    if word == "I" or word in _ABBREVIATIONS or _ROMAN.match(word):
        return word
    if len(word) == 1 or has_word(lower):
        return lower
    if has_word(word) or (len(word) <= _SHORT and not _VOWEL.search(word)):
        return word
    return word.title() if has_word(word.title()) else lower


def _stretches(text: str, kept: Iterable[str]) -> list[Span]:
    return [Span(match.start(), match.end()) for word in kept for match in re.finditer(re.escape(word), text)]


def _words(text: str, stretches: Sequence[Span]) -> Iterable[re.Match[str]]:
    for match in _WORD.finditer(text):
        if not any(match.start() < span.end and match.end() > span.start for span in stretches):
            yield match


def capitals(text: str, kept: Iterable[str]) -> list[Edit]:
    """The edits that write a text in capitals, but for what is `kept`."""
    stretches = _stretches(text, kept)
    return [Edit(*match.span(), match[0].upper()) for match in _words(text, stretches) if not match[0].isupper()]


def with_emphasis(nodes: Iterable[Node]) -> list[Node]:
    """The nodes with the texts between marks of emphasis in capitals; the marks go."""
    result: list[Node] = []
    inside = False
    for node in nodes:
        if not isinstance(node, str):
            result.append(node)
            continue
        for piece in _EMPHASIS.split(node):
            if piece in (EMPHASIS, EMPHASIS_END):
                inside = piece == EMPHASIS
            elif piece:
                result.append(piece.upper() if inside else piece)
    return merged(result)


_CAPITALS = re.compile(r"(?<![\w-])[^\W\d_]{2,}(?![\w-])")


def emphasized(text: str, kept: Iterable[str], has_word: HasWord) -> list[Span]:
    """Words that a sentence of small letters writes in capitals for emphasis; abbreviations are none."""
    stretches = _stretches(text, kept)
    found: list[Span] = []
    for match in _CAPITALS.finditer(text):
        word = match[0]
        if not word.isupper() or any(s.start < match.end() and s.end > match.start() for s in stretches):
            continue
        near = bool(found) and not text[found[-1].end : match.start()].strip()
        if not _is_emphasis(word, has_word) and not (near and has_word(word.lower())):
            continue
        if near:
            found[-1] = Span(found[-1].start, match.end())
        else:
            found.append(Span(*match.span()))
    return found


def _is_emphasis(word: str, has_word: HasWord) -> bool:
    if word in _ABBREVIATIONS or _ROMAN.match(word) or not has_word(word.lower()):
        return False
    return len(word) > _SHORT_WORD or word in _SHORT_EMPHASIS


def small(text: str, spans: Sequence[Span]) -> list[Edit]:
    """The edits that write emphasized words in small letters; the first one of a sentence keeps its capital."""
    edits = []
    for span in spans:
        word = text[span.start : span.end].lower()
        if not text[: span.start].strip():
            word = word[0].upper() + word[1:]
        edits.append(Edit(*span, word))
    return edits

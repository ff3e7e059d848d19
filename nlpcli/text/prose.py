"""Text → statements: sentences, or lines where lines are what a text consists of, each with what it weighs as prose.

Mails, pages, minutes, transcripts and logs hold much that says nothing of their matter: headers, menus, bylines,
signatures, quoted mail, banners. What gives these away in any language is their shape: short lines without a full
stop, names and numbers, `key: value`, addresses, and lines that come again and again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from nlpcli.text.clauses import whole
from nlpcli.text.detection import detect
from nlpcli.text.sentences import sentences
from nlpcli.text.words import count_words

# More words than this are no sentence, but a text without full stops: it is cut at its commas, else between words.
_LONGEST_SENTENCE = 120
_WORDS_OF_A_CLAUSE = 30
# Fewer words say less: of a sentence, and of a line without a full stop.
_WORDS_OF_A_SENTENCE, _WORDS_OF_A_LINE = 8, 12
# A line that is that wide, and as wide as its neighbors, was broken by an editor and goes on in the next.
_NARROWEST_WRAPPED, _WIDEST_WRAPPED = 45, 130
_SHARE_OF_WIDEST = 0.7
_END = re.compile(r"[.!?…。！？．।؟。]['\"”’»」』】）)\]*_]*\s*\Z")
# A sentence ends in a quotation mark, and the next begins without a space: hours.”His
_GLUED = re.compile(r"(?<=\w[.!?][”\"’»])(?=[^\W\d_a-zß-öø-ÿ][^\W\d_]|[“«])")
_QUOTED = re.compile(r"\s*(?:>|\|\s?>)")
_SIGNATURE = re.compile(r"-- ?|_{8,}|-{20,}")
_FORWARDED = re.compile(r"\s*[-_=*]{3,}\s*[^\W\d_][^-_=*\n]{2,60}[-_=*]{3,}\s*")
_ITEM = re.compile(r"\s*(?:[-*+•·–▪●◦‣☐☑✓]|\(?\d{1,3}[.)]|\(?[a-z]\)|\[[ xX]?\])\s+")
_KEY = re.compile(r"\s*([^\W\d_][^:：.!?,;\n]{0,30})[:：](?=\s|[^\x00-\x7f/])\s*")
_STAMP = re.compile(
    r"\s*[\[(]?(?:\d{4}-\d\d-\d\d[T ]?)?\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"
    r"(?:\s?[ap]\.?m\.?)?[\])]?[\s:–-]*"
    r"|\s*\[?\d{4}-\d\d-\d\d\]?\s+|\s*(?:[A-Z][a-z]{2}\s+\d{1,2}\s+\d\d:\d\d:\d\d)\s+",
)
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+\.[\w.]+|\+?\d[\d ()/-]{7,}\d")
_MENU = re.compile(r"\s[|·•»›>/]\s|\t|\s{3,}")
# What stands on pages and below mails about themselves, whatever these are about.
_ABOUT_ITSELF = re.compile(
    r"\bcookies\b|\bcookie[ -](?!and\b|,)\w|使用\s?cookie"
    r"|privacy policy|política de privacidade|datenschutz|隐私政策|all rights reserved"
    r"|todos os direitos|alle rechte vorbehalten|版权所有|©|unsubscribe|newsletter|cancelar (?:a )?\w+ção"
    r"|abbestellen|退订"
    r"|javascript|intended (?:only )?(?:for the|recipient)|sent from my"
    r"|enviado do meu|von meinem \w+ gesendet|log ?in|sign up|subscribe",
    re.IGNORECASE,
)


# What a log says when nothing happened.
_CHATTER = re.compile(r"\b(?:INFO|DEBUG|TRACE|NOTICE)\b")


class Statement(NamedTuple):
    """A sentence or a line, verbatim, and what it weighs: 1 as prose, next to nothing as what only stands beside it.

    `is_cut`: it is a part of a text that has no full stops.
    """

    text: str
    weight: float
    is_cut: bool = False


def statements(text: str) -> list[Statement]:
    """The statements of a plain text in order; white space, rules and quoted mail are none."""
    language = detect(text).code
    found = [part for block in _blocks(_own_lines(text)) for part in _parts(block, language)]
    weights = _weights([part for part, _ in found])
    return [Statement(part, weight, is_cut) for (part, is_cut), weight in zip(found, weights, strict=True)]


def _own_lines(text: str) -> list[str]:
    """The lines without quoted mail, without what announces it, and without a signature."""
    lines = text.splitlines()
    kept: list[str] = []
    signed = False
    for number, line in enumerate(lines):
        said = count_words("\n".join(kept[-30:])) >= 8
        if _FORWARDED.fullmatch(line) and said and _has_headers(lines[number + 1 : number + 6]):
            break
        signed = (signed or (_SIGNATURE.fullmatch(line) is not None and said)) and bool(line.strip())
        announces = line.rstrip().endswith((":", "：")) and any(map(_QUOTED.match, lines[number + 1 : number + 3]))
        if _QUOTED.match(line) or announces or signed:
            kept.append("")
        else:
            kept.append(line)
    return kept if any(map(str.strip, kept)) else lines


def _has_headers(lines: Sequence[str]) -> bool:
    return sum(_KEY.match(line) is not None for line in lines) >= 2


def _blocks(lines: Sequence[str]) -> Iterator[str]:
    """Paragraphs, and lines where lines are what a text consists of."""
    for filled, run in groupby(lines, lambda line: bool(line.strip())):
        if filled:
            yield from _joined(list(run))


def _joined(run: Sequence[str]) -> Iterator[str]:
    """Lines without an empty one between: those that an editor broke are joined again, the others stand alone."""
    widths = [_width(line) for line in run]
    full = _SHARE_OF_WIDEST * max(widths)
    is_wrapped = _NARROWEST_WRAPPED <= max(widths) <= _WIDEST_WRAPPED
    is_wrapped = is_wrapped and 2 * sum(width >= full for width in widths[:-1]) >= len(run) - 1
    block = [run[0]]
    for width, line in zip(widths, run[1:], strict=False):
        if is_wrapped and width >= full and not any(begins.match(line) for begins in (_ITEM, _KEY, _STAMP)):
            block.append(line)
        else:
            yield "\n".join(block)
            block = [line]
    yield "\n".join(block)


def _width(line: str) -> int:
    return sum(2 if "\u2e80" <= character <= "\uffdc" else 1 for character in line.rstrip())


def _parts(block: str, language: str) -> Iterator[tuple[str, bool]]:
    """The sentences of a block; of what is too long to be one the clauses, marked as cut."""
    for sentence in sentences(block, language):
        for part in _GLUED.split(sentence):
            if count_words(part) > _LONGEST_SENTENCE:
                clauses = whole(part, language, lambda piece: count_words(piece) <= _WORDS_OF_A_CLAUSE)
                yield from ((part[clause.start : clause.end], True) for clause in clauses if clause.is_sentence)
            elif count_words(part):
                yield part.strip(), False


def _weights(parts: Sequence[str]) -> list[float]:
    ended = [bool(_END.search(part)) for part in parts]
    words = [max(1, count_words(part)) for part in parts]
    keys = Counter(match[1].strip() for part in parts if (match := _KEY.match(_without_stamp(part))))
    shapes = Counter(map(_shape, parts))
    about_itself = [bool(_ABOUT_ITSELF.search(part)) for part in parts]
    # A text without full stops, or one about cookies, is judged by the rest.
    punctuated = sum(map(lambda is_ended, count: count * is_ended, ended, words)) >= 0.3 * sum(words)
    itself_matters = sum(about_itself) * 3 > len(parts)
    weights = []
    for part, is_ended, itself in zip(parts, ended, about_itself, strict=True):
        weight = 1.0 if is_ended or not punctuated else 0.4
        weight *= _weight_of_shape(part, is_ended, keys)
        if itself and not itself_matters:
            weight *= 0.1
        weights.append(weight / shapes[_shape(part)])
    return weights


def _weight_of_shape(part: str, is_ended: bool, keys: Counter[str]) -> float:
    body = _ITEM.sub("", _without_stamp(part), count=1)
    weight = 1.0
    if (key := _KEY.match(body)) is not None:
        if keys[key[1].strip()] < 2 and not (is_ended and count_words(body[key.end() :]) >= 6):
            weight *= 0.3
        body = body[key.end() :]
    # Who speaks and when, and the number of an item, are no words of a statement; a line needs more words.
    enough = _WORDS_OF_A_SENTENCE if is_ended else _WORDS_OF_A_LINE
    weight *= min(1, count_words(body) / enough) / min(1, count_words(part) / _WORDS_OF_A_SENTENCE)
    # In a talk, what is asked says less than what is answered.
    if key is not None and body.rstrip().endswith(("?", "？", "؟")):
        weight *= 0.7
    if _CHATTER.search(part):
        weight *= 0.5
    runs = body.split()
    addresses = sum(len(match[0]) for match in _ADDRESS.finditer(body))
    if addresses * 3 > len(body):
        weight *= 0.1
    if not is_ended:
        names = sum(
            not run[0].islower()
            for run in runs
            if run[0].isalnum() and (run[0].isdigit() or run[0].lower() != run[0].upper())
        )
        if runs and names * 5 >= 3 * len(runs):
            weight *= 0.3
        if _MENU.search(body.strip()):
            weight *= 0.3
    return weight


def _without_stamp(part: str) -> str:
    return _STAMP.sub("", part, count=1)


def _shape(part: str) -> str:
    """What lines have in common that differ in numbers alone."""
    return re.sub(r"[\d\W_]+", " ", part).strip().lower()

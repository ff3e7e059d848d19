"""Text → statements: sentences, or lines where lines are what a text consists of, each with what it weighs as prose.

Mails, pages, minutes, transcripts and logs hold much that says nothing of their matter: headers, menus, bylines,
signatures, quoted mail, banners. What gives these away in any language is their shape: short lines without a full
stop, names and numbers, `key: value`, addresses, and lines that come again and again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from nlpcli.text.abbreviations import goes_on
from nlpcli.text.clauses import whole
from nlpcli.text.detection import detect
from nlpcli.text.sentences import sentences, split
from nlpcli.text.words import count_words, spaces_end_sentences

# More words than this are seldom one sentence, but several that a quotation holds together.
_LONGEST_SENTENCE = 40
# More without a full stop among them are no sentence either: they are cut at their commas, else between words.
_LONGEST_CLAUSES = 120
_WORDS_OF_A_CLAUSE = 30
# Fewer words say less: of a sentence, and of a line without a full stop.
_WORDS_OF_A_SENTENCE, _WORDS_OF_A_LINE = 8, 12
# A line that is that wide, and as wide as its neighbors, was broken by an editor and goes on in the next.
_NARROWEST_WRAPPED, _WIDEST_WRAPPED = 45, 130
_SHARE_OF_WIDEST = 0.7
_END = re.compile(r"[.!?…。！？．।؟。]['\"”’»」』】）)\]*_]*\s*\Z")
# A sentence ends in a quotation mark, and the next begins without a space: hours.”His
_GLUED = re.compile(r"(?<=\w[.!?][”\"'’»])(?=[^\W\d_a-zß-öø-ÿ][^\W\d_]|[“«])")
# A sentence ends and the next one begins, whatever quotation both are in.
_INNER_END = re.compile(
    r"[.!?…][\"'”’»)\]]*\s+(?=[\"'“‘„«(\[¿¡]*[^\W\d_a-zß-öø-ÿ])|[。！？](?=[^。！？”’」』】）])",
)
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

    `share`: of several that one quotation holds together each is that part of a statement.
    `is_cut`: it is a part of a text that has no full stops.
    """

    text: str
    weight: float
    share: float = 1
    is_cut: bool = False


class _Part(NamedTuple):
    """What becomes a statement; `stands_apart`: it is no sentence of a paragraph."""

    text: str
    share: float
    is_cut: bool
    stands_apart: bool = False


def statements(text: str) -> list[Statement]:
    """The statements of a plain text in order; white space, rules and quoted mail are none."""
    language = detect(text).code
    blocks = [list(_parts(block, language)) for block in _blocks(_own_lines(text))]
    parts = [part._replace(stands_apart=not _is_paragraph(block)) for block in blocks for part in block]
    return [
        Statement(part.text, weight, part.share, part.is_cut)
        for part, weight in zip(parts, _weights(parts), strict=True)
    ]


def _is_paragraph(block: Sequence[_Part]) -> bool:
    """Whether it is prose: several sentences, and not short ones alone, as where a page says who wrote it and when."""
    return len(block) > 1 and any(_is_sentence(part.text) or part.is_cut for part in block)


def _is_sentence(part: str) -> bool:
    return _END.search(part) is not None and count_words(part) >= _WORDS_OF_A_SENTENCE


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


def _parts(block: str, language: str) -> Iterator[_Part]:
    """The sentences of a block; of what is too long to be one what it consists of."""
    for sentence in sentences(block, language) if spaces_end_sentences(block) else split(block, language):
        for piece in _GLUED.split(sentence):
            held = _sentences_within(piece, language) if count_words(piece) > _LONGEST_SENTENCE else [piece]
            for part in held:
                yield from _clauses(part, language, 1 / len(held))


def _sentences_within(text: str, language: str) -> list[str]:
    ends = [match.end() for match in _INNER_END.finditer(text)]
    ends = [end for end in ends if not goes_on(text[:end], text[end:], language)]
    parts = [text[start:end] for start, end in pairwise([0, *ends, len(text)])]
    return [part for part in parts if count_words(part)]


def _clauses(part: str, language: str, share: float) -> Iterator[_Part]:
    """The part itself, or what it is cut into where it is a text without full stops."""
    if count_words(part) > _LONGEST_CLAUSES:
        clauses = whole(part, language, lambda piece: count_words(piece) <= _WORDS_OF_A_CLAUSE)
        yield from (_Part(part[clause.start : clause.end], share, True) for clause in clauses if clause.is_sentence)
    elif count_words(part):
        yield _Part(part.strip(), share, False)


def _weights(parts: Sequence[_Part]) -> list[float]:
    """A sentence of a paragraph weighs 1; shape judges what stands apart; what speaks of itself weighs less."""
    lines = [part.text for part in parts if part.stands_apart]
    keys = Counter(match[1].strip() for line in lines if (match := _KEY.match(_without_stamp(line))))
    shapes = Counter(map(_shape, lines))
    # A text without full stops, or one about cookies, is judged by the rest.
    words = [(count_words(part.text), _is_ended(part.text)) for part in parts]
    punctuated = sum(count for count, is_ended in words if is_ended) >= 0.3 * sum(count for count, _ in words)
    about_itself = [_ABOUT_ITSELF.search(part.text) is not None for part in parts]
    itself_matters = sum(about_itself) * 3 > len(parts)
    weights = []
    for part, itself in zip(parts, about_itself, strict=True):
        weight = 0.1 if _is_address(part.text) or (itself and not itself_matters) else 1
        if part.stands_apart:
            weight *= _weight_of_shape(part.text, keys) / shapes[_shape(part.text)]
            weight *= 1 if _is_ended(part.text) or not punctuated else 0.4
        weights.append(weight)
    return weights


def _is_ended(part: str) -> bool:
    return _END.search(part) is not None


def _is_address(part: str) -> bool:
    body = _ITEM.sub("", _without_stamp(part), count=1)
    return sum(len(match[0]) for match in _ADDRESS.finditer(body)) * 3 > len(body)


def _weight_of_shape(part: str, keys: Counter[str]) -> float:
    is_ended = _is_ended(part)
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
    if not _is_sentence(part):
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

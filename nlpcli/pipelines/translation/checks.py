"""What of a sentence its translation changed: stand-ins, numbers, codes, signs, quotes; and how each goes through."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from nlpcli.pipelines.translation.inline import Sentence, keeps_words
from nlpcli.pipelines.translation.preparation import Languages, Prepared
from nlpcli.pipelines.translation.protection import Protection, fences_of
from nlpcli.pipelines.translation.short_texts import without_full_stop
from nlpcli.pipelines.translation.unknown_pieces import ORDINAL_LANGUAGES
from nlpcli.text.clocks import corrections
from nlpcli.text.days import Day, missing_days
from nlpcli.text.edits import Edit
from nlpcli.text.markup.segments import TagKind
from nlpcli.text.number_words import in_words, is_number_word, values_in_words
from nlpcli.text.numbers import KEPT, Number, codes_in, compare, localized, numbers_in, written
from nlpcli.text.typography import Mark, quotes_of, restore

# Signs that mean the same everywhere; other marks do so where they stand alone.
_SIGN = re.compile(
    r"""
    (?<=\d)(?![ªº])[^\W\d_a-zA-Z] | (?![ªº])[^\W\d_a-zA-Z](?=\d)
    | _ | &{2,} | [^\w\s.,;:!?'"()/\\–—-] | (?<!\S)[^\w\s](?!\S)
    | [!?](?=["']?\ue000) | (?<=\ue000)[!?]
    """,
    re.VERBOSE,
)
_LONE_LETTER = re.compile(r"(?<![\w'’-])[^\W\d_a-zA-Z](?![\w'’-])")
_WORDS_OF_ONE_LETTER = {
    "pt": frozenset("éàóÉÀÓ"),
    "fr": frozenset("àôÀÔ"),
    "it": frozenset("èÈ"),
    "es": frozenset("óÓ"),
}
_BETWEEN_LETTERS = " .,;:!?\"'()[]/|·•"
_NUMBER_BEFORE, _NUMBER_BEHIND = re.compile(r"\d[\d.,]*$"), re.compile(r"\d(?:[\d.,]*\d)?")
# Signs that may come out as words.
_SIGNS_IN_WORDS = {"$": re.compile(r"d[óo]l+ar", re.I), "%": re.compile(r"por cento|per ?cent", re.I),
                   "°": re.compile(r"\bgrau|\bdegree", re.I)}  # fmt: skip
# Numbers, codes and ordinals have one.
_DIGIT = re.compile(r"\d")
_AND = re.compile(r"(?<= )(?:e|and|y|und|et)(?= )")
_AND_IN = {"en": "and", "pt": "e", "de": "und", "fr": "et", "es": "y", "it": "e", "nl": "en"}
_AND_OR_SIGN = re.compile(rf"{_AND.pattern}|&")
_SPACED_AMPERSAND = re.compile(r"(?<= )&(?= )")
_ORDINAL_SIGN = re.compile(r"(?<![\w.])(\d+)(\.?)([ªº])")
_ORDINAL_LETTER = re.compile(r"(?<![\w.,])(\d+)([oa])(?![\w'’])")


# They come and go between languages, or are written in words.
_ADDED = re.compile(r" \((?:\w{0,2}\)|-\)|-?(?= |$)(?![^()]*\)))")
# 12 (twelve): contracts say a number twice.
_SAID_IN_WORDS = re.compile(rf"((?<![\w.,])\d{{1,3}}(?:[.,]?\d{{3}})?(?:[.,]\d\d)?|{KEPT}+) \(([^\W\d_][^\d_()]*)\)")
_SAME_CARDINAL = {"uma": "um", "duas": "dois", "catorze": "quatorze", "dezasseis": "dezesseis",
                  "dezassete": "dezessete", "dezanove": "dezenove", "a": "one"}  # fmt: skip
_LAST_MARKS = ".!?"
_SPACED_SLASH = re.compile(r"(?<=\w)(?: / ?|/ )(?=\w)")
_CURRENCY = re.compile(r"(?<!\w)(?:(?:US|R|C|A|CA|AU|NZ|HK|CAD|EUA) ?)?(?P<sign>[$€£¥]) ?(?=\d)")
_RUN_OF_MARKS = re.compile(r"[!-/:-@\[-`{-~]{4,}")
_MAY_BE_LOST = frozenset(".,;:!?'\"()/-’‘$%°&")


def lost_signs(source: str, translation: str, language: str) -> list[Protection]:
    """Signs of a sentence, marks in a row, and letters that are no words, where they are nowhere in its translation."""
    gone = set(source) - set(translation)
    if not gone:
        return []
    signs = set(filter(_is_sign, gone - _MAY_BE_LOST))
    places = [place for place, sign in enumerate(source) if sign in signs] if signs else []
    places += [match.start() for match in _lone_letters(source, language) if match[0] in gone]
    places += [
        place for match in _RUN_OF_MARKS.finditer(source) if gone & set(match[0]) for place in range(*match.span())
    ]
    return [Protection(place, place + 1, source[place]) for place in sorted(set(places))]


def _is_sign(character: str) -> bool:
    return not (character.isalnum() or character.isspace())


@dataclass(slots=True)
class Findings:
    """`edits` finish a translation; what it lost goes as `protections` next time, after some `changes` of the text."""

    edits: list[Edit] = field(default_factory=list)
    protections: list[Protection] = field(default_factory=list)
    changes: list[Edit] = field(default_factory=list)
    missing: list[Number] = field(default_factory=list)
    extra: list[Number] = field(default_factory=list)
    days: list[Day] = field(default_factory=list)
    lost_words: bool = False

    @property
    def are_losses(self) -> bool:
        """Whether to try again."""
        return bool(self.protections or self.changes or self.lost_words or self.missing or self.extra or self.days)

    @property
    def weight(self) -> int:
        """How bad they are, to compare attempts."""
        numbers = len(self.missing) + len(self.extra) + len(self.days)
        return 1000 * self.lost_words + 20 * numbers + 2 * len(self.protections) + len(self.changes)


def check(prepared: Prepared, sentence: Sentence, text: str, languages: Languages) -> Findings:
    """The findings of one attempt; `text` is what became of `sentence`."""
    findings = Findings()
    if sentence.words and not keeps_words(sentence, text):
        findings.lost_words = True
    source, found = blanked(sentence.text, sentence.words), blanked(text, sentence.words)
    if _DIGIT.search(source) or _DIGIT.search(found):
        _numbers(source, found, languages, findings)
        _codes(source, found, findings)
        _money(source, found, findings)
        _ordinals(source, found, languages, findings)
    if "(" in source:
        _in_words(source, found, languages, findings)
    _days(source, found, languages, findings)
    _accelerator(prepared, text, findings)
    _style(prepared, sentence.text, text, languages, findings)
    _signs(source, found, languages, findings)
    _folded(prepared, sentence.text, text, findings)
    if not findings.protections:
        _end(sentence, text, findings)
    fences = fences_of(sentence)
    findings.protections = _apart(p for p in findings.protections if not _crosses(p, fences))
    return findings


def blanked(text: str, words: Iterable[str]) -> str:
    """The text with its stand-ins made unreadable, for they have digits."""
    for word in words:
        text = text.replace(word, KEPT * len(word))
    return text


def _numbers(source: str, found: str, languages: Languages, findings: Findings) -> None:
    compared = compare(source, found, *languages)
    findings.edits += compared.edits
    if compared.found:
        findings.edits += corrections(source, found, *languages)
    findings.missing, findings.extra = compared.missing, compared.extra
    findings.protections += [_amount(source, number, languages) for number in compared.missing]


def _days(source: str, found: str, languages: Languages, findings: Findings) -> None:
    """Days and months that are lost are written out the next time."""
    findings.days = missing_days(source, found, *languages)
    findings.changes += [Edit(day.start, day.end, day.full) for day in findings.days if day.full != day.text]


def _amount(source: str, number: Number, languages: Languages) -> Protection:
    """A number with the signs that touch it."""
    start, end = number.start, number.end
    while start and source[start - 1] in "$+#":
        start -= 1
    end += source[end : end + 1] in ("%", "°")
    return Protection(start, end, localized(source, *languages, start, end))


def _ordinals(source: str, found: str, languages: Languages, findings: Findings) -> None:
    """Vocabularies without º and ª write o and a: 190o is 190º."""
    if languages.target in ORDINAL_LANGUAGES:
        pattern, own = _ORDINAL_LETTER, set(_ORDINAL_LETTER.findall(source))
        findings.edits += [
            Edit(match.start(2), match.end(2), "ºª"[match[2] == "a"])
            for match in pattern.finditer(found)
            if match.groups() not in own
        ]
    for match in _ORDINAL_SIGN.finditer(source):
        letter = "oa"[match[3] == "ª"]
        copied = re.search(rf"(?<!\w){match[1]}(\.?{letter})(?!\w)", found)
        if copied:
            findings.edits.append(Edit(copied.start(1), copied.end(1), match[2] + match[3]))


def _in_words(source: str, found: str, languages: Languages, findings: Findings) -> None:
    """A number that the source says in words too, in brackets behind it, is said so, with what it counts."""
    for digits, words in _SAID_IN_WORDS.findall(source):
        said, counted = _said(words, languages.source)
        values = list(values_in_words(words, languages.source))
        if not values or not all(is_number_word(word, languages.source) for word in said):
            continue
        # The last is what all words are worth together.
        value, same = int(values[-1]), re.escape(digits)
        if KEPT not in digits:
            (given,) = numbers_in(digits, languages.source)[:1]
            same += "|" + re.escape(written(given, languages.target))
            if given.integer != str(value):
                continue
        new = in_words(value, languages.target)
        for match in re.finditer(rf"(?<![\w.,])(?:{same}) \(([^()]*)\)", found) if new else ():
            if _says(match[1], new, len(counted), languages.target):
                continue
            behind = _said(match[1], languages.target)[1]
            rest = behind[len(behind) - min(len(counted), len(behind)) :]
            findings.edits.append(Edit(*match.span(1), " ".join([new, *rest])))


def _says(text: str, new: str, counted: int, language: str) -> bool:
    """Whether a text says what `new` says, in whatever gender, and has no more words behind it than are counted."""
    said, behind = _said(text, language)
    return _cardinal(said) == _cardinal(_said(new, language)[0]) and len(behind) <= counted


def _cardinal(words: Iterable[str]) -> list[str]:
    words = (_SAME_CARDINAL.get(word, word) for word in map(str.lower, words))
    return [re.sub(r"(?<=ent)as$", "os", word) for word in words if word not in ("e", "and")]


def _said(text: str, language: str) -> tuple[list[str], list[str]]:
    """The words of a number and those behind it, of what it counts; all are the number's where none is one."""
    words = re.findall(r"[^\W\d_]+", text)
    last = max((place for place, word in enumerate(words) if is_number_word(word, language)), default=len(words) - 1)
    return words[: last + 1], words[last + 1 :]


def _accelerator(prepared: Prepared, text: str, findings: Findings) -> None:
    """The `&` or `_` of a menu goes before the letter that it stood before, at the start of a word if there is one."""
    if not prepared.accelerator:
        return
    sign, letter = prepared.accelerator[0], re.escape(prepared.accelerator[1:])
    patterns = (rf"(?<!\w){letter}", letter, r"[^\W\d_]")
    places = filter(None, (re.search(pattern, text, re.IGNORECASE) for pattern in patterns))
    first = next(places, None)
    if first:
        findings.edits.append(Edit(first.start(), first.start(), sign))


def _codes(source: str, found: str, findings: Findings) -> None:
    for start, end in codes_in(source):
        if source[start:end].lower() not in found.lower():
            findings.protections.append(Protection(start, end, source[start:end]))


def _signs(source: str, found: str, languages: Languages, findings: Findings) -> None:
    signs = [*_SIGN.finditer(source), *_lone_letters(source, languages.source)]
    if not signs:
        return
    wanted = Counter(match[0] for match in signs)
    lost = {sign for sign, count in wanted.items() if sign != KEPT and found.count(sign) < count}
    if "&" in lost:
        lost.remove("&")
        _ampersands(source, found, languages, findings)
    lost = {sign for sign in lost if sign not in _SIGNS_IN_WORDS or not _SIGNS_IN_WORDS[sign].search(found)}
    findings.protections += [_sign(source, match, languages) for match in signs if match[0] in lost]


def _ampersands(source: str, found: str, languages: Languages, findings: Findings) -> None:
    """A word for "and" is one again; where there are too few, the next time there is a word in the source."""
    places, own = list(_AND.finditer(found)), list(_AND_OR_SIGN.finditer(source))
    if len(places) == len(own):
        findings.edits += [
            Edit(*place.span(), "&") for place, match in zip(places, own, strict=True) if match[0] == "&"
        ]
    elif len(places) < len(own) and languages.source in _AND_IN:
        signs = _SPACED_AMPERSAND.finditer(source)
        findings.changes += [Edit(*match.span(), _AND_IN[languages.source]) for match in signs]


def _lone_letters(source: str, language: str) -> list[re.Match[str]]:
    """Letters that are no words: of languages that have no such word, and in lists of letters and signs."""
    if source.isascii():
        return []
    words = _WORDS_OF_ONE_LETTER.get(language, "")
    found = _LONE_LETTER.finditer(source)
    return [match for match in found if not _is_ordinal(match) and (match[0] not in words or _is_listed(match, words))]


def _is_ordinal(match: re.Match[str]) -> bool:
    """The letter of 3.º."""
    return match[0] in "ªº" and match.string[: match.start()][-2:-1].isdigit()


def _is_listed(match: re.Match[str], words: Collection[str]) -> bool:
    """Whether a letter that is no word stands beside it, on either side; a word has words beside it."""
    before = match.string[: match.start()].rstrip(_BETWEEN_LETTERS)
    behind = match.string[match.end() :].lstrip(_BETWEEN_LETTERS)
    return any(
        (letter == KEPT or (letter.isalpha() and not letter.isascii() and not next_to.isalnum()))
        and letter not in words
        for letter, next_to in ((before[-1:], before[-2:-1]), (behind[:1], behind[1:2]))
    )


def _sign(source: str, match: re.Match[str], languages: Languages) -> Protection:
    """A sign with the number that it touches; between letters as a point."""
    start, end = match.span()
    before, behind = source[:start][-1:], source[end : end + 1]
    if before.isdigit() or behind.isdigit():
        left, right = _NUMBER_BEFORE.search(source, 0, start), _NUMBER_BEHIND.match(source, end)
        start, end = left.start() if left else start, right.end() if right else end
        return Protection(start, end, localized(source, *languages, start, end))
    touches = before.isalnum() or behind.isalnum()
    return Protection(start, end, source[start:end], TagKind.POINT if touches else TagKind.WORD)


def _style(prepared: Prepared, source: str, text: str, languages: Languages, findings: Findings) -> None:
    restored = restore(text, prepared.style, source, languages.target)
    findings.edits += restored.edits
    quotes = [mark for mark in restored.lost if source[mark.start : mark.end] == '"']
    findings.protections += _quotes(quotes, languages.target)
    findings.protections += [_dash(source, mark) for mark in restored.lost if mark not in quotes]


def _quotes(marks: Sequence[Mark], target: str) -> list[Protection]:
    """Quotes as a pair of tags where they come in pairs."""
    paired = len(marks) % 2 == 0 and all(a.opens and not b.opens for a, b in list(pairwise(marks))[::2])
    kinds = [TagKind.OPEN, TagKind.CLOSE] if paired else [TagKind.POINT]
    raws = quotes_of(marks, target)
    return [
        Protection(mark.start, mark.end, raw, kinds[number % len(kinds)])
        for number, (mark, raw) in enumerate(zip(marks, raws, strict=True))
    ]


def _dash(source: str, mark: Mark) -> Protection:
    if source[mark.start : mark.end] == "...":
        return Protection(mark.start, mark.end, mark.raw, TagKind.POINT)
    if source[mark.start : mark.end] != "-":
        # The spaces around a dash stay, for they are between words.
        return Protection(mark.start + 1, mark.end - 1, mark.raw.strip(), TagKind.POINT)
    start, end = mark.start, mark.end
    while start and source[start - 1].isalnum():
        start -= 1
    while end < len(source) and source[end].isalnum():
        end += 1
    return Protection(start, end, source[start : mark.start] + mark.raw + source[mark.end : end])


def _folded(prepared: Prepared, source: str, text: str, findings: Findings) -> None:
    for folded, raw in prepared.folded.items():
        places = [match.span() for match in re.finditer(rf"(?<!\w){re.escape(folded)}(?!\w)", text)]
        findings.edits += [Edit(*place, raw) for place in places]
        start = source.find(folded)
        # A name has to come through; other words are translated.
        if not places and start >= 0 and raw[:1].isupper():
            findings.protections.append(Protection(start, start + len(folded), raw))


def _end(sentence: Sentence, text: str, findings: Findings) -> None:
    source = sentence.text
    if "(" not in source:
        # Endings for another gender, and brackets that nothing closes.
        findings.edits += [Edit(*match.span(), "") for match in _ADDED.finditer(text)]
    if without_full_stop(source, text) != text:
        findings.edits.append(Edit(len(text) - 1, len(text), ""))
    if "/" in source and not _SPACED_SLASH.search(source):
        findings.edits += [Edit(*match.span(), "/") for match in _SPACED_SLASH.finditer(text)]
    if not sentence.is_cut_behind:
        findings.edits += _last_marks(source, text)


def _money(source: str, found: str, findings: Findings) -> None:
    """Signs of currencies are those of the source, with a space before the number or not as there."""
    wanted, written = list(_CURRENCY.finditer(source)), list(_CURRENCY.finditer(found))
    if len(wanted) == len(written):
        findings.edits += [
            Edit(*other.span(), match[0])
            for match, other in zip(wanted, written, strict=True)
            if match[0] != other[0] and match["sign"] == other["sign"]
        ]


def _last_marks(source: str, text: str) -> list[Edit]:
    """The bracket and the full stop that a sentence ends with and its translation lacks."""
    body = text.rstrip(_LAST_MARKS)
    lacks_bracket = text.count("(") == text.count(")") + 1 and source.count("(") == source.count(")")
    if lacks_bracket and source.rstrip(_LAST_MARKS).endswith(")"):
        return [Edit(len(body), len(body), ")")]
    last = source[-1:]
    if last in _LAST_MARKS and source[-2:-1].isalnum() and text[-1:].isalnum():
        return [Edit(len(text), len(text), last)]
    return []


def _crosses(protection: Protection, fences: Sequence[int]) -> bool:
    return any(protection.start < place < protection.end for place in fences)


def _apart(protections: Iterable[Protection]) -> list[Protection]:
    kept: list[Protection] = []
    for protection in sorted(protections, key=lambda p: (p.start, -p.end)):
        if not kept or protection.start >= kept[-1].end:
            kept.append(protection)
    return kept

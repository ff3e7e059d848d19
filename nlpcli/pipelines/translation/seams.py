"""Parts of a sentence that were translated one by one, made to read on: no capital and no full stop at the cuts."""

from __future__ import annotations

import re

from nlpcli.text.abbreviations import is_capitalized, is_small_word
from nlpcli.text.languages import UNSPACED

# What may stand at a cut; the same in full width, where a language is written so.
_TAIL = re.compile(r"\s*[.,;:!?…。，、；：！？–—-]+\s*\Z")
_WIDE = str.maketrans(",;:", "，；：")
_NARROW = str.maketrans("，、；：", ",,;:")
_WORD = re.compile(r"\w+(?:['’]\w+)?")
# Words that join clauses, each column in its languages' own.
_JOINING: dict[str, tuple[str, ...]] = {
    "en": ("and", "or", "but", "then", "while", "because"),
    "pt": ("e", "ou", "mas", "depois", "enquanto", "porque"),
    "es": ("y", "o", "pero", "luego", "mientras", "porque"),
    "fr": ("et", "ou", "mais", "puis", "tandis que", "parce que"),
    "de": ("und", "oder", "aber", "dann", "während", "weil"),
    "it": ("e", "o", "ma", "poi", "mentre", "perché"),
    "nl": ("en", "of", "maar", "dan", "terwijl", "omdat"),
    "ru": ("и", "или", "но", "потом", "пока", "потому что"),
}


def with_seams(
    translation: str, source: str, languages: tuple[str, str], is_cut_before: bool, is_cut_behind: bool
) -> str:
    """The translation of a part of a sentence, as it stands behind and before other parts; `languages`: from and to."""
    if is_cut_behind:
        translation = _with_end_of(source, translation, languages[1])
    return _with_start_of(source, translation, languages) if is_cut_before else translation


def _with_end_of(source: str, translation: str, target: str) -> str:
    """With the punctuation that the source has at its end, and no other."""
    wanted = _TAIL.search(source)
    # Behind a full stop nothing is cut but an abbreviation.
    is_mark = wanted is not None and wanted[0].strip() != "."
    mark = wanted[0].translate(_WIDE if target in UNSPACED else _NARROW) if wanted and is_mark else ""
    return _TAIL.sub("", translation) + mark


def _with_start_of(source: str, translation: str, languages: tuple[str, str]) -> str:
    """With a small letter at its start, and with the word that joins the part to the one before, if that got lost."""
    first, begins = _WORD.search(translation), _WORD.search(source)
    if first is None or begins is None:
        return translation
    translation = _with_small_letter(translation, first, source, begins[0], languages[1])
    joining = dict(zip(_JOINING.get(languages[0], ()), _JOINING.get(languages[1], ()), strict=False))
    lost = begins[0] in joining and not is_small_word(first[0], languages[1])
    return f"{joining[begins[0]]} {translation}" if lost else translation


def _with_small_letter(translation: str, first: re.Match[str], source: str, begins: str, target: str) -> str:
    word, letter = first[0], first[0][0]
    is_name = word in _WORD.findall(source) or (len(word) > 1 and word.isupper()) or is_capitalized(word, target)
    # Where the source has no capitals (Chinese), or nouns get them (German), only small words are known to have none.
    has_none = (begins[0].islower() and target != "de") or is_small_word(word, target)
    small = letter.lower()
    if begins[0].isupper() or is_name or not has_none or len(small) != 1:
        return translation
    return translation[: first.start()] + small + translation[first.start() + 1 :]

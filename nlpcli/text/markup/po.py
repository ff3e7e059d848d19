"""PO and POT catalogs of gettext, read and written by polib: what has no translation gets one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polib

from nlpcli.errors import InputBroken
from nlpcli.text.markup import plain
from nlpcli.text.markup.placeholders import ONE, SEVERAL
from nlpcli.text.markup.segments import Node, Pieces, Segment

# Languages with one form, and those with more than two, as gettext's manual and the Unicode CLDR have them.
_ONE_FORM = frozenset({"id", "ja", "ko", "ms", "th", "vi", "zh"})
_RULES = {
    "fr": "nplurals=2; plural=(n > 1);",
    "pt": "nplurals=2; plural=(n > 1);",
    "tr": "nplurals=2; plural=(n > 1);",
    "pl": "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);",
    "cs": "nplurals=3; plural=(n==1) ? 0 : (n>=2 && n<=4) ? 1 : 2;",
    "sk": "nplurals=3; plural=(n==1) ? 0 : (n>=2 && n<=4) ? 1 : 2;",
    "ru": "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);",
    "uk": "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);",
}
_TWO_FORMS = "nplurals=2; plural=(n != 1);"
_UNKNOWN = "INTEGER"
_WIDTH = 78


class Catalog:
    """A catalog; entries with a translation, fuzzy ones too, and obsolete ones stay as they are."""

    file: bytes | None = None

    def __init__(self, text: str) -> None:
        self.kept: list[str] = []
        try:
            # A line end more: what has one is no name of a file, which polib would open.
            self._file = polib.pofile(text + "\n", wrapwidth=_width(text), encoding="utf-8")
        except (OSError, UnicodeDecodeError, ValueError, IndexError) as error:
            raise InputBroken(f"no catalog of gettext: {str(error) or 'broken'}; see what msgfmt says to it") from error
        self._ends = text[len(text.rstrip("\r\n")) :]
        self._entries = [
            entry for entry in self._file if not entry.obsolete and not entry.translated() and _is_open(entry)
        ]
        self._documents = [
            (plain.parse(entry.msgid, ONE if entry.msgid_plural else SEVERAL), plain.parse(entry.msgid_plural or ""))
            for entry in self._entries
        ]

    @property
    def segments(self) -> Sequence[Segment]:
        """The sources of the entries that have no translation."""
        return [segment for pair in self._documents for document in pair for segment in document.segments]

    def write(self, translations: Sequence[Sequence[Node]], language: str) -> str:
        """The catalog with a translation in every entry that had none; its header names the language."""
        self._set_header(language)
        forms = _forms(self._file.metadata.get("Plural-Forms", ""))
        left = iter(translations)
        for entry, (one, many) in zip(self._entries, self._documents, strict=True):
            singular, plural = (_next(document, left, language) for document in (one, many))
            if entry.msgid_plural:
                entry.msgstr_plural = {
                    form: singular if form == 0 and forms > 1 else plural for form in range(max(1, forms))
                }
            else:
                entry.msgstr = singular
        return str(self._file).rstrip("\n") + self._ends

    def _set_header(self, language: str) -> None:
        metadata = self._file.metadata
        if not metadata:
            return
        metadata["Language"] = language
        if "charset=" in metadata.get("Content-Type", ""):
            metadata["Content-Type"] = "text/plain; charset=UTF-8"
        has_plurals = any(entry.msgid_plural for entry in self._file)
        if has_plurals and (_UNKNOWN in metadata.get("Plural-Forms", _UNKNOWN)):
            one = "nplurals=1; plural=0;"
            metadata["Plural-Forms"] = one if language in _ONE_FORM else _RULES.get(language, _TWO_FORMS)


def parse(text: str) -> Catalog:
    """The document that a catalog is.

    Raises:
        InputBroken: it is none.
    """
    return Catalog(text)


def _is_open(entry: polib.POEntry) -> bool:
    return not entry.fuzzy and not entry.msgstr and not any(entry.msgstr_plural.values())


def _width(text: str) -> int:
    """Where the file breaks its lines; one that does not is not broken."""
    longest = max(map(len, text.splitlines()), default=0)
    return _WIDTH if longest <= _WIDTH + 2 else longest


def _forms(rule: str) -> int:
    number = rule.partition("nplurals=")[2].partition(";")[0].strip()
    return int(number) if number.isdecimal() else 2


def _next(document: Pieces, translations: Iterator[Sequence[Node]], language: str) -> str:
    return document.write([next(translations) for _ in document.segments], language)

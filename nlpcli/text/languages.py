"""Languages by code or name, and what each family of translation models calls them (`languages.toml`)."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Literal

from nlpcli.errors import UsageError

Family = Literal["m2m100", "nllb", "mbart50"]
# Codes that other systems use for the same language.
_ALIASES = {
    "iw": "he",
    "jw": "jv",
    "in": "id",
    "fil": "tl",
    "zh-cn": "zh",
    "zh-hans": "zh",
    "zh-tw": "zh-hant",
    "cmn": "zh",
}
# Written without spaces between words: a space between two sentences would be one too many.
UNSPACED = frozenset({"zh", "zh-hant", "yue", "ja", "th", "lo", "km", "my", "bo"})


@cache
def _table() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("nlpcli.text").joinpath("languages.toml").read_text(encoding="utf-8"))


@cache
def _names() -> dict[str, str]:
    return {row["name"].lower(): code for code, row in _table().items()}


def code_of(written: str) -> str:
    """The ISO code of a language that is written as a code, with or without a region (`pt-BR`), or as a name.

    Raises:
        UsageError: nobody knows it; names the nearest.
    """
    word = written.strip().lower().replace("_", "-")
    for candidate in (word, word.partition("-")[0]):
        if candidate in _table():
            return candidate
        if candidate in _ALIASES:
            return _ALIASES[candidate]
    if word in _names():
        return _names()[word]
    if by_family := _by_family().get(word):
        return by_family
    raise UsageError(f'unknown language "{written}"; did you mean {_nearest(word)}? Codes are those of ISO 639-1')


@cache
def _by_family() -> dict[str, str]:
    """Codes as the families write them (`deu_Latn`, `de_DE`) → ISO."""
    return {
        row[family].lower().replace("_", "-"): code
        for code, row in reversed(_table().items())
        for family in ("m2m100", "mbart50", "nllb")
        if family in row
    }


def name_of(code: str) -> str:
    """The name of a language in English; the code where the table has none."""
    row = _table().get(code)
    return row["name"] if row else code


def all_codes() -> list[str]:
    """Every language that has a name here."""
    return list(_table())


def is_name(word: str) -> bool:
    """Whether a word is the name of a language in English."""
    return word.lower() in _names()


def family_code(code: str, family: Family) -> str | None:
    """What a family calls a language, None where it does not know it."""
    return _table().get(code, {}).get(family)


def _nearest(word: str) -> str:
    names = difflib.get_close_matches(word, _names(), n=3, cutoff=0.6)
    codes = difflib.get_close_matches(word, _table(), n=3, cutoff=0.6)
    found = list(dict.fromkeys([*(_names()[name] for name in names), *codes]))[:3] or ["en", "de", "zh"]
    return " or ".join(f"{code} ({name_of(code)})" for code in found)


def nearest_codes(word: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Those of `known` that look most like `word`."""
    known = sorted(known)
    return difflib.get_close_matches(word, known, n=most, cutoff=0.0)

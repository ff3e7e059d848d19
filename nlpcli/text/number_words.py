"""Numbers in words: what they are worth, in the languages of the starter models."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

# Words behind digits that multiply them.
SCALES: dict[str, dict[str, int]] = {
    "en": {"hundred": 100, "thousand": 10**3, "k": 10**3, "million": 10**6, "m": 10**6, "mn": 10**6, "billion": 10**9,
           "bn": 10**9, "b": 10**9, "trillion": 10**12},
    "pt": {"mil": 10**3, "milhão": 10**6, "milhões": 10**6, "mi": 10**6, "bilhão": 10**9, "bilhões": 10**9,
           "bi": 10**9, "trilhão": 10**12, "trilhões": 10**12},
}  # fmt: skip
_UNITS = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
          " seventeen eighteen nineteen",
    "pt": "zero um dois três quatro cinco seis sete oito nove dez onze doze treze quatorze quinze dezesseis dezessete"
          " dezoito dezenove",
}  # fmt: skip
_ORDINALS = {
    "en": "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth"
          " fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth",
    "pt": "zerésimo primeir segund terceir quart quint sext sétim oitav non décim",
}  # fmt: skip
_TENS = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "pt": "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa",
}
_HUNDREDS_PT = "duzent trezent quatrocent quinhent seiscent setecent oitocent novecent"
_OTHERS = {
    "en": {"a": 1, "an": 1, "once": 1, "single": 1, "twice": 2, "double": 2, "pair": 2, "both": 2, "half": 0.5,
           "dozen": 12, "dozens": 12, "noon": 12, "midnight": 0, "quarter": 15, "thrice": 3, "triple": 3,
           "hundred": 100, "zeros": 0, "thirds": 3, "fifths": 5, "twentieth": 20, "thirtieth": 30, "fortieth": 40,
           "fiftieth": 50, "hundredth": 100},
    "pt": {"uma": 1, "duas": 2, "dobro": 2, "par": 2, "ambos": 2, "ambas": 2, "meia": 0.5, "meio": 0.5, "metade": 0.5,
           "catorze": 14, "dezasseis": 16, "dezassete": 17, "dezanove": 19, "dúzia": 12, "dúzias": 12, "cem": 100,
           "cento": 100, "meio-dia": 12, "meia-noite": 0, "terço": 3, "terços": 3, "triplo": 3, "vigésim": 20,
           "trigésim": 30, "quadragésim": 40, "quinquagésim": 50, "centésim": 100, "um": 1},
}  # fmt: skip
_MONTHS = {
    "en": "january february march april may june july august september october november december",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
}
_JOINING = {"en": "and", "pt": "e"}
_WORD = re.compile(r"[^\W\d_]+")
_ROMAN = re.compile(r"\b(?=[IVXLCDM])(C{0,3}(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3}))\b")
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
_NOT_ROMAN = frozenset({"I"})


@cache
def _table(language: str) -> dict[str, float]:
    if language not in _UNITS:
        return {}
    table: dict[str, float] = dict(_OTHERS[language])
    table |= {word: number for number, word in enumerate(_ORDINALS[language].split())}
    table |= {word: number * 10 for number, word in enumerate(_TENS[language].split(), start=2)}
    table |= {word: number for number, word in enumerate(_UNITS[language].split())}
    if language == "pt":
        table |= {word: number * 100 for number, word in enumerate(_HUNDREDS_PT.split(), start=2)}
    return table


def _worth(word: str, language: str) -> float | None:
    """A number word in any of its endings: segundo, segundas, thirds, sixties."""
    table = _table(language)
    endings = (("", ""), ("s", ""), ("o", ""), ("a", ""), ("os", ""), ("as", ""), ("ies", "y"), ("ths", "th"))
    for ending, instead in endings:
        if word.endswith(ending):
            found = table.get(word[: len(word) - len(ending)] + instead)
            if found is not None:
                return found
    return None


def in_words(number: int, language: str) -> str:
    """A number below a million in words; empty where there are none of the language."""
    if language not in _UNITS or not 0 <= number < 10**6:
        return ""
    if number < 1000:
        return _below_thousand(number, language)
    thousands, rest = divmod(number, 1000)
    thousand = "thousand" if language == "en" else "mil"
    head = thousand if language == "pt" and thousands == 1 else f"{_below_thousand(thousands, language)} {thousand}"
    if not rest:
        return head
    # mil e cem, mil e dez, but mil duzentos e dez; one thousand and ten, but one thousand two hundred and ten.
    joins = rest < 100 or (language == "pt" and rest % 100 == 0)
    return f"{head} {_JOINING[language] + ' ' if joins else ''}{_below_thousand(rest, language)}"


def _below_thousand(number: int, language: str) -> str:
    units, tens = _UNITS[language].split(), _TENS[language].split()
    if number < 20:
        return units[number]
    if number < 100:
        ten, unit = tens[number // 10 - 2], number % 10
        return f"{ten}{'-' if language == 'en' else ' e '}{units[unit]}" if unit else ten
    hundred, rest = divmod(number, 100)
    if language == "en":
        head = f"{units[hundred]} hundred"
    elif hundred == 1:
        head = "cento" if rest else "cem"
    else:
        head = f"{_HUNDREDS_PT.split()[hundred - 2]}os"
    return f"{head} {_JOINING[language]} {_below_thousand(rest, language)}" if rest else head


def is_number_word(word: str, language: str) -> bool:
    """Whether a word says a number, or joins words that do."""
    word = word.lower()
    return word == _JOINING.get(language) or word in SCALES.get(language, {}) or _worth(word, language) is not None


def values_in_words(text: str, language: str) -> Iterator[float]:
    """What the words of a text may be worth as numbers: one by one, added up, months and Roman numerals."""
    lowered = text.lower()
    for number, month in enumerate(_MONTHS.get(language, "").split(), start=1):
        yield from [number] * len(re.findall(rf"\b{month[:3]}(?:{month[3:]})?\b", lowered))
    for match in _ROMAN.finditer(text):
        if match[0] and match[0] not in _NOT_ROMAN:
            yield _roman(match[0])
    scales = SCALES.get(language, {})
    total: float = 0
    current: float = 0
    parts = 0
    for word in [*_WORD.findall(lowered), ""]:
        worth = _worth(word, language) if word else None
        if worth is not None:
            yield worth
            if worth == 100 and 0 < current < 10:
                current *= 100
            else:
                current += worth
            parts += 1
        elif word in scales and len(word) > 1:
            current = (current or 1) * scales[word]
            yield current
            total, current = total + current, 0
            parts += 1
        elif word != _JOINING.get(language):
            if parts > 1:
                yield total + current
            total = current = parts = 0


def _roman(numeral: str) -> int:
    values = [_ROMAN_VALUES[letter] for letter in numeral]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))

"""The names of tones, in the languages whose speakers write them most."""

from __future__ import annotations

_TONES = {
    "positive": "positive pos positivo positiva positif positiv positief positivt good bom boa gut"
    " 正面 积极 好评 ポジティブ",
    "neutral": "neutral neu neutro neutra neutre neutraal mixed 中性 中立 ニュートラル",
    "negative": "negative neg negativo negativa négatif negativ negatief negativt bad ruim mau schlecht"
    " 负面 消极 差评 ネガティブ",
}
_TONE_OF = {word: tone for tone, words in _TONES.items() for word in words.split()}


def tone_of(label: str) -> str | None:
    """`positive`, `neutral` or `negative`, where a label asks for that."""
    return _TONE_OF.get(label.strip().lower())

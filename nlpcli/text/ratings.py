"""Ratings in figures ("1/5", "8 out of 10", "★☆☆☆☆", "5 estrelas") → the words that say as much."""

from __future__ import annotations

import re

_STARS = (
    "stars?|estrelas?|estrellas?|sterne?n?|étoiles?|stelle|stella|sterren|gwiazdk[aię]|gwiazdek|звезд[аы]?|звёзд[аы]?"
)
_NUMBER = r"\d{1,2}(?:[.,]\d)?"
_OUT_OF = r"out\sof|von|von\s+möglichen|sur|de|em|su|van|av|из"
_SPELLED_NUMBER = (
    "zero|one|two|three|four|five|six|seven|eight|nine|ten|um|uma|dois|duas|três|quatro|cinco|seis|sete|oito|nove|dez"
)
_STAR = "[★⭐🌟]\ufe0f?"
# "nota 2" may be a note of a page, and "uma estrela" a person, but not where nothing else stands in the clause.
_BY_ITSELF, _ALONE = r"(?:^|(?<=[.!?;,:(]\s))", r"(?=\s*(?:$|[.,;!?)](?!\d)))"
# What stands before a rating in a form, where nothing but the number follows.
_LABELS = (
    "stars?|estrelas?|estrellas?|sterne|étoiles|stelle|ratings?|scores?|avaliação|classificação|valoración|bewertung"
)
_LABELLED_END = r"(?=\s*(?:$|[\n|]|[.,;!?)](?!\d)|\s[–—-]\s))"
# Behind a fraction: a date, a share of something, an ordinal.
_RATING = re.compile(
    rf"""
    (?<![\w/.,:$€£-])(?P<points>{_NUMBER}|100)\s?
    (?:/\s?|\s(?:{_OUT_OF})\s|\sof\s(?=(?:5|10)\sstars))(?P<most>5|10|100)(?![\w/%]|[.,:]\d)
    (?!\s+(?:of|people|pessoas|personas|menschen|personnes|persone|times|vezes|years|anos|minutes|hours|horas|days|dias)\b)
    (?:\s*(?:{_STARS})(?!\w)|\s?[颗顆]?星)?
    | (?<![\w/.,])(?P<stars>[0-5](?:[.,]\d)?|one|five|zero|[一二三四五])(?:[\s-]?(?:{_STARS})(?!\w)|\s?[颗顆]?星)
      (?:\s(?:{_OUT_OF})\s(?:5|five|cinco|fünf|cinq)(?!\w))?
    | (?<![\w/.,])(?P<spelled>{_SPELLED_NUMBER})\s(?:out\sof|de)\s(?P<spelled_most>five|ten|cinco|dez)(?!\w)
      (?:\s(?:{_STARS})(?!\w))?(?!\s+(?:of|people|pessoas|times|vezes|years|anos|minutes|minutos|hours|horas|days|dias)\b)
    | (?<![\w/.,])(?P<before_star>[0-5](?:[.,]\d)?)\s?{_STAR}(?!\s?[★⭐🌟☆])
    | (?<![★⭐🌟])(?:{_STAR})\s?(?P<behind_star>[0-5][.,]\d)(?![\d/])
    | (?<![☆✩✰])(?P<none>[☆✩✰](?:\s?[☆✩✰]){{2,4}})
    | {_BY_ITSELF}nota:?\s(?P<note>{_NUMBER}|zero|dez){_ALONE}
    | (?:^|(?<=[\n|(])|(?<=[.!?;,:(|]\s))(?:{_LABELS})\s?[:=]\s?(?P<labelled>\d{{1,2}}(?:[.,]\d)?){_LABELLED_END}
    | {_BY_ITSELF}(?P<said>uma|duas|três|quatro|cinco|two|three|four)\s(?:stars?|estrelas?){_ALONE}
    | (?P<full>{_STAR}(?:\s?{_STAR}){{0,4}})(?P<empty>(?:\s?[☆✩✰]){{0,4}})
    """,
    re.VERBOSE | re.IGNORECASE,
)
# Without one of these there is no rating, which is quick to see.
_SIGNS = re.compile("[0-9★⭐🌟☆✩✰星]|stars?|estrel|stern|nota|out of|de (?:cinco|dez)", re.IGNORECASE)
_SPELLED = {
    word: float(value)
    for value, words in enumerate(
        (
            "zero",
            "one um uma 一",
            "two dois duas 二",
            "three três 三",
            "four quatro 四",
            "five cinco 五",
            "six seis",
            "seven sete",
            "eight oito",
            "nine nove",
            "ten dez",
        )
    )
    for word in words.split()
}
_MOST_STARS = 5
_PICTURES = re.compile("[★⭐🌟]")
_EMPTY = re.compile("[☆✩✰]")
# Up to which share of the most points which word holds; one star of five is none of what can be won.
_WORDS = ((0.2, "terrible"), (0.45, "bad"), (0.6, "average"), (0.85, "good"), (1.0, "excellent"))


def with_ratings_in_words(text: str) -> str:
    """The text with a word in place of each rating."""
    return _RATING.sub(_word, text) if _SIGNS.search(text) else text


def _word(match: re.Match[str]) -> str:
    share = _share(match)
    if share is None:
        return match[0]
    return f" {next(word for most, word in _WORDS if share <= most)} "


def _share(match: re.Match[str]) -> float | None:
    """How much of what could be given was given, 0 to 1; None where it is no rating."""
    if match["full"]:
        full, empty = len(_PICTURES.findall(match["full"])), len(_EMPTY.findall(match["empty"]))
        # A single star without others around it is an ornament.
        return None if full == 1 and not empty else _of(full, 5 if full + empty <= 5 else full + empty, 1)
    if match["none"]:
        return 0.0
    if match["spelled"]:
        most = int(_points(match["spelled_most"]))
        return _of(_points(match["spelled"]), most, 1 if most == _MOST_STARS else 0)
    if match["note"]:
        return _of(_points(match["note"]), 10, 0)
    if match["labelled"]:
        points = _points(match["labelled"])
        return _of(points, 5, 1) if points <= _MOST_STARS else _of(points, 10, 0)
    stars = match["stars"] or match["said"] or match["before_star"] or match["behind_star"]
    if stars:
        return _of(_points(stars), _MOST_STARS, 1)
    return _of(float(match["points"].replace(",", ".")), int(match["most"]), 1 if match["most"] == "5" else 0)


def _points(said: str) -> float:
    return _SPELLED[said.lower()] if said.lower() in _SPELLED else float(said.replace(",", "."))


def _of(points: float, most: int, least: int) -> float | None:
    return None if points > most else max(0.0, (points - least) / (most - least))

"""Translation by way of a third language: two models in a row."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from nlpcli.errors import UsageError
from nlpcli.pipelines.attribution.erasable import Erasable
from nlpcli.pipelines.translation.bergamot import BergamotTranslator
from nlpcli.pipelines.translation.inline import Link
from nlpcli.pipelines.translation.translators import Translation, TranslationModel, TranslationRequest, Translator
from nlpcli.pipelines.translation.vocabulary import BothVocabularies, Lexicon


class PivotModel:
    """Two models in a row."""

    def __init__(self, first: TranslationModel, second: TranslationModel) -> None:
        self._first, self._second = first, second

    def translator(self, request: TranslationRequest) -> PivotTranslator:
        return PivotTranslator(self._first.translator(request), self._second.translator(request))


class PivotTranslator:
    """Two models in a row: the first one's translation is what the second one reads."""

    reads_sentences = True

    def __init__(self, first: Translator, second: Translator) -> None:
        self._first, self._second = first, second
        # Both models decode in the same slots, those of the run.
        self.decode_slots = second.decode_slots = first.decode_slots or second.decode_slots
        self.longest_input, self.batch_tokens = min(first.longest_input, second.longest_input), first.batch_tokens
        self.source, self.target = first.source, second.target
        self.vocabulary: Lexicon = BothVocabularies(first.vocabulary, second.vocabulary)

    def cost(self, text: str, source: str) -> int:
        return self._first.cost(text, source)

    def wider(self) -> PivotTranslator:
        return PivotTranslator(self._first.wider(), self._second.wider())

    def translate(self, texts: Sequence[str], source: str, linked: bool) -> list[Translation]:
        middle = self._first.translate(texts, source, linked)
        between = self._first.target or "en"
        last = self._second.translate([translation.text for translation in middle], between, linked)
        return [
            Translation(
                b.text,
                a.complete and b.complete,
                _through(a.links, b.links),
                a.left_out or b.left_out,
                # What the first got wrong the second may say surely.
                None if a.score is None or b.score is None else a.score + b.score,
            )
            for a, b in zip(middle, last, strict=True)
        ]

    def erasable(self, text: str, translation: str, source: str) -> Erasable:
        """What is erased in the text is missing in the translation between, too, which is made anew."""
        first, second, between = self._first, self._second, self._first.target or "en"
        if not isinstance(first, BergamotTranslator):
            raise UsageError("--why goes through two models in a row where both are Firefox's; choose another with -m")
        read = first.erasable(text, text, source)

        def logs(rows: Sequence[list[int]]) -> Tensor:
            found = []
            for middle in first.texts_of(list(rows)):
                own = second.erasable(middle, translation, between)
                found.append(own.logs([own.row])[0])
            return torch.stack(found)

        words = second.erasable(text, translation, between).words
        return Erasable(text, read.row, read.places, logs, words)

    def translate_scored(self, texts: Sequence[str], source: str) -> list[Translation]:
        middle = self._first.translate_scored(texts, source)
        last = self._second.translate_scored([translation.text for translation in middle], self._first.target or "en")
        return [b._replace(complete=a.complete and b.complete) for a, b in zip(middle, last, strict=True)]


def _through(first: Sequence[Link], second: Sequence[Link]) -> list[Link]:
    """Links from the last text to the first one; a piece that has none in between takes the nearest."""
    if not first:
        return []
    through = []
    for link in second:
        nearest = min(first, key=lambda other: _distance(other, link))
        through.append(Link(link.start, link.end, nearest.source_start, nearest.source_end))
    return through


def _distance(first: Link, second: Link) -> float:
    overlap = min(first.end, second.source_end) - max(first.start, second.source_start)
    return -overlap

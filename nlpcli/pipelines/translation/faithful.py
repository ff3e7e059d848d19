"""Sentences → translations in which nothing is lost: translated, checked, and tried another way where that fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from nlpcli.pipelines.translation.coverage import said_twice
from nlpcli.pipelines.translation.doubts import Doubt, Kind
from nlpcli.pipelines.translation.inline import (
    STAND_INS,
    Prose,
    Sentence,
    cut_at_words,
    keeps_words,
    render,
    sentences_of,
    with_other_words,
)
from nlpcli.pipelines.translation.seams import with_seams
from nlpcli.pipelines.translation.translators import Translation, Translator
from nlpcli.text.clauses import halves
from nlpcli.text.markup.segments import Node, has_letters


class Work(NamedTuple):
    """One sentence to translate, and in which language it is."""

    sentence: Sentence
    source: str


class Written(NamedTuple):
    """What became of a sentence, and what of it may be missing or wrong."""

    nodes: list[Node]
    doubts: tuple[Doubt, ...] = ()


# What could not be tried is worse than any attempt.
_NOT_TRIED = Written([], (Doubt(Kind.END, "not tried"),) * 9)


class FaithfulTranslator:
    """Translates batches of sentences by any translator."""

    def __init__(self, translator: Translator) -> None:
        self._translator = translator

    def __call__(self, works: Sequence[Work]) -> list[Written]:
        """The translation of each sentence, its tags and words in place."""
        results = [Written([])] * len(works)
        groups: dict[tuple[str, bool], list[int]] = {}
        for index, work in enumerate(works):
            groups.setdefault((work.source, bool(work.sentence.marks)), []).append(index)
        for (source, linked), indices in groups.items():
            texts = [works[index].sentence.text for index in indices]
            for index, translation in zip(indices, self._translator.translate(texts, source, linked), strict=True):
                results[index] = self._finished(works[index], translation)
        return results

    def _finished(self, work: Work, translation: Translation) -> Written:
        """A translation that passes the checks, else the attempt with the fewest doubts."""
        best = self._judged(work, translation)
        for again in (self._in_halves, self._searched_wider):
            if not best.doubts:
                break
            best = min(best, again(work), key=_number_of_doubts)
        return best

    def _judged(self, work: Work, translation: Translation) -> Written:
        """The translation with its tags and words, and what the checks say of it."""
        doubts = tuple(_doubts(work.sentence.text, translation))
        translation = self._seamed(work.sentence, translation, work.source)
        if keeps_words(work.sentence, translation.text):
            return Written(render(work.sentence, translation.text, translation.links), doubts)
        return Written(self._with_words(work) if translation.complete else self._between_words(work), doubts)

    def _in_halves(self, work: Work, depth: int = 2) -> Written:
        """Half a sentence, or a quarter, may do better: a model has less to lose, and a loop ends."""
        pieces = _halves(work)
        if depth == 0 or sum(isinstance(piece, Sentence) for piece in pieces) < 2:
            return _NOT_TRIED
        nodes: list[Node] = []
        doubts: list[Doubt] = []
        for piece in pieces:
            if not isinstance(piece, Sentence):
                nodes.append(piece)
                continue
            half = Work(piece, work.source)
            (translation,) = self._translator.translate([piece.text], work.source, bool(piece.marks))
            written = self._judged(half, translation)
            if written.doubts:
                written = min(written, self._in_halves(half, depth - 1), key=_number_of_doubts)
            nodes += written.nodes
            doubts += written.doubts
        return Written(nodes, tuple(doubts))

    def _searched_wider(self, work: Work) -> Written:
        sentence = work.sentence
        (translation,) = self._translator.wider().translate([sentence.text], work.source, bool(sentence.marks))
        return self._judged(work, translation)

    def _seamed(self, sentence: Sentence, translation: Translation, source: str) -> Translation:
        languages = source, self._translator.target or ""
        text = with_seams(translation.text, sentence.text, languages, sentence.is_cut_before, sentence.is_cut_behind)
        return translation._replace(text=text)

    def _with_words(self, work: Work) -> list[Node]:
        """Other stand-ins, and where these do not come through either, the text between the words by itself."""
        for scheme in range(1, len(STAND_INS)):
            sentence = with_other_words(work.sentence, scheme)
            (translation,) = self._translator.translate([sentence.text], work.source, bool(sentence.marks))
            translation = self._seamed(sentence, translation, work.source)
            if translation.complete and keeps_words(sentence, translation.text):
                return render(sentence, translation.text, translation.links)
        return self._between_words(work)

    def _between_words(self, work: Work) -> list[Node]:
        pieces = list(cut_at_words(work.sentence))
        bodies = [piece.strip() for piece in pieces if isinstance(piece, str) and has_letters(piece)]
        translations = iter(self._translator.translate(bodies, work.source, False) if bodies else [])
        return [
            _padded_like(piece, next(translations).text) if isinstance(piece, str) and has_letters(piece) else piece
            for piece in pieces
        ]


def _number_of_doubts(written: Written) -> int:
    return len(written.doubts)


def _doubts(text: str, translation: Translation) -> Iterator[Doubt]:
    if not translation.complete:
        yield Doubt(Kind.END, f"the translation found no end and was broken off: {text[:40]} …")
    elif twice := said_twice(text, translation.text):
        yield Doubt(Kind.END, f"the translation says twice: {twice}")
    if translation.left_out:
        yield Doubt(Kind.CLAUSE, f"the translation seems to leave out: {translation.left_out}")


def _halves(work: Work) -> list[Node | Sentence]:
    """A sentence in two parts and what lies between them; its tags and words go with their part."""
    sentence = work.sentence
    parts = halves(sentence.text, work.source)
    found = list(sentences_of(Prose(sentence.text, sentence.words, sentence.marks), parts))
    inner = [piece for piece in found if isinstance(piece, Sentence)]
    if inner:
        inner[0].is_cut_before |= sentence.is_cut_before
        inner[-1].is_cut_behind |= sentence.is_cut_behind
    return found


def _padded_like(piece: str, translation: str) -> str:
    """The translation with the white space that the piece has around it."""
    return piece[: len(piece) - len(piece.lstrip())] + translation + piece[len(piece.rstrip()) :]

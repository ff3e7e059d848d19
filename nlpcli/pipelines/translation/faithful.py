"""Sentences → translations, checked for what is lost; tried another way where one fails, and marked where all do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeGuard

from nlpcli.pipelines.translation.capitals import capitals, with_emphasis
from nlpcli.pipelines.translation.checks import Findings, blanked, check, lost_signs
from nlpcli.pipelines.translation.confidence import Score
from nlpcli.pipelines.translation.coverage import said_twice
from nlpcli.pipelines.translation.doubts import Doubt, Kind
from nlpcli.pipelines.translation.inline import (
    STAND_INS,
    Prose,
    Sentence,
    cut_at_words,
    sentences_of,
)
from nlpcli.pipelines.translation.preparation import Languages, Prepared, prepare
from nlpcli.pipelines.translation.protection import Protection, moved, protected, without_plain_tags
from nlpcli.pipelines.translation.seams import with_seams
from nlpcli.pipelines.translation.short_texts import (
    Asked,
    Candidate,
    best_of,
    is_short,
    is_sure,
    is_title,
    other_variants_of,
    sign_of,
    titled,
    variants_of,
)
from nlpcli.pipelines.translation.tag_transfer import nests_alike, render
from nlpcli.pipelines.translation.translators import Translation, Translator
from nlpcli.text.clauses import halves
from nlpcli.text.edits import Edit, Edited
from nlpcli.text.markup.segments import Node, Tag, joined
from nlpcli.text.numbers import Number, compare, localized
from nlpcli.text.typography import with_stops_in_quotes

# Single letters between signs are no words.
_WORD = re.compile(r"[^\W\d_]{2}")
_FIRST_WORD = re.compile(r"[^\W\d_][\w-]*")


class Work(NamedTuple):
    """One sentence to translate, and in which language it is."""

    sentence: Sentence
    source: str


class Written(NamedTuple):
    """What became of a sentence, and what of it may be missing or wrong."""

    nodes: list[Node]
    doubts: tuple[Doubt, ...] = ()
    scores: tuple[Score, ...] = ()


# What could not be tried is worse than any attempt.
_NOT_TRIED = Written([], (Doubt(Kind.END, "not tried"),) * 9)


class _Attempt(NamedTuple):
    """One way to translate a sentence, and what the checks found of the result."""

    sentence: Sentence
    translation: Translation
    findings: Findings

    @property
    def is_lossy(self) -> bool:
        """Whether stand-ins or tags for what was lost may help."""
        findings = self.findings
        can_be_mended = bool(findings.protections or findings.changes or findings.lost_words)
        return self.translation.complete and can_be_mended


@dataclass(slots=True)
class Job:
    """A sentence on its way; `sentence` is what is translated next, or was last."""

    work: Work
    languages: Languages
    prepared: Prepared
    sentence: Sentence
    attempts: list[_Attempt] = field(default_factory=list)

    @property
    def best(self) -> _Attempt:
        """The attempt that lost least."""
        return min(self.attempts, key=lambda attempt: (not attempt.translation.complete, attempt.findings.weight))

    def note(self, translation: Translation) -> None:
        """What came of the last attempt."""
        sentence = self.sentence
        seams = sentence.is_cut_before, sentence.is_cut_behind
        text = with_stops_in_quotes(translation.text, sentence.text)
        translation = translation._replace(text=with_seams(text, sentence.text, self.languages, *seams))
        findings = check(self.prepared, sentence, translation.text, self.languages)
        self.attempts.append(_Attempt(sentence, translation, findings))

    def restart(self) -> None:
        """Behind the first attempt: memory may have run out in later ones."""
        del self.attempts[1:]
        self.sentence = self.attempts[0].sentence

    def protect(self, scheme: int) -> None:
        """What the last attempt lost goes through as stand-ins or tags from now on."""
        findings = self.attempts[-1].findings
        self.sentence = protected(self.attempts[-1].sentence, findings.protections, findings.changes, scheme)


class FaithfulTranslator:
    """Translates batches of sentences by any translator."""

    def __init__(self, translator: Translator) -> None:
        self._translator = translator

    def __call__(self, works: Sequence[Work]) -> list[Written]:
        """The translation of each sentence, its tags and words in place: the attempt with the fewest doubts."""
        found = self.first(works)
        tried_again = iter(self.again([job for job in found if isinstance(job, Job)]))
        return [next(tried_again) if isinstance(one, Job) else one for one in found]

    def first(self, works: Sequence[Work]) -> list[Written | Job]:
        """One attempt each. What is not in order is a job for `again`, which is faster for many of them at once."""
        return [self._in_order(job) or job for job in self._begun(works)]

    def again(self, jobs: Sequence[Job]) -> list[Written]:
        """Translations of what `first` did not get in order: with protections, in halves, by a wider search."""
        for job in jobs:
            job.restart()
        best = self._with_protections(jobs)
        for way in (self._in_halves, self._searched_wider):
            doubtful = [place for place, written in enumerate(best) if written.doubts]
            others = way([jobs[place].work for place in doubtful])
            for place, other in zip(doubtful, others, strict=True):
                best[place] = min(best[place], other, key=_number_of_doubts)
        return best

    def _in_halves(self, works: Sequence[Work], depth: int = 2) -> list[Written]:
        """Half a sentence, or a quarter, may do better: a model has less to lose, and a loop ends."""
        if depth == 0 or not works:
            return [_NOT_TRIED for _ in works]
        cut = [_halves(work) for work in works]
        halved = [
            Work(piece, work.source)
            for work, pieces in zip(works, cut, strict=True)
            if _are_several(pieces)
            for piece in pieces
            if isinstance(piece, Sentence)
        ]
        tried = self._tried(halved)
        doubtful = [place for place, written in enumerate(tried) if written.doubts]
        quartered = self._in_halves([halved[place] for place in doubtful], depth - 1)
        for place, other in zip(doubtful, quartered, strict=True):
            tried[place] = min(tried[place], other, key=_number_of_doubts)
        found = iter(tried)
        return [_together(pieces, found) if _are_several(pieces) else _NOT_TRIED for pieces in cut]

    def _searched_wider(self, works: Sequence[Work]) -> list[Written]:
        return FaithfulTranslator(self._translator.wider())._tried(works) if works else []

    def _tried(self, works: Sequence[Work]) -> list[Written]:
        """One translation of each sentence; what it loses of words, numbers and signs is protected the next time."""
        return self._with_protections(self._begun(works))

    def _begun(self, works: Sequence[Work]) -> list[Job]:
        """The first attempt of each sentence."""
        jobs = [self._job(work) for work in works]
        self._translate_short([job for job in jobs if is_short(job.sentence, job.prepared, job.languages)])
        self._translate([job for job in jobs if not job.attempts])
        return jobs

    def _with_protections(self, jobs: Sequence[Job]) -> list[Written]:
        for scheme in range(1, len(STAND_INS)):
            failed = [job for job in jobs if job.attempts[-1].is_lossy]
            for job in failed:
                job.protect(scheme)
            self._translate([job for job in failed if not job.sentence.marks])
            # In bfloat16 an alignment depends a little on what stands beside it, and these come from all over a window.
            for job in failed:
                if job.sentence.marks:
                    self._translate([job])
        return [self._written(job) for job in jobs]

    def _job(self, work: Work) -> Job:
        languages = Languages(work.source, self._translator.target or "")
        prepared = prepare(work.sentence, self._translator.vocabulary, languages)
        return Job(work, languages, prepared, prepared.sentence)

    def _translate(self, jobs: Sequence[Job]) -> None:
        groups: dict[tuple[str, bool], list[Job]] = {}
        for job in jobs:
            groups.setdefault((job.work.source, bool(job.sentence.marks)), []).append(job)
        for (source, linked), group in groups.items():
            found = self._translator.translate([job.sentence.text for job in group], source, linked)
            for job, translation in zip(group, found, strict=True):
                job.note(translation)

    def _translate_short(self, jobs: Sequence[Job]) -> None:
        """Words on buttons, titles: what a list has, else the variant of which the model is surest."""
        by_source: dict[str, list[Job]] = {}
        for job in jobs:
            job.prepared.titled = is_title(job.work.sentence.text, job.languages.source)
            known = sign_of(job.sentence.text, job.languages)
            if known is not None:
                job.note(Translation(known, score=0.0))
            else:
                by_source.setdefault(job.work.source, []).append(job)
        has_word = self._translator.vocabulary.has_word
        for source, group in by_source.items():
            asked = [Asked(job.sentence.text, job.languages, job.prepared.capitals, has_word) for job in group]
            best = self._best_of(asked, source, [variants_of(one.text) for one in asked])
            others = {
                place: variants
                for place in range(len(group))
                if not is_sure(best[place])
                and (variants := other_variants_of(asked[place], best[place].translation.text))
            }
            tried = self._best_of([asked[place] for place in others], source, list(others.values()))
            for place, other in zip(others, tried, strict=True):
                best[place] = min(best[place], other, key=lambda candidate: candidate.cost)
            for job, candidate in zip(group, best, strict=True):
                job.note(candidate.translation)

    def _best_of(self, asked: Sequence[Asked], source: str, variants: Sequence[Sequence[str]]) -> list[Candidate]:
        """Of the variants of each text the best."""
        texts = [text for several in variants for text in several]
        found = iter(self._translator.translate_scored(texts, source) if texts else [])
        return [
            best_of(one, [(text, next(found)) for text in several])
            for one, several in zip(asked, variants, strict=True)
        ]

    def _in_order(self, job: Job) -> Written | None:
        """The first attempt, if there is nothing to mend and nothing to doubt."""
        attempt = job.attempts[0]
        if attempt.findings.are_losses:
            return None
        rendered = _rendered(job, attempt)
        if not nests_alike(attempt.sentence, rendered.nodes):
            return None
        written, lost = _finished(job, attempt, rendered)
        return None if lost or written.doubts else _scored(written, attempt)

    def _written(self, job: Job) -> Written:
        best = job.best
        rendered = Written([]) if best.findings.lost_words else _rendered(job, best)
        if best.findings.lost_words or not nests_alike(best.sentence, rendered.nodes):
            rendered = self._between_words(job, best.sentence)
        written, lost = _finished(job, best, rendered)
        return _scored(self._between_signs(job, lost) if lost else written, best)

    def _between_signs(self, job: Job, lost: Sequence[Protection]) -> Written:
        """What stands between signs that no attempt kept is a sentence of its own."""
        pieces = list(cut_at_words(protected(job.work.sentence, lost)))
        works = [Work(Sentence(piece.strip()), job.work.source) for piece in pieces if _is_prose(piece)]
        found = iter(self._tried(works))
        nodes: list[Node] = []
        doubts: list[Doubt] = []
        for piece in pieces:
            if isinstance(piece, Tag):
                nodes.append(piece)
            elif _is_prose(piece):
                written = next(found)
                nodes += [piece[: len(piece) - len(piece.lstrip())], *written.nodes, piece[len(piece.rstrip()) :]]
                doubts += written.doubts
            else:
                nodes.append(localized(piece, *job.languages))
        return Written(nodes, tuple(doubts))

    def _between_words(self, job: Job, sentence: Sentence) -> Written:
        """The last resort: what stands between stand-ins and tags is translated by itself."""
        pieces = list(cut_at_words(sentence))
        bodies = [piece.strip() for piece in pieces if _is_prose(piece)]
        found = iter(self._translator.translate(bodies, job.work.source, False) if bodies else [])
        nodes = [_padded_like(piece, next(found).text) if _is_prose(piece) else piece for piece in pieces]
        plain = " ".join(node for node in nodes if isinstance(node, str))
        numbers = compare(blanked(sentence.text, sentence.words), plain, *job.languages)
        return Written(_plain(nodes), _changed_numbers(numbers.missing, numbers.extra))


def _is_prose(piece: Node) -> TypeGuard[str]:
    return isinstance(piece, str) and bool(_WORD.search(piece))


def _finished(job: Job, attempt: _Attempt, written: Written) -> tuple[Written, list[Protection]]:
    """An attempt with what stands around it and all doubts; and the signs that got lost."""
    nodes = [job.prepared.head, *written.nodes, job.prepared.tail]
    doubts = (*written.doubts, *_doubts(attempt.sentence.text, attempt.translation))
    return Written(nodes, doubts), lost_signs(job.work.sentence.text, joined(nodes), job.work.source)


def _scored(written: Written, attempt: _Attempt) -> Written:
    score = attempt.translation.score
    if score is None:
        return written
    return written._replace(scores=(Score(score, len(attempt.translation.text)),))


def _are_several(pieces: Sequence[Node | Sentence]) -> bool:
    return sum(isinstance(piece, Sentence) for piece in pieces) > 1


def _together(pieces: Sequence[Node | Sentence], found: Iterator[Written]) -> Written:
    """The translations of the sentences among some pieces, in a row with the others."""
    written = [next(found) if isinstance(piece, Sentence) else Written([piece]) for piece in pieces]
    return Written(
        [node for one in written for node in one.nodes],
        tuple(doubt for one in written for doubt in one.doubts),
        tuple(score for one in written for score in one.scores),
    )


def _rendered(job: Job, attempt: _Attempt) -> Written:
    sentence, translation, findings = attempt.sentence, attempt.translation, attempt.findings
    changed = Edited(translation.text, findings.edits)
    large = Edited(changed.text, _large_letters(job.prepared, sentence, changed.text))
    links = moved(moved(translation.links, changed), large)
    nodes = _plain(render(sentence, large.text, links))
    doubts = [Doubt(Kind.DATE, f"the translation lacks {day.text}") for day in findings.days]
    return Written(nodes, (*_changed_numbers(findings.missing, findings.extra), *doubts))


def _large_letters(prepared: Prepared, sentence: Sentence, text: str) -> list[Edit]:
    if prepared.capitals:
        return capitals(text, sentence.words)
    if prepared.titled:
        return titled(text)
    if prepared.begins_large:
        first = _FIRST_WORD.search(text)
        if (
            first is None
            or first[0] in _FIRST_WORD.findall(sentence.text)
            or any(map(str.isalnum, text[: first.start()]))
        ):
            return []
        return [Edit(first.start(), first.start() + 1, first[0][0].upper())]
    return []


def _plain(nodes: Sequence[Node]) -> list[Node]:
    return with_emphasis(without_plain_tags(nodes))


def _number_of_doubts(written: Written) -> int:
    return len(written.doubts)


def _doubts(text: str, translation: Translation) -> Iterator[Doubt]:
    if not translation.complete:
        yield Doubt(Kind.END, f"the translation found no end and was broken off: {text[:40]} …")
    elif twice := said_twice(text, translation.text):
        yield Doubt(Kind.END, f"the translation says twice: {twice}")
    if translation.left_out:
        yield Doubt(Kind.CLAUSE, f"the translation seems to leave out: {translation.left_out}")


def _changed_numbers(missing: Sequence[Number], extra: Sequence[Number]) -> tuple[Doubt, ...]:
    lacks = f"lacks {', '.join(number.text for number in missing)}" if missing else ""
    says = f"says {', '.join(number.text for number in extra)}, which its text does not" if extra else ""
    if not missing and not extra:
        return ()
    return (Doubt(Kind.NUMBER, f"the translation {' and '.join(filter(None, (lacks, says)))}"),)


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

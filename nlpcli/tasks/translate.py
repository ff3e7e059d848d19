"""Translate: texts → the same texts in another language, line for line and tag for tag."""

from __future__ import annotations

import logging
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple

from nlpcli.errors import InputBroken, NotConfident
from nlpcli.models.reference import LocalModel
from nlpcli.records.record import Record
from nlpcli.records.table import ANY_JSON
from nlpcli.runtime.batching import Split, Unit
from nlpcli.runtime.device import Placement
from nlpcli.tasks.base import BatchTask, Loaded, Loader
from nlpcli.tasks.source_language import SourceLanguage
from nlpcli.text.languages import UNSPACED
from nlpcli.text.markup import MARKUP_SUFFIXES, Markup, parse
from nlpcli.text.markup.segments import Document, Node, Pieces, Segment, Tag, joined

if TYPE_CHECKING:
    from nlpcli.pipelines.attribution.erasable import Reasons
    from nlpcli.pipelines.translation.doubts import Doubt, Kind
    from nlpcli.pipelines.translation.faithful import Job, Written
    from nlpcli.pipelines.translation.glossary import Glossary
    from nlpcli.pipelines.translation.inline import Sentence
    from nlpcli.pipelines.translation.translators import TranslationModel, Translator

log = logging.getLogger(__name__)

# Of longer documents the language is known by then.
_MOST_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class TranslateOptions:
    """What `nlpcli translate` was asked for. `source` None: detected. `glossary`: pairs of terms.

    `scores`: results have a confidence; `min_confidence`: those that have less are errors.
    """

    source: str | None = None
    target: str | None = None
    markup: Markup = "auto"
    glossary: tuple[tuple[str, str], ...] = ()
    beams: int = 1
    shortlist: bool = True
    scores: bool = False
    min_confidence: float | None = None
    why: bool = False

    @property
    def scored(self) -> bool:
        """Whether the model has to say how sure it is."""
        return self.scores or self.min_confidence is not None

    @property
    def fields(self) -> Mapping[str, str]:
        """Result fields and their types; a result has a `warning` only where a check of its translation failed."""
        scores = {"confidence": "float64"} if self.scores else {}
        return {
            "translation": "string",
            "source_lang": "string",
            "target_lang": "string",
            **scores,
            "warning": "string",
            **({"why": ANY_JSON} if self.why else {}),
        }


class _Slot:
    """The place of a sentence's translation in a text."""


class _Plan(NamedTuple):
    """A record: its document, and for each segment of it literal nodes and slots for sentences."""

    document: Document
    pieces: list[list[Node | _Slot]]
    source: str
    texts: Sequence[str] = ()
    """Its sentences as they are read, where they are to be explained."""


class _Again(NamedTuple):
    """A record whose first round is over; of its outputs some are jobs, whose translations come with the second."""

    plan: _Plan
    outputs: Sequence[Written | Job]


class _Asked(NamedTuple):
    """A sentence and its translation, which is to be explained."""

    text: str
    translation: str
    source: str


class _Explained(NamedTuple):
    """A record whose translation is known, and whose sentences are being explained."""

    result: dict[str, Any]
    sentences: list[_Asked]


class TranslateTask(BatchTask):
    """Records in, translations out; the unit is a sentence."""

    def __init__(
        self, options: TranslateOptions, translator: Translator, model: LocalModel, glossary: Glossary
    ) -> None:
        from nlpcli.pipelines.translation.faithful import FaithfulTranslator

        self._options = options
        self._faithful = FaithfulTranslator(translator)
        self._translator = translator
        self._glossary = glossary
        self._calibration = model.calibration
        self._source = SourceLanguage(options.source, translator, self._target, model.name)
        self._announced: set[Kind] = set()
        self.batch_tokens = translator.batch_tokens
        self.decode_slots = translator.decode_slots

    @property
    def batches_with(self) -> Hashable:
        return self._options

    def split(self, records: Sequence[Record]) -> list[Split]:
        """One unit per sentence; what needs no translation is none. The state is what stands around them."""
        return [self._split(record) for record in records]

    def _split(self, record: Record) -> Split:
        try:
            document = _parse(record, self._options.markup)
        except InputBroken as error:
            return Split([Unit(1, error)], None)
        source = self._source.of(record, _prose(document))
        if source == self._target:
            return Split([], _Plan(Pieces([record.text]), [], source))
        pieces: list[list[Node | _Slot]] = []
        units: list[Unit] = []
        for segment in document.segments:
            found = list(self._sentences(segment, source))
            pieces.append([part if isinstance(part, str | Tag) else _Slot() for part in found])
            units += [self._unit(part, source) for part in found if not isinstance(part, str | Tag)]
        texts = [unit.payload.sentence.text for unit in units] if self._options.why else []
        return Split(units, _Plan(document, pieces, source, texts))

    def _sentences(self, segment: Segment, source: str) -> Iterator[Node | Sentence]:
        from nlpcli.pipelines.translation.inline import sentences_of, with_stand_ins
        from nlpcli.text.clauses import parts_of, whole

        prose = with_stand_ins(segment.nodes, self._glossary, _scheme(segment))

        def fits(text: str) -> bool:
            return self._fits(text, source)

        parts = (
            parts_of(prose.text, source, fits) if self._translator.reads_sentences else whole(prose.text, source, fits)
        )
        yield from sentences_of(prose, parts)

    def _fits(self, text: str, source: str) -> bool:
        longest = self._translator.longest_input
        # No tokenizer makes more tokens than there are bytes; asking it costs as much as the rest of this.
        return len(text.encode()) + 4 <= longest or self._translator.cost(text, source) <= longest

    def _unit(self, sentence: Sentence, source: str) -> Unit:
        from nlpcli.pipelines.translation.faithful import Work

        return Unit(self._translator.cost(sentence.text, source), Work(sentence, source))

    def run(self, units: Sequence[Unit]) -> Sequence[Any]:
        """In the first round the translation of each sentence, its tags and words in place, or a job where that is not
        in order; of a broken document its error. In the second one the translations of jobs.
        """
        from nlpcli.pipelines.translation.faithful import Job, Work

        payloads = [unit.payload for unit in units]
        if any(isinstance(payload, _Asked) for payload in payloads):
            others = [unit for unit in units if not isinstance(unit.payload, _Asked)]
            translated = iter(self.run(others) if others else [])
            return [
                self._translator.erasable(*payload).reasons() if isinstance(payload, _Asked) else next(translated)
                for payload in payloads
            ]
        first = iter(self._faithful.first([payload for payload in payloads if isinstance(payload, Work)]))
        again = iter(self._faithful.again([payload for payload in payloads if isinstance(payload, Job)]))
        return [
            payload if isinstance(payload, InputBroken) else next(again if isinstance(payload, Job) else first)
            for payload in payloads
        ]

    def join(
        self, record: Record, state: _Plan | _Again | _Explained, outputs: Sequence[Any]
    ) -> dict[str, Any] | Split:
        """The text with every sentence in its place, and what of it may be missing or wrong.

        Sentences that are not in order yet are tried again in a round of their own, with those of other records: a few
        in each batch would cost as much as many in one.

        Raises:
            NotConfident: the model is less sure of it than was asked for.
        """
        from nlpcli.pipelines.translation.faithful import Job

        if isinstance(state, _Explained):
            return state.result | {"why": _why(record, state, outputs)}
        if isinstance(state, _Again):
            again = iter(outputs)
            plan, outputs = state.plan, [next(again) if isinstance(one, Job) else one for one in state.outputs]
        else:
            plan = state
        jobs = [one for one in outputs if isinstance(one, Job)]
        if jobs:
            return Split([self._unit_again(job) for job in jobs], _Again(plan, outputs))
        written: list[Written] = [one for one in outputs if not isinstance(one, Job)]
        result = self._joined(record, plan, written)
        if not self._options.why:
            return result
        asked = [_Asked(text, joined(one.nodes), plan.source) for text, one in zip(plan.texts, written, strict=True)]
        asked = [one for one in asked if one.translation.strip()]
        units = [Unit(self._translator.cost(one.text, one.source), one) for one in asked]
        return Split(units, _Explained(result, asked)) if units else result | {"why": None}

    def _unit_again(self, job: Job) -> Unit:
        return Unit(self._translator.cost(job.sentence.text, job.work.source), job)

    def _joined(self, record: Record, plan: _Plan, outputs: Sequence[Written]) -> dict[str, Any]:
        translations = iter(written.nodes for written in outputs)
        segments = []
        for pieces in plan.pieces:
            parts = [next(translations) if isinstance(piece, _Slot) else [piece] for piece in pieces]
            segments.append(_spaced(parts, pieces, self._target))
        text = plan.document.write(segments, self._target)
        record.file = plan.document.file or record.file
        result: dict[str, Any] = {"translation": text, "source_lang": plan.source, "target_lang": self._target}
        if self._options.scored:
            confidence = self._confidence(text, outputs)
            result |= {"confidence": confidence} if self._options.scores else {}
        doubts = [doubt for written in outputs for doubt in written.doubts]
        return result | self._warning(record, [*doubts, *_left(plan.document)])

    def _confidence(self, text: str, outputs: Sequence[Written]) -> float | None:
        from nlpcli.pipelines.translation.confidence import DEFAULT, Calibration, confidence

        calibration = Calibration(*self._calibration) if self._calibration else DEFAULT
        found = confidence((score for written in outputs for score in written.scores), calibration)
        least = self._options.min_confidence
        if found is not None and least is not None and found < least:
            raise NotConfident(f"confidence {found:.3f} is below {least:g}; the translation was: {text}")
        return found

    def _warning(self, record: Record, doubts: Sequence[Doubt]) -> dict[str, str]:
        """The field of a result that marks it; the first doubt of each kind is also announced."""
        if not doubts:
            return {}
        from nlpcli.pipelines.translation.doubts import in_words

        for doubt in doubts:
            if doubt.kind not in self._announced:
                self._announced.add(doubt.kind)
                advice = f"{doubt.kind.value} (others are marked in the field `warning`, seen with -F jsonl)"
                log.warning("%s: %s; %s", record.origin, doubt.text, advice)
        return {"warning": in_words(doubts)}

    @property
    def _target(self) -> str:
        return self._translator.target or self._options.target or ""


def _why(record: Record, state: _Explained, reasons: Sequence[Reasons]) -> dict[str, Any]:
    """The attribution of a text by those of its sentences, each of which rests on itself alone."""
    from nlpcli.tasks.why import why_of_erasure

    translation = state.result["translation"]
    groups: list[tuple[int, int] | None] = []
    names: list[str] = []
    words: list[tuple[str, int, int]] = []
    logs: list[float] = []
    rows: list[tuple[int, list[float]]] = []
    begin = end = 0
    for sentence, own in zip(state.sentences, reasons, strict=True):
        start, at = record.text.find(sentence.text, begin), translation.find(sentence.translation, end)
        begin, end = max(begin, start), max(end, at)
        groups += [None if start < 0 else (start + first, start + last) for first, last in own.groups]
        names += [sentence.text[first:last] for first, last in own.groups]
        rows += [(len(words), row) for row in own.lost]
        words += [(word, max(at, 0) + first, max(at, 0) + last) for word, first, last in own.words]
        logs += own.log_probabilities
    lost = [[*[0.0] * before, *row, *[0.0] * (len(words) - before - len(row))] for before, row in rows]
    return why_of_erasure(record.text, groups, logs, lost, words, "log-probability of the translation", names)


def _left(document: Document) -> Iterator[Doubt]:
    """What of a document could not be written in the other language."""
    if document.kept:
        from nlpcli.pipelines.translation.doubts import Doubt, Kind

        yield from (Doubt(Kind.KEPT, f"stays, for its markup would change: {raw[:40]}") for raw in document.kept)


def _scheme(segment: Segment) -> int:
    """The first stand-ins that the text does not use itself."""
    from nlpcli.pipelines.translation.inline import STAND_INS

    text = joined(segment.nodes)
    free = (number for number, word in enumerate(STAND_INS) if not re.search(word(0).replace("0", r"\d+"), text))
    return next(free, 0)


def prose_of(record: Record, markup: Markup) -> str:
    """The beginning of what people read in a record; nothing where its markup is broken."""
    try:
        return _prose(_parse(record, markup))
    except InputBroken:
        return ""


def _parse(record: Record, markup: Markup) -> Document:
    if record.file is not None and markup in ("auto", "docx"):
        from nlpcli.text.markup.docx import parse as parse_file

        return parse_file(record.file)
    if markup == "docx":
        raise InputBroken("no document of Word: --markup docx reads files (-i letter.docx)")
    if markup == "auto":
        name = PurePath(record.origin.source)
        suffixes = [suffix.lower() for suffix in name.suffixes]
        markup = next((MARKUP_SUFFIXES[suffix] for suffix in suffixes if suffix in MARKUP_SUFFIXES), "none")
    return parse(record.text, markup)


def _prose(document: Document) -> str:
    """The beginning of what people read in a document."""
    text = ""
    for segment in document.segments:
        text += "".join(node if isinstance(node, str) else " " for node in segment.nodes) + "\n"
        if len(text) >= _MOST_CHARACTERS:
            break
    return text


def _spaced(parts: Sequence[Sequence[Node]], pieces: Sequence[Node | _Slot], target: str) -> list[Node]:
    """The parts in a row; between sentences a space where the target language has one, none where it has none."""
    nodes: list[Node] = []
    for index, (part, piece) in enumerate(zip(parts, pieces, strict=True)):
        between = 0 < index < len(pieces) - 1
        if between and piece == " " and target in UNSPACED:
            continue
        follows = index > 0 and isinstance(piece, _Slot) and isinstance(pieces[index - 1], _Slot)
        if follows and target not in UNSPACED and not joined(nodes[-1:])[-1:].isspace():
            nodes.append(" ")
        nodes += part
    return nodes


OPTIONS = TranslateOptions


def loader(options: TranslateOptions, model: LocalModel, placement: Placement) -> Loader:  # noqa: ARG001
    """Loads a `TranslationModel`."""
    from nlpcli.pipelines.translation.loading import load_translation_model

    return load_translation_model


def make_task(options: TranslateOptions, loaded: Loaded[TranslationModel]) -> TranslateTask:
    """The task of one run."""
    from nlpcli.pipelines.translation.glossary import Glossary

    return TranslateTask(options, loaded.pipeline.translator(options), loaded.model, Glossary(dict(options.glossary)))

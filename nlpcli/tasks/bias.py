"""Bias: associations of words (WEAT, SEAT), preferences between sentences, and what a classifier makes of names."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from nlpcli.errors import InputBroken, NlpcliError, UsageError, WordsUnknown, quoted
from nlpcli.models.reference import LocalModel
from nlpcli.models.static.kinds import is_static
from nlpcli.records.record import Record
from nlpcli.runtime.batching import Split, Unit
from nlpcli.runtime.device import Placement
from nlpcli.tasks.base import BatchTask, Loaded, Loader

if TYPE_CHECKING:
    import numpy as np

    from nlpcli.pipelines.weat import AssociationTest

    Array = np.ndarray[Any, Any]

Result = Literal["weat", "pairs", "swap"]
Level = Literal["auto", "words", "sentences"]
_ROLES: dict[Result, str] = {"weat": "words", "pairs": "generate", "swap": "sentiment"}
_DIGITS = 6
# Two standard errors of a normal distribution hold 95 % of it.
_Z = 1.959964
ALL = "all"
# As the hub's tables of the two number them.
_CROWS_TYPES = (
    "race-color", "socioeconomic", "gender", "disability", "nationality", "sexual-orientation", "physical-appearance",
    "religion", "age",
)  # fmt: skip
_STEREOSET_LABELS = {0: "anti-stereotype", 1: "stereotype", 2: "unrelated"}
_FIELDS: dict[str, dict[str, str]] = {
    "weat": {
        "title": "string",
        "effect_size": "float64",
        "p_value": "float64",
        "statistic": "float64",
        "partitions": "int64",
        "left_out": "list<string>",
        "level": "string",
        "source": "string",
    },
    "pairs": {"group": "string", "pairs": "int64", "share": "float64", "interval": "list<float64>"},
    "each": {"score_more": "float64", "score_less": "float64", "preferred": "string"},
    "swap": {
        "group": "string",
        "texts": "int64",
        "score": "float64",
        "change": "float64",
        "interval": "list<float64>",
    },
}


@dataclass(frozen=True, slots=True)
class BiasOptions:
    """What `nlpcli bias` was asked for. `sets`: a TOML file of the user's own; `each`: a row for each pair.

    `by`: the field by which pairs are grouped. `label`: whose probability a swap watches.
    """

    result: Result = "weat"
    sets: str | None = None
    level: Level = "auto"
    each: bool = False
    by: str = "bias_type"
    label: str | None = None

    @property
    def fields(self) -> Mapping[str, str]:
        """Result fields and their types."""
        return _FIELDS["each" if self.each else self.result]

    @property
    def role(self) -> str:
        """What the default model is for."""
        return _ROLES[self.result]


class AssociationTask(BatchTask):
    """One record is the name of a test."""

    def __init__(self, tests: Mapping[str, AssociationTest], vector_of: Any, level: str, where: str) -> None:
        self._tests = tests
        self._vector_of = vector_of
        self._level = level
        self._where = where

    def split(self, records: Sequence[Record]) -> list[Split]:
        """One unit per test."""
        return [Split([Unit(1, record.text.strip())]) for record in records]

    def run(self, units: Sequence[Unit]) -> Sequence[Any]:
        """The figures of each test, or its error."""
        return [self._figures(unit.payload) for unit in units]

    def join(self, record: Record, state: None, outputs: Sequence[Any]) -> dict[str, Any]:  # noqa: ARG002
        """The figures themselves."""
        figures: dict[str, Any] = outputs[0]
        return figures

    def _figures(self, name: str) -> dict[str, Any] | NlpcliError:
        from nlpcli.pipelines.weat import association

        if name not in self._tests:
            return InputBroken(f"{quoted(name)} is no test of {self._where}; there is: {', '.join(self._tests)}")
        test = self._tests[name]
        try:
            found = association(test, self._vector_of)
        except NlpcliError as error:
            return error
        return {
            "title": test.title or f"{test.x.name} or {test.y.name}, {test.a.name} or {test.b.name}",
            "effect_size": round(found.effect_size, _DIGITS),
            "p_value": found.p_value,
            "statistic": round(found.statistic, _DIGITS),
            "partitions": found.partitions,
            "left_out": list(found.left_out),
            "level": self._level,
            "source": test.source,
        }


class PairsTask(BatchTask):
    """One record is a pair of sentences, in CrowS-Pairs' or StereoSet's form, or StereoSet's whole file."""

    def __init__(self, options: BiasOptions, likelihood: Any) -> None:
        self._options = options
        self._likelihood = likelihood

    def split(self, records: Sequence[Record]) -> list[Split]:
        """One unit per pair of a record; the pairs are the state."""
        return [self._split(record) for record in records]

    def _split(self, record: Record) -> Split:
        try:
            pairs = pairs_of(record.fields, self._options.by)
        except InputBroken as error:
            return Split([Unit(1, error)])
        return Split([Unit(len(pair.more.split()) ** 2, (pair.more, pair.less)) for pair in pairs], pairs)

    def run(self, units: Sequence[Unit]) -> Sequence[Any]:
        """The scores of the two sentences of each pair."""
        return [
            unit.payload if isinstance(unit.payload, NlpcliError) else self._likelihood.of_each(unit.payload)
            for unit in units
        ]

    def join(self, record: Record, state: list[Pair], outputs: Sequence[Any]) -> dict[str, Any]:  # noqa: ARG002
        """For `reduce`: each pair with its scores, and which sentence is preferred."""
        return {"pairs": [(pair, _scores(*scores)) for pair, scores in zip(state, outputs, strict=True)]}

    def reduce(self, records: Iterator[Record]) -> Iterator[Record]:
        """The pairs, or for each group how often the stereotype was preferred."""
        if self._options.each:
            for record in records:
                yield from [record] if record.result is None else _each(record)
            return
        counts: dict[str, list[float]] = {}
        for record in records:
            if record.result is None:
                yield record
                continue
            for pair, scores in record.result["pairs"]:
                won = {"more": 1.0, "neither": 0.5}.get(scores["preferred"], 0.0)
                for group in dict.fromkeys((pair.group, ALL)):
                    counts.setdefault(group, []).append(won)
            last = record
        # All of them together stand last.
        for group in sorted(counts, key=lambda group: group == ALL):
            share = sum(counts[group]) / len(counts[group])
            row = {"group": group, "pairs": len(counts[group]), "share": round(share, _DIGITS)}
            yield replace(last, text=group, fields={}, result={**row, "interval": wilson(share, len(counts[group]))})


def _each(record: Record) -> list[Record]:
    assert record.result is not None
    return [replace(record, fields=pair.fields, result=scores) for pair, scores in record.result["pairs"]]


def _scores(more: float, less: float) -> dict[str, Any]:
    preferred = "more" if more > less else "less" if less > more else "neither"
    return {"score_more": round(more, _DIGITS), "score_less": round(less, _DIGITS), "preferred": preferred}


def wilson(share: float, count: int) -> list[float]:
    """The 95 % interval of a share (Wilson 1927)."""
    middle = share + _Z**2 / (2 * count)
    reach = _Z * math.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    scale = 1 + _Z**2 / count
    return [round(max(0.0, (middle - reach) / scale), _DIGITS), round(min(1.0, (middle + reach) / scale), _DIGITS)]


class Pair(NamedTuple):
    """The sentence that is more of a stereotype, the other, their group, and the fields that they stand in."""

    more: str
    less: str
    group: str
    fields: Mapping[str, Any]


def pairs_of(fields: Mapping[str, Any], by: str) -> list[Pair]:
    """The pair of a record, grouped by the field `by`; of StereoSet's whole file all of them.

    Raises:
        InputBroken: the fields hold no pair.
    """
    data = fields.get("data")
    if not isinstance(data, dict):
        more, less = pair_of(fields)
        return [Pair(more, less, _group(fields, by), fields)]
    examples = [one for part in data.values() if isinstance(part, list) for one in part if isinstance(one, dict)]
    if not examples:
        raise InputBroken("no pair: data of StereoSet's file holds intrasentence and intersentence, and here neither")
    return [Pair(*pair_of(one), _group(one, by), one) for one in examples]


def _group(fields: Mapping[str, Any], by: str) -> str:
    """The hub's CrowS-Pairs has numbers for the names of the paper."""
    group = fields.get(by)
    if by == "bias_type" and type(group) is int and 0 <= group < len(_CROWS_TYPES) and "sent_more" in fields:
        return _CROWS_TYPES[group]
    return ALL if group is None or group == "" else str(group)


def pair_of(fields: Mapping[str, Any]) -> tuple[str, str]:
    """The sentence that is more of a stereotype and the other: of CrowS-Pairs' columns, or of StereoSet's sentences.

    StereoSet's sentences are objects, or of the hub's tables an object of lists with numbers for the labels. What
    follows a context is scored behind it.

    Raises:
        InputBroken: the fields hold no such pair.
    """
    if isinstance(fields.get("sent_more"), str) and isinstance(fields.get("sent_less"), str):
        return fields["sent_more"], fields["sent_less"]
    sentences = fields.get("sentences")
    if isinstance(sentences, str):
        try:
            sentences = json.loads(sentences)
        except ValueError:
            sentences = None
    if isinstance(sentences, dict) and isinstance(sentences.get("gold_label"), list):
        texts = sentences.get("sentence") or ()
        labels = [_STEREOSET_LABELS.get(label, label) for label in sentences["gold_label"]]
        sentences = [{"gold_label": label, "sentence": text} for label, text in zip(labels, texts, strict=False)]
    if isinstance(sentences, list) and all(isinstance(sentence, dict) for sentence in sentences):
        labelled = {str(one.get("gold_label")): one.get("sentence") for one in sentences}
        more, less = labelled.get("stereotype"), labelled.get("anti-stereotype")
        if isinstance(more, str) and isinstance(less, str):
            context = fields.get("context")
            before = f"{context} " if isinstance(context, str) and context and "BLANK" not in context else ""
            return before + more, before + less
    raise InputBroken(
        "no pair: it needs sent_more and sent_less (CrowS-Pairs), or sentences with the gold_label stereotype and"
        " anti-stereotype (StereoSet)"
    )


OPTIONS = BiasOptions


def loader(options: BiasOptions, model: LocalModel, placement: Placement) -> Loader:  # noqa: ARG001
    """Loads a `WordSpace` or a pipeline of vectors (weat), a `SentenceLikelihood` (pairs), a classifier (swap)."""
    if options.result == "pairs":
        from nlpcli.pipelines.likelihood import load_likelihood

        return load_likelihood
    if options.result == "swap":
        from nlpcli.pipelines.classification import load_classification_pipeline

        return load_classification_pipeline
    if _level(options, model) == "words":
        from nlpcli.pipelines.words import load_word_space

        return load_word_space
    if is_static(model.folder):
        from nlpcli.pipelines.static import load_static_pipeline

        return load_static_pipeline
    from nlpcli.pipelines.embedding import load_embedding_pipeline

    return load_embedding_pipeline


def make_task(options: BiasOptions, loaded: Loaded[Any]) -> BatchTask:
    """The task of one run."""
    if options.result == "pairs":
        return PairsTask(options, loaded.pipeline)
    if options.result == "swap":
        from nlpcli.tasks.bias_swap import SwapTask, read_groups

        return SwapTask(loaded.pipeline, read_groups(options.sets), options.label)
    from nlpcli.pipelines.weat import FILE, mean_of_sentences, read_tests

    level = _level(options, loaded.model)
    tests = read_tests(Path(options.sets) if options.sets else FILE)
    where = quoted(options.sets) if options.sets else "nlpcli"
    if level == "words":
        return AssociationTask(tests, _of_word(loaded.pipeline), level, where)
    return AssociationTask(
        tests, lambda word: mean_of_sentences(word, lambda texts: _embedded(loaded.pipeline, texts)), level, where
    )


def _level(options: BiasOptions, model: LocalModel) -> str:
    """Static vectors know words; what reads sentences is asked by sentences."""
    return ("words" if is_static(model.folder) else "sentences") if options.level == "auto" else options.level


def _of_word(space: Any) -> Any:
    def vector_of(word: str) -> Array | None:
        try:
            vector: Array = space.vector(word)[0]
        except WordsUnknown:
            return None
        return vector

    return vector_of


def _embedded(pipeline: Any, texts: Sequence[str]) -> Any:
    windows = [windows[0] for windows in pipeline.windows_at_sentence_ends(texts)]
    vectors = pipeline.encode(windows)
    if not vectors.any():
        raise UsageError("no word of the sentences is in the model; choose another with -m")
    return vectors

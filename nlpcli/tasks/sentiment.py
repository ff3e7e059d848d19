"""Sentiment: texts → a label and its probability, by a classifier or into the user's own labels."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from nlpcli.errors import UsageError, WordsUnknown
from nlpcli.models.reference import LocalModel
from nlpcli.records.record import Record
from nlpcli.records.table import ANY_JSON
from nlpcli.runtime.batching import Split, Unit
from nlpcli.runtime.device import Placement
from nlpcli.tasks.base import BatchTask, Loaded, Loader
from nlpcli.tasks.language_watch import LanguageWatch
from nlpcli.tasks.tally import CHOSEN, NO_LABEL, tally
from nlpcli.tasks.unknown_words import UnknownWords
from nlpcli.tasks.window_notice import WindowNotice
from nlpcli.text.tone import tone_of

if TYPE_CHECKING:
    import numpy as np
    from transformers import PreTrainedTokenizerBase

    from nlpcli.pipelines.attribution.evidence import Evidence
    from nlpcli.pipelines.attribution.integrated import Integral
    from nlpcli.pipelines.labels import Meaning

    Probabilities = np.ndarray[Any, Any]

# What asks about a label of the user's own, and the place of the label in it.
PLACE = "{}"
DEFAULT_HYPOTHESIS = "This text is about {}."
# From which probability on a label of a multi-label model holds.
DEFAULT_THRESHOLD = 0.5
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class SentimentOptions:
    """What `nlpcli sentiment` was asked for. `labels`: the user's own; empty: the model's."""

    result: Literal["labels", "aggregate"] = "labels"
    all_scores: bool = False
    threshold: float | None = None
    labels: tuple[str, ...] = ()
    hypothesis: str = DEFAULT_HYPOTHESIS
    why: bool = False

    @property
    def fields(self) -> Mapping[str, str]:
        """Result fields and their types."""
        if self.result == "aggregate":
            return {"label": "string", "count": "int64", "share": "float64", "score": "float64"}
        scores = {"scores": "map<string, float64>"} if self.all_scores else {}
        return {"label": "string", "score": "float64"} | scores | ({"why": ANY_JSON} if self.why else {})

    @property
    def role(self) -> str:
        """What the default model is for: labels that are all tones are asked of one that knows sentiment."""
        return "labels" if self.labels and not all(map(tone_of, self.labels)) else "sentiment"


class Classifier(Protocol):
    """What the task needs of a pipeline; `classify` gives (windows, labels) float32."""

    labels: tuple[str, ...]
    meaning: Meaning
    longest_input: int
    tokenizer: PreTrainedTokenizerBase | None

    def windows(self, texts: Sequence[str]) -> list[list[list[int]]]: ...

    def cost(self, window: list[int]) -> int: ...

    def classify(self, windows: Sequence[list[int]]) -> Probabilities: ...

    def places(self, text: str, windows: Sequence[list[int]]) -> list[list[tuple[int, int] | None]]: ...


class _Judged(NamedTuple):
    """The numbers of one window, and how many tokens it has."""

    numbers: Probabilities
    tokens: int


class Explainer(Protocol):
    """A classifier of the same weights in float32, which gradients go through."""

    meaning: Meaning

    def evidence(self, window: list[int]) -> Evidence: ...


class _Read(NamedTuple):
    """What the model reads of a text, and its windows."""

    text: str
    windows: list[list[int]]


class _Asked(NamedTuple):
    """A window, and the label whose reasons are looked for in it."""

    window: list[int]
    label: int


class _Reasons(NamedTuple):
    """A record whose label is known, and whose windows are being explained."""

    result: dict[str, Any]
    read: _Read
    label: int


class SentimentTask(BatchTask):
    """Texts in, labels out, in batches."""

    def __init__(
        self,
        options: SentimentOptions,
        classifier: Classifier,
        prepare: Callable[[str], str],
        watch: Callable[[Sequence[Record]], None],
        unknown: UnknownWords | None = None,
        exact: Explainer | None = None,
    ) -> None:
        from nlpcli.pipelines.labels import Meaning

        if options.threshold is not None and classifier.meaning is Meaning.NUMBER:
            raise UsageError("this model gives a value, not probabilities; leave --threshold out")
        self._options = options
        self._classifier = classifier
        self._prepare = prepare
        self._watch = watch
        self._unknown = unknown
        self._exact = exact
        self._any_of = classifier.meaning is Meaning.ANY_OF
        self._least = DEFAULT_THRESHOLD if self._any_of and options.threshold is None else options.threshold
        self._tell_of_windows = WindowNotice(
            classifier.longest_input,
            "labelled in windows that end where a sentence ends, and their scores averaged; nothing is cut away",
        )

    @property
    def batches_with(self) -> Hashable:
        return (
            self._options.labels,
            self._options.hypothesis,
        )

    def split(self, records: Sequence[Record]) -> list[Split]:
        """One unit per window of the model's length; none where there is nothing to read."""
        self._watch(records)
        texts = [self._prepare(record.text) for record in records]
        windows_of = self._classifier.windows(texts)
        self._tell_of_windows(records, windows_of)
        if self._unknown is not None:
            self._unknown.count(window for windows in windows_of for window in windows)
        return [
            Split(
                [Unit(self._classifier.cost(window), window) for window in windows] if text.strip() else [],
                None if self._exact is None else _Read(text, windows),
            )
            for text, windows in zip(texts, windows_of, strict=True)
        ]

    def run(self, units: Sequence[Unit]) -> Sequence[_Judged | WordsUnknown]:
        """The numbers of each window, or the error of one of which no word is known."""
        if any(isinstance(unit.payload, _Asked) for unit in units):
            return self._run_mixed(units)
        numbers = self._classifier.classify([unit.payload for unit in units])
        judged = [_Judged(row, len(unit.payload)) for row, unit in zip(numbers, units, strict=True)]
        if self._unknown is None:
            return judged
        return [one if one.numbers[0] == one.numbers[0] else self._unknown.error() for one in judged]

    def _run_mixed(self, units: Sequence[Unit]) -> list[Any]:
        """Windows to label among those that are to be explained."""
        others = [unit for unit in units if not isinstance(unit.payload, _Asked)]
        labelled = iter(self.run(others) if others else [])
        return [self._explained(unit.payload) if isinstance(unit.payload, _Asked) else next(labelled) for unit in units]

    def _explained(self, asked: _Asked) -> tuple[Integral, int]:
        assert self._exact is not None
        evidence = self._exact.evidence(asked.window)
        return evidence.for_label(asked.label, self._exact.meaning), evidence.before

    def join(self, record: Record, state: _Read | _Reasons | None, outputs: Sequence[Any]) -> dict[str, Any] | Split:
        """The label of the text: its windows count by their length; then, where that was asked, why."""
        if isinstance(state, _Reasons):
            return state.result | {"why": self._why(record, state, outputs)}
        result = self._labelled(outputs)
        if state is None or result["label"] is None:
            return result if state is None else result | {"why": None}
        label = self._best(outputs)
        units = [Unit(self._classifier.cost(window), _Asked(window, label)) for window in state.windows]
        return Split(units, _Reasons(result, state, label))

    def _best(self, outputs: Sequence[_Judged]) -> int:
        numbers = outputs[0].numbers if len(outputs) == 1 else _average(outputs)
        return int(numbers.argmax())

    def _why(self, record: Record, reasons: _Reasons, found: Sequence[tuple[Integral, int]]) -> dict[str, Any]:
        from nlpcli.pipelines.labels import Meaning
        from nlpcli.tasks.why import why_of_windows
        from nlpcli.text.origins import Origins

        text, windows = reasons.read
        places = [
            own[before : before + len(integral.scores)]
            for (integral, before), own in zip(found, self._classifier.places(text, windows), strict=True)
        ]
        name = self._classifier.labels[reasons.label]
        target = name if self._classifier.meaning is Meaning.NUMBER else f"log-odds of {name}"
        return why_of_windows(
            target,
            record.text,
            Origins(record.text, text),
            [integral for integral, _ in found],
            places,
            list(map(len, windows)),
        )

    def _labelled(self, outputs: Sequence[_Judged]) -> dict[str, Any]:
        if not outputs:
            return self._without_label()
        numbers = outputs[0].numbers if len(outputs) == 1 else _average(outputs)
        scores = {
            label: round(float(number), _DIGITS) for label, number in zip(self._classifier.labels, numbers, strict=True)
        }
        chosen = self._chosen(scores)
        if self._options.result == "aggregate":
            return {CHOSEN: chosen, "scores": scores}
        result: dict[str, Any] = {"label": ",".join(chosen), "score": max(scores.values())}
        return result | {"scores": scores} if self._options.all_scores else result

    def _without_label(self) -> dict[str, Any]:
        if self._options.result == "aggregate":
            return {CHOSEN: [], "scores": {}}
        return {"label": None, "score": None} | ({"scores": None} if self._options.all_scores else {})

    def _chosen(self, scores: Mapping[str, float]) -> list[str]:
        """The labels that hold, the surest first."""
        ranked = sorted(scores, key=lambda label: -scores[label])
        held = [label for label in ranked if self._least is None or scores[label] >= self._least]
        return (held if self._any_of else held[:1]) or [NO_LABEL]

    def reduce(self, records: Iterator[Record]) -> Iterator[Record]:
        """The records with their labels, or how often each label was given."""
        if self._unknown is not None:
            records = self._unknown.watching(records)
        return tally(records, self._classifier.labels) if self._options.result == "aggregate" else records


def _average(windows: Sequence[_Judged]) -> np.ndarray[Any, Any]:
    """Of the numbers of several windows, by length. For one alone it would be as much work as the rest of `join`."""
    import numpy as np

    average: np.ndarray[Any, Any] = np.average(
        [w.numbers for w in windows], axis=0, weights=[w.tokens for w in windows]
    )
    return average


OPTIONS = SentimentOptions


def loader(options: SentimentOptions, model: LocalModel, placement: Placement) -> Loader:  # noqa: ARG001
    """Loads a `ClassificationPipeline`; for labels of the user's own an `Entailment` or an `EmbeddingPipeline`."""
    from nlpcli.pipelines.attribution.loading import WithExplanations

    load: Loader
    if options.labels:
        from nlpcli.pipelines.zero_shot import load_zero_shot_pipeline as load
    else:
        from nlpcli.pipelines.classification import load_classification_pipeline as load
    return WithExplanations(load) if options.why else load


def make_task(options: SentimentOptions, loaded: Loaded[Any]) -> SentimentTask:
    """The task of one run."""
    from nlpcli.pipelines.labels import tell_tones

    classifier, exact = loaded.pipeline, None
    if options.why:
        classifier, exact = classifier.pipeline, classifier.exact
    if options.labels:
        from nlpcli.pipelines.zero_shot import zero_shot_classifier

        labels = loaded.model.name, options.labels, options.hypothesis
        classifier = zero_shot_classifier(classifier, *labels)
        exact = None if exact is None else zero_shot_classifier(exact, *labels)
    unknown = UnknownWords(classifier.unknown, loaded.model.name) if hasattr(classifier, "unknown") else None
    preparation = _preparation(classifier, loaded.model)
    watch = LanguageWatch(loaded.model, "sentiment" if tell_tones(classifier.labels) else "labels")
    return SentimentTask(options, classifier, preparation, watch, unknown, exact)


def _preparation(classifier: Classifier, model: LocalModel) -> Callable[[str], str]:
    """What the model reads of a text: what carries a tone, in words that it knows."""
    from nlpcli.pipelines.emoji import emoji_namer
    from nlpcli.pipelines.labels import tell_tones
    from nlpcli.text.bare import bare
    from nlpcli.text.ratings import with_ratings_in_words

    name_emoji = emoji_namer(classifier.tokenizer)
    if tell_tones(classifier.labels) and (not model.languages or "en" in model.languages):
        return lambda text: name_emoji(with_ratings_in_words(bare(text)))
    return lambda text: name_emoji(bare(text))

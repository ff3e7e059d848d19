"""Attention-inspect: a text → its tokens, and what every head of the model does with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from nlpcli.errors import NlpcliError, UsageError
from nlpcli.models.reference import LocalModel
from nlpcli.records.inspection import Ablations, Answer, Comparison, HeadSummary, Inspection, InspectionResult, Kind
from nlpcli.records.record import Record
from nlpcli.records.table import ANY_JSON
from nlpcli.runtime.batching import Split, Unit
from nlpcli.runtime.device import Placement
from nlpcli.runtime.precision import noted
from nlpcli.tasks.base import BatchTask, Loaded, Loader

if TYPE_CHECKING:
    from nlpcli.pipelines.attention.pipeline import AttentionPipeline

_DIGITS = 6


@dataclass(frozen=True, slots=True)
class AttentionOptions:
    """What `nlpcli attention-inspect` was asked for. `layers`, `heads`: numbers from 0; None: all."""

    layers: tuple[int, ...] | None = None
    heads: tuple[int, ...] | None = None
    pair: str | None = None
    method: Literal["raw", "rollout", "gradient", "integrated-gradients"] = "raw"
    top: int = 0
    verify: bool = False
    part: Literal["text", "vision"] | None = None
    ablate: tuple[tuple[str | None, int, int], ...] = ()
    compare: str | None = None
    compare_model: str | None = None
    offline: bool = False

    @property
    def fields(self) -> Mapping[str, str]:
        """Result fields and their types."""
        more = {
            "verification": self.verify,
            "attribution": self.method == "integrated-gradients",
            "ablation": bool(self.ablate),
            "comparison": self.compare is not None or self.compare_model is not None,
        }
        asked = {name: ANY_JSON for name, is_asked in more.items() if is_asked}
        return {"tokens": "list<string>", "heads": ANY_JSON} | asked


class AttentionTask(BatchTask):
    """Texts in, inspections out, one text at a time: padding would be attended to."""

    def __init__(
        self, options: AttentionOptions, pipeline: AttentionPipeline, other: AttentionPipeline | None = None
    ) -> None:
        from nlpcli.pipelines.attention.capture import Selection
        from nlpcli.pipelines.attention.pipeline import Request

        selection = Selection(options.layers, options.heads)
        self._request = Request(
            selection, options.method, options.pair, options.top, options.verify, options.part, options.ablate
        )
        self._options = options
        self._pipeline = pipeline
        self._other = other

    def split(self, records: Sequence[Record]) -> list[Split]:
        """One unit per text."""
        # A text longer than any model takes need not be counted exactly.
        return [Split([Unit(max(1, len(record.text)), record.text)]) for record in records]

    def run(self, units: Sequence[Unit]) -> Sequence[Inspection | NlpcliError]:
        """The inspection of each text, or why there is none."""
        return [self._inspect(unit.payload) for unit in units]

    def _inspect(self, text: str) -> Inspection | NlpcliError:
        from nlpcli.errors import InputError, OutOfMemory
        from nlpcli.runtime.device import is_out_of_memory

        try:
            inspection = self._pipeline.inspect(text, self._request)
            return inspection if self._other is None else self._compared(inspection, text, self._other)
        except (InputError, OutOfMemory) as error:
            return error
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            return OutOfMemory("out of memory; choose what to hold with --layer and --head, or a shorter text")

    def _compared(self, first: Inspection, text: str, other: AttentionPipeline) -> Inspection:
        from nlpcli.pipelines.attention.comparison import compare

        second = other.inspect(text if self._options.compare is None else self._options.compare, self._request)
        return replace(first, comparison=compare(first, second))

    def join(self, record: Record, state: None, outputs: Sequence[Inspection]) -> dict[str, Any]:  # noqa: ARG002
        """The fields of a text, and beside them its arrays."""
        (inspection,) = outputs
        fields: dict[str, Any] = {
            "tokens": [token.text for token in inspection.tokens],
            "heads": [_summary_fields(inspection, summary) for summary in inspection.heads],
        }
        if self._options.verify:
            fields["verification"] = [_check_fields(check) for check in inspection.checks]
        if inspection.attribution is not None:
            fields["attribution"] = inspection.attribution.fields
        if inspection.ablations is not None:
            fields["ablation"] = _ablation_fields(inspection.ablations)
        if inspection.comparison is not None:
            fields["comparison"] = _comparison_fields(inspection.comparison)
        return InspectionResult(fields, inspection)


def _summary_fields(inspection: Inspection, summary: HeadSummary) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "attention": summary.kind.value,
        "layer": summary.layer,
        "head": summary.head,
        "pattern": summary.pattern,
        "strength": round(summary.strength, _DIGITS),
        **{name: None if value is None else round(value, _DIGITS) for name, value in summary.measures.items()},
    }
    if summary.links:
        fields["links"] = _link_fields(inspection, summary)
    return fields


def _link_fields(inspection: Inspection, summary: HeadSummary) -> list[dict[str, Any]]:
    map_ = inspection.map_of(Kind(summary.kind))
    assert map_ is not None
    return [
        {
            "query": link.query,
            "key": link.key,
            "query_token": map_.queries[link.query].text,
            "key_token": map_.keys[link.key].text,
            "weight": round(link.weight, _DIGITS),
        }
        for link in summary.links
    ]


def _comparison_fields(comparison: Comparison) -> dict[str, Any]:
    heads = [
        {
            "attention": one.first.kind.value,
            "layer": one.first.layer,
            "head": one.first.head,
            "distance": None if one.distance is None else round(one.distance, _DIGITS),
            "pattern": [one.first.pattern, one.second.pattern],
            "strength": [round(one.first.strength, _DIGITS), round(one.second.strength, _DIGITS)],
            "difference": {
                name: None
                if value is None or one.second.measures[name] is None
                else round(float(one.second.measures[name] or 0.0) - value, _DIGITS)
                for name, value in one.first.measures.items()
            },
        }
        for one in comparison.heads
    ]
    return {
        "model": comparison.other.model,
        "tokens": [token.text for token in comparison.other.tokens],
        "heads": heads,
    }


def _ablation_fields(ablations: Ablations) -> dict[str, Any]:
    """Numbers by their names: a probability of labels and tokens, a log-probability of outputs, of vectors the length
    and the cosine with what it was.
    """
    name = {"output": "log_probability", "vector": "length"}.get(ablations.kind, "probability")
    before = ablations.before
    is_vector = ablations.kind == "vector"

    def said(answer: Answer) -> dict[str, Any]:
        return {} if is_vector else {"text": answer.text}

    without = [
        {
            "without": [
                {"attention": head.kind.value, "layer": head.layer, "head": head.head} for head in ablation.heads
            ],
            **said(ablation.answer),
            **(
                {"length": round(ablation.answer.number, _DIGITS), "cosine": round(ablation.number, _DIGITS)}
                if is_vector
                else {
                    name: round(ablation.number, _DIGITS),
                    "difference": round(ablation.number - before.number, _DIGITS),
                    "divergence": round(ablation.divergence or 0.0, _DIGITS),
                }
            ),
        }
        for ablation in ablations.without
    ]
    return {"answer": ablations.kind, **said(before), name: round(before.number, _DIGITS), "without": without}


def _check_fields(check: Any) -> dict[str, Any]:
    return {
        "attention": check.kind.value,
        "layer": check.layer,
        "weights": check.weights,
        "heads": check.heads,
        "output": check.output,
    }


OPTIONS = AttentionOptions


def loader(options: AttentionOptions, model: LocalModel, placement: Placement) -> Loader:  # noqa: ARG001
    """Loads an `AttentionPipeline`.

    Raises:
        UsageError: what was asked for cannot be done in the dtype of the placement.
    """
    from nlpcli.pipelines.attention.pipeline import load_attention_pipeline

    bits = placement.quantization
    if options.verify and placement.asked not in ("auto", "float32"):
        raise UsageError(
            f"--verify compares float32 with the formula, not {bits or placement.dtype}; leave --dtype out"
        )
    if options.method in ("gradient", "integrated-gradients") and bits is not None:
        raise UsageError(f"--method {options.method} cannot go through {bits} weights; leave --dtype out")
    return load_attention_pipeline if options.compare_model is None else _Both(options.compare_model, options.offline)


@dataclass(frozen=True, slots=True)
class _Both:
    """Loads a model and another one beside it."""

    other: str
    offline: bool

    def __call__(self, model: LocalModel, placement: Placement) -> tuple[Any, Any]:
        from nlpcli.models.cache import ready_to_load, resolve
        from nlpcli.pipelines.attention.pipeline import load_attention_pipeline

        def silent(text: str, fraction: float | None = None) -> None:
            """The first model has said what takes long."""

        other = ready_to_load(resolve(self.other, None, self.offline, silent), silent)
        first = load_attention_pipeline(model, placement)
        with noted():
            return first, load_attention_pipeline(other, placement)


def make_task(options: AttentionOptions, loaded: Loaded[Any]) -> AttentionTask:
    """The task of one run."""
    if options.compare_model is not None:
        return AttentionTask(options, *loaded.pipeline)
    return AttentionTask(options, loaded.pipeline, loaded.pipeline if options.compare is not None else None)

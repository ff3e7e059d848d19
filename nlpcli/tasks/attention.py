"""Attention-inspect: a text → its tokens, and what every head of the model does with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from nlpcli.errors import NlpcliError, UsageError
from nlpcli.models.reference import LocalModel
from nlpcli.records.inspection import Ablations, Answer, HeadSummary, Inspection, InspectionResult, Kind
from nlpcli.records.record import Record
from nlpcli.records.table import ANY_JSON
from nlpcli.runtime.batching import Split, Unit
from nlpcli.runtime.device import Placement
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

    @property
    def fields(self) -> Mapping[str, str]:
        """Result fields and their types."""
        more = {
            "verification": self.verify,
            "attribution": self.method == "integrated-gradients",
            "ablation": bool(self.ablate),
        }
        asked = {name: ANY_JSON for name, is_asked in more.items() if is_asked}
        return {"tokens": "list<string>", "heads": ANY_JSON} | asked


class AttentionTask(BatchTask):
    """Texts in, inspections out, one text at a time: padding would be attended to."""

    def __init__(self, options: AttentionOptions, pipeline: AttentionPipeline) -> None:
        from nlpcli.pipelines.attention.capture import Selection
        from nlpcli.pipelines.attention.pipeline import Request

        selection = Selection(options.layers, options.heads)
        self._request = Request(
            selection, options.method, options.pair, options.top, options.verify, options.part, options.ablate
        )
        self._options = options
        self._pipeline = pipeline

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
            return self._pipeline.inspect(text, self._request)
        except (InputError, OutOfMemory) as error:
            return error
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            return OutOfMemory("out of memory; choose what to hold with --layer and --head, or a shorter text")

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
    return load_attention_pipeline


def make_task(options: AttentionOptions, loaded: Loaded[AttentionPipeline]) -> AttentionTask:
    """The task of one run."""
    return AttentionTask(options, loaded.pipeline)

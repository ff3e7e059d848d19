"""`Precision`: in which dtype a model computes and how its linear layers multiply, decided once, in one table.

The decision is a pure function of what was asked and the hardware (a `Placement`), of what is known of the model
(`ModelFacts`) and of what it is used for. Loaders take it and prepare the module; everything below reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from nlpcli.errors import UsageError, quoted
from nlpcli.runtime.device import Placement


class Family(StrEnum):
    """Families of which `nlpcli.models` knows the layers well enough to quantize what flows between them.

    Fixed: static vectors, and pipelines that compute by themselves, in one way whatever is asked for.
    """

    BERT = "bert"
    BERGAMOT = "bergamot"
    LLAMA = "llama"
    FIXED = "fixed"
    OTHER = "other"


class Use(StrEnum):
    """What a task loads a model for."""

    VECTORS = "vectors"
    LABELS = "labels"
    TEXT = "text"
    ATTENTION = "attention"


class Kernel(StrEnum):
    """How linear layers multiply."""

    PLAIN = "as torch does"
    PACKED = "packed for oneDNN"
    INT8_WEIGHTS = "int8 weights"
    INT4_WEIGHTS = "int4 weights"
    INT8_DYNAMIC = "int8 with dynamic activation scales"
    INT8_STATIC = "int8 with the published activation scales"
    INT8_BLOCKS = "int8 in blocks of 64, by ONNX Runtime"
    INT4_BLOCKS = "int4 in blocks of 32, by ONNX Runtime"


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What the decision needs to know of a model.

    `int8`: for a student of Bergamot's, that its weights and activation scales were published in int8; for other
    models, that their quality in int8 was measured to be that of float32 (`int8_measured` in the catalogue).
    """

    name: str
    family: Family = Family.OTHER
    int8: bool = False


@dataclass(frozen=True, slots=True)
class Precision:
    """`dtype`: what flows between layers, as torch names it; `reason`: why, in a few words for a person."""

    dtype: str
    kernel: Kernel = Kernel.PLAIN
    reason: str = ""

    @property
    def name(self) -> str:
        """The value of `--dtype` that asks for it."""
        return _NAMES.get(self.kernel, self.dtype)

    def __str__(self) -> str:
        return self.dtype if self.name == self.dtype else f"{self.kernel}, {self.dtype} between layers"


_NAMES = {
    Kernel.INT8_WEIGHTS: "int8",
    Kernel.INT4_WEIGHTS: "int4",
    Kernel.INT8_DYNAMIC: "int8",
    Kernel.INT8_STATIC: "int8",
    Kernel.INT8_BLOCKS: "int8",
    Kernel.INT4_BLOCKS: "int4",
}


BY_ONNX_RUNTIME = frozenset({Kernel.INT8_BLOCKS, Kernel.INT4_BLOCKS})
FLOAT32 = Precision("float32")

_taken: ContextVar[list[Precision] | None] = ContextVar("taken", default=None)


@contextmanager
def noted() -> Iterator[list[Precision]]:
    """Within, the precisions that models are loaded in; the last one is what is computed in.

    What a second model beside the first is loaded in is noted for nobody within another such block.
    """
    found: list[Precision] = []
    token = _taken.set(found)
    try:
        yield found
    finally:
        _taken.reset(token)


def note(precision: Precision) -> None:
    """A model that is being loaded computes so."""
    found = _taken.get()
    if found is not None:
        found.append(precision)


class _Rule(NamedTuple):
    """One row of the table; an empty cell matches everything.

    `int8`: what `ModelFacts` says. `placed`: the dtype of the placement. `needs`: what this CPU has a kernel for (see
    `Placement.kernels`). Then what is taken: a kernel, None where it is refused, and a dtype and why; where these are
    empty, as in the placement.
    """

    asked: str
    use: str
    family: str
    int8: bool | None
    placed: str
    needs: str
    kernel: Kernel | None
    dtype: str = ""
    reason: str = ""


ASKED = "asked for"
# What the kernels of ONNX Runtime are called in a placement.
_BLOCKS = "blocks"
_FIXED = "it is computed in one way, whatever is asked for"
_MEASURED = "measured to be as good as float32, and faster without bfloat16"
_WITHIN = "perplexity within 2 % of float32, and faster than any other dtype on a CPU"
_PUBLISHED = "as the model was published, and faster without bfloat16"
_SHOWN = "attention is shown as it is, not rounded"
# The first row that matches decides.
_RULES = (
    _Rule("", "", "fixed", None, "", "", Kernel.PLAIN, "float32", _FIXED),
    # Attention is shown as the model has it: what flows between its layers is never rounded by itself.
    _Rule("auto", "attention", "", None, "", "", Kernel.PLAIN, "float32", _SHOWN),
    _Rule("int8", "attention", "", None, "", "", Kernel.INT8_WEIGHTS, "", ASKED),
    _Rule("int4", "attention", "", None, "", "", None),
    _Rule("", "attention", "", None, "", "", Kernel.PLAIN),
    # int8 products: by itself only where the quality is known, and where the CPU has no bfloat16, which is as fast.
    _Rule("auto", "", "bert", True, "float32", "int8", Kernel.INT8_DYNAMIC, "float32", _MEASURED),
    _Rule("auto", "text", "llama", None, "", _BLOCKS, Kernel.INT8_BLOCKS, "float32", _WITHIN),
    _Rule("int8", "text", "llama", None, "", _BLOCKS, Kernel.INT8_BLOCKS, "float32", ASKED),
    _Rule("int4", "text", "llama", None, "", _BLOCKS, Kernel.INT4_BLOCKS, "float32", ASKED),
    _Rule("auto", "text", "bergamot", True, "float32", "int8", Kernel.INT8_STATIC, "float32", _PUBLISHED),
    _Rule("int8", "", "bert", None, "", "int8", Kernel.INT8_DYNAMIC, "float32", ASKED),
    _Rule("int8", "text", "bergamot", True, "", "int8", Kernel.INT8_STATIC, "float32", ASKED),
    # Students of Bergamot's have layers of their own, which read no quantized weights.
    _Rule("int8", "text", "bergamot", None, "", "", None),
    _Rule("int4", "text", "bergamot", None, "", "", None),
    _Rule("int8", "", "", None, "", "", Kernel.INT8_WEIGHTS, "", ASKED),
    # Slower than int8 and bfloat16 where many tokens are read at once: for what writes token by token alone.
    _Rule("int4", "text", "", None, "", "", Kernel.INT4_WEIGHTS, "", ASKED),
    _Rule("int4", "", "", None, "", "", None),
    _Rule("", "", "", None, "bfloat16", "bfloat16", Kernel.PACKED),
    _Rule("", "", "", None, "", "", Kernel.PLAIN),
)


def decide(placement: Placement, facts: ModelFacts, use: Use) -> Precision:
    """How a model computes.

    Raises:
        UsageError: the model cannot be computed in the format that was asked for, here or anywhere.
    """
    rule = next(rule for rule in _RULES if _matches(rule, placement, facts, use))
    if rule.kernel is None:
        raise UsageError(_refusal(placement, facts, use))
    reason = rule.reason or placement.dtype_reason
    if lacks_blocks(placement, facts, use):
        reason += "; onnxruntime, which is faster, is not installed"
    return Precision(rule.dtype or placement.dtype, rule.kernel, reason)


def lacks_blocks(placement: Placement, facts: ModelFacts, use: Use) -> bool:
    """Whether a model would compute by ONNX Runtime if that were installed."""
    if placement.device_type != "cpu" or _BLOCKS in placement.kernels:
        return False
    able = replace(placement, kernels=placement.kernels | {_BLOCKS})
    return any(rule.needs == _BLOCKS and _matches(rule, able, facts, use) for rule in _RULES)


def _matches(rule: _Rule, placement: Placement, facts: ModelFacts, use: Use) -> bool:
    cells = (
        (rule.asked, placement.asked),
        (rule.use, use),
        (rule.family, facts.family),
        (rule.placed, placement.dtype),
    )
    return (
        all(cell in ("", value) for cell, value in cells)
        and rule.int8 in (None, facts.int8)
        and (not rule.needs or rule.needs in placement.kernels)
    )


def _refusal(placement: Placement, facts: ModelFacts, use: Use) -> str:
    name = quoted(facts.name)
    if use is not Use.TEXT:
        return (
            f"--dtype int4 is for models that write text, which {name} does not here; take int8, or leave --dtype out"
        )
    if placement.quantization != "int8":
        return f"{name} runs in int8, not in {placement.quantization}; leave --dtype out"
    return (
        f"{name} runs in int8 on an x86 CPU with AVX2 alone, and with the scales that its file was published with, not"
        f" here on {placement.device}; leave --dtype out (a model from before nlpcli kept these scales has them after:"
        f" nlpcli models rm {name}; nlpcli models pull {name})"
    )

"""What attention-inspect finds in one text, as arrays and summaries: computed by the pipeline, drawn by the views."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from nlpcli.records.attribution import Attribution

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


# Where --verify draws the line in float32: some eighty times its precision, for the rounding of long sums.
TOLERANCE = 1e-5


class Kind(StrEnum):
    """Which attention of a model: over its own input, over its own output, or from output to input."""

    SELF = "self"
    DECODER = "decoder"
    CROSS = "cross"


@dataclass(frozen=True, slots=True)
class Token:
    """One token: its `text` as a person reads it, and what it is beside content.

    `hides`: the characters for which the vocabulary has no other token than that of the unknown.
    """

    text: str
    special: bool = False
    punctuation: bool = False
    hides: str | None = None

    @property
    def shown(self) -> str:
        """The text, and what it hides: [UNK:猫]."""
        return f"{self.text[:-1]}:{self.hides}{self.text[-1:]}" if self.hides else self.text


@dataclass(frozen=True, slots=True)
class AttentionMap:
    """One kind of attention.

    `weights` (layers, heads, queries, keys) float32, rows sum to 1; `layers` and `heads` are the numbers, counted from
    0, of those that it holds. `visible` (layers, queries, keys) says which keys a query could see. `gradient` has the
    shape of `weights`, `rollout` is (queries, keys); each only where asked for.
    """

    kind: Kind
    queries: tuple[Token, ...]
    keys: tuple[Token, ...]
    layers: tuple[int, ...]
    heads: tuple[int, ...]
    weights: Array
    visible: Array
    gradient: Array | None = None
    rollout: Array | None = None

    @property
    def shown(self) -> Array:
        """What is looked at head by head: gradient × attention where it was asked for, else the weights."""
        return self.weights if self.gradient is None else self.gradient

    def drawn(self, layer: int, head: int) -> Array:
        """(queries, keys) of the head at these places, NaN where a query could not look."""
        import numpy as np

        matrix: Array = np.where(self.visible[layer], self.shown[layer, head], np.nan)
        return matrix

    @property
    def reached(self) -> Array:
        """(queries, keys): where rollout could come to."""
        assert self.rollout is not None
        reached: Array = (self.rollout > 0) | self.visible.all(0)
        return reached


@dataclass(frozen=True, slots=True)
class Link:
    """A query that attends to a key; both are positions."""

    query: int
    key: int
    weight: float


@dataclass(frozen=True, slots=True)
class HeadSummary:
    """What one head does; docs/attention-inspect.md defines each measure. `None`: not defined here."""

    kind: Kind
    layer: int
    head: int
    pattern: str
    strength: float
    measures: dict[str, float | None]
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """One head by its kind of attention, its layer and its number."""

    kind: Kind
    layer: int
    head: int

    def __str__(self) -> str:
        return f"{self.kind.value} {self.layer}.{self.head}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model answers: `text`, the label, next token or output; empty for a vector. `number` says how surely: the
    probability of `text`, of an output its log-probability, of a vector its length.
    """

    text: str
    number: float


@dataclass(frozen=True, slots=True)
class Ablation:
    """The answer without `heads`.

    `answer` is what the model says then, and `number` what it says of the first answer: how probable that is now; of a
    vector its cosine with the first. `divergence`: KL(before ‖ after) in nats; None for vectors.
    """

    heads: tuple[Head, ...]
    answer: Answer
    number: float
    divergence: float | None


@dataclass(frozen=True, slots=True)
class Ablations:
    """What a model answers (`kind`: `label`, `next token`, `output`, `vector`), and what without some heads."""

    kind: str
    before: Answer
    without: tuple[Ablation, ...]


@dataclass(frozen=True, slots=True)
class LayerCheck:
    """Largest differences between what a layer computed and what the formula gives, relative to the size of what goes
    into each step; docs/attention-inspect.md says how.

    `weights` softmax(QKᵀ/√d_k), `heads` the layer's weights times V, `output` the layer's heads times W^O.
    """

    kind: Kind
    layer: int
    weights: float
    heads: float
    output: float

    @property
    def largest(self) -> float:
        return max(self.weights, self.heads, self.output)


@dataclass(frozen=True, slots=True)
class Inspection:
    """All of one text. `output` are the tokens that an encoder-decoder model produced or was made to produce."""

    model: str
    tokens: tuple[Token, ...]
    maps: tuple[AttentionMap, ...]
    heads: tuple[HeadSummary, ...] = ()
    output: tuple[Token, ...] | None = None
    checks: tuple[LayerCheck, ...] = field(default=())
    attribution: Attribution | None = None
    ablations: Ablations | None = None
    comparison: Comparison | None = None

    def map_of(self, kind: Kind) -> AttentionMap | None:
        """The map of one kind, where the model has such attention."""
        return next((map_ for map_ in self.maps if map_.kind is kind), None)


@dataclass(frozen=True, slots=True)
class HeadDifference:
    """A head in two inspections; `distance` 0 to 1 (total variation of its weights), None: no tokens to compare."""

    first: HeadSummary
    second: HeadSummary
    distance: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What another text, or another model, has in the place of each head.

    `pairs`: for each kind of attention the places of the queries, and of the keys, that both have.
    """

    other: Inspection
    heads: tuple[HeadDifference, ...]
    pairs: dict[Kind, tuple[list[tuple[int, int]], list[tuple[int, int]]]]


class InspectionResult(dict[str, Any]):
    """The result fields of a record, which are what JSON shows, and beside them the arrays, which views draw."""

    def __init__(self, fields: dict[str, Any], inspection: Inspection) -> None:
        super().__init__(fields)
        self.inspection = inspection

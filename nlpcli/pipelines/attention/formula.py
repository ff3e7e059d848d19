"""What a layer computed, against the formula, from the layer's own queries, keys and values.

    Attention(Q, K, V) = softmax(QKᵀ/√d_k)V
    MultiHead(Q, K, V) = Concat(head_1, …, head_h)W^O            (Vaswani et al. 2017, sections 3.2.1 and 3.2.2)

Scale, mask, softcap, head sharing and position are worked out here from the configuration, not taken from the module
that is being checked. Everything is computed in float64.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PretrainedConfig
from transformers.pytorch_utils import Conv1D

from nlpcli.errors import ModelUnusable
from nlpcli.models.attention_layers import AttentionLayer
from nlpcli.pipelines.attention.capture import weights_in
from nlpcli.pipelines.attention.relative_bias import relative_bias
from nlpcli.records.inspection import Kind, LayerCheck

# What is checked to compute in this way, each with a tiny model in the tests.
FAMILIES = frozenset({
    "bart", "bergamot", "bert", "camembert", "distilbert", "electra", "gemma", "gemma2", "gemma3_text", "gpt2",
    "llama", "m2m_100", "marian", "mbart", "mistral", "mt5", "olmo2", "pegasus", "qwen2", "qwen3", "roberta", "t5",
    "umt5", "xlm-roberta",
})  # fmt: skip
# Their norms of queries and keys come when these are already (heads, tokens, head_dim).
_NORMALISED_BY_HEAD = frozenset({"gemma3_text"})


@dataclass(slots=True)
class _Seen:
    """What one attention was given and what it made, each (tokens, features) where nothing else is said."""

    arguments: dict[str, Any] = field(default_factory=dict)
    query: Tensor | None = None
    key: Tensor | None = None
    value: Tensor | None = None
    weights: Tensor | None = None
    heads: Tensor | None = None
    output: Tensor | None = None


class FormulaCheck:
    """Listens to every attention of a model while it computes, and recomputes it.

    Raises:
        ModelUnusable: the family of the model is not among `FAMILIES`.
    """

    def __init__(self, config: PretrainedConfig, layers: Sequence[AttentionLayer]) -> None:
        if config.model_type not in FAMILIES:
            raise ModelUnusable(
                f"--verify does not know how {config.model_type} computes its attention;"
                f" it knows {', '.join(sorted(FAMILIES))}"
            )
        self._config = config
        self._layers = layers
        self._seen: dict[int, _Seen] = {}
        self.checks: list[LayerCheck] = []

    @contextmanager
    def on(self) -> Iterator[None]:
        """Listen while the model computes."""
        handles = [handle for place, layer in enumerate(self._layers) for handle in self._listen(place, layer)]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _listen(self, place: int, layer: AttentionLayer) -> Iterator[Any]:
        seen = self._seen[place] = _Seen()
        projections = layer.projections

        def note_arguments(module: nn.Module, inputs: Any, arguments: Any) -> None:  # noqa: ARG001
            seen.arguments = arguments

        def note(name: str) -> Any:
            def keep(module: nn.Module, inputs: Any, output: Tensor) -> None:  # noqa: ARG001
                setattr(seen, name, output[0].detach().double())

            return keep

        def note_output(module: nn.Module, inputs: Any, output: Tensor) -> None:  # noqa: ARG001
            seen.heads, seen.output = inputs[0][0].detach().double(), output[0].detach().double()
            self._check_when_complete(layer, seen)

        def note_weights(module: nn.Module, inputs: Any, output: Any) -> None:  # noqa: ARG001
            seen.weights = weights_in(output, module)[0].detach().double()
            self._check_when_complete(layer, seen)

        yield layer.module.register_forward_pre_hook(note_arguments, with_kwargs=True)
        for name in ("query", "key", "value"):
            # Where queries and keys are normalised per head, what is multiplied is the outcome of that.
            norm = getattr(layer.module, f"{name[0]}_norm", None)
            yield (norm or getattr(projections, name)).register_forward_hook(note(name))
        yield projections.output.register_forward_hook(note_output)
        yield layer.module.register_forward_hook(note_weights)

    def _check_when_complete(self, layer: AttentionLayer, seen: _Seen) -> None:
        """BERT's W^O is a module behind the attention, that of other models one inside it."""
        if seen.weights is None or seen.output is None or seen.heads is None:
            return
        weights, values = self._recompute(layer, seen)
        heads = (weights @ values).transpose(0, 1).flatten(1)
        output = _map(layer.projections.output, heads)
        self.checks.append(
            LayerCheck(
                layer.kind,
                layer.layer,
                weights=_difference(weights, seen.weights),
                heads=_difference(heads, seen.heads),
                output=_difference(output, seen.output),
            )
        )
        seen.weights = seen.heads = seen.output = None

    def _recompute(self, layer: AttentionLayer, seen: _Seen) -> tuple[Tensor, Tensor]:
        """softmax(QKᵀ/√d_k + …) (heads, queries, keys) and V (heads, keys, head_dim)."""
        count = len(seen.weights) if seen.weights is not None else 0
        query, key, value = _by_head(self._tokens_first(seen), layer.projections, count)
        if (angles := seen.arguments.get("position_embeddings")) is not None:
            query, key = (_rotate(states, *angles) for states in (query, key))
        # Grouped-query attention: several heads share one pair of keys and values.
        key, value = (states.repeat_interleave(count // len(states), dim=0) for states in (key, value))
        scores = query @ key.transpose(-1, -2) * scale(self._config, query.shape[-1], layer.layer)
        scores = self._softcapped(scores) + relative_bias(layer, self._layers, *scores.shape[-2:])
        visible = _visible(layer, self._config, scores)
        return torch.softmax(scores.masked_fill(~visible, -torch.inf), dim=-1), value

    def _tokens_first(self, seen: _Seen) -> _Seen:
        if self._config.model_type not in _NORMALISED_BY_HEAD or seen.query is None or seen.key is None:
            return seen
        return replace(seen, query=seen.query.transpose(0, 1), key=seen.key.transpose(0, 1))

    def _softcapped(self, scores: Tensor) -> Tensor:
        cap = getattr(self._config, "attn_logit_softcapping", None)
        return scores if cap is None else cap * torch.tanh(scores / cap)


def scale(config: PretrainedConfig, head_dim: int, layer: int) -> float:
    """What QKᵀ is multiplied by: 1/√d_k, unless the configuration of the family says otherwise."""
    if config.model_type in {"t5", "mt5", "umt5"}:
        return 1.0  # folded into the initial weights (Raffel et al. 2020)
    if (scalar := getattr(config, "query_pre_attn_scalar", None)) is not None:
        return float(scalar**-0.5)
    if config.model_type == "gpt2":
        factor = head_dim**-0.5 if config.scale_attn_weights else 1.0
        return float(factor / (layer + 1) if config.scale_attn_by_inverse_layer_idx else factor)
    return float(head_dim**-0.5)


def _by_head(seen: _Seen, projections: Any, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, keys and values, each (heads, tokens, head_dim)."""
    query, key, value = seen.query, seen.key, seen.value
    assert query is not None
    assert key is not None
    assert value is not None
    if projections.query is projections.key:
        query, key, value = query.chunk(3, dim=-1)
    elif projections.key is projections.value:
        key, value = key.chunk(2, dim=-1)
    head_dim = query[0].numel() // count
    query, key, value = (states.reshape(len(states), -1, head_dim).transpose(0, 1) for states in (query, key, value))
    return query, key, value


def _rotate(states: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions (Su et al. 2021): the pairs (x_i, x_{i+d/2}) are turned by the angles of their position."""
    cos, sin = (table[0].detach().double() for table in (cos, sin))
    width = cos.shape[-1]
    turned, rest = states[..., :width], states[..., width:]
    first, second = turned.chunk(2, dim=-1)
    half = width // 2
    lower = first * cos[:, :half] - second * sin[:, :half]
    upper = second * cos[:, half:] + first * sin[:, half:]
    return torch.cat([lower, upper, rest], dim=-1)


def _visible(layer: AttentionLayer, config: PretrainedConfig, scores: Tensor) -> Tensor:
    """(queries, keys): where a query may look. A sliding window holds the query and what is less than it behind."""
    queries, keys = scores.shape[-2:]
    behind = torch.arange(queries, device=scores.device)[:, None] - torch.arange(keys, device=scores.device)
    if layer.kind is Kind.CROSS or not layer.causal:
        return torch.ones_like(behind, dtype=torch.bool)
    visible = behind >= 0
    if (window := _window(layer, config)) is not None:
        visible &= behind < window
    return visible


def _window(layer: AttentionLayer, config: PretrainedConfig) -> int | None:
    window: int | None = getattr(config, "sliding_window", None)
    types = getattr(config, "layer_types", None)
    if types is not None:
        return window if types[layer.layer] == "sliding_attention" else None
    return window


def _map(linear: nn.Module, states: Tensor) -> Tensor:
    """xW (+ b); transformers' Conv1D keeps its weight transposed."""
    weight: Tensor = linear.weight.detach().double()
    mapped = states @ (weight if isinstance(linear, Conv1D) else weight.T)
    return mapped if getattr(linear, "bias", None) is None else mapped + linear.bias.detach().double()


def _difference(expected: Tensor, found: Tensor) -> float:
    return float((expected - found).abs().max())

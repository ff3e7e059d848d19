"""The layers of encoders of BERT's kind, and the names that their families give the parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from torch import Tensor, nn

if TYPE_CHECKING:
    from transformers import PretrainedConfig

Finish = Callable[[Any, Tensor, Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class LayerNames:
    """Where the layers are in the model, and the parts of each; `out` follows its attention, `up`, `activation` and
    `down` are its feed-forward part, and each of the two is added to what went in and normalized.

    `finish(layer, context, hidden_states)` is what a layer does after its attention, whose heads gave `context`, from
    the hidden states that went into it; both (batch, tokens, width). None: its attention is of a kind of its own.
    `adds_positions`: the encoder makes what is added to the scores, by how far apart two tokens are.
    """

    layers: str
    query: str
    key: str
    value: str
    out: str
    attention_norm: str
    up: str
    activation: str
    down: str
    norm: str
    finish: Finish | None
    adds_positions: bool = False

    def of(self, model: nn.Module) -> nn.ModuleList:
        """The layers of a model of this family, with or without a head."""
        return cast("nn.ModuleList", model.base_model.get_submodule(self.layers))


def layer_names(config: PretrainedConfig) -> LayerNames | None:
    """Those of a model's family, None where it is none of BERT's kind."""
    return None if getattr(config, "is_decoder", False) else _FAMILIES.get(config.model_type)


def _finish_bert(layer: Any, context: Tensor, hidden_states: Tensor) -> Tensor:
    output: Tensor = layer.feed_forward_chunk(layer.attention.output(context, hidden_states))
    return output


def _finish_distilbert(layer: Any, context: Tensor, hidden_states: Tensor) -> Tensor:
    attended = layer.sa_layer_norm(layer.attention.out_lin(context) + hidden_states)
    output: Tensor = layer.output_layer_norm(layer.ffn(attended) + attended)
    return output


_BERT = LayerNames(
    layers="encoder.layer",
    query="attention.self.query",
    key="attention.self.key",
    value="attention.self.value",
    out="attention.output.dense",
    attention_norm="attention.output.LayerNorm",
    up="intermediate.dense",
    activation="intermediate.intermediate_act_fn",
    down="output.dense",
    norm="output.LayerNorm",
    finish=_finish_bert,
)
_DISTILBERT = LayerNames(
    layers="transformer.layer",
    query="attention.q_lin",
    key="attention.k_lin",
    value="attention.v_lin",
    out="attention.out_lin",
    attention_norm="sa_layer_norm",
    up="ffn.lin1",
    activation="ffn.activation",
    down="ffn.lin2",
    norm="output_layer_norm",
    finish=_finish_distilbert,
)
# Its attention adds relative positions.
_MPNET = LayerNames(
    layers="encoder.layer",
    query="attention.attn.q",
    key="attention.attn.k",
    value="attention.attn.v",
    out="attention.attn.o",
    attention_norm="attention.LayerNorm",
    up="intermediate.dense",
    activation="intermediate.intermediate_act_fn",
    down="output.dense",
    norm="output.LayerNorm",
    finish=None,
    adds_positions=True,
)
# By `model_type`. The classifiers of all of them read the first token, by their head or by a pooler, and no other.
_FAMILIES = {
    "bert": _BERT,
    "camembert": _BERT,
    "distilbert": _DISTILBERT,
    "electra": _BERT,
    "mpnet": _MPNET,
    "roberta": _BERT,
    "xlm-roberta": _BERT,
}

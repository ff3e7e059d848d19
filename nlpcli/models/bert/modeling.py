"""BERT (Devlin et al. 2019) straight from its files: modules named as transformers names its own, which compute what
those compute.

transformers' modelling code takes longer to import than all the rest of a short answer takes. What is unusual about a
folder makes these loaders decline: the modules of transformers then load it, or say what is wrong with it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from nlpcli.kernels.attention import plain_attention, plain_is_faster
from nlpcli.models.plain_config import PlainConfig, labels_of, stated_in
from nlpcli.models.tensors import Tensors

_SIZES = (
    "vocab_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "max_position_embeddings",
    "type_vocab_size",
)


class Hidden(NamedTuple):
    """What an encoder gives: (batch, tokens, width)."""

    last_hidden_state: Tensor


class Logits(NamedTuple):
    """What a classifier gives: (batch, labels)."""

    logits: Tensor


def bert_config(folder: Path) -> PlainConfig | None:
    """The configuration, where it is plainly that of an encoder; None where transformers is to look."""
    try:
        stated = stated_in(folder)
        if stated is None or stated.get("model_type") != "bert" or stated.get("hidden_act") != "gelu":
            return None
        if stated.get("position_embedding_type", "absolute") != "absolute":
            return None
        sizes = {name: int(stated[name]) for name in _SIZES}
        width, heads = sizes["hidden_size"], sizes["num_attention_heads"]
        return (
            None
            if width % heads
            else PlainConfig(_name_or_path=str(folder), **_others(stated), **sizes, **labels_of(stated))
        )
    except Exception:  # noqa: BLE001 - whatever is wrong is found again by who looks then, and said
        return None


def _others(stated: dict[str, Any]) -> dict[str, Any]:
    return {
        "model_type": "bert",
        "hidden_act": "gelu",
        "layer_norm_eps": float(stated["layer_norm_eps"]),
        "pad_token_id": stated.get("pad_token_id", 0),
        "architectures": stated.get("architectures"),
        "problem_type": stated.get("problem_type"),
    }


def bert_encoder(folder: Path, config: PlainConfig, dtype: torch.dtype) -> BertEncoderModel | None:
    """The encoder without its pooler, in `dtype`; None where its files are not plainly whole."""
    try:
        tensors = Tensors(folder, dtype)
        return BertEncoderModel(config, tensors, _prefix(tensors))
    except Exception:  # noqa: BLE001 - whatever is wrong is found again by transformers, and said
        return None


def bert_classifier(folder: Path, config: PlainConfig, dtype: torch.dtype) -> BertClassifier | None:
    """The encoder with the head that judges a text by its first token; None as for `bert_encoder`."""
    try:
        return BertClassifier(config, Tensors(folder, dtype))
    except Exception:  # noqa: BLE001 - as above
        return None


def _prefix(tensors: Tensors) -> str:
    return "bert." if "bert.embeddings.word_embeddings.weight" in tensors else ""


class BertEncoderModel(nn.Module):  # type: ignore[misc]
    """Tokens in, hidden states out; the mask is (batch, tokens), 1 where there is a token."""

    def __init__(self, config: PlainConfig, tensors: Tensors, prefix: str) -> None:
        super().__init__()
        self.config = config
        self.embeddings = _Embeddings(config, tensors, f"{prefix}embeddings.")
        self.encoder = _Encoder(config, tensors, f"{prefix}encoder.layer.")
        # More layers than are asked for are another model, or a damaged configuration.
        tensors.refuse(f"{prefix}encoder.layer.{config.num_hidden_layers}.output.dense.weight")

    @property
    def base_model(self) -> BertEncoderModel:
        """Itself: what has a head has another."""
        return self

    def get_input_embeddings(self) -> nn.Embedding:
        """The table of words."""
        words: nn.Embedding = self.embeddings.word_embeddings
        return words

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> Hidden:
        hidden = self.embeddings(input_ids)
        mask = None
        if attention_mask is not None:
            length = input_ids.shape[1]
            mask = attention_mask.bool()[:, None, None, :].expand(-1, -1, length, -1)
        return Hidden(self.encoder(hidden, mask).last_hidden_state)


class BertClassifier(nn.Module):  # type: ignore[misc]
    """`BertForSequenceClassification`: the encoder, its pooler, and a linear layer."""

    def __init__(self, config: PlainConfig, tensors: Tensors) -> None:
        super().__init__()
        self.config = config
        width = config.hidden_size
        self.bert = BertEncoderModel(config, tensors, "bert.")
        self.bert.pooler = nn.Module()
        self.bert.pooler.dense = tensors.linear("bert.pooler.dense", width, width, bias=True)
        self.classifier = tensors.linear("classifier", config.num_labels, width, bias=True)

    @property
    def base_model(self) -> BertEncoderModel:
        """The encoder."""
        return self.bert

    def get_input_embeddings(self) -> nn.Embedding:
        """The table of words."""
        return self.bert.get_input_embeddings()

    def forward(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> Logits:
        first = self.bert(input_ids, attention_mask).last_hidden_state[:, 0]
        return Logits(self.classifier(torch.tanh(self.bert.pooler.dense(first))))


class _Embeddings(nn.Module):  # type: ignore[misc]
    def __init__(self, config: PlainConfig, tensors: Tensors, name: str) -> None:
        super().__init__()
        width = config.hidden_size
        self.word_embeddings = tensors.embedding(f"{name}word_embeddings", config.vocab_size, width)
        self.position_embeddings = tensors.embedding(
            f"{name}position_embeddings", config.max_position_embeddings, width
        )
        self.token_type_embeddings = tensors.embedding(f"{name}token_type_embeddings", config.type_vocab_size, width)
        self.LayerNorm = tensors.norm(f"{name}LayerNorm", width, config.layer_norm_eps)

    def forward(self, input_ids: Tensor) -> Tensor:
        words = self.word_embeddings(input_ids)
        # In this order: in bfloat16 another would give other sums.
        positions = self.position_embeddings.weight[: input_ids.shape[1]]
        summed: Tensor = self.LayerNorm(words + self.token_type_embeddings.weight[0] + positions)
        return summed


class _Encoder(nn.Module):  # type: ignore[misc]
    def __init__(self, config: PlainConfig, tensors: Tensors, prefix: str) -> None:
        super().__init__()
        self.layer = nn.ModuleList(
            _Layer(config, tensors, f"{prefix}{number}.") for number in range(config.num_hidden_layers)
        )

    def forward(self, hidden: Tensor, mask: Tensor | None) -> Hidden:
        for layer in self.layer:
            hidden = layer(hidden, mask)
        return Hidden(hidden)


class _Layer(nn.Module):  # type: ignore[misc]
    def __init__(self, config: PlainConfig, tensors: Tensors, name: str) -> None:
        super().__init__()
        width, wide = config.hidden_size, config.intermediate_size
        self.attention = nn.Module()
        self.attention.self = _SelfAttention(config, tensors, f"{name}attention.self.")
        self.attention.output = _Output(config, tensors, f"{name}attention.output.", width)
        self.intermediate = nn.Module()
        self.intermediate.dense = tensors.linear(f"{name}intermediate.dense", wide, width, bias=True)
        self.output = _Output(config, tensors, f"{name}output.", wide)

    def forward(self, hidden: Tensor, mask: Tensor | None) -> Tensor:
        return self.feed_forward_chunk(self.attention.output(self.attention.self(hidden, mask), hidden))

    def feed_forward_chunk(self, attended: Tensor) -> Tensor:
        """What follows the attention."""
        output: Tensor = self.output(functional.gelu(self.intermediate.dense(attended)), attended)
        return output


class _Output(nn.Module):  # type: ignore[misc]
    def __init__(self, config: PlainConfig, tensors: Tensors, name: str, columns: int) -> None:
        super().__init__()
        self.dense = tensors.linear(f"{name}dense", config.hidden_size, columns, bias=True)
        self.LayerNorm = tensors.norm(f"{name}LayerNorm", config.hidden_size, config.layer_norm_eps)

    def forward(self, hidden: Tensor, before: Tensor) -> Tensor:
        normed: Tensor = self.LayerNorm(self.dense(hidden) + before)
        return normed


class _SelfAttention(nn.Module):  # type: ignore[misc]
    def __init__(self, config: PlainConfig, tensors: Tensors, name: str) -> None:
        super().__init__()
        width = config.hidden_size
        self._heads = config.num_attention_heads
        self._scaling = (width // self._heads) ** -0.5
        for part in ("query", "key", "value"):
            setattr(self, part, tensors.linear(f"{name}{part}", width, width, bias=True))

    def forward(self, hidden: Tensor, mask: Tensor | None) -> Tensor:
        query, key, value = (
            layer(hidden).unflatten(-1, (self._heads, -1)).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        if query.device.type == "cpu" and plain_is_faster(query, key, mask):
            return plain_attention(query, key, value, mask, self._scaling).flatten(2)
        attended = functional.scaled_dot_product_attention(query, key, value, mask, scale=self._scaling)
        return attended.transpose(1, 2).flatten(2)

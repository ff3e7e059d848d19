"""Token vectors → one vector, as the model's own sentence-transformers configuration says."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from nlpcli.errors import ModelUnsafe, ModelUnusable, UsageError, quoted
from nlpcli.models.reference import LocalModel


def mean(hidden_states: Tensor, mask: Tensor, lengths: Tensor) -> Tensor:
    """The average over the tokens."""
    return (hidden_states * mask).sum(1) / lengths.clamp(min=1)


def mean_sqrt_length(hidden_states: Tensor, mask: Tensor, lengths: Tensor) -> Tensor:
    """The sum over the tokens, divided by the root of their number."""
    return (hidden_states * mask).sum(1) / lengths.clamp(min=1).sqrt()


def weighted_mean(hidden_states: Tensor, mask: Tensor, lengths: Tensor) -> Tensor:  # noqa: ARG001
    """The average with weights 1, 2, 3 … (SGPT, Muennighoff 2022): later tokens of a decoder have seen more."""
    positions = torch.arange(1, hidden_states.shape[1] + 1, device=hidden_states.device, dtype=torch.float32)
    weights = mask * positions[None, :, None]
    return (hidden_states * weights).sum(1) / weights.sum(1).clamp(min=1)


def maximum(hidden_states: Tensor, mask: Tensor, lengths: Tensor) -> Tensor:  # noqa: ARG001
    """The largest value of each number."""
    return hidden_states.masked_fill(mask == 0, -torch.inf).amax(1)


def first_token(hidden_states: Tensor, mask: Tensor, lengths: Tensor) -> Tensor:  # noqa: ARG001
    """The vector of the first token that counts ([CLS], where a model has it)."""
    first = mask.squeeze(-1).argmax(1)
    return hidden_states[torch.arange(len(first), device=first.device), first]


def last_token(hidden_states: Tensor, mask: Tensor, lengths: Tensor) -> Tensor:  # noqa: ARG001
    """The vector of the last token that counts."""
    positions = torch.arange(1, hidden_states.shape[1] + 1, device=hidden_states.device)
    last = (mask.squeeze(-1) * positions).argmax(1)
    return hidden_states[torch.arange(len(last), device=last.device), last]


Pool = Callable[[Tensor, Tensor, Tensor], Tensor]
# In the order in which sentence-transformers concatenates several of them.
POOLINGS: dict[str, Pool] = {
    "cls": first_token,
    "max": maximum,
    "mean": mean,
    "mean_sqrt_len_tokens": mean_sqrt_length,
    "weightedmean": weighted_mean,
    "lasttoken": last_token,
}
_OLD_KEYS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
FROM_OPTION = {"mean": "mean", "cls": "cls", "last": "lasttoken"}


@dataclass(frozen=True, slots=True)
class Dense:
    """A linear map behind the pooling, and its activation."""

    weight: Tensor
    bias: Tensor | None
    activation: Callable[[Tensor], Tensor]

    def __call__(self, vectors: Tensor) -> Tensor:
        return self.activation(torch.nn.functional.linear(vectors, self.weight, self.bias))


@dataclass(frozen=True, slots=True)
class SentenceConfig:
    """What turns a model's token vectors into its sentence vectors."""

    poolings: tuple[str, ...] = ("mean",)
    include_prompt: bool = True
    dense: tuple[Dense, ...] = ()
    normalize: bool = True
    longest_input: int | None = None
    lower_case: bool = False
    prompts: dict[str, str] = field(default_factory=dict)
    default_prompt: str | None = None

    @property
    def prompt(self) -> str:
        """What the model wants before a text, where nothing else is asked for."""
        return self.prompts.get(self.default_prompt or "", "")

    def pool(self, hidden_states: Tensor, mask: Tensor, pooling: str = "auto") -> Tensor:
        """(batch, tokens, hidden) float32 and (batch, tokens) of 0 and 1 → (batch, hidden × poolings).

        `pooling`: `auto`, the model's own, or one of `FROM_OPTION`.
        """
        if pooling == "sif":
            raise UsageError("--pooling sif needs words by their frequency, as word vectors have them; choose another")
        column = mask.unsqueeze(-1).to(hidden_states.dtype)
        lengths = column.sum(1)
        names = self.poolings if pooling == "auto" else (FROM_OPTION[pooling],)
        pooled = [POOLINGS[name](hidden_states, column, lengths) for name in names]
        vectors = torch.cat(pooled, dim=-1)
        for dense in self.dense:
            vectors = dense(vectors)
        return vectors


def read_sentence_config(model: LocalModel) -> SentenceConfig:
    """The model's `modules.json` and what it names; a plain transformer gets mean pooling and unit length.

    Raises:
        ModelUnusable: a module that nlpcli does not know stands between the tokens and the vector.
    """
    modules = _read_json(model.folder / "modules.json")
    if not isinstance(modules, list):
        return SentenceConfig()
    options: dict[str, Any] = {"normalize": False, "dense": (), **_read_prompts(model.folder)}
    for module in modules:
        kind = str(module["type"]).rpartition(".")[2]
        if kind not in _MODULES:
            raise ModelUnusable(f"{quoted(model.name)} has a module {kind}, which nlpcli cannot compute")
        for name, value in _MODULES[kind](model, model.folder / module["path"]).items():
            options[name] = options["dense"] + value if name == "dense" else value
    return SentenceConfig(**options)


def _read_prompts(folder: Path) -> dict[str, Any]:
    config = _read_json(folder / "config_sentence_transformers.json") or {}
    return {"prompts": config.get("prompts") or {}, "default_prompt": config.get("default_prompt_name")}


def _read_transformer(model: LocalModel, folder: Path) -> dict[str, Any]:  # noqa: ARG001
    config = _read_json(folder / "sentence_bert_config.json") or {}
    return {"longest_input": config.get("max_seq_length"), "lower_case": bool(config.get("do_lower_case"))}


def _read_pooling(model: LocalModel, folder: Path) -> dict[str, Any]:
    config = _read_json(folder / "config.json") or {}
    named = config.get("pooling_mode")
    old = tuple(name for key, name in _OLD_KEYS.items() if config.get(key))
    poolings = (named,) if isinstance(named, str) else tuple(named or old or ("mean",))
    if unknown := [name for name in poolings if name not in POOLINGS]:
        raise ModelUnusable(f"{quoted(model.name)} pools by {unknown[0]}, which nlpcli does not know; choose --pooling")
    return {"poolings": poolings, "include_prompt": config.get("include_prompt", True)}


def _read_dense(model: LocalModel, folder: Path) -> dict[str, Any]:
    config = _read_json(folder / "config.json") or {}
    activation = str(config.get("activation_function", "torch.nn.modules.activation.Tanh")).rpartition(".")[2]
    if activation not in _ACTIVATIONS or config.get("use_residual"):
        raise ModelUnusable(f"{quoted(model.name)} has a dense layer with {activation}, which nlpcli cannot compute")
    weights_file = folder / "model.safetensors"
    if not weights_file.is_file():
        raise ModelUnsafe(f"{quoted(model.name)} has no safetensors for {folder.name}; save it again with safetensors")
    weights = load_file(weights_file)
    bias = weights.get("linear.bias")
    dense = Dense(weights["linear.weight"].float(), None if bias is None else bias.float(), _ACTIVATIONS[activation])
    return {"dense": (dense,)}


_MODULES: dict[str, Callable[[LocalModel, Path], dict[str, Any]]] = {
    "Transformer": _read_transformer,
    "Pooling": _read_pooling,
    "Dense": _read_dense,
    "Normalize": lambda model, folder: {"normalize": True},  # noqa: ARG005
    "Dropout": lambda model, folder: {},  # noqa: ARG005 - does nothing at inference
}
_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "Identity": lambda vectors: vectors,
    "Tanh": torch.tanh,
    "ReLU": torch.relu,
    "GELU": torch.nn.functional.gelu,
    "SiLU": torch.nn.functional.silu,
}


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None

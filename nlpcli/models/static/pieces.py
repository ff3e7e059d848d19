"""model2vec's folders (potion and its kin), and sentence-transformers' `StaticEmbedding`: a vector for each token."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nlpcli.errors import ModelUnusable, quoted
from nlpcli.models.foreign import said_of
from nlpcli.models.static.kinds import modules_of, place_of_module, read_json
from nlpcli.models.static.store import mapped

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Array = np.ndarray[Any, Any]

_WEIGHTS = "model.safetensors"
# model2vec's name, and that of sentence-transformers.
_TENSORS = ("embeddings", "embedding.weight")
_NORMALIZE = "Normalize"


@dataclass(frozen=True)
class PieceVectors:
    """`vectors`: (rows, dimension), mapped; of some models `mapping`: token → row, and `weights`: (tokens,)."""

    name: str
    vectors: Array
    tokenizer: Tokenizer
    unknown: int | None
    normalize: bool
    weights: Array | None = None
    mapping: Array | None = None

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        return int(self.vectors.shape[1])

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of each text; of model2vec without those that stand for what is unknown, as it does itself."""
        encoded = self.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [[token for token in encoding.ids if token != self.unknown] for encoding in encoded]

    def vectors_of(self, tokens: Array) -> Array:
        """(tokens, dimension) float32, weighted as the model says."""
        rows = self.vectors[tokens if self.mapping is None else self.mapping[tokens]].astype(np.float32)
        return rows if self.weights is None else rows * self.weights[tokens].astype(np.float32)[:, None]


def open_pieces(name: str, folder: Path) -> PieceVectors:
    """The static model in a folder.

    Raises:
        ModelUnusable: a file is missing or damaged, or they do not fit each other.
    """
    from tokenizers import Tokenizer

    inner = folder / (place_of_module(folder) or ".")
    with said_of(f"{quoted(name)} cannot be loaded"):
        tokenizer = Tokenizer.from_file(str(inner / "tokenizer.json"))
        model = json.loads((inner / "tokenizer.json").read_text(encoding="utf-8"))["model"]
        config = read_json(folder / "config.json")
    tokenizer.no_truncation()
    tokenizer.no_padding()
    behind = [str(module.get("type", "")).rpartition(".")[2] for module in modules_of(folder)[1:]]
    if unlike := next((kind for kind in behind if kind != _NORMALIZE), None):
        raise ModelUnusable(
            f"{quoted(name)} has a module {unlike} behind its static vectors, which nlpcli does not compute; choose a"
            " model without it"
        )
    tensors = mapped(inner / _WEIGHTS)
    vectors = next((tensors[key] for key in _TENSORS if key in tensors), None)
    if vectors is None or vectors.ndim != 2:
        raise ModelUnusable(f"{quoted(name)} has no matrix {' or '.join(_TENSORS)} in {_WEIGHTS}; fetch it again")
    weights, mapping = tensors.get("weights"), tensors.get("mapping")
    count = tokenizer.get_vocab_size()
    if any(len(tensor) < count for tensor in (vectors if mapping is None else mapping, weights) if tensor is not None):
        raise ModelUnusable(f"{quoted(name)} has {count:,} tokens, and vectors or weights for fewer; fetch it again")
    normalize = config.get("normalize")
    if normalize is None:
        normalize = _NORMALIZE in behind
    unknown = None
    # sentence-transformers takes the vector of the unknown token as any other.
    if _TENSORS[0] in tensors:
        unknown = model.get("unk_id") if model.get("unk_token") is None else tokenizer.token_to_id(model["unk_token"])
    return PieceVectors(name, vectors, tokenizer, unknown, bool(normalize), weights, mapping)

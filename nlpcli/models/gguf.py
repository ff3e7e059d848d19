"""GGUF files → safetensors in the layout of the hub, once.

transformers reads a GGUF file anew at every start, which takes 12 s for 135 million parameters; the folder that is
made of it loads in well under a second.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch
import transformers
from gguf import GGMLQuantizationType, GGUFReader
from transformers import AutoModelForCausalLM, AutoTokenizer, modeling_gguf_pytorch_utils
from transformers.utils import logging

from nlpcli.errors import ModelUnusable, quoted
from nlpcli.models.foreign import check_numbers, said_of
from nlpcli.models.gguf_header import GgufHeader, read_header
from nlpcli.models.quiet import say_nothing

say_nothing()
# The one bar that is not switched off by that.
modeling_gguf_pytorch_utils.tqdm = logging.tqdm

# Of a quantized file bfloat16 keeps more than the file has.
_EXACT = frozenset({GGMLQuantizationType.F32, GGMLQuantizationType.F16, GGMLQuantizationType.BF16})
_WIDE = frozenset({GGMLQuantizationType.F32, GGMLQuantizationType.F16})
# Tensors of one dimension are always stored exactly: they say nothing about the file.
_MATRIX = 2


def convert(source: Path, folder: Path) -> None:
    """The only GGUF file in `source` → `folder`.

    Raises:
        ModelUnusable: transformers cannot read it.
    """
    (file,) = source.glob("*.gguf")
    convert_file(file, folder)


def convert_file(file: Path, folder: Path) -> None:
    """Dequantize `file` into `folder`: weights, configuration, tokenizer and chat template.

    Weights become bfloat16, or float32 where the file holds them in float32 or float16.

    Raises:
        ModelUnusable: transformers cannot read it.
    """
    name = quoted(file.name)
    header = read_header(file)
    _check(name, file, header)
    where: dict[str, Any] = {"gguf_file": file.name, "local_files_only": True}
    with said_of(f"{name} cannot be read as GGUF"):
        tokenizer = AutoTokenizer.from_pretrained(file.parent, **where)
        model, report = AutoModelForCausalLM.from_pretrained(
            file.parent, dtype=_dtype(file), output_loading_info=True, **_dequantized(), **where
        )
    if missing := sorted(report["missing_keys"]):
        raise ModelUnusable(
            f"{name} lacks {len(missing)} weights of its own architecture (first: {missing[0]});"
            " the file is incomplete, or one part of several"
        )
    _forget_quantization(model)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _check(name: str, file: Path, header: GgufHeader) -> None:
    """Refuse what transformers would try for long, or fill with random numbers."""
    values = header.values
    parts = values.get("split.count", 1)
    if (isinstance(parts, int) and parts > 1) or _PART_NAME.search(file.name):
        raise ModelUnusable(
            f"{name} is one part of several; join them once: llama-gguf-split --merge {name} WHOLE.gguf,"
            " then -m WHOLE.gguf"
        )
    architecture = values.get("general.architecture")
    for key in ("block_count", "embedding_length"):
        # transformers would take those of some large model in their place.
        if not isinstance(values.get(f"{architecture}.{key}"), int):
            raise ModelUnusable(f"{name} cannot be read as GGUF: it says no {architecture}.{key}; the file is damaged")
    if not header.tensors:
        raise ModelUnusable(f"{name} holds no weights; name the file that does")
    stated = {key.partition(".")[2]: value for key, value in values.items()}
    check_numbers(name, stated, _PACKED * file.stat().st_size)
    layers = len({match[1] for tensor in header.tensors if (match := _LAYER.match(tensor))})
    if (promised := values[f"{architecture}.block_count"]) != layers:
        raise ModelUnusable(
            f"{name} lacks layers: it has weights of {layers} and says block_count = {promised};"
            " the file is incomplete, or one part of several"
        )


_PART_NAME = re.compile(r"-\d{5}-of-(?!00001)\d{5}\.gguf$")
_LAYER = re.compile(r"(?:\w+\.)*blk\.(\d+)\.")
# Of a quantized file, elements a byte that it has: two of four bits, and some.
_PACKED = 4


def _dtype(file: Path) -> torch.dtype:
    kinds = [tensor.tensor_type for tensor in GGUFReader(file).tensors if len(tensor.shape) >= _MATRIX]
    return torch.float32 if kinds and all(kind in _WIDE for kind in kinds) else torch.bfloat16


def _dequantized() -> dict[str, Any]:
    # Before it had a configuration for it, transformers knew nothing but dequantized weights.
    configuration = getattr(transformers, "GgufConfig", None)
    return {"quantization_config": configuration(dequantize=True)} if configuration else {}


def _forget_quantization(model: Any) -> None:
    """Ordinary weights now: what is said of quantization would have transformers refuse to save or load them."""
    model.hf_quantizer = None
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config

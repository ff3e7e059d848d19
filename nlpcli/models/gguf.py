"""GGUF files → safetensors in the layout of the hub, once.

transformers reads a GGUF file anew at every start, which takes 12 s for 135 million parameters; the folder that is
made of it loads in well under a second.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import transformers
from gguf import GGMLQuantizationType, GGUFReader
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, modeling_gguf_pytorch_utils
from transformers.utils import logging

from nlpcli.errors import ModelUnusable, quoted
from nlpcli.models.quiet import first_line, say_nothing

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
    where: dict[str, Any] = {"gguf_file": file.name, "local_files_only": True}
    try:
        # Asked for the architecture first: what is no GGUF file is said before anything long begins.
        AutoConfig.from_pretrained(file.parent, **where)
        tokenizer = AutoTokenizer.from_pretrained(file.parent, **where)
        model = AutoModelForCausalLM.from_pretrained(file.parent, dtype=_dtype(file), **_dequantized(), **where)
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
        raise ModelUnusable(f"{quoted(file.name)} cannot be read as GGUF: {first_line(error)}") from error
    _forget_quantization(model)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


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

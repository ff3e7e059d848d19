"""What a folder says of a decoder of Llama's shape, read without transformers' modelling code.

The module of transformers' own `LlamaConfig` imports that code for a validator of one field, which takes longer than
to read the weights; those of the other families do not.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import transformers
from transformers import PretrainedConfig

from nlpcli.models.foreign import check_folder
from nlpcli.models.llama.decoder import FAMILIES, has_llama_shape

# Frequencies that stay as they are however long the text becomes.
_ROTARY_KINDS = frozenset({"default", "linear", "llama3", "yarn"})
_LOCAL: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}


class LlamaConfig(PretrainedConfig):  # type: ignore[misc]
    """The fields and defaults of `transformers.LlamaConfig`; its name is what AutoTokenizer knows it by."""

    model_type = "llama"
    keys_to_ignore_at_inference = ["past_key_values"]  # noqa: RUF012

    vocab_size: int = 32000
    hidden_size: int = 4096
    intermediate_size: int = 11008
    num_hidden_layers: int = 32
    num_attention_heads: int = 32
    num_key_value_heads: int | None = None
    hidden_act: str = "silu"
    max_position_embeddings: int = 2048
    initializer_range: float = 0.02
    rms_norm_eps: float = 1e-6
    use_cache: bool = True
    pad_token_id: int | None = None
    bos_token_id: int | None = 1
    eos_token_id: int | list[int] | None = 2
    pretraining_tp: int | None = 1
    tie_word_embeddings: bool = False
    rope_parameters: dict[str, Any] | None = None
    attention_bias: bool = False
    attention_dropout: int | float | None = 0.0
    mlp_bias: bool = False
    head_dim: int | None = None

    def __post_init__(self, **kwargs: Any) -> None:
        if self.head_dim is None:
            self.head_dim = self.hidden_size // self.num_attention_heads
        if self.num_key_value_heads is None:
            self.num_key_value_heads = self.num_attention_heads
        super().__post_init__(**kwargs)


def llama_config(folder: Path) -> PretrainedConfig | None:
    """The configuration, where it is plainly that of a decoder of Llama's shape; None where transformers is to look."""
    try:
        check_folder("", folder)
        stated = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        if not _is_plain(stated) or (folder / "adapter_config.json").exists():
            return None
        own = LlamaConfig if stated.get("model_type") == LlamaConfig.model_type else transformers.AutoConfig
        config = own.from_pretrained(folder, **_LOCAL)
        stretched = (getattr(config, "rope_parameters", None) or {}).get("rope_type")
        return config if has_llama_shape(config) and stretched in _ROTARY_KINDS else None
    except Exception:  # noqa: BLE001 - whatever is wrong is found again by who looks then, and said
        return None


def has_generic_tokenizer(folder: Path, config: PretrainedConfig) -> bool:
    """Whether AutoTokenizer, which reads the heads of all of transformers' models first, would take the class that is
    in `tokenizer.json` itself: as v5 writes a tokenizer of no family."""
    try:
        check_folder("", folder)
        stated = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    is_generic = isinstance(stated, dict) and stated.get("tokenizer_class") == "TokenizersBackend"
    return is_generic and "auto_map" not in stated and config.model_type == LlamaConfig.model_type


def _is_plain(stated: Any) -> bool:
    """Whether nothing is said of other weights than ordinary ones, of code, or of another family."""
    return (
        isinstance(stated, dict)
        and stated.get("model_type") in FAMILIES
        and not stated.get("quantization_config")
        and not stated.get("auto_map")
    )

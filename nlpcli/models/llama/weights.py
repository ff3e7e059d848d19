"""The weights of a decoder of Llama's shape, straight from its files, for `LlamaDecoder`.

transformers' modelling code takes longer to import than all the rest of a short answer takes (tests/bench/
cold_start.py), and `LlamaDecoder` needs nothing of it but weights by their names. What is unusual about a folder makes
`llama_weights` decline: the modules of transformers then load it, or say what is wrong with it.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import GenerationConfig, PretrainedConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from nlpcli.models.tensors import Tensors, linear_of

_ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
_MLP = ("gate_proj", "up_proj", "down_proj")


def llama_weights(folder: Path, config: PretrainedConfig, dtype: torch.dtype | None) -> LlamaWeights | None:
    """What `folder` holds for a `config` of `llama_config`, in `dtype` or as it is stored; None where its files are not
    plainly whole."""
    try:
        return LlamaWeights(config, generation_config(folder), Tensors(folder, dtype))
    except Exception:  # noqa: BLE001 - whatever is wrong is found again by transformers, and said
        return None


class LlamaWeights(nn.Module):  # type: ignore[misc]
    """Layers named as `LlamaForCausalLM` names its own, without its computing.

    `config` and `generation_config` are the folder's.
    """

    def __init__(self, config: PretrainedConfig, generation_config: GenerationConfig, tensors: Tensors) -> None:
        super().__init__()
        self.config = config
        self.generation_config = generation_config
        self.model = _Model(config, tensors)
        if config.tie_word_embeddings:
            # Which of the two would count is for transformers to say.
            tensors.refuse("lm_head.weight")
            self.lm_head = linear_of(self.model.embed_tokens.weight, None)
        else:
            self.lm_head = linear_of(tensors("lm_head.weight", config.vocab_size, config.hidden_size), None)


class _Model(nn.Module):  # type: ignore[misc]
    def __init__(self, config: PretrainedConfig, tensors: Tensors) -> None:
        super().__init__()
        embedding = tensors("model.embed_tokens.weight", config.vocab_size, config.hidden_size)
        self.embed_tokens = nn.Embedding.from_pretrained(embedding)
        self.rotary_emb = _Rotary(config)
        self.layers = nn.ModuleList(
            _Layer(config, tensors, f"model.layers.{number}.") for number in range(config.num_hidden_layers)
        )
        # More layers than are asked for are another model, or a damaged configuration.
        tensors.refuse(f"model.layers.{config.num_hidden_layers}.input_layernorm.weight")
        self.norm = _Norm(config, tensors("model.norm.weight", config.hidden_size))


class _Layer(nn.Module):  # type: ignore[misc]
    def __init__(self, config: PretrainedConfig, tensors: Tensors, name: str) -> None:
        super().__init__()
        self.self_attn = _Attention(config, tensors, f"{name}self_attn.")
        self.mlp = _Mlp(config, tensors, f"{name}mlp.")
        for norm in ("input_layernorm", "post_attention_layernorm"):
            setattr(self, norm, _Norm(config, tensors(f"{name}{norm}.weight", config.hidden_size)))


class _Attention(nn.Module):  # type: ignore[misc]
    def __init__(self, config: PretrainedConfig, tensors: Tensors, name: str) -> None:
        super().__init__()
        self.head_dim = _head_dim(config)
        self.scaling = self.head_dim**-0.5
        queries, keys = (n * self.head_dim for n in (config.num_attention_heads, config.num_key_value_heads))
        shapes = [(size, config.hidden_size) for size in (queries, keys, keys)] + [(config.hidden_size, queries)]
        biased = _biased(config)
        for layer, (rows, columns) in zip(_ATTENTION, shapes, strict=True):
            setattr(self, layer, tensors.linear(f"{name}{layer}", rows, columns, bias=layer in biased))
        if config.model_type == "qwen3":
            for norm in ("q_norm", "k_norm"):
                setattr(self, norm, _Norm(config, tensors(f"{name}{norm}.weight", self.head_dim)))


class _Mlp(nn.Module):  # type: ignore[misc]
    def __init__(self, config: PretrainedConfig, tensors: Tensors, name: str) -> None:
        super().__init__()
        wide, narrow = config.intermediate_size, config.hidden_size
        biased = _biased(config)
        for layer, (rows, columns) in zip(_MLP, [(wide, narrow), (wide, narrow), (narrow, wide)], strict=True):
            setattr(self, layer, tensors.linear(f"{name}{layer}", rows, columns, bias=layer in biased))


class _Norm(nn.Module):  # type: ignore[misc]
    def __init__(self, config: PretrainedConfig, weight: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.variance_epsilon = config.rms_norm_eps


class _Rotary(nn.Module):  # type: ignore[misc]
    """Rotary positions (Su et al. 2021), stretched as the configuration says; after transformers' modeling_llama."""

    inv_freq: Tensor

    def __init__(self, config: PretrainedConfig) -> None:
        super().__init__()
        kind = config.rope_parameters["rope_type"]
        if kind == "default":
            size = _head_dim(config)
            steps = torch.arange(0, size, 2, dtype=torch.float) / size
            frequencies, self.scaling = 1.0 / (config.rope_parameters["rope_theta"] ** steps), 1.0
        else:
            frequencies, self.scaling = ROPE_INIT_FUNCTIONS[kind](config)
        self.register_buffer("inv_freq", frequencies, persistent=False)

    def forward(self, hidden_states: Tensor, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Cosine and sine of each of `positions` (rows, length): (rows, length, head_dim) in the states' dtype."""
        angles = positions[..., None].float() * self.inv_freq
        angles = torch.cat([angles, angles], dim=-1)
        cosine, sine = angles.cos() * self.scaling, angles.sin() * self.scaling
        return cosine.to(hidden_states.dtype), sine.to(hidden_states.dtype)


def _head_dim(config: PretrainedConfig) -> int:
    return int(getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads)


def _biased(config: PretrainedConfig) -> frozenset[str]:
    """The layers that have a bias."""
    if config.model_type == "qwen2":
        return frozenset({"q_proj", "k_proj", "v_proj"})
    attention = _ATTENTION if getattr(config, "attention_bias", False) else ()
    mlp = _MLP if getattr(config, "mlp_bias", False) else ()
    return frozenset([*attention, *mlp])


def generation_config(folder: Path) -> GenerationConfig:
    """How the model is to write, as its folder says."""
    try:
        return GenerationConfig.from_pretrained(folder, local_files_only=True)
    except OSError:
        # Models from before there was such a file say it in their configuration.
        return GenerationConfig.from_pretrained(
            folder, config_file_name="config.json", _from_model_config=True, local_files_only=True
        )

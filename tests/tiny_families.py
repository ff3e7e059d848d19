"""Tiny random models in memory, of every way to attend that nlpcli shows: what is not in `tiny_attention` too."""

from copy import deepcopy

import torch
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoModelForSeq2SeqLM

_COMMON = {"vocab_size": 99, "pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3}
_BERT = {
    **_COMMON, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
    "max_position_embeddings": 600,
}  # fmt: skip
_LLAMA = {**_BERT, "num_key_value_heads": 2, "head_dim": 8}
_GPT = {"n_embd": 32, "n_layer": 2, "n_head": 4, "vocab_size": 99}
_T5 = {**_COMMON, "d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4}
_BART = {
    **_COMMON, "d_model": 32, "encoder_layers": 2, "decoder_layers": 3, "encoder_attention_heads": 4,
    "decoder_attention_heads": 2, "encoder_ffn_dim": 64, "decoder_ffn_dim": 48, "max_position_embeddings": 600,
    "decoder_start_token_id": 2,
}  # fmt: skip
_EXPERTS = {"num_experts": 4, "num_local_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16}
_LATENT = {
    "kv_lora_rank": 16, "q_lora_rank": 24, "qk_rope_head_dim": 8, "qk_nope_head_dim": 8, "v_head_dim": 12,
    "n_routed_experts": 4, "n_group": 1, "topk_group": 1, "first_k_dense_replace": 1, "moe_intermediate_size": 16,
    "num_experts_per_tok": 2, "n_shared_experts": 1, "num_key_value_heads": 4,
}  # fmt: skip
_WINDOWS = {"sliding_window": 4, "layer_types": ["sliding_attention", "full_attention"]}
_GEMMA = {**_LLAMA, "query_pre_attn_scalar": 24}
ENCODERS = {
    "bert": _BERT,
    "albert": {**_BERT, "embedding_size": 16},
    "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64, "vocab_size": 99},
    "mpnet": _BERT,
    "modernbert": {
        **_BERT, "local_attention": 4, "global_attn_every_n_layers": 2, "num_hidden_layers": 3, "cls_token_id": 1,
        "sep_token_id": 2,
    },
    "deberta": {
        **_BERT, "relative_attention": True, "pos_att_type": ["c2p", "p2c"], "max_relative_positions": -1,
    },
    "deberta of content": {**_BERT, "relative_attention": False, "pos_att_type": []},
    "deberta-v2": {
        **_BERT, "relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_buckets": 8,
        "norm_rel_ebd": "layer_norm", "share_att_key": True,
    },
    "deberta-v2 that shares nothing": {
        **_BERT, "relative_attention": True, "pos_att_type": ["c2p"], "max_relative_positions": 12,
    },
    "big_bird": {**_BERT, "block_size": 4, "num_random_blocks": 1},
    "rembert": {**_BERT, "input_embedding_size": 16},
    "roformer": {**_BERT, "embedding_size": 32},
    "nomic_bert": _BERT,
    "eurobert": _LLAMA,
    "esm": {**_BERT, "position_embedding_type": "rotary", "token_dropout": False},
}  # fmt: skip
DECODERS = {
    "gpt2": {**_GPT, "scale_attn_by_inverse_layer_idx": True},
    "gpt_neox": _BERT,
    "gpt_neo": {
        "hidden_size": 32, "num_layers": 2, "num_heads": 4, "attention_types": [[["global", "local"], 1]],
        "window_size": 4, "vocab_size": 99,
    },
    "gptj": {**_GPT, "rotary_dim": 4},
    "codegen": {**_GPT, "rotary_dim": 4},
    "gpt_bigcode": _GPT,
    "phi": _LLAMA,
    "phi3": {**_LLAMA, "sliding_window": 5},
    "falcon": {**_BERT, "alibi": False, "multi_query": True, "new_decoder_architecture": False},
    "falcon of groups": {**_BERT, "alibi": False, "new_decoder_architecture": True, "num_kv_heads": 2},
    "bloom": {"hidden_size": 36, "n_layer": 2, "n_head": 6, "vocab_size": 99},
    "mpt": {"d_model": 32, "n_layers": 2, "n_heads": 4, "vocab_size": 99},
    "opt": {**_BERT, "ffn_dim": 64, "word_embed_proj_dim": 32},
    "xglm": {"d_model": 32, "num_layers": 2, "attention_heads": 4, "ffn_dim": 64, "vocab_size": 99},
    "llama": _LLAMA,
    "llama that is not causal": {**_LLAMA, "is_causal": False},
    "qwen2": {**_LLAMA, "use_sliding_window": True, "sliding_window": 4, "max_window_layers": 1},
    "qwen3": {**_LLAMA, "head_dim": 16},
    "mistral": {**_LLAMA, "sliding_window": 4},
    "mixtral": {**_LLAMA, **_EXPERTS},
    "gemma2": {**_GEMMA, "attn_logit_softcapping": 2.0, "sliding_window": 4},
    "gemma3_text": {**_GEMMA, **_WINDOWS},
    "gemma3_text that looks ahead": {**_GEMMA, **_WINDOWS, "use_bidirectional_attention": True},
    "olmo2": _LLAMA,
    "cohere": _LLAMA,
    "cohere2": {**_LLAMA, **_WINDOWS},
    "granite": {**_LLAMA, "attention_multiplier": 0.5},
    "persimmon": _LLAMA,
    "glm4": _LLAMA,
    "smollm3": {**_LLAMA, "no_rope_layers": [1, 0]},
    "bitnet": _LLAMA,
    "gpt_oss": {**_LLAMA, **_EXPERTS, **_WINDOWS},
    "deepseek_v2": {**_LLAMA, **_LATENT, "topk_method": "greedy"},
    "deepseek_v3": {**_LLAMA, **_LATENT},
    "qwen3_next": {
        **_LLAMA, **_EXPERTS, "num_hidden_layers": 4, "linear_num_key_heads": 2, "linear_num_value_heads": 2,
        "linear_key_head_dim": 8, "linear_value_head_dim": 8, "shared_expert_intermediate_size": 16,
        "layer_types": ["linear_attention", "full_attention", "linear_attention", "full_attention"],
    },
    "jamba": {
        **_LLAMA, **_EXPERTS, "num_hidden_layers": 4, "attn_layer_period": 2, "attn_layer_offset": 1,
        "mamba_d_state": 4, "mamba_dt_rank": 4, "use_mamba_kernels": False,
    },
    "lfm2": {**_LLAMA, "num_hidden_layers": 4, "layer_types": ["conv", "full_attention", "conv", "full_attention"]},
}  # fmt: skip
ENCODER_DECODERS = {
    "t5": _T5,
    "umt5": _T5,
    "bart": _BART,
    "marian": _BART,
    "pegasus": _BART,
    "m2m_100": _BART,
    "blenderbot": _BART,
}
# Shown, and refused by --verify.
UNVERIFIED = {
    "xlnet": {"d_model": 32, "n_layer": 2, "n_head": 4, "d_inner": 64, "vocab_size": 99},
    "ibert": _BERT,
    "falcon with alibi": {**_BERT, "alibi": True, "multi_query": False},
}
FAMILIES = {**ENCODERS, **DECODERS, **ENCODER_DECODERS}
# They attend to tokens in blocks or windows, in several steps: there is no matrix that the model computed.
SPARSE = {"longformer": {**_BERT, "attention_window": [4, 4]}, "led": {
    **_BART, "attention_window": [4, 4], "max_encoder_position_embeddings": 600, "max_decoder_position_embeddings": 600,
}, "longt5": {**_T5, "local_radius": 3}, "convbert": {**_BERT, "embedding_size": 32}, "diffllama": _LLAMA}  # fmt: skip


# The options of whole groups of families, by which others are made.
COMMON = {"bert": _BERT, "llama": _LLAMA, "bart": _BART, "t5": _T5, "experts": _EXPERTS}


def family_model(name, **options):
    """A random model with eager attention, in evaluation; heads differ, and nothing that is added is zero."""
    torch.manual_seed(0)
    own = {**FAMILIES, **SPARSE, **UNVERIFIED}.get(name, {})
    config = AutoConfig.for_model(name.partition(" ")[0], **deepcopy({**own, **options}))
    auto = AutoModelForCausalLM if name in DECODERS or name in {"diffllama", "falcon with alibi"} else AutoModel
    auto = AutoModelForSeq2SeqLM if config.is_encoder_decoder else auto
    model = auto.from_config(config, attn_implementation="eager").eval()
    for part, parameter in model.named_parameters():
        if parameter.dim() > 1 and "position" not in part:
            torch.nn.init.normal_(parameter, std=0.3)
        elif part.endswith("bias") or "sinks" in part:
            torch.nn.init.normal_(parameter, std=0.2)
    return model


def family_input(model, tokens=20):
    """One random text, and for an encoder-decoder model an output of another length."""
    torch.manual_seed(1)
    arguments = {"input_ids": torch.randint(4, 99, (1, tokens)), "attention_mask": torch.ones(1, tokens).long()}
    if model.config.is_encoder_decoder:
        arguments["decoder_input_ids"] = torch.randint(4, 99, (1, tokens * 2 // 3))
    return arguments

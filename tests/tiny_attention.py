"""Tiny random models of two layers, one for each way in which attention is computed."""

import torch
from tiny import LONGEST, WORDS, save_tokenizer
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoModelForSeq2SeqLM

_BERT = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
_LLAMA = {**_BERT, "num_key_value_heads": 2}
_BART = {
    "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4, "decoder_attention_heads": 4,
    "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "decoder_start_token_id": 2, "forced_eos_token_id": None,
}  # fmt: skip
_T5 = {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4, "decoder_start_token_id": 0}
_GEMMA = {**_LLAMA, "head_dim": 8}
# Family → what makes its configuration; a window of 4 tokens is shorter than the texts of the tests.
FAMILIES = {
    "bert": _BERT,
    "roberta": _BERT,
    "xlm-roberta": _BERT,
    "camembert": _BERT,
    "electra": {**_BERT, "embedding_size": 32},
    "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64},
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4, "scale_attn_by_inverse_layer_idx": True},
    "llama": _LLAMA,
    "qwen2": {**_LLAMA, "use_sliding_window": True, "sliding_window": 4, "max_window_layers": 1},
    "qwen3": {**_LLAMA, "head_dim": 16},
    "mistral": {**_LLAMA, "sliding_window": 4},
    "olmo2": _LLAMA,
    "gemma": _GEMMA,
    "gemma2": {**_GEMMA, "query_pre_attn_scalar": 24, "attn_logit_softcapping": 2.0, "sliding_window": 4},
    "gemma3_text": {**_GEMMA, "query_pre_attn_scalar": 24, "sliding_window": 4, "layer_types": ["sliding_attention", "full_attention"]},
    "t5": _T5,
    "mt5": _T5,
    "umt5": _T5,
    "bart": _BART,
    "mbart": _BART,
    "marian": _BART,
    "pegasus": _BART,
    "m2m_100": _BART,
    "bergamot": {**_BART, "init_std": 0.3},
}  # fmt: skip
DECODERS = {"gpt2", "llama", "qwen2", "qwen3", "mistral", "olmo2", "gemma", "gemma2", "gemma3_text"}
ENCODER_DECODERS = {"t5", "mt5", "umt5", "bart", "mbart", "marian", "pegasus", "m2m_100", "bergamot"}


def save_attention_model(folder, family="bert", **config):
    """A random model of a family of `FAMILIES` with weights large enough that heads differ, and its tokenizer."""
    torch.manual_seed(0)
    limits = {"n_positions": LONGEST} if family == "gpt2" else {"max_position_embeddings": LONGEST + 2}
    tokens = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3}
    settings = AutoConfig.for_model(family, vocab_size=len(WORDS), **{**limits, **tokens, **FAMILIES[family], **config})
    auto_class = (
        AutoModelForCausalLM
        if family in DECODERS
        else AutoModelForSeq2SeqLM
        if family in ENCODER_DECODERS
        else AutoModel
    )
    model = auto_class.from_config(settings)
    for name, parameter in model.named_parameters():
        # As they come, every head attends to all tokens alike; norms stay as they are.
        if parameter.dim() > 1 and "position" not in name:
            torch.nn.init.normal_(parameter, std=0.3)
    model.save_pretrained(folder)
    save_tokenizer(folder, special_tokens=family not in DECODERS, segments=family == "bert")
    return folder

"""Model variants against eager attention, and sabotages against --verify: python tests/bench/variants.py [PATTERN] (by hand).

A variant is a family with some options; each changes who attends to whom, or how. Its weights are transformers' own to the
last bit and pass --verify on texts of 20, 130 and 512 tokens, or it is refused in words. A sabotage breaks one layer of a
variant; --verify must find it. Prints the table of docs/trust.md; whatever is wrong is said on standard error, status 1.
"""

from __future__ import annotations

import logging
import re
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

sys.path += [str(path) for path in (Path(__file__).parents[2], Path(__file__).parents[1])]

import torch
from tiny_families import COMMON, DECODERS, ENCODER_DECODERS, ENCODERS, SPARSE, UNVERIFIED, family_input, family_model
from transformers import logging as transformers_logging

from nlpcli.errors import ModelUnusable
from nlpcli.models import attention_sound
from nlpcli.models.attention_layers import attention_layers, without_cache
from nlpcli.records.inspection import TOLERANCE, Kind
from tests.pipelines.attention.test_families import BROKEN, OUTPUTS, SABOTAGES, listen

_BERT, _LLAMA, _BART, _T5 = COMMON["bert"], COMMON["llama"], COMMON["bart"], COMMON["t5"]
_MOE = COMMON["experts"]

_ROPE = {"rope_type": "linear", "factor": 2.0, "rope_theta": 10000.0}
_YARN = {"rope_type": "yarn", "factor": 4.0, "rope_theta": 10000.0, "original_max_position_embeddings": 64}
_WINDOWED = {"sliding_window": 3, "layer_types": ["sliding_attention", "full_attention"]}
# What families of one mechanism have in common: name of the change → options.
_OF_BERT: dict[str, dict[str, Any]] = {
    "one head": {"num_attention_heads": 1},
    "eight heads": {"num_attention_heads": 8},
    "four layers": {"num_hidden_layers": 4},
}
_OF_LLAMA: dict[str, dict[str, Any]] = {
    "one head of keys": {"num_key_value_heads": 1},
    "as many keys as heads": {"num_key_value_heads": 4},
    "wide heads": {"head_dim": 12},
    "positions twice as far": {"rope_parameters": _ROPE},
    "yarn": {"rope_parameters": _YARN},
}
_OF_BART: dict[str, dict[str, Any]] = {
    "scaled embeddings": {"scale_embedding": True},
    "one decoder layer": {"decoder_layers": 1},
    "heads alike": {"decoder_attention_heads": 4},
}
_OF_T5: dict[str, dict[str, Any]] = {
    "few buckets": {"relative_attention_num_buckets": 8, "relative_attention_max_distance": 16},
    "gated": {"feed_forward_proj": "gated-gelu"},
    "narrow heads": {"d_kv": 4},
}
CHANGES: dict[str, dict[str, dict[str, Any]]] = {
    **dict.fromkeys(("bert", "albert", "mpnet", "rembert", "roformer", "nomic_bert", "esm", "deberta"), _OF_BERT),
    **dict.fromkeys(("deberta-v2", "gpt_neox", "opt"), _OF_BERT),
    **dict.fromkeys(("llama", "qwen3", "mistral", "olmo2", "granite", "gemma3_text", "phi"), _OF_LLAMA),
    **dict.fromkeys(("bart", "marian", "pegasus", "m2m_100"), _OF_BART),
    **dict.fromkeys(("t5", "umt5"), _OF_T5),
    "modernbert": {
        "all local": {"global_attn_every_n_layers": 9},
        "all global": {"global_attn_every_n_layers": 1},
        "a window as wide as the text": {"local_attention": 64},
    },
    "gemma2": {
        "no soft cap": {"attn_logit_softcapping": None},
        "a tight cap": {"attn_logit_softcapping": 0.5},
        "a wide window": {"sliding_window": 64},
    },
    "gpt2": {
        "scaled by layers no more": {"scale_attn_by_inverse_layer_idx": False},
        "not scaled": {"scale_attn_weights": False},
        "upcast": {"reorder_and_upcast_attn": True},
    },
    "gpt_neo": {
        "all local": {"attention_types": [[["local"], 2]]},
        "all global": {"attention_types": [[["global"], 2]]},
    },
    "bloom": {"one head": {"n_head": 1}, "three heads": {"n_head": 3}},
    "mpt": {"one head": {"n_heads": 1}, "eight heads": {"n_heads": 8}},
    "gptj": {"all of it turned": {"rotary_dim": 8}},
    "gpt_bigcode": {"keys of their own": {"multi_query": False}},
    "falcon": {"parallel": {"parallel_attn": True}, "in a row": {"parallel_attn": False, "multi_query": False}},
    "phi3": {"no window": {"sliding_window": None}, "a window of two": {"sliding_window": 2}},
    "qwen2": {"no window": {"use_sliding_window": False}, "all windows": {"max_window_layers": 0}},
    "mixtral": {"a window": {"sliding_window": 3}},
    "cohere2": {"all windows": {"layer_types": ["sliding_attention"] * 2}},
    "smollm3": {"no positions at all": {"no_rope_layers": [0, 0]}, "windows": _WINDOWED},
    "gpt_oss": {"all full": {"layer_types": ["full_attention"] * 2}, "all windows": {"layer_types": ["sliding_attention"] * 2}},
    "deepseek_v3": {"no compressed queries": {"q_lora_rank": None}, "yarn": {"rope_parameters": {**_YARN, "mscale_all_dim": 1.0}}},
    "qwen3_next": {"all full": {"layer_types": ["full_attention"] * 4}},
    "jamba": {"every layer": {"attn_layer_period": 1, "attn_layer_offset": 0}},
    "lfm2": {"the last alone": {"layer_types": ["conv", "conv", "conv", "full_attention"]}},
    "deberta of content": {"one head": {"num_attention_heads": 1}},
}  # fmt: skip


# Families beyond those of the tests.
MORE: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("roberta", "xlm-roberta", "camembert", "electra", "ernie", "megatron-bert", "data2vec-text", "layoutlm", "xmod", "roberta-prelayernorm", "mobilebert", "squeezebert", "nystromformer", "yoso", "mra", "fnet", "splinter", "lxmert", "luke", "bert-generation"), _BERT),
    **dict.fromkeys(("gemma", "olmo", "olmo3", "stablelm", "starcoder2", "glm", "nemotron", "helium", "exaone4", "seed_oss", "hunyuan_v1_dense", "arcee", "apertus", "ernie4_5", "biogpt", "gpt_neox_japanese", "vaultgemma", "ministral", "lfm2", "recurrent_gemma", "diffllama", "zamba2", "bamba", "falcon_h1", "nanochat", "youtu", "cwm", "jais2"), _LLAMA),
    **{name: {**_LLAMA, **_MOE} for name in (
        "qwen2_moe", "qwen3_moe", "olmoe", "phimoe", "granitemoe", "granitemoehybrid", "minimax", "flex_olmo",
        "ernie4_5_moe", "glm4_moe", "dots1", "hunyuan_v1_moe", "jetmoe", "dbrx", "longcat_flash", "llama4_text",
    )},
    **dict.fromkeys(("mbart", "plbart", "blenderbot-small", "nllb-moe", "bigbird_pegasus", "fsmt", "prophetnet"), _BART),
    **dict.fromkeys(("mt5", "switch_transformers", "pop2piano"), _T5),
    "xlm": {"emb_dim": 32, "n_layers": 2, "n_heads": 4, "vocab_size": 99},
    "flaubert": {"emb_dim": 32, "n_layers": 2, "n_heads": 4, "vocab_size": 99},
    "ctrl": {"n_embd": 32, "n_layer": 2, "n_head": 4, "dff": 64, "vocab_size": 99, "n_positions": 600},
    "openai-gpt": {"n_embd": 32, "n_layer": 2, "n_head": 4, "vocab_size": 99, "n_positions": 600},
    "llama4_text + chunks of five": {**_LLAMA, **_MOE, "attention_chunk_size": 5},
}  # fmt: skip


def variants() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Name and maker of each: families as they are, then with each change."""
    for family in dict.fromkeys((*ENCODERS, *DECODERS, *ENCODER_DECODERS, *UNVERIFIED, *SPARSE)):
        yield family, partial(family_model, family)
        for change, options in CHANGES.get(family, {}).items():
            yield f"{family} + {change}", partial(family_model, family, **options)
    for family, options in MORE.items():
        if family not in {**ENCODERS, **DECODERS, **ENCODER_DECODERS, **UNVERIFIED, **SPARSE}:
            yield family, partial(family_model, family, **options)


def outcome(make: Callable[[], Any]) -> str:
    """`equal` where the weights are those of transformers and pass; `refused: …` in words; else what is wrong."""
    try:
        model = make()
        arguments = family_input(model)
        with torch.no_grad():
            outputs = model(**arguments, **without_cache(model), output_attentions=True)
    except Exception as error:  # noqa: BLE001 - whatever a library raises is an outcome here
        return f"not made: {type(error).__name__}: {' '.join(str(error).split())[:100]}"
    try:
        if not attention_layers(model):
            return "refused: its attention is built in a way that nlpcli does not know"
        _, chosen, tap, _ = listen(model, arguments, verify=False)
        for kind in chosen:
            own = "encoder_attentions" if kind is Kind.SELF and model.config.is_encoder_decoder else OUTPUTS[kind]
            # What a hybrid's other layers give there has another shape.
            given = [weights for weights in getattr(outputs, own, None) or () if weights is not None]
            expected = [weights for weights in given if weights.shape[1:] == tap.weights(kind).shape[1:]]
            if not given:
                return "transformers gives none to compare"
            if len(expected) != len(tap.weights(kind)) or not torch.equal(
                torch.stack(expected)[:, 0], tap.weights(kind)
            ):
                return f"WRONG: {kind} differs from eager attention"
        for tokens in (20, 130, 512):
            *_, checks = listen(model, family_input(model, tokens))
            if (largest := max(check.largest for check in checks)) > TOLERANCE:
                return f"WRONG: a false alarm at {tokens} tokens, {largest:.1e}"
    except ModelUnusable as error:
        return f"refused: {error}"
    except Exception as error:  # noqa: BLE001 - whatever a library raises is an outcome here
        return f"WRONG: {type(error).__name__}: {str(error)[:200]}"
    return "equal"


def sabotages() -> Iterator[tuple[str, bool]]:
    """Name of each, and whether --verify finds it where it is and nowhere else."""
    own = attention_sound._own_function
    for family in BROKEN:
        for name, broken in SABOTAGES.items():
            model = family_model(family)

            def prepare(model: Any, layers: Any, broken: Any = broken) -> None:
                last = layers[-1].module
                attention_sound._own_function = lambda module: broken(own(module)) if module is last else own(module)

            with patch.object(attention_sound, "_own_function", own):
                *_, checks = listen(model, family_input(model), prepare=prepare)
            yield f"{family}: {name}", checks[0].largest <= TOLERANCE < checks[-1].largest


def main() -> int:
    warnings.simplefilter("ignore")
    logging.disable()
    transformers_logging.set_verbosity_error()
    torch.set_num_threads(1)
    wrong, counted, number = [], Counter(), 0
    pattern = re.compile(sys.argv[1] if len(sys.argv) > 1 else "")
    chosen = [(name, make) for name, make in variants() if pattern.search(name)]
    for number, (name, make) in enumerate(chosen, start=1):
        found = outcome(make)
        counted[found.partition(":")[0]] += 1
        print(number, name, found, sep="\t", file=sys.stderr, flush=True)
        wrong += [f"{name}: {found}"] if found.startswith("WRONG") else []
    tried = dict(sabotages())
    missed = [name for name, found in tried.items() if not found]
    print("| what was tried | how often | what came of it | wrong |\n| --- | --- | --- | --- |")
    listed = ", ".join(f"{count} {what}" for what, count in counted.most_common() if what != "WRONG")
    print(
        f"| model variants against eager attention, --verify at 20, 130, 512 tokens | {number} | {listed} | {len(wrong) or 'nothing'} |"
    )
    print(
        f"| sabotages of a layer against --verify | {len(tried)} | {len(tried) - len(missed)} found | {len(missed) or 'nothing'} |"
    )
    print(*wrong, *missed, sep="\n", file=sys.stderr)
    return bool(wrong or missed)


if __name__ == "__main__":
    sys.exit(main())

"""Tiny random models of real architectures, with a tokenizer of single letters."""

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    PreTrainedTokenizerFast,
)

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", ".", "。", "!", *"abcdefghijklmnopqrstuvwxyz"]
LONGEST = 24
_BERT = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
_SIZES = {
    "bert": _BERT,
    "camembert": _BERT,
    "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64},
    "electra": {**_BERT, "embedding_size": 32},
    "mpnet": _BERT,
    "roberta": _BERT,
    "xlm-roberta": _BERT,
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4},
    "llama": {
        "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "intermediate_size": 64,
    },
}  # fmt: skip
_DECODERS = {"gpt2", "llama"}
_LLAMA = _SIZES["llama"]
_BART = {
    "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4,
    "decoder_attention_heads": 4, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64,
}  # fmt: skip
_T5 = {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4, "decoder_start_token_id": 0}
# Architectures that continue a text, and those that turn one text into another.
CAUSAL = {
    # Untied: a random model whose output is its embedding says what it hears.
    "gpt2": {**_SIZES["gpt2"], "tie_word_embeddings": False},
    "llama": _LLAMA,
    "qwen2": _LLAMA,
    "qwen3": {**_LLAMA, "head_dim": 16},
    "mistral": {**_LLAMA, "sliding_window": 8},
}
SEQ2SEQ = {
    "bart": {**_BART, "max_position_embeddings": LONGEST},
    "mbart": {**_BART, "max_position_embeddings": LONGEST},
    "pegasus": {**_BART, "max_position_embeddings": LONGEST},
    "t5": _T5,
    "mt5": _T5,
    "led": {
        **_BART, "attention_window": 8, "max_encoder_position_embeddings": 4 * LONGEST,
        "max_decoder_position_embeddings": LONGEST,
    },
}  # fmt: skip


def save_tokenizer(folder, special_tokens=True, pad_token="[PAD]", segments=True, chat_template=None):
    """[CLS] and [SEP] around a text and between two, as BERT has them; or nothing."""
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    if special_tokens:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]",
            pair="[CLS] $A [SEP] $B:1 [SEP]:1",
            special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
        )
    # Only models that look at segments have them among their inputs.
    inputs = ["input_ids", "token_type_ids", "attention_mask"] if segments else ["input_ids", "attention_mask"]
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=pad_token, unk_token="[UNK]", eos_token="[SEP]",
        model_max_length=LONGEST, model_input_names=inputs, chat_template=chat_template,
    ).save_pretrained(folder)  # fmt: skip


def _save_spread(model, folder):
    for name, parameter in model.named_parameters():
        # As they come, the outputs of all texts are nearly the same.
        torch.nn.init.normal_(parameter, std=0.0 if name.endswith("ln_f.bias") else 0.3)
        if ".ln_" in name and name.endswith("weight"):
            torch.nn.init.ones_(parameter)
    model.save_pretrained(folder)


def save_causal_lm(folder, kind="gpt2", chat_template=None, **config):
    """A random decoder of `CAUSAL` that continues texts of single letters; [SEP] ends a text."""
    torch.manual_seed(0)
    limits = {"n_positions": LONGEST} if kind == "gpt2" else {"max_position_embeddings": LONGEST}
    settings = AutoConfig.for_model(
        kind, vocab_size=len(WORDS), bos_token_id=2, eos_token_id=3, **{**limits, **CAUSAL[kind], **config}
    )
    _save_spread(AutoModelForCausalLM.from_config(settings), folder)
    save_tokenizer(folder, special_tokens=False, pad_token=None, segments=False, chat_template=chat_template)
    return folder


def save_masked_lm(folder, kind="bert", **config):
    """A random model of `_SIZES` that predicts masked letters; its mask is the letter z."""
    torch.manual_seed(0)
    limits = {"max_position_embeddings": LONGEST + ("roberta" in kind or kind == "camembert")}
    settings = AutoConfig.for_model(kind, vocab_size=len(WORDS), pad_token_id=0, **limits, **_SIZES[kind], **config)
    _save_spread(AutoModelForMaskedLM.from_config(settings), folder)
    save_tokenizer(folder, segments=kind == "bert")
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    tokenizer.add_special_tokens({"cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "z"})
    tokenizer.save_pretrained(folder)
    return folder


def save_seq2seq(folder, kind="bart", **config):
    """A random encoder-decoder of `SEQ2SEQ` over single letters; [SEP] ends a text."""
    torch.manual_seed(0)
    start = (
        {"decoder_start_token_id": 3, "forced_eos_token_id": None}
        if "decoder_start_token_id" not in SEQ2SEQ[kind]
        else {}
    )
    settings = AutoConfig.for_model(
        kind, vocab_size=len(WORDS), pad_token_id=0, bos_token_id=2, eos_token_id=3,
        **{**start, **SEQ2SEQ[kind], **config},
    )  # fmt: skip
    _save_spread(AutoModelForSeq2SeqLM.from_config(settings), folder)
    save_tokenizer(folder, segments=False)
    return folder


def save_classifier(folder, kind="bert", labels=("negative", "neutral", "positive"), **config):
    """A random classifier of an architecture of `_SIZES`, with its tokenizer."""
    torch.manual_seed(0)
    # RoBERTa counts positions from behind the padding token.
    limits = (
        {"n_positions": LONGEST}
        if kind == "gpt2"
        else {"max_position_embeddings": LONGEST + ("roberta" in kind or kind == "camembert")}
    )
    names = dict(enumerate(labels))
    padding = {} if kind in _DECODERS else {"pad_token_id": 0}
    settings = AutoConfig.for_model(
        kind, vocab_size=len(WORDS), id2label=names, label2id={name: number for number, name in names.items()},
        **limits, **padding, **_SIZES[kind], **config,
    )  # fmt: skip
    _save_spread(AutoModelForSequenceClassification.from_config(settings), folder)
    pad_token = None if kind in _DECODERS else "[PAD]"
    save_tokenizer(folder, special_tokens=kind not in _DECODERS, pad_token=pad_token, segments=kind == "bert")
    return folder


def save_each_shape(folder):
    """An encoder, a decoder and an encoder-decoder, by the names of what they are for."""
    return {
        "classifier": save_classifier(folder / "classifier"),
        "decoder": save_causal_lm(folder / "decoder"),
        "seq2seq": save_seq2seq(folder / "seq2seq"),
    }


def save_token_classifier(folder, kind="bert", labels=("O", "B-PER", "I-PER", "B-LOC", "I-LOC"), **config):
    """A random model for named entities of an architecture of `_SIZES`, with its tokenizer."""
    torch.manual_seed(0)
    names = dict(enumerate(labels))
    settings = AutoConfig.for_model(
        kind, vocab_size=len(WORDS), id2label=names, label2id={name: number for number, name in names.items()},
        max_position_embeddings=LONGEST + ("roberta" in kind or kind == "camembert"), pad_token_id=0,
        **_SIZES[kind], **config,
    )  # fmt: skip
    _save_spread(AutoModelForTokenClassification.from_config(settings), folder)
    save_tokenizer(folder, segments=kind == "bert")
    return folder

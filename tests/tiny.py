"""Tiny random models of real architectures, with a tokenizer of single letters."""

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import AutoConfig, AutoModelForSequenceClassification, PreTrainedTokenizerFast

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", ".", "。", "!", *"abcdefghijklmnopqrstuvwxyz"]
LONGEST = 24
_SIZES = {
    "bert": {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64},
    "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64},
    "roberta": {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64},
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4},
    "llama": {
        "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "intermediate_size": 64,
    },
}  # fmt: skip
_DECODERS = {"gpt2", "llama"}


def save_tokenizer(folder, special_tokens=True, pad_token="[PAD]", segments=True):
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
        model_max_length=LONGEST, model_input_names=inputs,
    ).save_pretrained(folder)  # fmt: skip


def save_classifier(folder, kind="bert", labels=("negative", "neutral", "positive"), **config):
    """A random classifier of an architecture of `_SIZES`, with its tokenizer."""
    torch.manual_seed(0)
    # RoBERTa counts positions from behind the padding token.
    limits = {"n_positions": LONGEST} if kind == "gpt2" else {"max_position_embeddings": LONGEST + (kind == "roberta")}
    names = dict(enumerate(labels))
    padding = {} if kind in _DECODERS else {"pad_token_id": 0}
    settings = AutoConfig.for_model(
        kind, vocab_size=len(WORDS), id2label=names, label2id={name: number for number, name in names.items()},
        **limits, **padding, **_SIZES[kind], **config,
    )  # fmt: skip
    model = AutoModelForSequenceClassification.from_config(settings)
    for parameter in model.parameters():
        # As they come, the outputs of all texts are nearly the same.
        torch.nn.init.normal_(parameter, std=0.3)
    model.save_pretrained(folder)
    pad_token = None if kind in _DECODERS else "[PAD]"
    save_tokenizer(folder, special_tokens=kind not in _DECODERS, pad_token=pad_token, segments=kind == "bert")
    return folder

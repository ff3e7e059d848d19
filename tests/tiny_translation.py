"""Tiny random translation models of every family, each with its own kind of tokenizer; and a tiny Marian binary."""

import io
import json
import struct

import numpy as np
import sentencepiece
import torch
from tiny import _save_spread
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    AutoConfig,
    AutoModelForSeq2SeqLM,
    M2M100Tokenizer,
    MarianTokenizer,
    MBart50Tokenizer,
    NllbTokenizer,
    PreTrainedTokenizerFast,
)

from nlpcli.models.bergamot.marian_binary import CONFIGURATION, FLOAT32, INT8, INTGEMM8, VERSION

TEXTS = [f"{a} {b} cat dog tree house river stone {a}{b}. {b}, {a}!" for a in "abcdefgh" for b in "klmnopqr"]
_SIZES = {
    "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4,
    "decoder_attention_heads": 4, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "max_position_embeddings": 128,
}  # fmt: skip


def spm(path, size=64, **options):
    """A trained SentencePiece vocabulary."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS), model_writer=model, vocab_size=size, minloglevel=2, hard_vocab_limit=False,
        **options,
    )  # fmt: skip
    path.write_bytes(model.getvalue())
    return sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())


def _pieces(processor):
    return [processor.id_to_piece(number) for number in range(processor.get_piece_size())]


def _save(folder, kind, size, **config):
    torch.manual_seed(0)
    settings = AutoConfig.for_model(kind, vocab_size=size, **config)
    _save_spread(AutoModelForSeq2SeqLM.from_config(settings), folder)
    return folder


def save_marian(folder, targets=()):
    processor = spm(folder / "source.spm")
    (folder / "target.spm").write_bytes((folder / "source.spm").read_bytes())
    tokens = ["</s>", "<unk>", *(p for p in _pieces(processor) if p not in ("</s>", "<unk>", "<s>"))]
    tokens += [*(f">>{target}<<" for target in targets), "<pad>"]
    (folder / "vocab.json").write_text(json.dumps({token: number for number, token in enumerate(tokens)}))
    tokenizer = MarianTokenizer(
        str(folder / "source.spm"), str(folder / "target.spm"), str(folder / "vocab.json"), model_max_length=64
    )
    tokenizer.save_pretrained(folder)
    pad = len(tokens) - 1
    return _save(
        folder, "marian", len(tokens), pad_token_id=pad, eos_token_id=0, decoder_start_token_id=pad,
        forced_eos_token_id=None, **_SIZES,
    )  # fmt: skip


def save_m2m100(folder):
    processor = spm(folder / "sentencepiece.bpe.model", model_type="bpe")
    tokens = ["<s>", "<pad>", "</s>", "<unk>", *(p for p in _pieces(processor) if p not in ("</s>", "<unk>", "<s>"))]
    (folder / "vocab.json").write_text(json.dumps({token: number for number, token in enumerate(tokens)}))
    tokenizer = M2M100Tokenizer(
        str(folder / "vocab.json"), str(folder / "sentencepiece.bpe.model"), src_lang="en", model_max_length=64
    )
    tokenizer.save_pretrained(folder)
    return _save(
        folder, "m2m_100", len(tokenizer) + 128, pad_token_id=1, eos_token_id=2, decoder_start_token_id=2, **_SIZES
    )


def save_nllb(folder):
    letters = ["<s>", "<pad>", "</s>", "<unk>", "▁", *"abcdefghijklmnopqrstuvwxyz.,!"]
    vocabulary = {token: number for number, token in enumerate(letters)}
    tokenizer = NllbTokenizer(vocabulary, [], src_lang="eng_Latn", model_max_length=64)
    tokenizer.save_pretrained(folder)
    return _save(
        folder, "m2m_100", len(tokenizer) + 128, pad_token_id=1, eos_token_id=2, decoder_start_token_id=2, **_SIZES
    )


def save_mbart50(folder):
    pieces = [(token, 0.0) for token in ("<s>", "<pad>", "</s>", "<unk>")]
    pieces += [(token, -3.0) for token in ["▁", *"abcdefghijklmnopqrstuvwxyz.,!"]]
    tokenizer = MBart50Tokenizer(pieces, src_lang="en_XX", model_max_length=64)
    tokenizer.save_pretrained(folder)
    return _save(
        folder, "mbart", len(tokenizer), pad_token_id=1, eos_token_id=2, decoder_start_token_id=2,
        forced_eos_token_id=None, **_SIZES,
    )  # fmt: skip


def save_t5(folder, madlad=True):
    tokens = ["<pad>", "</s>", "<unk>", *(["<2de>", "<2fr>", "<2zh>"] if madlad else []), ":", ".",
              *"abcdefghijklmnopqrstuvwxyzEG"]  # fmt: skip
    tokenizer = Tokenizer(models.WordLevel({t: n for n, t in enumerate(tokens)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    from tokenizers import processors

    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=64,
    ).save_pretrained(folder)  # fmt: skip
    return _save(
        folder, "t5", len(tokens), d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4,
        decoder_start_token_id=0, pad_token_id=0, eos_token_id=1,
    )  # fmt: skip


FAMILIES = {
    "marian": save_marian, "m2m100": save_m2m100, "nllb": save_nllb, "mbart50": save_mbart50, "t5": save_t5,
}  # fmt: skip

_FLAGS = """
type: transformer
transformer-decoder-autoreg: rnn
dec-cell: ssru
transformer-preprocess: ""
transformer-postprocess: dan
transformer-postprocess-emb: d
transformer-ffn-activation: relu
transformer-ffn-depth: 2
transformer-tied-layers: []
transformer-no-projection: false
transformer-train-position-embeddings: false
layer-normalization: false
lemma-dim-emb: 0
ulr: false
right-left: false
"""


def save_marian_binary(
    path, size, d=16, ffn=32, heads=2, split=False, encoder_layers=2, decoder_layers=2, scales=True, **changes
):
    """Random weights in Marian's format: what a published student model looks like. `changes`: keys of its YAML;
    `scales`: with those of activations."""
    random = np.random.default_rng(7)
    items = {}

    def matrix(name, rows, columns):
        # Sharp enough that the outputs of two texts differ.
        quantized = random.integers(-127, 128, (rows, columns) if "Wemb" in name else (columns, rows), np.int8)
        # The multiplier of a published matrix makes its largest number 127.
        quantized.flat[3] = 127
        multiplier = np.float32(127 / (1.5 if "Wemb" in name else 1.0))
        items[name] = (INTGEMM8, (rows, columns), quantized.tobytes() + struct.pack("<f", multiplier) + b"garbage")
        if scales and "Wemb" not in name:
            items[f"{name}_QuantMultA"] = (FLOAT32, (1, 1), struct.pack("<f", 12.0))

    def vector(name, n, mean=0.0):
        items[name] = (FLOAT32, (1, n), (random.standard_normal(n) * 0.2 + mean).astype("<f4").tobytes())

    def norm(name):
        vector(f"{name}_ln_scale", d, 1.0)
        vector(f"{name}_ln_bias", d)

    def feed_forward(layer):
        matrix(f"{layer}_ffn_W1", d, ffn)
        vector(f"{layer}_ffn_b1", ffn)
        matrix(f"{layer}_ffn_W2", ffn, d)
        vector(f"{layer}_ffn_b2", d)
        norm(f"{layer}_ffn_ffn")

    def attention(layer):
        for letter in "qkvo":
            matrix(f"{layer}_W{letter}", d, d)
            vector(f"{layer}_b{letter}", d)
        norm(f"{layer}_Wo")

    for name in ("encoder_Wemb", "decoder_Wemb") if split else ("Wemb",):
        matrix(name, size, d)
    vector("decoder_ff_logit_out_b", size)
    for number in range(1, encoder_layers + 1):
        attention(f"encoder_l{number}_self")
        feed_forward(f"encoder_l{number}")
    for number in range(1, decoder_layers + 1):
        layer = f"decoder_l{number}"
        matrix(f"{layer}_rnn_W", d, d)
        matrix(f"{layer}_rnn_Wf", d, d)
        vector(f"{layer}_rnn_bf", d)
        norm(f"{layer}_rnn_ffn")
        attention(f"{layer}_context")
        feed_forward(layer)
    import yaml

    settings = yaml.safe_load(_FLAGS) | {
        "dim-emb": d, "dim-vocabs": [size, size], "enc-depth": encoder_layers, "dec-depth": decoder_layers,
        "transformer-dim-ffn": ffn, "transformer-heads": heads, "tied-embeddings-all": not split,
        "tied-embeddings": split, **changes,
    }  # fmt: skip
    items[CONFIGURATION] = (INT8, (1,), yaml.safe_dump(settings).encode() + b"\0")
    write_items(path, items)


def write_items(path, items):
    """A file of Marian's binary format from name → (type, shape in the header, bytes)."""
    names = [name.encode() + b"\0" for name in items]
    blobs = [blob + bytes(-len(blob) % 256) if name != CONFIGURATION else blob for name, (_, _, blob) in items.items()]
    head = struct.pack("<2Q", VERSION, len(items))
    for name, blob, (kind, shape, _) in zip(names, blobs, items.values(), strict=True):
        head += struct.pack("<4Q", len(name), kind, len(shape), len(blob))
    head += b"".join(names)
    head += b"".join(struct.pack(f"<{len(shape)}i", *shape) for _, shape, _ in items.values())
    padding = 256 - (len(head) + 8) % 256
    path.write_bytes(head + struct.pack("<Q", padding) + bytes(padding) + b"".join(blobs))


def spm_of_marian(path, size=64, **options):
    """A vocabulary with Marian's ids: 0 `</s>`, 1 `<unk>`, no more."""
    return spm(path, size, eos_id=0, unk_id=1, bos_id=-1, pad_id=-1, **options)


def save_shortlist(path, size, own=3):
    """A lexical shortlist that gives every source piece `own` target pieces."""
    ids = np.array([[(piece + step) % size for step in range(own)] for piece in range(size)], "<u4")
    offsets = np.arange(0, size * own + 1, own, dtype="<u8")
    header = np.array([0xF11A48D5013417F5, 0, 5, 5, len(offsets), ids.size], "<u8")
    path.write_bytes(header.tobytes() + offsets.tobytes() + np.sort(ids, 1).tobytes())


def save_bergamot(folder):
    """A converted student model of random weights, English to German."""
    from nlpcli.models.bergamot.conversion import MarianFiles, convert_files

    size = spm_of_marian(folder / "vocab.spm").get_piece_size()
    save_marian_binary(folder / "model.bin", size)
    save_shortlist(folder / "lex.bin", size)
    files = MarianFiles(folder / "model.bin", folder / "vocab.spm", shortlist=folder / "lex.bin")
    convert_files(files, ("en", "de"), "card", folder / "model")
    return folder / "model"

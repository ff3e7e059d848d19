"""How the folders here were made: `python made_with_model2vec.py` with model2vec 0.10 and sentence-transformers 5.7.

Each has the layout that the library itself writes; expected.json holds what the library itself computes of TEXTS.
"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import torch
from model2vec import StaticModel
from model2vec.model import quantize_model
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense, Normalize, StaticEmbedding
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

SENTENCES = [
    "The cat sits on the warm mat, and the dog sleeps near the door.",
    "A word has a vector; a text has the mean of its words' vectors.",
    "Rain fell on the quiet town, and nobody walked in the streets.",
    "猫坐在垫子上。狗睡在门边。雨下了一整天。",
    "O gato dorme na cama e o cão late à noite.",
]
TEXTS = [
    "the cat", "The CAT sat on the mat!", "xylophone", "猫睡在门边", "🙂", "🙂 cat", "a", "", " the  dog\tsleeps ",
    "o cão late à noite", "the " * 600, "cat\u0301", "words' vectors",
]  # fmt: skip
DIMENSION = 6


def tokenizer_of(model, trainer, normalizer, splitter, decoder=None):
    made = Tokenizer(model)
    made.normalizer, made.pre_tokenizer = normalizer, splitter
    if decoder:
        made.decoder = decoder
    made.train_from_iterator(SENTENCES, trainer)
    return made


def tokenizers():
    options = {"show_progress": False}
    special = {"special_tokens": ["[PAD]", "[UNK]"], **options}
    bert, bert_split = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    yield (
        "wordpiece",
        tokenizer_of(
            models.WordPiece(unk_token="[UNK]"), trainers.WordPieceTrainer(vocab_size=90, **special), bert, bert_split
        ),
    )
    yield (
        "wordlevel",
        tokenizer_of(models.WordLevel(unk_token="[UNK]"), trainers.WordLevelTrainer(**special), bert, bert_split),
    )
    unigram = trainers.UnigramTrainer(vocab_size=90, unk_token="<unk>", special_tokens=["<pad>", "<unk>"], **options)
    yield "unigram", tokenizer_of(models.Unigram(), unigram, normalizers.NFKC(), pre_tokenizers.Metaspace())
    split, decoder = pre_tokenizers.ByteLevel(), decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=300, initial_alphabet=split.alphabet(), **options)
    yield "bpe", tokenizer_of(models.BPE(), trainer, normalizers.NFC(), split, decoder)


def model2vec_models():
    chance = np.random.default_rng(0)
    for name, tokenizer in tokenizers():
        size = tokenizer.get_vocab_size()
        vectors = chance.normal(size=(size, DIMENSION)).astype(np.float32)
        plain = StaticModel(vectors, tokenizer, normalize=name != "bpe", max_length=None)
        yield f"model2vec-{name}", plain
        if name == "wordpiece":
            weights = chance.random(size)
            yield "model2vec-weights", StaticModel(vectors, tokenizer, normalize=True, weights=weights, max_length=None)
            yield "model2vec-int8", quantize_model(plain, quantize_to="int8")
            yield "model2vec-float16", quantize_model(plain, quantize_to="float16")
            yield "model2vec-vocabulary", quantize_model(plain, vocabulary_quantization=20)


def transformers_models():
    torch.manual_seed(0)
    for name, tokenizer in tokenizers():
        module = StaticEmbedding(tokenizer, embedding_dim=DIMENSION)
        yield f"sentence-transformers-{name}", [module]
        if name == "unigram":
            yield "sentence-transformers-normalized", [module, Normalize()]
            yield "sentence-transformers-dense", [module, Dense(DIMENSION, 3)]


def main(folder):
    expected = {}
    for name, model in model2vec_models():
        model.save_pretrained(folder / name)
        saved = StaticModel.from_pretrained(folder / name)
        expected[name] = saved.encode(TEXTS).astype(float).tolist()
    for name, modules in transformers_models():
        model = SentenceTransformer(modules=modules, device="cpu")
        model.save_pretrained(str(folder / name), create_model_card=False)
        expected[name] = SentenceTransformer(str(folder / name), device="cpu").encode(TEXTS).astype(float).tolist()
    # As sentence-transformers before 5 wrote it.
    deeper = folder / "sentence-transformers-deeper"
    shutil.copytree(folder / "sentence-transformers-normalized", deeper)
    (deeper / "0_StaticEmbedding").mkdir()
    for name in ("model.safetensors", "tokenizer.json"):
        (deeper / name).rename(deeper / "0_StaticEmbedding" / name)
    modules = json.loads((deeper / "modules.json").read_text())
    modules[0]["path"] = "0_StaticEmbedding"
    (deeper / "modules.json").write_text(json.dumps(modules))
    expected["sentence-transformers-deeper"] = expected["sentence-transformers-normalized"]
    text = json.dumps({"texts": TEXTS, "vectors": expected}, ensure_ascii=False)
    (folder / "expected.json").write_text(text, encoding="utf-8")
    for card in folder.rglob("README.md"):
        card.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)

"""Token classifiers of real architectures with tokenizers of their own kind: entities as transformers itself finds them."""

from itertools import pairwise

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoConfig, AutoModelForTokenClassification, AutoTokenizer, PreTrainedTokenizerFast
from transformers import pipeline as transformers_pipeline

from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.token_classification import load_token_classification_pipeline
from nlpcli.runtime.device import Placement
from tests.pipelines.test_token_classification import spans_of

SENTENCES = [
    "Alder and Sons opened a quarry near Stonefield in the spring of that year.",
    "The river rose, and nobody in Brightwater had seen it so high before.",
    "Maria Alder writes letters to her brother in Lisbon and to friends in Porto.",
    "O rio subiu e ninguém tinha visto nada assim. 河水上涨，城里的人都没见过。",
]
WORDS = [*" ".join(SENTENCES[:3]).replace(",", "").replace(".", "").split(), "ninguém", "Zzyzx", "Lisbonward", "河水"]
_BERT = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
_DEBERTA = {**_BERT, "relative_attention": True, "pos_att_type": ["p2c", "c2p"], "max_relative_positions": 32}
KINDS = {
    "bert": ("wordpiece", _BERT),
    "distilbert": ("wordpiece", {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64}),
    "electra": ("wordpiece", {**_BERT, "embedding_size": 32}),
    "roberta": ("bytes", _BERT),
    "deberta": ("bytes", _DEBERTA),
    "xlm-roberta": ("pieces", _BERT),
    "camembert": ("pieces", _BERT),
    "deberta-v2": ("pieces", _DEBERTA),
}
SCHEMES = {
    "BIO": ("O", "B-PER", "I-PER", "B-LOC", "I-LOC"),
    "IO": ("O", "I-PER", "I-LOC"),
    "plain": ("O", "PER", "LOC"),
}
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
PLAIN = Placement("cpu", "float32", "", "")


def tokenizer_of(form):
    if form == "wordpiece":
        tokenizer, trainer = Tokenizer(models.WordPiece(unk_token="[UNK]")), trainers.WordPieceTrainer
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
        tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.BertPreTokenizer(), decoders.WordPiece()
    elif form == "bytes":
        tokenizer, trainer = Tokenizer(models.BPE()), trainers.BpeTrainer
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
        tokenizer.decoder = decoders.ByteLevel()
    else:
        tokenizer, trainer = Tokenizer(models.Unigram()), trainers.UnigramTrainer
        tokenizer.normalizer = normalizers.NFKC()
        tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    more = {"unk_token": "[UNK]"} if form == "pieces" else {}
    alphabet = {"initial_alphabet": pre_tokenizers.ByteLevel.alphabet()} if form == "bytes" else {}
    size = 330 if form == "bytes" else 110
    tokenizer.train_from_iterator(
        SENTENCES, trainer(vocab_size=size, special_tokens=SPECIAL, show_progress=False, **alphabet, **more)
    )
    around = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    trimmed = [processors.ByteLevel(trim_offsets=True)] if form == "bytes" else []
    tokenizer.post_processor = processors.Sequence([*trimmed, around])
    return tokenizer


def saved(folder, kind, labels, outside=0.0):
    form, sizes = KINDS[kind]
    tokenizer = tokenizer_of(form)
    inputs = ["input_ids", "attention_mask", *(["token_type_ids"] if kind in {"bert", "electra"} else [])]
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        mask_token="[MASK]", model_max_length=128, model_input_names=inputs,
    ).save_pretrained(folder)  # fmt: skip
    names = dict(enumerate(labels))
    torch.manual_seed(1)
    config = AutoConfig.for_model(
        kind, vocab_size=tokenizer.get_vocab_size(), max_position_embeddings=160, pad_token_id=0, id2label=names,
        label2id={name: number for number, name in names.items()}, **sizes,
    )  # fmt: skip
    model = AutoModelForTokenClassification.from_config(config)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    model.classifier.bias.data[0] += outside
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module", params=[(kind, scheme) for kind in KINDS for scheme in SCHEMES], ids="-".join)
def both(request, tmp_path_factory):
    """Our pipeline, and transformers' for each way to aggregate."""
    kind, scheme = request.param
    folder = saved(tmp_path_factory.mktemp(kind), kind, SCHEMES[scheme])
    model, tokenizer = AutoModelForTokenClassification.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    theirs = {
        way: transformers_pipeline("token-classification", model, tokenizer=tokenizer, aggregation_strategy=way)
        for way in ("simple", "first", "average", "max")
    }
    return load_token_classification_pipeline(LocalModel("tiny", folder), PLAIN), theirs


def is_plain(tokenizer, word):
    """Where a space or a part of a character is a token, transformers guesses, and has entities of no length."""
    text = f"{word} {word}"
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    places = encoded["offset_mapping"]
    apart = all(before[1] <= after[0] for before, after in pairwise(places))
    return apart and all(text[a:b].strip() for a, b in places) and tokenizer.unk_token_id not in encoded["input_ids"]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_entities_and_scores_are_those_of_transformers(both, data):
    ours, theirs = both
    words = [word for word in WORDS if is_plain(ours.tokenizer, word)]
    assert len(words) > 9
    text = " ".join(data.draw(st.lists(st.sampled_from(words), min_size=1, max_size=14)))
    for way, pipeline in theirs.items():
        (spans,), entities = spans_of(ours, [text], way), pipeline(text)
        # Some tokenizers count the space before a word as a part of it, which is shown nowhere.
        starts = [one["end"] - len(text[one["start"] : one["end"]].lstrip()) for one in entities]
        expected = [(one["entity_group"], start, one["end"]) for one, start in zip(entities, starts, strict=True)]
        assert [(span.label, span.start, span.end) for span in spans] == expected, way
        assert [span.score for span in spans] == pytest.approx([one["score"] for one in entities], abs=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("marks", ["BILU", "BIES", "BMES"])
def test_schemes_with_ends_and_units_give_whole_entities(kind, marks, tmp_path):
    """transformers takes each such label for a type of its own; here the types are those that are meant."""
    labels = ("O", *(f"{mark}-{type_}" for type_ in ("PER", "LOC") for mark in marks))
    ours = load_token_classification_pipeline(LocalModel("tiny", saved(tmp_path, kind, labels, -5.0)), PLAIN)
    assert ours.types == ("PER", "LOC")
    for text, spans in zip(SENTENCES, spans_of(ours, SENTENCES), strict=True):
        assert spans
        assert all(text[span.start : span.end] == span.text and span.label in ours.types for span in spans)


@pytest.mark.parametrize("way", ["simple", "first", "average", "max"])
def test_a_character_of_several_tokens_is_in_one_entity(way, tmp_path):
    ours = load_token_classification_pipeline(
        LocalModel("tiny", saved(tmp_path, "roberta", SCHEMES["IO"], -5.0)), PLAIN
    )
    text = "河水 😀 é 👩\u200d👩\u200d👧"
    (spans,) = spans_of(ours, [text], way)
    assert all(before.end <= after.start for before, after in pairwise(spans))
    assert "".join(span.text for span in spans).replace(" ", "") == text.replace(" ", "")

"""`nlpcli.load` does what the commands do: each task, each way in which its command asks for something."""

from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
import tiny_translation
import torch
from tiny import save_classifier, save_masked_lm, save_token_classifier
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

import nlpcli
from nlpcli.errors import UsageError
from nlpcli.models.catalog import catalog
from nlpcli.tasks.registry import TASKS
from nlpcli.text.personal.tokens import LABELS

SCHEMA = (
    '{"type": "object", "properties": {"a": {"enum": ["b", "c"]}}, "required": ["a"], "additionalProperties": false}'
)
FIVE = {"attention-inspect": "vectors", "embed": "vectors", "labels": "vectors", "summarize": "vectors"}
ROLES = {"extract": "tokens", "generate": "writes", "sentiment": "labels", "translate": "translates", "words": "words"}
TEXTS = ["a b. c d.", "c"]
PAIR = {"sent_more": "a b", "sent_less": "a c", "bias_type": "x"}

# Task → options and texts.
VARIANTS = [
    ("generate", {"max_tokens": 2}, TEXTS),
    ("generate", {"max_tokens": 2, "count": 2, "seed": 1}, TEXTS),
    ("generate", {"schema": SCHEMA, "seed": 1}, TEXTS),
    ("generate", {"max_tokens": 2, "template": "{{ b }}"}, [{"text": "a", "b": "c"}]),
    ("generate", {"max_tokens": 2, "greedy": True, "why": True}, TEXTS),
    ("translate", {"source": "en", "target": "pt"}, TEXTS),
    ("translate", {"scores": True}, TEXTS),
    ("translate", {"why": True, "beams": 2}, TEXTS),
    ("translate", {"markup": "html", "glossary": (("a", "b"),)}, TEXTS),
    ("summarize", {}, TEXTS),
    ("summarize", {"method": "extractive", "bullets": True}, TEXTS),
    ("summarize", {"method": "abstractive", "max_words": 2}, TEXTS),
    ("summarize", {"with_file": True, "length": "long"}, TEXTS),
    ("sentiment", {"all_scores": True, "threshold": 0.1}, TEXTS),
    ("sentiment", {"result": "aggregate"}, TEXTS),
    ("sentiment", {"labels": ("a", "b")}, TEXTS),
    ("sentiment", {"labels": ("good", "bad")}, TEXTS),
    ("sentiment", {"why": True}, TEXTS),
    ("embed", {"precision": "int8", "dimension": 4, "prompt": "a: "}, TEXTS),
    ("embed", {"result": "chunks"}, TEXTS),
    ("embed", {"result": "search", "query": "a", "top": 1}, TEXTS),
    ("embed", {"result": "search", "query": "a", "why": True}, TEXTS),
    ("embed", {"result": "similarity"}, TEXTS),
    ("extract", {}, TEXTS),
    ("extract", {"types": ("ORG",), "offsets": "bytes"}, TEXTS),
    ("extract", {"types": ("fruit",)}, TEXTS),
    ("extract", {"count": True}, TEXTS),
    ("extract", {"result": "keyphrases", "candidates": "n-grams"}, TEXTS),
    ("extract", {"result": "keyphrases", "method": "yake"}, TEXTS),
    ("extract", {"result": "fields", "schema": SCHEMA}, TEXTS),
    ("extract", {"result": "fields", "types": ("fruit",), "grounded_only": True}, TEXTS),
    ("extract", {"result": "masked"}, ["a@example.org"]),
    ("extract", {"result": "masked", "kinds": ("ORG", "EMAIL")}, ["a@example.org"]),
    (
        "extract",
        {"result": "unmasked", "known": SimpleNamespace(originals={"<EMAIL_1>": "a@b.org"}, labels=LABELS)},
        TEXTS,
    ),
    ("words", {}, ["a"]),
    ("words", {"result": "analogy", "method": "mul"}, ["a b c"]),
    ("words", {"result": "odd"}, ["a b c"]),
    ("words", {"result": "compare"}, ["a b"]),
    ("words", {"result": "axis", "poles": ("a", "b")}, ["c"]),
    ("words", {"result": "map"}, ["a", "b", "c"]),
    ("words", {"result": "evaluate"}, [": s", "a b c d"]),
    ("bias", {"each": True, "result": "pairs"}, [PAIR]),
    ("bias", {"result": "pairs"}, [PAIR]),
    ("bias", {"result": "swap"}, ["{} d"]),
    ("attention-inspect", {"top": 2}, TEXTS[1:]),
    ("attention-inspect", {"method": "rollout", "layers": (0,)}, TEXTS[1:]),
    ("attention-inspect", {"method": "integrated-gradients"}, TEXTS[1:]),
    ("attention-inspect", {"verify": True}, TEXTS[1:]),
]


@pytest.fixture(scope="module")
def defaults(tmp_path_factory):
    """Tiny models in the place of those that tasks take by themselves."""
    folder = tmp_path_factory.mktemp("models")
    save_classifier(folder / "labels")
    save_token_classifier(folder / "tokens", labels=("O", "B-ORG", "I-ORG"))
    _save_writer(folder / "writes")
    save_masked_lm(folder / "vectors")
    (folder / "translates").mkdir()
    tiny_translation.save_marian(folder / "translates")
    words = np.random.default_rng(0).normal(size=(4, 8))
    rows = "\n".join(f"{word} {' '.join(map(str, row))}" for word, row in zip("abcd", words, strict=True))
    (folder / "words.txt").write_text(rows)
    kinds = {**FIVE, **ROLES}
    with _user_catalog(
        folder, {role: str(folder / kind) for role, kind in kinds.items()} | {"words": str(folder / "words.txt")}
    ):
        yield


def _save_writer(folder):
    """One that can write any text, as JSON needs it: its tokens are bytes."""
    config = GPT2Config(
        vocab_size=300, n_positions=2048, n_embd=16, n_layer=1, n_head=2, bos_token_id=0, eos_token_id=0
    )
    torch.manual_seed(0)
    GPT2LMHeadModel(config).save_pretrained(folder)
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate(["[END]", *letters])}
    tokenizer = Tokenizer(models.BPE(vocabulary, []))
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.ByteLevel(False), decoders.ByteLevel()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="[END]").save_pretrained(folder)


@contextmanager
def _user_catalog(folder, defaults):
    lines = [f'{role} = "{path}"' for role, path in defaults.items()]
    (folder / "catalog.toml").write_text("[default]\n" + "\n".join(lines))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NLPCLI_CONFIG", str(folder / "config.toml"))
        patch.setenv("NLPCLI_CACHE_DIR", str(folder / "cache"))
        catalog.cache_clear()
        yield
    catalog.cache_clear()


def test_every_task_has_a_variant():
    assert {task for task, *_ in VARIANTS} == set(TASKS)


@pytest.mark.parametrize(("task", "options", "texts"), VARIANTS)
def test_what_a_command_offers_is_there_from_python(defaults, task, options, texts):
    results = nlpcli.load(task, device="cpu", dtype="float32", **options)(texts)
    assert results
    fields = {*TASKS[task].load_module().OPTIONS(**options).fields, "warning"}
    assert all(set(result) <= fields for result in results), results


def test_options_of_another_pipeline_are_refused(defaults):
    entities = nlpcli.load("extract", device="cpu")
    with pytest.raises(UsageError, match="load it again"):
        entities(["a"], result="fields", schema=SCHEMA)
    (masked,) = entities(["a"], result="masked", kinds=("ORG",))
    assert set(masked) == {"masked", "spans"}

"""The task over a tiny random BERT, against plain numpy."""

import json
from itertools import pairwise, product

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from tasks_by_hand import results_of, task_of
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from nlpcli.errors import UsageError
from nlpcli.kernels.linear import libraries
from nlpcli.models.reference import LocalModel
from nlpcli.records.record import Origin, Record
from nlpcli.runtime.device import Hardware, Placement, choose
from nlpcli.tasks.embed import EmbedOptions, with_precision

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"abcdefghijklmnop"]
LONGEST = 16
WIDTH = 12
POOLINGS = {
    "cls": lambda states: states[0],
    "lasttoken": lambda states: states[-1],
    "max": lambda states: states.max(0),
    "mean": lambda states: states.mean(0),
    "mean_sqrt_len_tokens": lambda states: states.sum(0) / np.sqrt(len(states)),
    "weightedmean": lambda states: np.average(states, axis=0, weights=np.arange(1, len(states) + 1)),
}


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    """A folder with a tiny BERT and its tokenizer."""
    folder = tmp_path_factory.mktemp("bert")
    torch.manual_seed(0)
    sizes = {"hidden_size": WIDTH, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    BertModel(BertConfig(vocab_size=len(WORDS), max_position_embeddings=LONGEST, **sizes)).save_pretrained(folder)
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(folder)
    return folder


@pytest.fixture
def sentence_model(bert, tmp_path):
    """Makes a sentence-transformers folder around the BERT: its pooling, further modules, its prompts."""

    def make(pooling, *further, prompts=None):
        for file in bert.iterdir():
            (tmp_path / file.name).symlink_to(file)
        modules = [("", "Transformer"), ("1_Pooling", "Pooling"), *further]
        rows = [{"path": path, "type": f"sentence_transformers.models.{kind}"} for path, kind in modules]
        (tmp_path / "modules.json").write_text(json.dumps(rows))
        (tmp_path / "config_sentence_transformers.json").write_text(json.dumps(prompts or {}))
        (tmp_path / "1_Pooling").mkdir()
        (tmp_path / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
        return tmp_path

    return make


def embed(folder, *texts, **options):
    """The vectors of texts, in one batch as the batcher would run it."""
    records = [Record(text, {}, Origin("x", line)) for line, text in enumerate(texts, start=1)]
    return [result["embedding"] for result in results_of(task_over(folder, **options), records)]


def task_over(folder, **options):
    placement = Placement("cpu", "float32", "", "")
    return task_of("embed", EmbedOptions(**options), LocalModel("tiny", folder), placement)


def hidden_states(folder, text):
    """(tokens, width) of one text by itself, [CLS] and [SEP] around it."""
    model = BertModel.from_pretrained(folder, attn_implementation="eager").eval()
    token_ids = [2, *(WORDS.index(word) for word in text.split()), 3]
    with torch.no_grad():
        return model(torch.tensor([token_ids])).last_hidden_state[0].numpy()


@pytest.mark.parametrize("name", POOLINGS)
def test_each_pooling_is_what_numpy_makes_of_the_token_vectors(sentence_model, name):
    folder = sentence_model({"pooling_mode": name})
    texts = ["a b c", "d", "e f g h i"]
    for vector, text in zip(embed(folder, *texts), texts, strict=True):
        assert np.allclose(vector, POOLINGS[name](hidden_states(folder, text)), atol=1e-5)


def test_several_poolings_stand_side_by_side(sentence_model):
    folder = sentence_model({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True})
    states = hidden_states(folder, "a b")
    assert np.allclose(embed(folder, "a b")[0], np.concatenate([states[0], states.mean(0)]), atol=1e-5)


def test_pooling_option_stands_over_the_models_own(sentence_model):
    folder = sentence_model({"pooling_mode": "mean"})
    assert np.allclose(embed(folder, "a b", pooling="last")[0], hidden_states(folder, "a b")[-1], atol=1e-5)


def test_dense_layers_follow_in_their_order_and_normalize_ends_them(sentence_model):
    folder = sentence_model({"pooling_mode": "mean"}, ("2_Dense", "Dense"), ("3_Dense", "Dense"), ("4", "Normalize"))
    random = np.random.default_rng(0)
    first, bias, second = random.normal(size=(8, WIDTH)), random.normal(size=8), random.normal(size=(5, 8))
    save_dense(folder / "2_Dense", "Tanh", first, bias)
    save_dense(folder / "3_Dense", "Identity", second)
    expected = second @ np.tanh(first @ hidden_states(folder, "a b").mean(0) + bias)
    assert np.allclose(embed(folder, "a b")[0], expected / np.linalg.norm(expected), atol=1e-5)
    assert np.allclose(embed(folder, "a b", normalize=False)[0], expected, atol=1e-4)


def save_dense(folder, activation, weight, bias=None):
    tensors = {"linear.weight": weight} if bias is None else {"linear.weight": weight, "linear.bias": bias}
    folder.mkdir()
    save_file({name: torch.tensor(value).float() for name, value in tensors.items()}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"activation_function": f"torch.nn.modules.{activation}"}))


def test_a_prompt_that_is_not_pooled_is_seen_and_left_out(sentence_model):
    folder = sentence_model({"pooling_mode": "mean", "include_prompt": False}, prompts={"prompts": {"ask": "p o "}})
    states = hidden_states(folder, "p o a b")
    assert np.allclose(embed(folder, "a b", prompt="ask")[0], states[3:].mean(0), atol=1e-5)


def test_the_models_default_prompt_is_used_and_pooled(sentence_model):
    prompts = {"prompts": {"ask": "p o "}, "default_prompt_name": "ask"}
    folder = sentence_model({"pooling_mode": "mean"}, prompts=prompts)
    assert np.allclose(embed(folder, "a b")[0], hidden_states(folder, "p o a b").mean(0), atol=1e-5)
    assert np.allclose(embed(folder, "a b", prompt="")[0], hidden_states(folder, "a b").mean(0), atol=1e-5)


def test_a_search_puts_the_models_prompts_before_query_and_document(sentence_model):
    prompts = {"prompts": {"query": "p ", "passage": "o "}}
    folder = sentence_model({"pooling_mode": "mean"}, ("2", "Normalize"), prompts=prompts)
    task = task_over(folder, result="search", query="c")
    record = Record("a b", {}, Origin("x", 1))
    (record.result,) = results_of(task, [record])
    (found,) = task.reduce(iter([record]))
    query, passage = hidden_states(folder, "p c").mean(0), hidden_states(folder, "o a b").mean(0)
    cosine = query @ passage / np.linalg.norm(query) / np.linalg.norm(passage)
    assert found.result["score"] == pytest.approx(cosine, abs=1e-5)


def test_a_long_text_is_cut_into_windows_of_equal_size_that_lose_nothing(bert):
    task = task_over(bert)
    text = " ".join("abcdefghijklmnop"[number * 7 % 16] for number in range(45))
    ((units, _),) = task.split([Record(text, {}, Origin("x", 1))])
    windows = [unit.payload.token_ids for unit in units]
    sizes = [len(window) for window in windows]
    assert max(sizes) <= LONGEST
    assert max(sizes) - min(sizes) <= len(sizes)
    assert [unit.cost for unit in units] == sizes
    assert [WORDS[token] for window in windows for token in window[1:-1]] == text.split()


def test_the_vector_of_a_long_text_is_the_average_of_its_windows(bert):
    long_text = " ".join("abcdefghijklmn" * 2)
    halves = [hidden_states(bert, " ".join("abcdefghijklmn")).mean(0)] * 2
    (vector,) = embed(bert, long_text, normalize=False)
    assert np.allclose(vector, np.mean(halves, axis=0), atol=1e-5)


def test_precision_keeps_what_its_bits_can_hold():
    vector = np.array([0.5, -0.25, 0.0, 1e-3, -1.0, 0.75, 0.1, -0.1, 0.2], np.float32)
    assert with_precision(vector, "float32") is vector
    assert with_precision(vector, "float16").tolist() == vector.astype(np.float16).tolist()
    assert with_precision(vector, "int8").tolist() == [64, -32, 0, 0, -127, 95, 13, -13, 25]
    assert with_precision(vector, "binary").tolist() == [0b10010110, 0b10000000]


def test_a_zero_vector_has_every_precision():
    nothing = np.zeros(8, np.float32)
    assert with_precision(nothing, "int8").tolist() == [0] * 8
    assert with_precision(nothing, "binary").tolist() == [0]


def test_a_plain_word_that_names_no_prompt_is_said_with_those_that_do(sentence_model):
    folder = sentence_model({"pooling_mode": "mean"}, prompts={"prompts": {"query": "p ", "document": "o "}})
    with pytest.raises(UsageError) as caught:
        task_over(folder, prompt="qery")
    assert 'tiny has no prompt "qery"; it has: query, document.' in str(caught.value)
    assert '--prompt "qery: "' in str(caught.value)


def test_a_word_is_no_prompt_of_a_model_without_any_and_a_text_is(bert):
    with pytest.raises(UsageError, match='tiny has no prompt "query"; it has none by name'):
        task_over(bert, prompt="query")
    assert np.allclose(embed(bert, "a", prompt="b ")[0], embed(bert, "b a")[0], atol=1e-6)


def chunks(folder, text, **options):
    record = Record(text, {}, Origin("x", 1))
    (result,) = results_of(task_over(folder, result="chunks", **options), [record])
    return result["chunks"]


@pytest.mark.parametrize(
    "text", ["", " \n", "a b", "a b c. " * 9, "a " * 40, "\na b. c d e f g h i j k l m n o p. a\n\n b "]
)
@pytest.mark.parametrize("prompt", [None, "o p "])
def test_chunks_hold_every_word_at_its_place_and_fit_the_model(bert, text, prompt):
    found = chunks(bert, text, prompt=prompt, normalize=False)
    covered = set()
    for chunk in found:
        body = text[chunk["start"] : chunk["end"]]
        covered |= set(range(chunk["start"], chunk["end"]))
        assert np.allclose(chunk["embedding"], embed(bert, body, prompt=prompt, normalize=False)[0], atol=1e-5)
        assert len(body.split()) <= LONGEST - 2
    assert {place for place, character in enumerate(text) if not character.isspace()} <= covered
    assert len(found) >= 1


def test_chunks_overlap_so_that_two_sentences_at_a_border_are_whole_in_one_of_them(bert):
    sentences = [
        f"{who} {what} the garden." for who, what in product(["Dogs", "Cats", "Birds"], ["like", "leave", "see"])
    ]
    text = " ".join(sentences)
    bodies = [text[chunk["start"] : chunk["end"]] for chunk in chunks(bert, text)]
    assert len(bodies) > 2
    for first, second in pairwise(sentences):
        assert any(f"{first} {second}" in body for body in bodies)


def test_a_prompt_that_leaves_no_room_is_said(bert):
    with pytest.raises(UsageError, match="leaves no room"):
        chunks(bert, "a", prompt="a b c d e f g h i j k l m n ")


def test_a_search_gives_a_text_the_score_of_its_nearest_window(bert):
    text = "a b c d e f g h i j k l. " * 3 + "O p o p o p o p o p. " + "a b c d e f g h i j k l. " * 3
    record = Record(text, {}, Origin("x", 1))
    task = task_over(bert, result="search", query="o p o p o p o p o p.")
    record.result = results_of(task, [record])[0]
    (found,) = task.reduce(iter([record]))
    assert "O p o p" in text[found.result["start"] : found.result["end"]]


@pytest.mark.parametrize("dtype", ["int8", "bfloat16"])
def test_a_search_in_less_than_float32_finds_and_float32_ranks(bert, dtype):
    texts = [f"{first} {second} {third}" for first, second, third in product("abcd", "efg", "hij")]

    def found(asked):
        placement = choose(Hardware("cpu", frozenset({"avx2"}), 1, libraries=libraries()), "cpu", asked)
        options = EmbedOptions(result="search", query="a f h", top=5)
        task = task_of("embed", options, LocalModel("tiny", bert), placement)
        records = [Record(text, {}, Origin("x", line)) for line, text in enumerate(texts, start=1)]
        for record, result in zip(records, results_of(task, records), strict=True):
            record.result = result
        return [(record.text, record.result["score"]) for record in task.reduce(iter(records))]

    assert found(dtype) == [(text, pytest.approx(score, abs=2e-6)) for text, score in found("float32")]

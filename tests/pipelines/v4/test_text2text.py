"""The pipelines of v4 over tiny random encoder-decoder models, beside `model.generate` called by hand."""

import logging

import pytest
import torch
from tiny import SEQ2SEQ, save_seq2seq
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, GenerationConfig, pipeline

import nlpcli.pipelines.v4
from nlpcli.pipelines.v4 import ReturnType, SummarizationPipeline

TEXTS = ["a b c d e.", "f g", "h i j k l m n o p q r. s t u v", "a", "z y x w v u t s"]
GREEDY = {"max_new_tokens": 8, "num_beams": 1}
BEAMS = {"max_new_tokens": 8, "num_beams": 3}


def save_varied(folder, kind):
    """A random model that answers different texts differently."""
    save_seq2seq(folder, kind)
    model = AutoModelForSeq2SeqLM.from_pretrained(folder)
    torch.manual_seed(3)
    for name, parameter in model.named_parameters():
        # As it is, a model says what it said before, whatever the text.
        if "encoder_attn" in name or "EncDecAttention" in name:
            torch.nn.init.normal_(parameter, std=1.5)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module", params=SEQ2SEQ)
def any_folder(request, tmp_path_factory):
    return save_varied(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_varied(tmp_path_factory.mktemp("t5"), "t5")


def by_hand(folder, texts, **options):
    model, tokenizer = AutoModelForSeq2SeqLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    rows = [model.generate(tokenizer(text, return_tensors="pt").input_ids, **options)[0] for text in texts]
    return [tokenizer.decode(row, skip_special_tokens=True) for row in rows]


def pipeline_of(folder, task="summarization", **options):
    return pipeline(task, model=str(folder), device="cpu", **options)


@pytest.mark.parametrize("options", [GREEDY, BEAMS], ids=["greedy", "beams"])
def test_every_family_says_what_generate_says_batched_or_not(any_folder, options):
    summarize = pipeline_of(any_folder)
    expected = by_hand(any_folder, TEXTS, **options)
    assert [summarize(text, **options)[0]["summary_text"] for text in TEXTS] == expected
    assert [row["summary_text"] for row in summarize(TEXTS, batch_size=3, **options)] == expected
    windows = [summarize.tokenizer(text)["input_ids"] for text in TEXTS]
    for max_tokens in (None, 24, 1):
        assert list(map(summarize.decode, summarize.generate(windows, max_tokens, **options))) == expected


def test_different_texts_get_different_answers(folder):
    assert len(set(by_hand(folder, TEXTS, **GREEDY))) > 1


def test_a_text_gives_a_list_and_a_list_gives_one_dict_each(folder):
    summarize = pipeline_of(folder)
    assert isinstance(summarize, SummarizationPipeline)
    assert [list(row) for row in summarize("a b", **GREEDY)] == [["summary_text"]]
    assert [list(row) for row in summarize(["a b", "c"], **GREEDY)] == [["summary_text"]] * 2
    several = summarize(["a b", "c"], max_new_tokens=4, num_beams=2, num_return_sequences=2)
    assert [[list(row) for row in rows] for rows in several] == [[["summary_text"]] * 2] * 2


def test_text2text_gives_generated_text(folder):
    assert list(pipeline_of(folder, "text2text-generation")("a b", **GREEDY)[0]) == ["generated_text"]


def test_tensors_are_given_when_asked_for(folder):
    summarize = pipeline_of(folder)
    text = summarize("a b c", return_text=True, **GREEDY)[0]["summary_text"]
    for asked in ({"return_tensors": True}, {"return_type": ReturnType.TENSORS}):
        (row,) = summarize("a b c", **asked, **GREEDY)
        assert list(row) == ["summary_token_ids"]
        assert summarize.tokenizer.decode(row["summary_token_ids"], skip_special_tokens=True) == text


def test_arguments_of_the_call_win_over_those_of_the_constructor(folder):
    summarize = pipeline_of(folder, max_length=4, num_beams=1)
    lengths = [
        len(summarize("a b c", return_tensors=True, min_new_tokens=20, **options)[0]["summary_token_ids"])
        for options in ({}, {"max_length": 6}, {"max_new_tokens": 9})
    ]
    assert lengths == [4, 6, 10]


def test_without_a_word_v4s_beams_and_length_hold(folder, monkeypatch):
    summarize = pipeline_of(folder)
    called = {}
    monkeypatch.setattr(
        summarize.model, "generate", lambda **options: called.update(options) or torch.zeros((1, 2), dtype=torch.long)
    )
    summarize("a b c")
    assert (called["num_beams"], called["max_new_tokens"]) == (4, 256)


def test_task_and_prefix_of_the_configuration_are_honoured(tmp_path):
    parameters = {"summarization": {"prefix": "x y : ", "max_length": 5, "num_beams": 2, "early_stopping": True}}
    folder = save_seq2seq(tmp_path, "t5", task_specific_params=parameters)
    expected = by_hand(folder, ["x y : a b c"], max_length=5, num_beams=2, early_stopping=True)
    assert [row["summary_text"] for row in pipeline_of(folder)("a b c")] == expected
    other = pipeline_of(folder, "text2text-generation", **GREEDY)("a b c")
    assert [row["generated_text"] for row in other] == by_hand(folder, ["a b c"], **GREEDY)


def test_a_generation_config_is_meant_as_it_stands(folder):
    config = GenerationConfig(max_new_tokens=3, num_beams=1, decoder_start_token_id=0, eos_token_id=3, pad_token_id=0)
    assert [row["summary_text"] for row in pipeline_of(folder)(["a b c"], generation_config=config)] == by_hand(
        folder, ["a b c"], max_new_tokens=3, num_beams=1
    )


def test_nothing_is_truncated_unless_asked_for(folder):
    summarize = pipeline_of(folder)
    text = "a b c d " * 20
    assert summarize.preprocess(text)["input_ids"].shape[1] == 82
    assert summarize.preprocess(text, truncation=True)["input_ids"].shape[1] == summarize.tokenizer.model_max_length
    assert summarize(text, truncation=True, **GREEDY) != []


def test_a_stop_sequence_ends_generation(folder):
    (row,) = pipeline_of(folder)("a b c", return_tensors=True, max_new_tokens=8, num_beams=1)
    first = int(row["summary_token_ids"][1])
    summarize = pipeline_of(folder)
    word = summarize.tokenizer.decode([first])
    (row,) = summarize("a b c", stop_sequence=word, return_tensors=True, max_new_tokens=8, num_beams=1)
    assert row["summary_token_ids"].tolist()[1:] == [first]


def test_lengths_that_do_not_fit_are_warned_of_as_in_v4(folder, caplog):
    with caplog.at_level(logging.WARNING, "nlpcli"):
        pipeline_of(folder)("a b", min_length=9, max_length=8, num_beams=1)
    assert ["min_length=9" in caplog.text, "only 4 tokens" in caplog.text] == [True, True]


def test_what_is_neither_text_nor_texts_is_refused(folder):
    with pytest.raises(ValueError, match="str or list"):
        pipeline_of(folder).preprocess(3)


def test_the_module_names_what_it_brings_back():
    assert {"SummarizationPipeline", "Text2TextGenerationPipeline"} <= set(nlpcli.pipelines.v4.__all__)

"""`--why`: what the tokens of a text make of its result."""

import pytest
import torch
from tasks_by_hand import results_of, task_of
from tiny import save_causal_lm, save_classifier, save_seq2seq
from tiny_attention import save_attention_model
from tiny_translation import save_m2m100, save_marian, save_t5
from transformers import AutoModelForCausalLM, AutoTokenizer

from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.attribution.erasure import groups_of
from nlpcli.records.attribution import Share, at_their_places
from nlpcli.records.record import Origin, Record
from nlpcli.runtime.arrivals import ReadAhead
from nlpcli.runtime.device import Placement
from nlpcli.tasks.embed import EmbedOptions
from nlpcli.tasks.generate import GenerateOptions
from nlpcli.tasks.sentiment import SentimentOptions
from nlpcli.tasks.translate import TranslateOptions
from nlpcli.text.origins import Origins

FLOAT32 = Placement("cpu", "float32", "", "")


def reasons(folder, text, **options):
    task = task_of("sentiment", SentimentOptions(why=True, **options), LocalModel("tiny", folder), FLOAT32)
    (result,) = results_of(task, [Record(text, {}, Origin("x", 1))])
    return result


@pytest.mark.parametrize("kind", ["bert", "distilbert", "roberta", "electra", "mpnet", "gpt2"])
def test_the_tokens_of_a_label_sum_to_what_the_text_makes_of_it(kind, tmp_path):
    save_classifier(tmp_path, kind)
    why = reasons(tmp_path, "a b c")["why"]
    total = sum(token["score"] for token in why["tokens"])
    # [CLS] is a word to this tokenizer, and has no place in the text.
    if kind == "gpt2":
        assert total == pytest.approx(why["value"] - why["baseline"] - why["error"], abs=1e-4)
    assert [(token["text"], token["start"], token["end"]) for token in why["tokens"]] == [
        ("a", 0, 1), ("b", 2, 3), ("c", 4, 5),
    ]  # fmt: skip
    assert why["method"] == "integrated gradients"
    assert abs(why["error"]) < 0.05


def test_the_label_is_the_same_with_and_without_reasons(tmp_path):
    save_classifier(tmp_path)
    plain = task_of("sentiment", SentimentOptions(), LocalModel("tiny", tmp_path), FLOAT32)
    (without,) = results_of(plain, [Record("a b c", {}, Origin("x", 1))])
    result = reasons(tmp_path, "a b c")
    assert {name: result[name] for name in without} == without
    assert result["why"]["target"] == f"log-odds of {without['label']}"


def test_the_tokens_of_a_long_text_say_their_window(tmp_path):
    save_classifier(tmp_path)
    text = "A b c d e f g h i j k l m n o p q! We r s t! They u v w x!"
    why = reasons(tmp_path, text)["why"]
    assert why["windows"] > 1
    assert {token["window"] for token in why["tokens"]} == set(range(why["windows"]))
    for token in why["tokens"]:
        assert text[token["start"] : token["end"]] == token["text"]


def test_what_the_vocabulary_lacks_is_shown_as_the_text_has_it(tmp_path):
    save_classifier(tmp_path)
    assert [token["text"] for token in reasons(tmp_path, "a 猫 b")["why"]["tokens"]] == ["a", "猫", "b"]


def test_an_empty_text_has_no_reasons(tmp_path):
    save_classifier(tmp_path)
    assert reasons(tmp_path, "  ")["why"] is None


@pytest.mark.parametrize("labels", [("negative", "positive"), ("positive", "negative")])
def test_labels_of_the_users_own_have_reasons(labels, tmp_path):
    save_classifier(tmp_path)
    result = reasons(tmp_path, "a b c", labels=labels)
    assert result["why"]["target"] == f"log-odds of {result['label']}"
    assert len(result["why"]["tokens"]) == 3


def test_an_inference_model_explains_the_text_and_not_the_label(tmp_path):
    save_classifier(tmp_path, labels=("contradiction", "neutral", "entailment"))
    why = reasons(tmp_path, "a b c", labels=("x", "y"), hypothesis="d {}")["why"]
    assert [token["text"] for token in why["tokens"]] == ["a", "b", "c"]
    assert sum(token["score"] for token in why["tokens"]) == pytest.approx(
        why["value"] - why["baseline"] - why["error"], abs=1e-4
    )


@pytest.mark.parametrize(
    ("original", "rewritten", "stretch", "expected"),
    [
        ("abc def", "abc def", (4, 7), (4, 7)),
        ("so 😍 good", "so smiling face good", (3, 10), (3, 4)),
        ("so 😍 good", "so smiling face good", (16, 20), (5, 9)),
        ("<b>fine</b> day", "fine day", (0, 4), (3, 7)),
        ("it 1/5 stars, <b>never</b>", "it  terrible , never", (4, 12), (3, 12)),
        ("gave 1/5 here", "gave terrible here", (5, 13), (5, 8)),
    ],
)
def test_what_was_rewritten_has_its_place_in_the_original(original, rewritten, stretch, expected):
    assert Origins(original, rewritten).place(*stretch) == expected


def test_tokens_of_one_character_are_one():
    merged = at_their_places([Share("", 1.0), Share("", 2.0), Share("", 4.0)], "天 a", [(0, 1), (0, 1), (2, 3)])
    assert [(share.text, share.score) for share in merged] == [("天", 3.0), ("a", 4.0)]


def completed(folder, text, **options):
    options = GenerateOptions(why=True, raw=True, greedy=True, max_tokens=3, **options)
    task = task_of("generate", options, LocalModel("tiny", folder), FLOAT32)
    (record,) = task.process(ReadAhead([Record(text, {}, Origin("x", 1))]), None, lambda record, piece: None)
    return record.result


@pytest.mark.parametrize("kind", ["gpt2", "llama", "qwen2"])
def test_a_completion_rests_on_what_it_loses_without_a_token(kind, tmp_path):
    """Each token of the prompt left out by hand, in transformers."""
    save_causal_lm(tmp_path, kind)
    text = "a b c d"
    why = completed(tmp_path, text)["why"]
    assert [(token["text"], token["start"]) for token in why["tokens"]] == [("a", 0), ("b", 2), ("c", 4), ("d", 6)]
    model = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    prompt = tokenizer(text)["input_ids"]
    with torch.no_grad():
        written = model.generate(torch.tensor([prompt]), do_sample=False, max_new_tokens=3)[0, len(prompt) :].tolist()
        written = [token for token in written if token != tokenizer.eos_token_id]

        def logs(ids):
            logits = model(torch.tensor([[*ids, *written]])).logits[0, len(ids) - 1 : -1].double().log_softmax(-1)
            return logits.gather(1, torch.tensor(written)[:, None])[:, 0]

        whole = logs(prompt)
        lost = torch.stack([whole - logs([*prompt[:place], *prompt[place + 1 :]]) for place in range(4)])
    assert why["value"] == pytest.approx(float(whole.sum()), abs=1e-4)
    assert [token["score"] for token in why["tokens"]] == pytest.approx(lost.sum(1).tolist(), abs=1e-3)
    for number, token in enumerate(why["output"]):
        assert token["scores"] == pytest.approx(lost[:, number].tolist(), abs=1e-3)


@pytest.mark.parametrize("kind", ["bart", "t5"])
def test_an_encoder_decoder_rests_on_its_source(kind, tmp_path):
    save_seq2seq(tmp_path, kind)
    why = completed(tmp_path, "a b c d")["why"]
    assert [token["text"] for token in why["tokens"]] == ["a", "b", "c", "d"]
    assert len(why["output"]) == 3


def test_of_a_template_the_text_of_the_record_has_its_place(tmp_path):
    save_causal_lm(tmp_path)
    why = completed(tmp_path, "b c", template="a {{ text }} d")["why"]
    assert [(token["text"], token["start"]) for token in why["tokens"]] == [
        ("a", None), ("b", 0), ("c", 2), ("d", None),
    ]  # fmt: skip


def test_many_tokens_are_erased_in_runs_of_words():
    text = " ".join(f"word{number}" for number in range(500))
    places, start = [], 0
    for word in text.split():
        places += [(start, start + 4), (start + 4, start + len(word))]
        start += len(word) + 1
    groups = groups_of(text, [None, *places])
    assert len(groups) <= 64
    assert sorted(place for group in groups for place in group) == list(range(1, 1001))
    assert all(group[0] % 2 == 1 for group in groups)  # no word is cut


@pytest.mark.parametrize(("save", "target"), [(save_marian, None), (save_t5, "de"), (save_m2m100, "de")])
def test_a_translation_rests_on_its_sentences_whatever_the_family(save, target, tmp_path):
    save(tmp_path)
    options = TranslateOptions(source="en", target=target or "pt", why=True)
    task = task_of("translate", options, LocalModel("tiny/en-pt", tmp_path), FLOAT32)
    text = "The cat sat. Dogs run."
    (result,) = results_of(task, [Record(text, {}, Origin("x", 1))])
    why = result["why"]
    assert why["method"] == "erasure"
    for token in why["tokens"]:
        assert token["start"] is not None
        assert text[token["start"] : token["end"]] == token["text"]
    for word in why["output"]:
        assert len(word["scores"]) == len(why["tokens"])
    assert [sum(word["scores"][n] for word in why["output"]) for n in range(len(why["tokens"]))] == pytest.approx(
        [token["score"] for token in why["tokens"]], abs=1e-3
    )


def found_by(folder, texts, **options):
    task = task_of("embed", EmbedOptions(result="search", why=True, **options), LocalModel("tiny", folder), FLOAT32)
    records = [Record(text, {}, Origin("x", number)) for number, text in enumerate(texts, start=1)]
    for record, result in zip(records, results_of(task, records), strict=True):
        record.result = result
    return list(task.reduce(iter(records)))


@pytest.mark.parametrize("options", [{}, {"pooling": "cls"}, {"dimension": 8}, {"prompt": "x y z "}])
def test_both_sides_of_a_hit_say_what_made_them_similar(options, tmp_path):
    save_attention_model(tmp_path)
    hits = found_by(tmp_path, ["a b c", "d e f"], query="a b q", **options)
    assert len(hits) == 2
    for hit in hits:
        why = hit.result["why"]
        assert why["value"] == pytest.approx(hit.result["score"], abs=1e-4)
        assert [token["text"] for token in why["query"]] == ["a", "b", "q"]
        assert "".join(token["text"] for token in why["tokens"]) == hit.text.replace(" ", "")
        assert sum(token["score"] for token in why["tokens"]) == pytest.approx(
            why["value"] - why["baseline"] - why["error"], abs=1e-4
        )


def test_the_tokens_of_a_chunk_stand_where_they_are_in_the_record(tmp_path):
    save_attention_model(tmp_path)
    text = " ".join(f"{letter} {letter} {letter} b c d e f g." for letter in "hijklm")
    (hit,) = found_by(tmp_path, [text], query="k")
    assert (hit.result["start"], hit.result["end"]) != (0, len(text))
    for token in hit.result["why"]["tokens"]:
        assert text[token["start"] : token["end"]] == token["text"]
        assert hit.result["start"] <= token["start"]


ODD = {
    "one token": "a", "one mark": "!", "emoji": "😀", "joined emoji": "a 👨‍👩‍👧‍👦 b 🇵🇹", "hebrew": "a שלום b עולם!", "arabic": "مرحبا",
    "direction": "\u202ba b\u202c c", "unknown": "猫", "combined": "e\u0301 a", "wide spaces": "a\u3000b\u00a0c",
}  # fmt: skip
CHAT = "{% for m in messages %}{{ m.content }}{% endfor %}"


def check_places(why, text):
    for token in why["tokens"]:
        if token["start"] is not None:
            assert text[token["start"] : token["end"]] == token["text"] != ""
    assert all(len(word["scores"]) == len(why["tokens"]) for word in why.get("output", ()))


@pytest.mark.parametrize("kind", ["gpt2", "llama", "chat", "bart"])
def test_a_completion_of_any_text_has_reasons_at_their_places(kind, tmp_path):
    if kind == "bart":
        save_seq2seq(tmp_path)
    else:
        save_causal_lm(tmp_path, "llama" if kind == "chat" else kind, chat_template=CHAT if kind == "chat" else None)
    options = GenerateOptions(why=True, raw=kind != "chat", greedy=True, max_tokens=2)
    task = task_of("generate", options, LocalModel("tiny", tmp_path), FLOAT32)
    records = [Record(text, {}, Origin("x", number)) for number, text in enumerate(ODD.values(), start=1)]
    for record in task.process(ReadAhead(records), None, lambda record, piece: None):
        assert record.error is None
        check_places(record.result["why"], record.text)
        if record.text == "a":
            assert [(token["text"], token["start"], token["end"]) for token in record.result["why"]["tokens"]] == [
                ("a", 0, 1)
            ]


@pytest.mark.parametrize("kind", ["bert", "gpt2"])
def test_a_label_of_any_text_has_reasons_at_their_places(kind, tmp_path):
    save_classifier(tmp_path, kind)
    task = task_of("sentiment", SentimentOptions(why=True), LocalModel("tiny", tmp_path), FLOAT32)
    records = [Record(text, {}, Origin("x", number)) for number, text in enumerate(["", *ODD.values()], start=1)]
    for record, result in zip(records, results_of(task, records), strict=True):
        if result["why"] is not None:
            check_places(result["why"], record.text)

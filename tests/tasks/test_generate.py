"""The task over a tiny random GPT-2: order, errors, chance, and what is heard."""

import pytest

from nlpcli.models.reference import LocalModel
from nlpcli.records.record import Origin, Record
from nlpcli.runtime.arrivals import ReadAhead
from nlpcli.runtime.device import Placement
from nlpcli.tasks.generate import GenerateOptions
from tests.tasks_by_hand import task_of
from tests.tiny import LONGEST, save_causal_lm

TEXTS = ["a b c", "d", "e f g h i j k l", "m n", "o p q r s"]
CHAT = "{% for m in messages %}{{ m.role[0] }} {{ m.content }} {% endfor %}a"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_causal_lm(tmp_path_factory.mktemp("tiny") / "gpt2")


def leaving(folder, texts, on_text=lambda record, piece: None, budget=None, **options):
    placement = Placement("cpu", "float32", "", "")
    task = task_of("generate", GenerateOptions(**options), LocalModel("tiny", folder), placement)
    records = [
        text if isinstance(text, Record) else Record(text, {}, Origin("x", line))
        for line, text in enumerate(texts, start=1)
    ]
    return task.reduce(task.process(ReadAhead(records), budget, on_text))


def run(*arguments, **options):
    return list(leaving(*arguments, **options))


def completions(*arguments, **options):
    return [record.result["completion"] for record in run(*arguments, **options)]


def test_records_leave_in_their_order_whatever_ends_first(folder):
    together = run(folder, TEXTS * 9, greedy=True, max_tokens=9)
    assert [record.text for record in together] == TEXTS * 9
    alone = {text: completions(folder, [text], greedy=True, max_tokens=9)[0] for text in TEXTS}
    assert [record.result["completion"] for record in together] == [alone[text] for text in TEXTS] * 9


def test_errors_keep_their_place(folder):
    broken = Record("", {}, Origin("x", 2), error="broken JSON")
    long = "a " * LONGEST
    first, second, third, last = run(folder, ["a", broken, long, "b"], greedy=True, max_tokens=4)
    assert first.result
    assert last.result
    assert (second.error, second.result) == ("broken JSON", None)
    assert third.error == (
        f"the prompt has {LONGEST} tokens, and the model takes {LONGEST} with its answer;"
        " shorten it, or choose a model of a longer context"
    )


def test_the_same_seed_draws_the_same_alone_and_in_a_batch(folder):
    options = {"seed": 5, "max_tokens": 9, "temperature": 1.5}
    together = completions(folder, TEXTS, **options)
    assert [completions(folder, [text], **options)[0] for text in TEXTS] == together
    assert completions(folder, TEXTS, budget=20, **options) == together
    assert completions(folder, TEXTS, **{**options, "seed": 6}) != together


def test_without_a_seed_every_run_draws_anew(folder):
    assert len({completions(folder, ["a b"], max_tokens=12, temperature=2.0)[0] for _ in range(4)}) > 1


def test_a_prompt_that_comes_again_is_drawn_apart_and_greedy_repeats_itself(folder):
    drawn = completions(folder, ["a b c"] * 4, seed=1, max_tokens=12, temperature=2.0)
    assert len(set(drawn)) > 1
    assert len(set(completions(folder, ["a b c"] * 4, greedy=True, max_tokens=12))) == 1


def test_n_gives_several_texts_the_first_ones_of_a_longer_list(folder):
    options = {"seed": 1, "max_tokens": 12, "temperature": 2.0}
    (record,) = run(folder, ["a b c"], count=3, **options)
    assert len(set(record.result["completions"])) > 1
    assert record.result["completions"] == completions(folder, ["a b c"] * 3, **options)


def test_what_is_heard_is_the_text_of_the_record_that_comes_out_next(folder):
    heard = []

    def on_text(record, piece):
        heard.append((record.text, piece))

    texts = {}
    for record in leaving(folder, TEXTS, on_text, greedy=True, max_tokens=9):
        texts[record.text] = record.result["completion"]
        assert {text for text, _ in heard} <= set(texts)
    assert {text: "".join(piece for of, piece in heard if of == text) for text in TEXTS} == texts
    assert len([piece for of, piece in heard if of == TEXTS[0]]) > 1


def test_several_texts_of_a_prompt_are_not_heard(folder):
    heard = []
    run(folder, ["a b"], lambda record, piece: heard.append(piece), count=2, max_tokens=4)
    assert heard == []


def test_stop_ends_a_text_before_itself(folder):
    (whole,) = completions(folder, ["a b c"], greedy=True, max_tokens=8)
    stop = whole.split()[-1]
    (short,) = completions(folder, ["a b c"], greedy=True, max_tokens=8, stop=(stop,))
    assert short == whole[: whole.index(stop)]


def test_the_end_of_the_context_is_said(folder, caplog, monkeypatch):
    monkeypatch.setattr("nlpcli.pipelines.generation.completer.Completer._end_tokens", lambda self: frozenset())
    (record,) = run(folder, ["a b c"], greedy=True, max_tokens=400)
    assert record.result["completion"]
    assert f"x:1: the text ends at the model's context of {LONGEST} tokens" in caplog.text


def test_a_template_over_the_fields_makes_the_prompt(folder):
    filled = Record("", {"one": "a", "two": "b"}, Origin("x", 1))
    lacking = Record("", {"one": "a"}, Origin("x", 2))
    good, bad = run(folder, [filled, lacking], greedy=True, max_tokens=5, template="{{ one }} {{ two }} c")
    assert good.result["completion"] == completions(folder, ["a b c"], greedy=True, max_tokens=5)[0]
    assert bad.error == "the template: 'two' is undefined; the record has: text, one"


def test_a_chat_model_gets_its_template_and_raw_leaves_it_off(folder, tmp_path, caplog):
    chat = save_causal_lm(tmp_path / "chat", chat_template=CHAT)
    options = {"greedy": True, "max_tokens": 6}
    in_template = completions(chat, ["b c"], system="x", **options)
    assert in_template == completions(folder, ["s x u b c a"], **options)
    assert completions(chat, ["b c"], raw=True, **options) == completions(folder, ["b c"], **options)
    assert [record.message for record in caplog.records if record.levelname == "WARNING"] == []
    run(chat, ["b"], raw=True, system="x", **options)
    run(folder, ["b"], system="x", **options)
    assert "which --raw leaves off" in caplog.text
    assert "which tiny lacks" in caplog.text


def test_a_template_that_refuses_the_conversation_is_an_error_of_the_record(tmp_path):
    refusing = save_causal_lm(tmp_path / "chat", chat_template="{{ raise_exception('System role not supported') }}")
    (record,) = run(refusing, ["b"], greedy=True)
    assert record.error == "the chat template of tiny: System role not supported; --raw leaves it off"

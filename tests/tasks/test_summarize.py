"""The task over tiny random models of every family: what is read, how long, in which rounds."""

import logging
from types import SimpleNamespace

import pytest
import torch
from tasks_by_hand import task_of
from tiny import CAUSAL, SEQ2SEQ, save_causal_lm, save_seq2seq
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

from nlpcli.errors import ModelUnusable, OutOfMemory
from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.abstractive import Lengths, Written, load_writer
from nlpcli.records.record import Origin, Record
from nlpcli.runtime.arrivals import ReadAhead
from nlpcli.runtime.batching import Batcher
from nlpcli.runtime.device import Placement
from nlpcli.tasks.summarize_abstractive import AbstractiveTask
from nlpcli.tasks.summarize_extractive import ExtractiveTask
from nlpcli.tasks.summary import LengthRule, SummarizeOptions, summary_of
from nlpcli.text.words import count_words

FLOAT32 = Placement("cpu", "float32", "", "")
TEXTS = ["a b c d e.", "f g", "h i j k l m n", "a", "z y x w"]
CHAT = "{% for m in messages %}{{ m.content }}{% endfor %} z"


def process(task, *texts, budget=10_000):
    batcher = Batcher(task, budget, lambda run, batches: map(run, batches))
    records = [Record(text, {}, Origin("x", number)) for number, text in enumerate(texts, start=1)]
    return [record.result["summary"] for record in batcher.process(ReadAhead(records))]


def local(folder):
    return LocalModel("tiny", folder)


@pytest.fixture(scope="module", params=SEQ2SEQ)
def seq2seq(request, tmp_path_factory):
    return save_seq2seq(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture(scope="module", params=CAUSAL)
def causal(request, tmp_path_factory):
    return save_causal_lm(tmp_path_factory.mktemp(request.param), request.param)


def by_hand(auto, folder, window, most, **options):
    model = auto.from_pretrained(folder).eval()
    ids = torch.tensor([window])
    row = model.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=most, do_sample=False, pad_token_id=0, **options
    )[0]
    tail = row if auto is AutoModelForSeq2SeqLM else row[len(window) :]
    return AutoTokenizer.from_pretrained(folder).decode(tail, skip_special_tokens=True).strip()


def test_encoder_decoders_write_what_generate_writes_batched_or_not(seq2seq):
    writer = load_writer(local(seq2seq), FLOAT32)
    windows = [writer.encode(text, 5) for text in TEXTS]
    expected = [by_hand(AutoModelForSeq2SeqLM, seq2seq, window, 6) for window in windows]
    assert [written.text for written in writer.write(windows, Lengths(0, 6))] == expected
    assert [writer.write([window], Lengths(0, 6))[0].text for window in windows] == expected


def test_decoders_write_what_generate_writes_batched_or_not(causal):
    writer = load_writer(local(causal), FLOAT32)
    windows = [writer.encode(text, 5) for text in TEXTS]
    expected = [by_hand(AutoModelForCausalLM, causal, window, 6) for window in windows]
    assert [written.text for written in writer.write(windows, Lengths(0, 6))] == expected
    assert [writer.write([window], Lengths(0, 6))[0].text for window in windows] == expected


def test_a_chat_model_is_asked_through_its_template(tmp_path):
    folder = save_causal_lm(tmp_path, "llama", chat_template=CHAT, max_position_embeddings=96)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.model_max_length = 96
    tokenizer.save_pretrained(folder)
    writer = load_writer(local(folder), FLOAT32)
    asked, chinese = (tokenizer.decode(writer.encode(text, 5)).split() for text in ("b c d", "今天天气很好。b"))
    assert asked[-4:] == ["b", "c", "d", "z"]
    assert len(asked) > 4
    assert chinese[-1] == "z"
    assert chinese[: len(asked) - 4] != asked[:-4]


def test_a_context_that_is_too_short_for_the_prompt_is_refused(tmp_path):
    with pytest.raises(ModelUnusable, match="too few"):
        load_writer(local(save_causal_lm(tmp_path, "llama", chat_template=CHAT, max_position_embeddings=12)), FLOAT32)


class Echo:
    """A writer that reads words, says every third again, and remembers what it read."""

    room = 30
    longest_summary = 1000

    def __init__(self):
        self.read = []

    def count_tokens(self, texts):
        return [len(text.split()) for text in texts]

    def encode(self, passage, words):
        return passage.split()

    def fits(self, window):
        return len(window) <= self.room

    def write(self, windows, lengths):
        self.read += windows
        assert all(map(self.fits, windows))
        return [Written(" ".join(window[::3]) + ".", True) for window in windows]


def document(words):
    return " ".join(f"W{number}{'.' if number % 10 == 9 else ''}" for number in range(words))


def abstractive(writer, **options):
    return AbstractiveTask(SummarizeOptions(**options), writer, lambda records: None)


def test_every_word_of_a_long_document_is_read_and_its_summaries_after_it():
    writer = Echo()
    text = document(1000)
    (summary,) = process(abstractive(writer), text)
    in_order = sorted(writer.read[:34], key=lambda window: int(window[0].strip("W.")))
    assert [word for window in in_order for word in window] == text.split()
    assert len(writer.read) > 34
    assert count_words(summary) <= 1.25 * LengthRule().target(1000)


def test_windows_are_about_equally_long():
    writer = Echo()
    process(abstractive(writer), document(40))
    assert sorted(map(len, writer.read[:2])) == [20, 20]


def test_rounds_end_where_the_model_shortens_nothing():
    class Copy(Echo):
        def write(self, windows, lengths):
            self.read += windows
            return [Written(" ".join(window), True) for window in windows]

    writer = Copy()
    text = document(300)
    assert process(abstractive(writer), text) == [text]
    assert len(writer.read) == 10


def test_a_long_text_is_announced_once(caplog):
    with caplog.at_level(logging.WARNING, "nlpcli"):
        process(abstractive(Echo()), document(8), document(100), document(200))
    assert [record.getMessage()[:3] for record in caplog.records] == ["x:2"]


def test_a_document_that_is_short_enough_stays_as_it_is():
    writer = Echo()
    assert process(abstractive(writer), "One two three. ", "", " \n") == ["One two three.", "", ""]
    assert writer.read == []


def test_a_summary_has_no_more_words_than_asked_for_and_never_more_than_the_text():
    class Chatter(Echo):
        def write(self, windows, lengths):
            return [Written("So it goes, and on. " * 9 + "Then it", False)] * len(windows)

    for most in (1, 3, 5, 11):
        (summary,) = process(abstractive(Chatter(), max_words=most), document(20))
        assert 0 < count_words(summary) <= most
    (summary,) = process(abstractive(Chatter()), document(20))
    assert summary == "So it goes, and on."


def test_a_sentence_that_the_model_could_not_finish_is_left_out():
    class Broken(Echo):
        def write(self, windows, lengths):
            return [Written("It is so. And then it", False)] * len(windows)

    assert process(abstractive(Broken()), document(25)) == ["It is so."]


def test_out_of_memory_reaches_the_batcher_and_the_record(tmp_path):
    class Full(Echo):
        def write(self, windows, lengths):
            raise OutOfMemory("too large")

    batcher = Batcher(abstractive(Full()), 10, lambda run, batches: map(run, batches))
    (record,) = batcher.process(ReadAhead([Record(document(100), {}, Origin("x", 1))]))
    assert (record.result, record.error) == (None, "too large")


def test_bullets_are_one_line_a_sentence():
    assert summary_of(["One\ntwo. ", "三。"], bullets=True) == "- One two.\n- 三。"
    assert summary_of(["One. ", "二。", "三。"], bullets=False) == "One. 二。三。"


def test_the_length_grows_with_the_text_and_with_the_word():
    short, medium, long = (LengthRule(name) for name in ("short", "medium", "long"))
    for words in (100, 1000, 10_000):
        assert short.target(words) < medium.target(words) < long.target(words) < words
    assert medium.target(4) == 4
    assert LengthRule("long", 50).target(1000) == LengthRule("long", 50).limit(1000) == 50


def test_the_model_decides_how_it_is_done(tmp_path):
    folder = save_seq2seq(tmp_path / "bart")
    assert isinstance(task_of("summarize", SummarizeOptions(), local(folder), FLOAT32), AbstractiveTask)
    assert isinstance(
        task_of("summarize", SummarizeOptions(method="extractive"), local(folder), FLOAT32), ExtractiveTask
    )
    (folder / "modules.json").write_text("[]")
    assert isinstance(task_of("summarize", SummarizeOptions(), local(folder), FLOAT32), ExtractiveTask)


class WindowsOfThree:
    """Instead of a pipeline: three words a window; remembers how often it was asked."""

    sentence_config = SimpleNamespace(prompt="")

    def __init__(self):
        self.asked = 0

    def unknown(self, window):
        return []

    def windows_at_sentence_ends(self, texts):
        self.asked += 1
        words = [text.split() for text in texts]
        return [[own[start : start + 3] for start in range(0, len(own), 3)] for own in words]


def test_the_statements_of_all_documents_are_read_at_once_and_stay_those_of_their_own():
    text = "The bridge was closed last Monday. Nobody waited at the market. A tall man stood near the old school."
    records = [Record(one, {}, Origin("x", n)) for n, one in enumerate([text, "Yes.", f"{text} {text[::-1]}.", text])]
    together, alone = WindowsOfThree(), WindowsOfThree()
    splits = ExtractiveTask(SummarizeOptions(), together, lambda records: None).split(records)
    assert together.asked == 1
    one_by_one = ExtractiveTask(SummarizeOptions(), alone, lambda records: None)
    assert splits == [one_by_one.split([record])[0] for record in records]
    assert len(splits[0].units) > 3
    assert not splits[1].units

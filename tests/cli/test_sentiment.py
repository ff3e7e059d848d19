"""`nlpcli sentiment`, with the starter model and with tiny ones."""

import io
import json

import pyarrow.parquet as pq
import pytest
from tiny import save_classifier

pytestmark = pytest.mark.starter

PLAIN = {
    "I love this film.": "positive",
    "What a waste of time!": "negative",
    "The train leaves at nine.": "neutral",
    "It is not good.": "negative",
    "Not bad at all.": "positive",
    "THIS IS TERRIBLE": "negative",
    "WOW, I LOVE IT!!!": "positive",
    "😍😍": "positive",
    "😡": "negative",
    "The food was cold and the waiter was rude.": "negative",
    "She smiled and thanked us for the wonderful evening.": "positive",
}


def rows(done):
    assert done.status == 0, done.complaints
    return [json.loads(line) for line in done.output.splitlines()]


@pytest.fixture(scope="module")
def multi_label(tmp_path_factory):
    return save_classifier(tmp_path_factory.mktemp("multi"), problem_type="multi_label_classification")


def test_plain_sentences_are_labelled_as_people_would(sentiment):
    labels = {row["text"]: row["label"] for row in rows(sentiment("-F", "jsonl", *PLAIN))}
    assert labels == PLAIN


@pytest.mark.parametrize("dtype", ["float32", "int8"])
def test_no_dtype_gives_them_other_labels(sentiment, dtype):
    labels = {row["text"]: row["label"] for row in rows(sentiment("--dtype", dtype, "-F", "jsonl", *PLAIN))}
    assert labels == PLAIN


def test_a_line_is_label_score_and_text(sentiment):
    done = sentiment("I love\tthis film.")
    label, score, text = done.output.decode().rstrip("\n").split("\t")
    assert (label, text) == ("positive", "I love this film.")
    assert 0.5 < float(score) <= 1
    assert len(score) == len("0.0000")
    assert not done.complaints


def test_all_scores_are_a_fourth_column_and_an_object(sentiment):
    line = sentiment("--all-scores", "I love it.").output.decode()
    assert [pair.split("=")[0] for pair in line.split("\t")[3].split()] == ["negative", "neutral", "positive"]
    (row,) = rows(sentiment("--all-scores", "-F", "jsonl", "I love it."))
    assert sum(row["scores"].values()) == pytest.approx(1, abs=1e-4)


def test_empty_records_keep_their_place(sentiment):
    found = rows(sentiment("-F", "jsonl", stdin=b"Good.\n\nBad."))
    assert [row["text"] for row in found] == ["Good.", "", "Bad."]
    assert all(row["label"] for row in found)


def test_a_table_keeps_its_columns_and_a_label_of_its_own(sentiment, tmp_path):
    table = tmp_path / "reviews.csv"
    table.write_text("id,review,label\n1,I love it.,a\n2,I hate it.,b\n")
    done = sentiment("-i", table, "--field", "review")
    header, first, second = done.output.decode().splitlines()
    assert header == "id,review,input_label,label,score,error"
    assert first.startswith("1,I love it.,a,positive,0.")
    assert second.startswith("2,I hate it.,b,negative,0.")


def test_scores_are_a_map_in_parquet_and_json_in_a_table(sentiment, tmp_path):
    assert sentiment("--all-scores", "-o", tmp_path / "a.parquet", "I love it.").status == 0
    (row,) = pq.read_table(tmp_path / "a.parquet").to_pylist()
    assert dict(row["scores"]).keys() == {"negative", "neutral", "positive"}
    assert sentiment("--all-scores", "-o", tmp_path / "a.tsv", "I love it.").status == 0
    assert '{"negative":' in (tmp_path / "a.tsv").read_text()


def test_null_ends_records_on_both_sides(sentiment):
    done = sentiment("-0", stdin=b"I love it.\nReally.\0I hate it.\0")
    assert [line.split(b"\t")[0] for line in done.output.split(b"\0")] == [b"positive", b"negative", b""]


def test_fifty_thousand_characters_are_read_to_their_end(sentiment):
    text = "I love this film. " * 100 + "It is the worst thing that I ever saw. I hate it. " * 1000
    assert len(text) > 50_000
    done = sentiment("-F", "jsonl", text)
    assert rows(done)[0]["label"] == "negative"
    assert done.complaints.count(b"windows") == 1


def test_chinese_gets_one_warning_and_english_none(sentiment):
    done = sentiment("I love it.", "这部电影非常好看。", "这个产品很糟糕。")
    assert done.status == 0
    assert done.complaints.decode().count("another language (zh)") == 1
    assert "-m" in done.complaints.decode()


def test_the_aggregate_counts_every_record_once(sentiment):
    found = rows(sentiment("--aggregate", "-F", "jsonl", "I love it.", "I like it.", "I hate it."))
    assert [(row["label"], row["count"], row["share"]) for row in found] == [
        ("positive", 2, 0.666667), ("negative", 1, 0.333333), ("neutral", 0, 0.0)
    ]  # fmt: skip
    lines = sentiment("--aggregate", "I love it.").output.decode().splitlines()
    assert lines[0].startswith("positive\t1\t1.0000\t0.")
    assert lines[1] == "negative\t0\t0.0000\t"


def test_own_labels_need_no_training(sentiment):
    done = sentiment(
        "--labels", "sport，politics、cooking", "-F", "jsonl", "The team won the match.", "Boil the pasta."
    )
    assert [row["label"] for row in rows(done)] == ["sport", "cooking"]


def test_a_model_with_several_labels_gives_those_above_the_threshold(sentiment, multi_label):
    done = sentiment("-m", multi_label, "--threshold", "0", "a b c")
    assert sorted(done.output.split(b"\t")[0].split(b",")) == [b"negative", b"neutral", b"positive"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--labels", "billing"], "at least two"),
        (["--labels", "a,b", "--hypothesis", "no place"], "{}"),
        (["--hypothesis", "It is {}."], "goes with --labels"),
        (["--aggregate", "--all-scores"], "choose one"),
        (["--threshold", "2"], "--threshold"),
        (["-F", "npy"], "npy"),
    ],
)
def test_wrong_usage_is_one_line(sentiment, arguments, message):
    done = sentiment(*arguments, "text")
    assert done.status == 2
    assert message in done.complaints.decode()
    assert done.complaints.count(b"\n") == 1


def test_a_model_that_is_no_classifier_is_refused_with_advice(sentiment):
    done = sentiment("-m", "starter/minilm", "text")
    assert done.status == 1
    assert b"--labels" in done.complaints


def test_the_threshold_can_come_from_the_environment(sentiment, monkeypatch):
    monkeypatch.setenv("NLPCLI_THRESHOLD", "1.0")
    assert sentiment("The train leaves at nine.").output.startswith(b"none\t")


def test_a_terminal_gets_bars(sentiment, monkeypatch):
    monkeypatch.setattr("sys.stdout", Terminal())
    sentiment("I love it.")
    assert "positive" in Terminal.shown
    assert "█" in Terminal.shown


class Terminal(io.TextIOWrapper):
    """A standard output that says it is a terminal."""

    shown = ""

    def __init__(self):
        super().__init__(io.BytesIO(), encoding="utf-8")

    def isatty(self):
        return True

    def write(self, text):
        Terminal.shown += text
        return len(text)

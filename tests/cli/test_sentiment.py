"""`nlpcli sentiment`, with the starter model and with tiny ones."""

import io
import json

import pyarrow.parquet as pq
import pytest
from tiny import save_classifier

pytestmark = [pytest.mark.starter, pytest.mark.usefixtures("loading_once")]

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


@pytest.mark.parametrize("labels", [(), ("--labels", "food,sport"), ("--labels", "positive,negative")])
def test_empty_records_keep_their_place_and_have_no_label(sentiment, labels):
    found = rows(sentiment("-F", "jsonl", *labels, stdin=b"Good.\n\n  \n<p></p>\nBad."))
    assert [row["text"] for row in found] == ["Good.", "", "  ", "<p></p>", "Bad."]
    assert [row["label"] is None for row in found] == [row["score"] is None for row in found]
    assert [row["label"] is None for row in found] == [False, True, True, True, False]
    lines = sentiment(*labels, stdin=b"Good.\n\n").output.decode().splitlines()
    assert lines[1] == "\t\t"
    (scored,) = rows(sentiment("-F", "jsonl", "--all-scores", *labels, stdin=b"\n"))
    assert scored == {"text": "", "label": None, "score": None, "scores": None}
    *_, counted = rows(sentiment("-F", "jsonl", "--aggregate", *labels, stdin=b"Good.\n\nGood.\n\n"))
    assert counted == {"label": None, "count": 2, "share": None, "score": None}


DRESSES = (
    "<p>{}</p>",
    "@user {}",
    "RT @user: {}",
    "{} https://t.co/x1",
    "**{}**",
    "> {}",
    "<div><b>{}</b></div>",
    "  {}  ",
)


def test_tags_mentions_and_addresses_sway_no_label(sentiment):
    plain = {row["text"]: row for row in rows(sentiment("-F", "jsonl", *PLAIN))}
    dressed = [dress.format(text) for text in PLAIN for dress in DRESSES]
    for row, text in zip(rows(sentiment("-F", "jsonl", *dressed)), (t for t in PLAIN for _ in DRESSES), strict=True):
        assert row["text"] != text
        assert row["label"] == plain[text]["label"], row["text"]
        assert row["score"] == pytest.approx(plain[text]["score"], abs=0.02)


RATINGS = {
    "negative": ["1/5", "2/10", "1 star", "1 estrela", "★☆☆☆☆", "0 out of 10", "I give it 1 star.", "1 out of 5 stars"],
    "positive": ["5/5", "10/10", "5 stars", "5 estrelas", "★★★★★", "8 out of 10", "Rated 4.5/5", "I give it 5 stars."],
    "neutral": ["3/5", "6/10", "3 stars"],
}


def test_ratings_in_figures_are_read(sentiment):
    texts = [text for of_label in RATINGS.values() for text in of_label]
    expected = [label for label, of_label in RATINGS.items() for _ in of_label]
    assert [row["label"] for row in rows(sentiment("-F", "jsonl", *texts))] == expected


@pytest.mark.parametrize("names", ["positive,negative", "Positive,Negative", "negativo,positivo", "好评,差评"])
def test_labels_that_are_tones_go_to_the_model_of_sentiment(sentiment, names):
    first, second = names.split(",")
    good, bad = (second, first) if first == "negativo" else (first, second)
    found = rows(
        sentiment("-F", "jsonl", "--labels", names, "--all-scores", "It is not good.", "Not bad at all.", "I love it.")
    )
    assert [row["label"] for row in found] == [bad, good, good]
    assert all(sum(row["scores"].values()) == pytest.approx(1, abs=1e-4) for row in found)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--labels", "urgent,not urgent"), '"not urgent" is what it is not'),
        (("--labels", "spam,no spam"), '"no spam" is what it is not'),
        (("--labels", "fiction,non-fiction"), '"non-fiction" is what it is not'),
        (("--labels", "gut,kein Lob"), '"kein Lob" is what it is not'),
        (("--labels", "urgente,não urgente"), '"não urgente" is what it is not'),
        (("--labels", "满意,不满意"), '"不满意" is what it is not'),
        (("--labels", "positive,billing"), "mixes tones and topics"),
        (("--labels", "positive,negative", "-m", "starter/minilm"), '"positive" is a tone and no topic'),
    ],
)
def test_labels_that_similarity_cannot_tell_are_refused(sentiment, arguments, said):
    done = sentiment(*arguments, "Some text.")
    assert done.status == 2
    assert said in done.complaints.decode()


@pytest.mark.parametrize("names", ["Africa,Asia", "非洲,亚洲", "notes,nodes", "no,yes"])
def test_labels_that_only_begin_like_a_negation_are_labels(sentiment, names):
    assert rows(sentiment("-F", "jsonl", "--labels", names, "Nairobi is the capital of Kenya."))


def test_a_score_in_int8_is_the_same_alone_and_beside_any_other_text(sentiment):
    others = ["Bad. " * 100, "x", "", "What a wonderful, wonderful, wonderful day it is for all of us here! " * 5]
    together = rows(
        sentiment("-F", "jsonl", "--dtype", "int8", *[text for plain in PLAIN for text in (plain, *others)])
    )
    scores = {row["text"]: row["score"] for row in together if row["text"] in PLAIN}
    for text in PLAIN:
        (alone,) = rows(sentiment("-F", "jsonl", "--dtype", "int8", text))
        assert alone["score"] == pytest.approx(scores[text], abs=1e-4), text


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

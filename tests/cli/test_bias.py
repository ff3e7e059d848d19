"""`nlpcli bias`, as a user runs it."""

import json

import pytest

from tests.tiny import save_classifier, save_masked_lm

VECTORS = "rose 1 0.1\nlily 0.9 0.2\nwasp 0.1 1\nflea 0.2 0.8\ngood 1 0\nbad 0 1\n"
TEST = '[mine]\ntitle = "flowers or insects"\nx = ["rose", "lily", "zebra"]\ny = ["wasp", "flea"]\na = ["good"]\nb = ["bad"]\n'
GROUPS = '[groups]\nmen = ["he"]\nwomen = ["she"]\n'


@pytest.fixture
def glove(tmp_path, monkeypatch):
    monkeypatch.setenv("NLPCLI_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "v.txt").write_text(VECTORS)
    (tmp_path / "t.toml").write_text(TEST)
    return tmp_path / "v.txt"


def test_without_a_text_every_test_of_the_file_is_made(call, glove, tmp_path):
    done = call("bias", "weat", "-m", glove, "--sets", tmp_path / "t.toml", "-F", "jsonl", "--plot", tmp_path / "w.svg")
    (row,) = map(json.loads, done.output.splitlines())
    assert (row["text"], row["title"], row["left_out"], row["level"]) == (
        "mine",
        "flowers or insects",
        ["zebra"],
        "words",
    )
    assert row["effect_size"] > 1
    assert row["partitions"] == 6
    assert "mine" in (tmp_path / "w.svg").read_text()


@pytest.mark.parametrize(("arguments", "stdin"), [(("mine", "other"), b""), (("-",), b"mine\nother\n")])
def test_a_name_of_no_test_is_a_record_with_an_error(call, glove, tmp_path, arguments, stdin):
    done = call("bias", "weat", "-m", glove, "--sets", tmp_path / "t.toml", *arguments, stdin=stdin)
    assert (done.status, len(done.output.splitlines())) == (3, 2)
    assert b"other is no test of" in done.complaints


def test_a_model_that_reads_sentences_is_asked_by_sentences(call, tmp_path):
    (tmp_path / "t.toml").write_text(TEST)
    model = save_classifier(tmp_path / "bert", "bert")
    done = call("bias", "weat", "-m", model, "--sets", tmp_path / "t.toml", "-F", "jsonl")
    assert done.status == 0, done.complaints
    assert json.loads(done.output)["level"] == "sentences"


def test_a_swap_has_a_row_for_each_group(call, tmp_path):
    (tmp_path / "g.toml").write_text(GROUPS)
    model = save_classifier(tmp_path / "bert", "bert")
    options = ("-m", model, "--sets", tmp_path / "g.toml", "-F", "jsonl")
    done = call("bias", "swap", *options, "{} is here.", "she came.", "nobody.")
    rows = [json.loads(line) for line in done.output.splitlines()]
    if not rows:
        pytest.fail(done.complaints.decode())
    groups = [row for row in rows if row.get("group")]
    assert (done.status, [(row["group"], row["texts"]) for row in groups]) == (3, [("men", 2), ("women", 2)])
    assert groups[0]["change"] == pytest.approx(-groups[1]["change"], abs=1e-6)


def test_pairs_of_a_model_that_predicts_no_tokens_are_refused(call, tmp_path):
    model = save_classifier(tmp_path / "bert", "bert")
    (tmp_path / "p.csv").write_text("sent_more,sent_less\na b,a c\n")
    done = call("bias", "pairs", "-m", model, "-i", tmp_path / "p.csv")
    assert done.status == 1
    assert done.complaints.count(b"\n") == 1


@pytest.mark.starter
def test_pairs_of_a_causal_model_are_counted_by_group(call, pull_starter, tmp_path):
    pull_starter("starter/smollm2")
    (tmp_path / "p.csv").write_text(
        "sent_more,sent_less,bias_type\nThe cat sat on the mat.,The mat sat on cat the.,order\nThe sky is blue.,The sky is cheese.,sky\n"
    )
    done = call("bias", "pairs", "-i", tmp_path / "p.csv", "-F", "jsonl")
    rows = {row["group"]: row for row in map(json.loads, done.output.splitlines())}
    assert (rows["all"]["pairs"], rows["all"]["share"], rows["order"]["share"]) == (2, 1.0, 1.0)
    assert rows["all"]["interval"][1] == 1.0


@pytest.mark.starter
def test_flowers_are_nearer_to_the_pleasant_than_insects(call, pull_starter):
    pull_starter("starter/glove")
    row = json.loads(call("bias", "weat", "weat-1", "-F", "jsonl").output)
    assert row["effect_size"] == pytest.approx(1.08, abs=0.005)
    assert row["p_value"] < 0.001


# The header and the first columns of crows_pairs_anonymized.csv, and a pair of our own.
CROWS = (
    ",sent_more,sent_less,stereo_antistereo,bias_type,annotations,anon_writer,anon_annotators\n"
    "0,a b c,d b c,stereo,age,\"[['age'], []]\",a0,\"['a1', 'a2']\"\n"
)
_SENTENCES = [("s1", "unrelated"), ("a b c", "stereotype"), ("d b c", "anti-stereotype")]
STEREOSET = {
    "version": "1.1",
    "data": {
        part: [
            {
                "id": part,
                "target": "t",
                "bias_type": part,
                "context": context,
                "sentences": [
                    {"sentence": text, "id": text, "labels": [], "gold_label": label} for text, label in _SENTENCES
                ],
            }
        ]
        for part, context in {"intersentence": "e f", "intrasentence": "BLANK b c"}.items()
    },
}


def test_the_files_of_crows_pairs_and_stereoset_are_read_as_they_are_published(call, tmp_path):
    model = save_masked_lm(tmp_path / "bert")
    (tmp_path / "crows_pairs.csv").write_text(CROWS)
    (tmp_path / "dev.json").write_text(json.dumps(STEREOSET))
    by_group = call("bias", "pairs", "-m", model, "-i", tmp_path / "dev.json", "-F", "jsonl")
    rows = [json.loads(line) for line in by_group.output.splitlines()]
    assert [(row["group"], row["pairs"]) for row in rows] == [("intersentence", 1), ("intrasentence", 1), ("all", 2)]
    scores = []
    for file in ("crows_pairs.csv", "dev.json"):
        each = call("bias", "pairs", "-m", model, "-i", tmp_path / file, "--each", "-F", "jsonl")
        assert each.status == 0, each.complaints
        scores.append([json.loads(line)["score_more"] for line in each.output.splitlines()])
    assert [len(some) for some in scores] == [1, 2]
    assert scores[0][0] == scores[1][1] != scores[1][0]

"""`nlpcli words`, as a user runs it."""

import json
from pathlib import Path

import pytest

from tests.tiny import save_classifier

VECTORS = "king 1 0.9 0.1\nman 0.1 0.9 0.1\nwoman 0.1 0.1 0.9\nqueen 1 0.1 0.9\nbread 0 0.1 0.1\n"
DATA = Path(__file__).parents[3] / "shared" / "data" / "words"


@pytest.fixture
def words(call, tmp_path, monkeypatch):
    monkeypatch.setenv("NLPCLI_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "v.txt").write_text(VECTORS)
    return lambda name, *rest, **more: call("words", name, "-m", tmp_path / "v.txt", *rest, **more)


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (("king", "man", "woman"), b""),
        (("king man woman",), b""),
        ((), b"king man woman\n"),
        (("-",), b"king\tman\twoman\n"),
    ],
)
def test_a_question_comes_as_words_a_text_or_a_line(words, arguments, stdin):
    done = words("analogy", *arguments, "--top", "1", stdin=stdin)
    assert (done.status, done.output.split(b"\t")[0]) == (0, b"queen"), done.complaints


def test_the_rows_of_an_answer_keep_the_fields_of_its_record(words, tmp_path):
    (tmp_path / "in.jsonl").write_text('{"id":7,"text":"king"}\n{"id":8,"text":"zebra"}\n')
    done = words("nearest", "-i", tmp_path / "in.jsonl", "--top", "2")
    rows = [json.loads(line) for line in done.output.splitlines()]
    assert done.status == 3
    assert [(row["id"], row["word"]) for row in rows] == [(7, "man"), (7, "queen"), (8, None)]
    assert "zebra is not in" in rows[2]["error"]


def test_an_axis_takes_its_poles_and_then_files(words, tmp_path):
    (tmp_path / "in.txt").write_text("king\nqueen\n")
    done = words("axis", "man", "woman", "-i", tmp_path / "in.txt")
    scores = [float(line.split(b"\t")[0]) for line in done.output.splitlines()]
    assert scores[0] > 0 > scores[1]


def test_a_map_is_drawn_or_printed(words, tmp_path):
    assert len(words("map", "king", "man", "woman").output.splitlines()) == 3
    done = words("map", "king", "man", "woman", "--plot", tmp_path / "map.svg")
    assert (done.status, done.output) == (0, b"")
    assert "king" in (tmp_path / "map.svg").read_text()


def test_settings_hold_for_the_commands_below_words(words, tmp_path, monkeypatch):
    (tmp_path / "config.toml").write_text("[words]\ntop = 1\n")
    monkeypatch.setenv("NLPCLI_CONFIG", str(tmp_path / "config.toml"))
    assert len(words("nearest", "king").output.splitlines()) == 1
    monkeypatch.setenv("NLPCLI_TOP", "2")
    assert len(words("nearest", "king").output.splitlines()) == 2
    monkeypatch.setenv("NLPCLI_TOP", "many")
    done = words("nearest", "king")
    assert done.status == 2
    assert b"(in NLPCLI_TOP)" in done.complaints


def test_a_transformer_is_asked_by_its_input_embeddings(call, tmp_path):
    model = save_classifier(tmp_path / "bert", "bert")
    done = call("words", "nearest", "-m", model, "a", "--top", "3", "-F", "jsonl")
    assert done.status == 0, done.complaints
    assert all(len(json.loads(line)["word"]) == 1 for line in done.output.splitlines())


@pytest.mark.starter
@pytest.mark.skipif(not DATA.is_dir(), reason="the data for measuring are not there")
def test_the_starter_is_measured_as_gensim_measures_it(call, pull_starter):
    pull_starter("starter/glove")
    files = [DATA / name for name in ("questions-words.txt", "simlex999.txt", "wordsim353.tsv")]
    done = call("words", "evaluate", *files, "-F", "jsonl")
    rows = {row["section"]: row for row in map(json.loads, done.output.splitlines())}
    assert (rows["all"]["correct"], rows["all"]["total"]) == (7393, 14877)
    assert (round(rows["simlex999.txt"]["score"], 5), round(rows["wordsim353.tsv"]["score"], 5)) == (0.26306, 0.50332)
    nearest = call("words", "nearest", "frog", "--top", "3").output
    assert [line.split(b"\t")[0] for line in nearest.splitlines()] == [b"snake", b"ape", b"toad"]

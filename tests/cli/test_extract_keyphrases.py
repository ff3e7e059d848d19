"""`nlpcli extract --keyphrases`."""

import csv
import io
import json
import subprocess
import sys

import pytest

from nlpcli.pipelines.noun_chunks import noun_chunks, noun_chunks_if_there

TEXT = (
    "😀 The council of Brightwater voted to rebuild the old stone bridge over the river Alder. Engineers had warned that"
    " the old stone bridge could fall in the next flood.\nThe work takes two summers."
)


@pytest.fixture(params=["yake", pytest.param("embedding", marks=pytest.mark.starter)])
def extract(call, request):
    return lambda *arguments: call("extract", "--keyphrases", "--method", request.param, *arguments)


@pytest.mark.parametrize("offsets", ["characters", "bytes"])
def test_offsets_slice_the_text_to_the_phrases(extract, offsets):
    (row,) = map(json.loads, extract("--offsets", offsets, "-F", "jsonl", "--top", "6", TEXT).output.splitlines())
    text = TEXT.encode() if offsets == "bytes" else TEXT
    cut = [text[one["start"] : one["end"]] for one in row["keyphrases"]]
    assert [part.decode() if isinstance(part, bytes) else part for part in cut] == [
        one["text"] for one in row["keyphrases"]
    ]
    assert len(cut) == 6
    assert "old stone bridge" in cut or b"old stone bridge" in cut


def test_lines_have_the_best_first_with_their_place(extract, tmp_path):
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    lines = [line.split("\t") for line in extract("--top", "3", "-i", tmp_path / "a.txt").output.decode().splitlines()]
    assert len(lines) == 3
    for _, phrase, place in lines:
        _, line, column = place.rsplit(":", 2)
        assert TEXT.splitlines()[int(line) - 1][int(column) - 1 :].startswith(phrase)
    rows = list(
        csv.DictReader(io.StringIO(extract("--top", "3", "-F", "csv", "-i", tmp_path / "a.txt").output.decode()))
    )
    assert [row["entity"] for row in rows] == [phrase for _, phrase, _ in lines]


def test_a_text_without_phrases_has_none(extract):
    done = extract("-F", "jsonl", "", "the of", "!!")
    assert [json.loads(line)["keyphrases"] for line in done.output.splitlines()] == [[], [], []]


def test_phrases_are_counted_over_all_texts(extract):
    done = extract("--count", "The stone bridge fell.", "A stone bridge stands.")
    assert "KEYPHRASE\tstone bridge\t2\t2" in done.output.decode().splitlines()


def test_yake_needs_no_torch():
    command = [sys.executable, "-X", "importtime", "-m", "nlpcli", "extract", "--keyphrases", "--method", "yake", TEXT]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    names = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert not names & {"torch", "transformers", "spacy"}


@pytest.mark.parametrize(
    "arguments",
    [["--top", "3"], ["--method", "yake"], ["--keyphrases", "--mask"], ["--keyphrases", "--types", "A"], ["--keyphrases", "--method", "yake", "-m", "x"],
     ["--candidates", "auto"], ["--keyphrases", "--method", "yake", "--candidates", "noun-chunks"]],
)  # fmt: skip
def test_options_that_do_not_go_together_are_refused(call, arguments):
    assert call("extract", *arguments, "x").status == 2


def phrases(call, *arguments):
    done = call("extract", "--keyphrases", "--top", "50", "-F", "jsonl", *arguments)
    assert done.status == 0, done.complaints
    (row,) = map(json.loads, done.output.splitlines())
    assert all(row["text"][one["start"] : one["end"]] == one["text"] for one in row["keyphrases"])
    return {one["text"] for one in row["keyphrases"]}


@pytest.mark.starter
def test_candidates_are_noun_chunks_in_english_and_runs_of_words_otherwise(call, pull_starter):
    pull_starter("starter/entities")
    chunks = {"council", "Brightwater", "old stone bridge", "river Alder", "Engineers", "flood", "work", "summers"}
    assert phrases(call, TEXT) == phrases(call, "--candidates", "noun-chunks", TEXT) == chunks
    runs = phrases(call, "--candidates", "n-grams", TEXT)
    assert {"Brightwater voted", "old stone bridge"} < runs
    portuguese = "O conselho da cidade votou pela reconstrução da velha ponte de pedra sobre o rio."
    assert phrases(call, portuguese) == phrases(call, "--candidates", "n-grams", portuguese)


def test_what_is_missing_for_noun_chunks_is_said(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("NLPCLI_CACHE_DIR", str(tmp_path))
    noun_chunks.cache_clear()
    assert noun_chunks_if_there() is None
    assert "nlpcli models pull starter/entities" in caplog.text

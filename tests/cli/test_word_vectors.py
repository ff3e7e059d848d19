"""Word vectors as models, as a user runs them."""

import json
import subprocess
import sys

import numpy as np
import pytest

GLOVE = "the 0.1 0.2 0.1\ncat 1 0.1 0\ndog 0.9 0.2 0\nstock 0 0.1 1\nmarket 0.1 0 0.9\n"


@pytest.fixture
def glove(tmp_path, monkeypatch):
    monkeypatch.setenv("NLPCLI_CACHE_DIR", str(tmp_path / "cache"))
    file = tmp_path / "glove.txt"
    file.write_text(GLOVE)
    return file


def test_a_text_is_the_mean_of_its_words(call, glove):
    done = call("embed", "-m", glove, "-F", "jsonl", "The cat", "the DOG.")
    assert done.status == 0, done.complaints
    vectors = [json.loads(line)["embedding"] for line in done.output.splitlines()]
    assert np.allclose(vectors, [[0.55, 0.15, 0.05], [0.5, 0.2, 0.05]], atol=1e-6)


@pytest.mark.parametrize(("on_error", "status", "lines"), [("keep", 3, 3), ("skip", 3, 2), ("fail", 1, 1)])
def test_a_text_of_no_known_word_is_a_record_with_an_error(call, glove, on_error, status, lines):
    done = call("embed", "-m", glove, "--on-error", on_error, "the cat", "xyzzy plugh", "the dog")
    assert (done.status, len(done.output.splitlines())) == (status, lines)
    assert b"argument:2: no word of it is in" in done.complaints


def test_unknown_words_are_counted_and_said_once(call, glove):
    done = call("embed", "-m", glove, "the xyzzy", "cat plugh", "xyzzy dog")
    assert done.complaints.count(b"count for nothing") == 1
    assert b"3 of 6 words are not in" in done.complaints


def test_search_similarity_labels_summaries_and_maps(call, glove, tmp_path):
    found = call("embed", "-m", glove, "--search", "cat", "stock market", "the dog", "--top", "1")
    assert b"the dog" in found.output
    pairs = call("embed", "-m", glove, "--similarity", "--top", "1", "cat", "dog", "stock")
    assert pairs.output.endswith(b"\tcat\tdog\n")
    labels = call("sentiment", "-m", glove, "--labels", "cat,market", "the dog", "stock", "xyzzy")
    assert [line.split(b"\t")[0] for line in labels.output.splitlines()] == [b"cat", b"market", b""]
    assert b"argument:3: no word of it is in" in labels.complaints
    text = (
        "The cat sat with the dog on the mat of the house today. " * 3
        + "The stock market fell today again and again. " * 4
    )
    summary = call("summarize", "-m", glove, "--max-words", "15", text)
    assert summary.status == 0, summary.complaints
    assert summary.output.strip() in text.encode()
    drawn = call("embed", "-m", glove, "--plot", tmp_path / "map.svg", "cat", "dog", "stock")
    assert (drawn.status, (tmp_path / "map.svg").exists()) == (0, True)


def test_a_file_is_converted_once_and_again_when_it_changes(call, glove):
    assert call("embed", "-m", glove, "cat").status == 0
    (row,) = call("models", "list").output.splitlines()[-1:]
    assert row.startswith(str(glove).encode())
    glove.write_text(GLOVE + "bird 5 5 5\n")
    assert call("embed", "-m", glove, "bird").output == b"5.0 5.0 5.0\n"
    assert b"its file is gone or changed" in call("models", "prune", "--dry-run").output


def test_no_torch_is_imported_and_little_memory_used(glove):
    code = (
        "import sys, resource; from nlpcli.__main__ import run; status = run(sys.argv[1:]);"
        "print(status, 'torch' in sys.modules, 'transformers' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "embed", "-m", str(glove), "the cat"], capture_output=True, text=True, check=False
    )
    assert done.stderr.splitlines()[-1] == "0 False False"


def test_a_device_for_static_vectors_is_no_error(call, glove):
    done = call("embed", "-m", glove, "--device", "cuda", "--dtype", "int8", "cat")
    assert (done.status, done.output) == (0, b"1.0 0.1 0.0\n")
    assert b"--device cuda and --dtype int8 changes nothing" in done.complaints


def test_a_file_that_is_not_there_is_no_name_of_the_hub(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = call("embed", "-m", "glove.txt", "cat")
    assert (done.status, done.complaints) == (1, b"nlpcli: no model at glove.txt; give a folder with config.json, a .gguf file or word vectors\n")  # fmt: skip


def test_an_array_of_no_known_words_has_the_width_of_the_model(call, glove):
    done = call("embed", "-m", glove, "-F", "npy", "xyzzy")
    assert done.status == 3
    assert b"(1, 3)" in done.output

import json
import subprocess
import sys

import numpy as np
import pytest

pytestmark = pytest.mark.starter


def test_a_paraphrase_is_nearer_than_another_topic(nlpcli, starter):
    done = nlpcli("embed", "--similarity", "A man eats.", "Someone is having a meal.", "It rains.")
    assert done.returncode == 0
    assert done.stdout.decode().splitlines()[0].split("\t")[1:] == ["A man eats.", "Someone is having a meal."]


def test_an_empty_line_keeps_its_place(nlpcli, starter):
    rows = nlpcli("embed", "-F", "jsonl", stdin=b"a\n\nb").stdout.splitlines()
    assert [json.loads(row)["text"] for row in rows] == ["a", "", "b"]


def test_bfloat16_float32_and_windows_agree_with_each_other(nlpcli, starter, tmp_path):
    lines = tmp_path / "a.txt"
    lines.write_text("The cat sleeps.\n" + "word " * 3000 + "\n你好，世界\n")
    for dtype in ("float32", "auto"):
        assert nlpcli("embed", "-i", lines, "--dtype", dtype, "-o", tmp_path / f"{dtype}.npy").returncode == 0
    exact, fast = np.load(tmp_path / "float32.npy"), np.load(tmp_path / "auto.npy")
    assert exact.shape == (3, 384)
    assert np.allclose(np.linalg.norm(exact, axis=1), 1, atol=1e-5)
    assert ((exact * fast).sum(1) > 0.999).all()


def test_the_reader_that_goes_away_ends_the_run_with_141_and_no_word(starter):
    command = (
        f"yes 'some text' | head -3000 | {sys.executable} -m nlpcli embed | head -1 >/dev/null; echo ${{PIPESTATUS[2]}}"
    )
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=True, timeout=120)
    assert (done.stdout, done.stderr) == (b"141\n", b"")


def test_search_names_file_and_line(nlpcli, starter, tmp_path):
    (tmp_path / "a.txt").write_text("stocks fell\na good dog\n")
    found = nlpcli("embed", "-i", tmp_path, "--search", "puppy", "--top", "1").stdout.decode()
    assert found.split("\t")[1] == f"{tmp_path / 'a.txt'}:2"


def test_a_bad_record_is_kept_and_the_status_says_so(nlpcli, starter):
    done = nlpcli("embed", "--input-format", "jsonl", stdin=b'{"text": "a"}\n{oops\n')
    assert done.returncode == 3
    assert json.loads(done.stdout.splitlines()[1])["embedding"] is None
    assert b"stdin:2" in done.stderr

import bz2
import gzip
import io
import json
import lzma
import shlex
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from tests.warm_python import nlpcli_command

pytestmark = pytest.mark.starter

CHINESE = "一只猫正在沙发上睡觉。"
PROMPT_SECONDS = 0.2


def vectors(done):
    assert done.status == 0, done.complaints
    return np.array([[float(number) for number in line.split()] for line in done.output.splitlines()], np.float32)


def rows(done):
    return [json.loads(line) for line in done.output.splitlines()]


def test_a_paraphrase_is_nearer_than_another_topic(embed):
    done = embed("--similarity", "A man eats.", "Someone is having a meal.", "It rains.")
    assert done.status == 0
    assert done.output.decode().splitlines()[0].split("\t")[1:] == ["A man eats.", "Someone is having a meal."]


def test_an_empty_line_keeps_its_place(embed):
    assert [row["text"] for row in rows(embed("-F", "jsonl", stdin=b"a\n\nb"))] == ["a", "", "b"]


def test_chinese_gets_one_warning_and_english_none(embed):
    assert embed("It rains.").complaints == b""
    done = embed(CHINESE, "It rains.", CHINESE)
    assert done.status == 0
    assert done.complaints.decode().count("another language (zh)") == 1


def test_bfloat16_float32_and_windows_agree_with_each_other(embed, tmp_path):
    lines = tmp_path / "a.txt"
    lines.write_text("The cat sleeps.\n" + "word " * 3000 + "\n你好，世界\n", encoding="utf-8")
    for dtype in ("float32", "auto"):
        assert embed("-i", lines, "--dtype", dtype, "-o", tmp_path / f"{dtype}.npy").status == 0
    exact, fast = np.load(tmp_path / "float32.npy"), np.load(tmp_path / "auto.npy")
    assert exact.shape == (3, 384)
    assert np.allclose(np.linalg.norm(exact, axis=1), 1, atol=1e-5)
    assert ((exact * fast).sum(1) > 0.999).all()


def test_the_reader_that_goes_away_ends_the_run_with_141_and_no_word(starter):
    command = f"yes 'some text' | head -3000 | {shlex.join(nlpcli_command())} embed | head -1 >/dev/null; echo ${{PIPESTATUS[2]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=True, timeout=120)
    assert (done.stdout, done.stderr) == (b"141\n", b"")


def test_search_names_file_and_line(embed, tmp_path):
    (tmp_path / "a.txt").write_text("stocks fell\na good dog\n")
    found = embed("-i", tmp_path, "--search", "puppy", "--top", "1").output.decode()
    assert found.split("\t")[1] == f"{tmp_path / 'a.txt'}:2"


def test_dim_keeps_the_first_numbers_at_unit_length(embed):
    whole, short = vectors(embed("a cat")), vectors(embed("a cat", "--dim", "8"))
    assert short.shape == (1, 8)
    assert np.linalg.norm(short) == pytest.approx(1, abs=1e-5)
    assert np.allclose(short, whole[:, :8] / np.linalg.norm(whole[:, :8]), atol=1e-5)


def test_more_dimensions_than_the_model_has_are_refused(embed):
    done = embed("a cat", "--dim", "385")
    assert done.status == 2
    assert done.complaints == b"nlpcli: --dim 385 is more than the model's 384 numbers; choose fewer\n"


@pytest.mark.parametrize(
    ("precision", "dtype", "width"), [("float16", "<f2", 384), ("int8", "|i1", 384), ("binary", "|u1", 48)]
)
def test_a_precision_is_the_type_of_the_numbers_in_every_format(embed, tmp_path, precision, dtype, width):
    text = vectors(embed("a cat", "--precision", precision))
    through_pipe = np.load(io.BytesIO(embed("a cat", "--precision", precision, "-F", "npy").output))
    embed("a cat", "--precision", precision, "-o", tmp_path / "a.parquet")
    column = pq.read_table(tmp_path / "a.parquet").column("embedding")
    assert (through_pipe.dtype.str, through_pipe.shape) == (dtype, (1, width))
    assert np.array_equal(text, through_pipe.astype(np.float32))
    assert column.type.value_type == pa.from_numpy_dtype(through_pipe.dtype)
    assert np.array_equal(np.array(column.to_pylist(), through_pipe.dtype), through_pipe)


def test_pooling_prompt_and_normalize_change_the_vector_as_they_say(embed):
    plain = vectors(embed("a cat", "query: a cat", "--dtype", "float32"))
    prompted = vectors(embed("a cat", "--prompt", "query: ", "--dtype", "float32"))
    first = vectors(embed("a cat", "--pooling", "cls", "--no-normalize", "--dtype", "float32"))
    assert np.allclose(prompted[0], plain[1], atol=1e-5)
    assert not np.allclose(first[0] / np.linalg.norm(first), plain[0], atol=1e-2)
    assert abs(np.linalg.norm(first) - 1) > 0.1


@pytest.mark.parametrize(
    ("per", "texts"),
    [("line", ["a", "b", "", "c"]), ("paragraph", ["a\nb", "c"]), ("document", ["a\nb\n\nc\n"])],
)
def test_per_says_what_a_record_is(embed, per, texts):
    assert [row["text"] for row in rows(embed("--per", per, "-F", "jsonl", stdin=b"a\nb\n\nc\n"))] == texts


def test_null_separates_records_on_input_and_output(embed):
    done = embed("-0", "--dim", "2", stdin=b"two\nlines\0one\0")
    assert done.output.count(b"\0") == 2
    assert done.output.endswith(b"\0")
    assert b"\n" not in done.output


def test_chinese_in_gb18030_is_the_same_text_as_in_utf8(embed, tmp_path):
    (tmp_path / "a.txt").write_bytes(f"{CHINESE}\n𠮷\n".encode("gb18030"))
    done = embed("-i", tmp_path / "a.txt", "--encoding", "gb18030", "-F", "jsonl")
    assert [row["text"] for row in rows(done)] == [CHINESE, "𠮷"]
    assert b"encoding" not in done.complaints


def test_csv_keeps_its_columns_and_renames_one_that_bears_the_results_name(embed, tmp_path):
    (tmp_path / "a.csv").write_text("id,text,embedding\n007,a cat,mine\n", encoding="utf-8")
    header, row = embed("-i", tmp_path / "a.csv", "--dim", "2").output.decode().splitlines()
    assert header == "id,text,input_embedding,embedding,error"
    assert row.startswith("007,a cat,mine,")


def test_a_column_of_numbers_is_text_too(embed, tmp_path):
    (tmp_path / "a.jsonl").write_text('{"n": 7}\n{"n": 8}\n')
    done = embed("-i", tmp_path / "a.jsonl", "--field", "n", "--dim", "2")
    assert [row["n"] for row in rows(done)] == [7, 8]
    assert np.allclose(rows(done)[0]["embedding"], vectors(embed("7", "--dim", "2"))[0], atol=1e-2)


def test_parquet_comes_back_with_its_columns_and_types(embed, tmp_path):
    table = pa.table({"id": pa.array([1, 2]), "text": [CHINESE, None], "embedding": [[1.0], [2.0]]})
    pq.write_table(table, tmp_path / "a.parquet")
    done = embed("-i", tmp_path / "a.parquet", "-o", tmp_path / "b.parquet")
    written = pq.read_table(tmp_path / "b.parquet")
    assert (done.status, done.output) == (3, b"")
    assert written.column_names == ["id", "text", "input_embedding", "embedding", "error"]
    assert written.column("id").type == pa.int64()
    assert written.column("text").to_pylist() == [CHINESE, None]
    assert [vector is None for vector in written.column("embedding").to_pylist()] == [False, True]
    assert written.column("error").to_pylist() == [None, 'field "text" is null']


@pytest.mark.parametrize(
    ("suffix", "compress", "decompress"),
    [
        (".gz", gzip.compress, gzip.decompress),
        (".bz2", bz2.compress, bz2.decompress),
        (".xz", lzma.compress, lzma.decompress),
        (".zst", zstandard.compress, lambda data: zstandard.ZstdDecompressor().decompressobj().decompress(data)),
    ],
)
def test_input_and_output_are_compressed_as_their_names_say(embed, tmp_path, suffix, compress, decompress):
    (tmp_path / f"a.txt{suffix}").write_bytes(compress(b"one\ntwo\n"))
    done = embed("-i", tmp_path / f"a.txt{suffix}", "--dim", "2", "-o", tmp_path / f"b.jsonl{suffix}")
    written = decompress((tmp_path / f"b.jsonl{suffix}").read_bytes())
    assert done.status == 0
    assert [json.loads(line)["text"] for line in written.splitlines()] == ["one", "two"]


def test_files_come_in_the_order_given_and_a_folder_sorted_by_path(embed, tmp_path):
    (tmp_path / "folder" / "sub").mkdir(parents=True)
    (tmp_path / "folder" / "b.md").write_text("third\n")
    (tmp_path / "folder" / "a.csv").write_text("text\nsecond\n")
    (tmp_path / "folder" / "sub" / "c.txt").write_text("fourth\n")
    (tmp_path / "folder" / ".hidden.txt").write_text("never\n")
    (tmp_path / "folder" / "picture.jpeg").write_bytes(b"\xff")
    (tmp_path / "z.txt").write_text("first\n")
    done = embed("-i", tmp_path / "z.txt", "-i", tmp_path / "folder", "--dim", "2")
    assert [row["text"] for row in rows(done)] == ["first", "second", "third", "fourth"]


@pytest.mark.parametrize(
    ("choice", "status", "texts"),
    [("keep", 3, ["a", "{oops", "b"]), ("skip", 3, ["a", "b"])],
)
def test_on_error_says_what_becomes_of_a_record_that_fails(embed, choice, status, texts):
    lines = b'{"text": "a"}\n{oops\n{"text": "b"}\n'
    done = embed("--input-format", "jsonl", "--on-error", choice, stdin=lines)
    assert (done.status, [row["text"] for row in rows(done)]) == (status, texts)
    assert b"stdin:2: broken JSON" in done.complaints


def test_on_error_fail_ends_the_run_and_the_output_never_appears(embed, tmp_path):
    output = tmp_path / "out.jsonl"
    done = embed("--input-format", "jsonl", "--on-error", "fail", "-o", output, stdin=b'{"text": "a"}\n{oops\n')
    assert done.status == 1
    assert done.complaints.startswith(b"nlpcli: stdin:2: broken JSON")
    assert list(tmp_path.iterdir()) == []


def test_a_record_that_failed_is_a_row_of_nan_in_an_array(embed):
    done = embed("--input-format", "jsonl", "-F", "npy", stdin=b'{oops\n{"text": "a"}\n')
    array = np.load(io.BytesIO(done.output))
    assert np.isnan(array).all(axis=1).tolist() == [True, False]


def test_an_output_that_is_its_own_input_is_replaced_at_the_end(embed, tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "a"}\n')
    (tmp_path / "link.jsonl").symlink_to("a.jsonl")
    assert embed("-i", tmp_path / "a.jsonl", "-o", tmp_path / "link.jsonl", "--dim", "2").status == 0
    assert (tmp_path / "link.jsonl").is_symlink()
    assert len(json.loads((tmp_path / "a.jsonl").read_text())["embedding"]) == 2


def test_a_map_holds_every_text_and_prints_nothing_else(embed, tmp_path):
    done = embed("a cat", "a dog", CHINESE, "--plot", tmp_path / "map.svg", "-q")
    shown = [element.text for element in ET.parse(tmp_path / "map.svg").iter("{http://www.w3.org/2000/svg}text")]
    assert done == (0, b"", b"")
    assert {"a cat", "a dog", CHINESE} <= set(shown)


def test_slow_input_is_answered_at_once(starter):
    command = [sys.executable, "-m", "nlpcli", "embed", "--dim", "2"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        waits = []
        for number in range(8):
            sent = time.monotonic()
            process.stdin.write(b"line number %d\n" % number)
            assert len(process.stdout.readline().split()) == 2
            waits.append(time.monotonic() - sent)
        process.stdin.close()
        assert process.wait(60) == 0
    # The first wait holds the loading; a busy machine does other things in between, but not each time.
    assert min(waits[1:]) < PROMPT_SECONDS


FILLER = "The council talked about roads for two hours, and nobody agreed on the costs of the new bridge. " * 30
NEEDLE = "The spare key of the boathouse hangs behind the blue lantern."


def test_a_search_finds_one_sentence_in_a_long_text(embed, tmp_path):
    (tmp_path / "a.txt").write_text("Boats are painted in spring.")
    (tmp_path / "b.txt").write_text(f"{FILLER}{NEEDLE} {FILLER}")
    question = ("-i", tmp_path, "--per", "document", "--search", "where is the key of the boathouse?")
    found, _ = rows(embed(*question, "-F", "jsonl"))
    assert found["file"] == str(tmp_path / "b.txt")
    assert NEEDLE in found["text"][found["start"] : found["end"]]
    assert found["end"] - found["start"] < 700
    as_text = embed(*question).output.decode().splitlines()[0]
    assert NEEDLE in as_text
    assert len(as_text) < 900


def test_chunks_are_the_same_in_every_format(embed, tmp_path):
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": FILLER}) + '\n{"text": "é"}\n{"text": ""}\n{"text": null}\n')
    chunks = ("-i", tmp_path / "a.jsonl", "--chunks", "--dim", "3")
    long, short, empty, failed = rows(embed(*chunks))
    assert len(long["chunks"]) > 5
    assert [(chunk["start"], chunk["end"]) for row in (short, empty) for chunk in row["chunks"]] == [(0, 1), (0, 0)]
    assert failed["chunks"] is None
    embed(*chunks, "-o", tmp_path / "a.parquet")
    assert pq.read_table(tmp_path / "a.parquet").column("chunks").to_pylist()[1:] == [
        [{**chunk, "embedding": pytest.approx(chunk["embedding"])} for chunk in short["chunks"]],
        [{**chunk, "embedding": pytest.approx(chunk["embedding"])} for chunk in empty["chunks"]],
        None,
    ]
    array = np.load(io.BytesIO(embed(*chunks, "-F", "npy").output))
    assert array.shape == (len(long["chunks"]) + 3, 3)
    assert np.isnan(array[-1]).all()
    lines = embed(*chunks, "-F", "text").output.decode().splitlines()
    assert lines[1].split("\t")[1:3] == [str(long["chunks"][1]["start"]), str(long["chunks"][1]["end"])]


def test_one_text_has_nothing_to_be_similar_to(embed):
    done = embed("--similarity", "A man eats.")
    assert done.status == 2
    assert done.complaints.startswith(b"nlpcli: --similarity compares records with each other, and there is only one")


def test_an_unknown_prompt_is_wrong_usage(embed):
    done = embed("--prompt", "query", "A man eats.")
    assert done.status == 2
    assert b'starter/minilm has no prompt "query"' in done.complaints

"""Files of word vectors: every format gives the same vectors, and what is wrong is said with its place."""

import bz2
import gzip
import json
import lzma
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import zstandard

from nlpcli.errors import ModelUnsafe, NlpcliError
from nlpcli.models.static.files import convert_file
from nlpcli.models.static.store import open_vectors

DATA = Path(__file__).parents[2] / "data" / "vectors"
COMPRESSED = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zstandard.compress}


def converted(file, tmp_path):
    convert_file(file, tmp_path / "out" / "model")
    return open_vectors(file.name, tmp_path / "out" / "model")


def convert(content, tmp_path, name="v.txt"):
    file = tmp_path / name
    file.write_bytes(content)
    return converted(file, tmp_path)


def as_dict(vectors):
    return {vectors.word(row): np.array(vectors.vectors[row]) for row in range(len(vectors))}


@pytest.fixture
def words(tmp_path_factory):
    """What gensim wrote as text."""
    return as_dict(converted(DATA / "tiny.w2v.txt", tmp_path_factory.mktemp("text")))


@pytest.mark.parametrize("name", ["tiny.w2v.bin", "tiny.kv", "tiny-apart.kv", "tiny.model"])
def test_every_format_gives_the_same_words_in_the_same_order(name, words, tmp_path):
    found = as_dict(converted(DATA / name, tmp_path))
    assert list(found) == list(words)
    assert np.allclose(np.stack(list(found.values())), np.stack(list(words.values())), atol=1e-6)


@pytest.mark.parametrize("suffix", COMPRESSED)
@pytest.mark.parametrize("name", ["tiny.w2v.txt", "tiny.w2v.bin", "tiny.kv", "tiny.bin"])
def test_every_format_can_be_compressed_whatever_its_name(name, suffix, tmp_path):
    plain = as_dict(converted(DATA / name, tmp_path / "plain"))
    packed = as_dict(convert(COMPRESSED[suffix]((DATA / name).read_bytes()), tmp_path, "vectors"))
    assert list(packed) == list(plain)
    assert all((packed[word] == plain[word]).all() for word in plain)


def test_glove_and_fasttext_text_are_read_without_and_with_a_header(tmp_path):
    glove = as_dict(convert(b"the 1 2\ncat 3 -4e-1\n", tmp_path))
    vec = as_dict(convert(b"2 2\nthe 1 2 \ncat 3 -4e-1 \n", tmp_path, "v.vec"))
    assert {word: vector.tolist() for word, vector in glove.items()} == {"the": [1, 2], "cat": [3, np.float32(-0.4)]}
    assert glove.keys() == vec.keys()


def test_the_vectors_are_those_of_gensim_also_of_words_that_it_computes_of_subwords(tmp_path):
    found = converted(DATA / "tiny.bin", tmp_path)
    expected = json.loads((DATA / "tiny-fasttext.json").read_text(encoding="utf-8"))
    del expected["</s>"]  # fastText itself gives the end of a line no n-grams; gensim does
    for word, vector in expected.items():
        row = found.find([word])[0]
        mine = found.vectors[row] if row >= 0 else found.computed(word)
        assert np.allclose(mine, vector, atol=1e-7), word
    assert found.computed("</s>") is None


def test_a_text_that_is_longer_than_a_block_keeps_every_line(tmp_path):
    lines = [f"w{number} {number} {number / 7:.6g}\n" for number in range(120_000)]
    found = convert("".join(lines).encode(), tmp_path)
    assert len(found) == len(lines)
    assert found.find(["w0", "w119999", "w120000", "w77777"]) == [0, 119_999, -1, 77_777]
    assert found.vectors[77_777].tolist() == [77_777, np.float32(f"{77_777 / 7:.6g}")]


BAD = {
    "too few numbers": (b"a 1 2 3\nb 1 2\n", "v.txt:2 has 2 numbers"),
    "too many numbers": (b"a 1 2 3\nb 1 2 3 4\n", "v.txt:2 has 4 numbers"),
    "a blank line": (b"a 1 2 3\n\nb 1 2 3\n", "v.txt:2 has 0 numbers"),
    "no number": (b"a 1 2 3\nb 1 x 3\n", "v.txt:2: x is no number"),
    "no number in the first line": (b"a 1 x 3\n", "v.txt:1: x is no number"),
    "NaN": (b"a 1 2 3\nb 1 nan 3\n", "v.txt:2: the vector of b holds NaN"),
    "an infinity": (b"a 1 2 1e60\n", "v.txt:1: the vector of a holds NaN or an infinity"),
    "a header that says too many words": (b"3 2\na 1 2\nb 1 2\n", "v.txt:1 says 3 words, and 2 stand there"),
    "a header that says too few words": (b"1 2\na 1 2\nb 1 2\n", "v.txt:3: more words than the 1 of line 1"),
    "a header that says other numbers": (b"2 3\na 1 2\nb 1 2\n", "v.txt:2 has 2 numbers, where line 1 says 3"),
    "a header of no words": (b"0 3\n", "v.txt:1 says that there are no vectors"),
    "a header of no numbers": (b"3 0\na\nb\nc\n", "v.txt:1 says that there are no vectors"),
    "a header with a sign": (b"-2 2\na 1 2\nb 1 2\n", 'v.txt:1: "-2 2" is no header'),
    "a header of one number": (b"2\na 1 2\nb 1 2\n", "v.txt:1: 2 is no header"),
    "a header of three numbers": (b"2 3 1\na 1 2 3\nb 1 2 3\n", 'v.txt:1: "2 3 1" is no header'),
    "nothing": (b"", "v.txt:1: no word vectors stand there"),
    "blank lines alone": (b"\n\n", "v.txt:1: no word vectors stand there"),
    "a space in a word of a binary file": (
        b"4 1\na \0\0\x80\x3f\nb \0\0\x80\x3f\nnew york \0\0\x80\x3f\nd \0\0\x80\x3f\n", "v.txt: word 3 has a space in it, or not 1 numbers",
    ),
    "another text": (b"Dear Sir,\nyours\n", "v.txt:1 is no word vector"),
    "UTF-16": ("a 1 2\n".encode("utf-16"), "v.txt is text in UTF-16"),
    "a truncated binary file": ((DATA / "tiny.w2v.bin").read_bytes()[:-9], "v.txt:1 says 31 words of 5 numbers, and the"),
    "a binary file behind a wrong header": (
        (DATA / "tiny.w2v.bin").read_bytes().replace(b"31 5", b"30 5"), "the file goes on behind them",
    ),
    "NaN in a binary file": (b"1 1\na " + np.float32("nan").tobytes(), "v.txt: word 1: the vector of a holds NaN"),
    "a truncated fastText file": ((DATA / "tiny.bin").read_bytes()[:-1], "v.txt is cut off in its last part"),
    "a fastText file within its matrix": ((DATA / "tiny.bin").read_bytes()[:2000], "v.txt says 128 vectors of 5 numbers"),
    "a fastText file of its head alone": ((DATA / "tiny.bin").read_bytes()[:40], "v.txt is cut off"),
    "a fastText file within its words": ((DATA / "tiny.bin").read_bytes()[:120], "the file ends within word"),
    "a truncated pickle": ((DATA / "tiny.kv").read_bytes()[:500], "v.txt is a damaged pickle"),
    "a pickle of something else": (pickle.dumps([1, 2]), "v.txt is a pickle without word vectors"),
    "a truncated gzip": (gzip.compress(b"a 1 2\n" * 9)[:-4], "v.txt is truncated"),
    "an array without words": (b"\x93NUMPY\x01\x00", "v.txt holds vectors without their words"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_said_in_one_line_with_its_place(case, tmp_path):
    content, message = BAD[case]
    with pytest.raises(NlpcliError) as caught:
        convert(content, tmp_path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("size", range(0, 3747, 97))
@pytest.mark.parametrize("name", ["tiny.bin", "tiny.kv", "tiny.w2v.bin", "tiny.w2v.txt"])
def test_no_file_that_is_cut_off_anywhere_is_taken_for_a_whole_one(name, size, tmp_path):
    content = (DATA / name).read_bytes()
    if size < len(content):
        with pytest.raises(NlpcliError):
            convert(content[:size], tmp_path)


def test_a_word_that_stands_twice_keeps_its_first_vector_which_is_said(tmp_path, caplog):
    found = convert(b"a 1 2\nb 3 4\na 5 6\nc 7 8\nb 9 9\n", tmp_path)
    assert {word: vector.tolist() for word, vector in as_dict(found).items()} == {"a": [1, 2], "b": [3, 4], "c": [7, 8]}
    assert found.norms.tolist() == np.linalg.norm([[1, 2], [3, 4], [7, 8]], axis=1).astype(np.float32).tolist()
    assert caplog.messages == [
        "v.txt:3: a stands there a second time (and 1 other words do); the first vector of each is kept"
    ]


def test_a_word_with_spaces_is_one_word_which_is_said(tmp_path, caplog):
    found = convert(b"a 1 2\nnew york 3 4\n. . . 5 6\n", tmp_path)
    assert list(as_dict(found)) == ["a", "new york", ". . ."]
    assert caplog.messages == ['v.txt:2: "new york" has spaces (and 1 other words have); it is kept as one word']


def test_a_word_in_another_encoding_is_said_to_be_never_found(tmp_path, caplog):
    convert("a 1 2\ncafé 3 4\nthé 5 6\n".encode("latin-1"), tmp_path)
    assert caplog.messages == ["v.txt:2: caf\ufffd is no UTF-8, so that it is never found"]


def test_large_numbers_have_a_norm_and_no_warning(tmp_path, recwarn):
    found = convert(b"a 3e30 4e30\n", tmp_path)
    assert found.norms.tolist() == [np.float32(5e30)]
    assert not recwarn.list


class Runs:
    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("call", [(os.mkdir,), (eval,), (__import__,), (getattr,)])
def test_a_pickle_that_names_anything_else_runs_nothing(call, protocol, tmp_path):
    victim = str(tmp_path / "ran")
    content = pickle.dumps({"index_to_key": ["a"], "x": Runs(call[0], (victim,))}, protocol)
    with pytest.raises(ModelUnsafe, match="could run code"):
        convert(content, tmp_path)
    assert not Path(victim).exists()


def test_a_pickle_that_makes_an_object_and_says_nothing_of_it_is_refused(tmp_path):
    made = b"\x80\x02cgensim.models.keyedvectors\nKeyedVectors\n)\x81."
    with pytest.raises(NlpcliError, match="without word vectors"):
        convert(made, tmp_path, "v.model")


def test_an_array_beside_a_pickle_is_named_where_it_is_missing(tmp_path):
    with pytest.raises(NlpcliError, match=r"must lie beside it"):
        convert((DATA / "tiny-apart.kv").read_bytes(), tmp_path, "alone.kv")

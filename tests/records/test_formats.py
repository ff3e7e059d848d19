"""Which format a name means: suffixes in any case, with a compression around them or without."""

import pytest

from nlpcli.errors import UsageError
from nlpcli.records.formats import (
    BINARY_FORMATS,
    INPUT_FORMATS,
    OUTPUT_FORMATS,
    compression_of,
    input_format,
    named_input_format,
    output_format,
)

COMPRESSED = ("", ".gz", ".bz2", ".xz", ".zst", ".GZ")
KINDS = {
    "txt": "txt", "md": "txt", "markdown": "txt", "html": "txt", "htm": "txt", "xhtml": "txt", "srt": "txt", "vtt": "txt",
    "po": "txt", "pot": "txt", "xlf": "txt", "xliff": "txt", "jsonl": "jsonl", "ndjson": "jsonl", "json": "json",
    "csv": "csv", "tsv": "tsv", "parquet": "parquet", "docx": "docx",
}  # fmt: skip


@pytest.mark.parametrize("packed", COMPRESSED)
@pytest.mark.parametrize("suffix", KINDS)
def test_a_suffix_tells_the_format_of_inputs_and_outputs(suffix, packed):
    for name in (f"a.{suffix}{packed}", f"dir.csv/a.b.{suffix.upper()}{packed}"):
        assert input_format(name) == (KINDS[suffix], packed.lower())
        assert output_format(name) == ("text" if KINDS[suffix] == "txt" else KINDS[suffix], packed.lower())
        assert compression_of(name) == packed.lower()


@pytest.mark.parametrize("name", ["a", "", "a.log", "a.gz", "txt", ".txt", "a.txt.zip", "a.csv.log", "a.gz.gz"])
def test_other_names_tell_none(name):
    assert (input_format(name), output_format(name)) == (None, None)


def test_vectors_are_written_and_not_read():
    assert (output_format("a.npy"), input_format("a.npy")) == (("npy", ""), None)


def test_every_format_has_a_suffix_and_a_name():
    assert {named_input_format(name).name for name in INPUT_FORMATS} == {input_format(f"a.{n}").name for n in KINDS}
    assert {output_format(f"a.{name}").name for name in (*KINDS, "npy")} == {*OUTPUT_FORMATS}
    assert {"parquet", "npy", "docx"} == BINARY_FORMATS


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("csv", ("csv", "")), ("CSV.GZ", ("csv", ".gz")), ("text", ("txt", "")), ("md.zst", ("txt", ".zst")),
        ("ndjson", ("jsonl", "")), ("jsonl.bz2", ("jsonl", ".bz2")), ("parquet.xz", ("parquet", ".xz")),
    ],
)  # fmt: skip
def test_a_format_may_be_named(name, told):
    assert named_input_format(name) == told


@pytest.mark.parametrize("name", ["", "npy", "csv.zip", "gz", ".gz", "csv.gz.gz", "html"])
def test_a_format_that_is_none_is_answered_with_those_that_are(name):
    with pytest.raises(UsageError, match='unknown input format ".*"; use one of txt, jsonl, .*, each also with .gz'):
        named_input_format(name)

"""What is compressed is what its suffix says, and the stream below stays open."""

import io

import pytest

from nlpcli.records.compression import MAGIC, SUFFIXES, compressed, decompressed


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_what_is_written_is_of_the_kind_that_its_suffix_names(suffix):
    below = io.BytesIO()
    with compressed(below, suffix) as stream:
        stream.write(b"text\n")
    packed = below.getvalue()
    assert [kind for magic, kind in MAGIC.items() if packed.startswith(magic)] == [suffix]
    assert b"".join(decompressed([packed], suffix, "x")) == b"text\n"

import pytest

from nlpcli.records.splitting import Decoder, by_document, by_line, by_null, by_paragraph, without_surrogates

TEXT = "one\r\n\n  \ntwo\u2028still two\nthree"


def in_pieces(text, size):
    """As a pipe may deliver it."""
    return [text[start : start + size] for start in range(0, len(text), size)]


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize(
    ("split", "expected"),
    [
        (by_line, [("one", 1), ("", 2), ("  ", 3), ("two\u2028still two", 4), ("three", 5)]),
        (by_paragraph, [("one", 1), ("two\u2028still two\nthree", 4)]),
        (by_document, [(TEXT, 1)]),
        (by_null, [(TEXT, 1)]),
    ],
)
def test_pieces_do_not_depend_on_how_the_bytes_arrive(split, expected, size):
    assert list(split(in_pieces(TEXT, size))) == expected


def test_a_terminator_starts_no_empty_record():
    assert [piece.text for piece in by_null(["a\0\0b\0"])] == ["a", "", "b"]
    assert [piece.text for piece in by_line(["a\n\nb\n"])] == ["a", "", "b"]
    assert list(by_line([])) == []


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16", "big5"])
def test_a_character_cut_by_a_chunk_is_one_character(encoding):
    content = "你好，世界".encode(encoding)
    decoder = Decoder(encoding)
    assert "".join(decoder.decode(content[at : at + 1] for at in range(len(content)))) == "你好，世界"
    assert decoder.replaced == 0


def test_bytes_that_are_not_valid_are_replaced_and_counted():
    decoder = Decoder("utf-8")
    assert "".join(decoder.decode([b"a\xffb\xe4", b"\xbd"])) == "a\ufffdb\ufffd"
    assert decoder.replaced == 3


def test_a_byte_order_mark_is_no_text_at_the_start_of_each_file():
    decoder = Decoder("utf-8")
    for _ in range(2):
        assert "".join(decoder.decode([b"\xef\xbb", b"\xbfa\xef\xbb\xbf"])) == "a\ufeff"


@pytest.mark.parametrize("encoding", ["klingon", "base64", "rot13"])
def test_what_is_no_encoding_of_text_is_refused(encoding):
    with pytest.raises(LookupError):
        Decoder(encoding)


def test_halves_of_surrogate_pairs_are_replaced_and_counted():
    decoder = Decoder("utf-8")
    assert decoder.mend("a\ud800b\udce9") == without_surrogates("a\ud800b\udce9") == "a\ufffdb\ufffd"
    assert decoder.replaced == 2
    assert without_surrogates("𠮷") == "𠮷"

"""fastText's n-grams, against its published rules and values."""

from hypothesis import given
from hypothesis import strategies as st

from nlpcli.models.static.subwords import Subwords, hash_of_ngram


def test_ngrams_are_of_characters_between_marks():
    assert list(Subwords(3, 3, 10).ngrams("über".encode())) == [part.encode() for part in ("<üb", "übe", "ber", "er>")]


def test_a_mark_alone_is_no_ngram():
    assert b"<" not in list(Subwords(1, 2, 10).ngrams(b"ab"))
    assert list(Subwords(1, 1, 10).ngrams(b"ab")) == [b"a", b"b"]


def test_the_end_of_a_line_has_no_ngrams():
    assert list(Subwords(3, 6, 10).ngrams(b"</s>")) == []


def test_the_hash_is_fnv_1a_over_signed_bytes():
    # 32-bit FNV-1a of "a" and "foobar": the values of Fowler, Noll and Vo's own table.
    assert (hash_of_ngram(b"a"), hash_of_ngram(b"foobar")) == (0xE40C292C, 0xBF9CF968)
    # A byte of 0x80 or more is a negative number, which sets all upper bits.
    assert hash_of_ngram(b"\xff") == ((2166136261 ^ 0xFFFFFFFF) * 16777619) & 0xFFFFFFFF


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12), min_size=1, max_size=8))
def test_many_words_at_once_have_the_buckets_of_each_alone(words):
    subwords = Subwords(2, 5, 1009)
    encoded = [word.encode() for word in words]
    buckets, counts = subwords.buckets_of(encoded)
    alone = [subwords.buckets(word) for word in encoded]
    assert buckets.tolist() == [bucket for found in alone for bucket in found]
    assert counts == [len(found) for found in alone]

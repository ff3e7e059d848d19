from dataclasses import FrozenInstanceError, fields

import pytest

from nlpcli.records.attribution import Attribution, Share, at_their_places


def test_a_share_is_shown_with_six_digits_and_its_place():
    assert Share("a", 0.12345678, 1, 2, 3).fields == {"text": "a", "start": 1, "end": 2, "score": 0.123457}
    assert Share("a", 1.0).fields == {"text": "a", "start": None, "end": None, "score": 1.0}
    assert Share("a", 1.0).window == 0


def test_what_a_method_has_none_of_is_not_shown():
    tokens = (Share("a", 0.5, 0, 1), Share("b", 0.25, 2, 3, 1))
    shown = Attribution("erasure", "label", 0.87654321, tokens).fields
    assert shown == {"method": "erasure", "target": "label", "value": 0.876543, "tokens": [t.fields for t in tokens]}
    assert Attribution("erasure", "label", 1.0, ()).windows == 1
    whole = Attribution("integrated gradients", "label", 1.0, tokens, 0.0, 1e-9, 32, 2).fields
    assert (whole["baseline"], whole["error"], whole["steps"], whole["windows"]) == (0.0, 0.0, 32, 2)
    assert [token["window"] for token in whole["tokens"]] == [0, 1]
    assert list(whole) == ["method", "target", "value", "baseline", "error", "steps", "windows", "tokens"]


@pytest.mark.parametrize("frozen", [Share("a", 1.0), Attribution("erasure", "a", 1.0, ())])
def test_what_was_found_cannot_be_changed(frozen):
    with pytest.raises(FrozenInstanceError):
        setattr(frozen, fields(frozen)[0].name, "b")


def placed(text, *places):
    shares = [Share(str(number), 2.0**number) for number in range(len(places))]
    return [(share.text, share.score, share.start, share.end) for share in at_their_places(shares, text, places)]


def test_tokens_get_the_text_of_their_places():
    assert placed("ab cd", (0, 2), (3, 5)) == [("ab", 1, 0, 2), ("cd", 2, 3, 5)]
    assert placed("abcd", (0, 2), (2, 4)) == [("ab", 1, 0, 2), ("cd", 2, 2, 4)]


def test_tokens_of_one_place_or_of_parts_of_it_are_one():
    assert placed("猫a", (0, 1), (0, 1), (0, 1), (1, 2)) == [("猫", 7, 0, 1), ("a", 8, 1, 2)]
    assert placed("abcde", (0, 3), (1, 2), (2, 5)) == [("abcde", 7, 0, 5)]
    assert placed("abcde", (0, 3), (1, 2), (3, 5)) == [("abc", 3, 0, 3), ("de", 4, 3, 5)]


def test_tokens_without_a_place_keep_their_own_text_and_stand_between():
    assert placed("ab", None, (0, 1), None, (0, 2)) == [
        ("0", 1, None, None), ("a", 2, 0, 1), ("2", 4, None, None), ("ab", 8, 0, 2),
    ]  # fmt: skip
    # An empty place is none.
    assert placed("ab", (1, 1), (2, 1)) == [("0", 1, None, None), ("1", 2, None, None)]
    with pytest.raises(ValueError, match="zip"):
        at_their_places([Share("a", 1.0)], "a", [])

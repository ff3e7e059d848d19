from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest

from nlpcli.records.inspection import AttentionMap, Head, Inspection, InspectionResult, Kind, LayerCheck, Token


def test_a_token_shows_what_it_hides_within_its_brackets():
    assert Token("[UNK]", hides="猫").shown == "[UNK:猫]"
    assert Token("<unk>", hides="ab").shown == "<unk:ab>"
    assert (Token("a").shown, Token("a", hides="").shown, Token("x", hides="y").shown) == ("a", "a", ":yx")
    assert (Token("a").special, Token("a").punctuation, Token("a").hides) == (False, False, None)


def map_of(**more):
    weights = np.arange(1, 9, dtype=np.float32).reshape(2, 1, 2, 2)
    visible = np.array([[[True, False], [True, True]], [[True, True], [True, True]]])
    tokens = (Token("a"), Token("b"))
    return AttentionMap(Kind.SELF, tokens, tokens, (0, 1), (0,), weights, visible, **more)


def test_gradients_are_shown_where_they_were_asked_for():
    assert map_of().shown is map_of().weights or np.array_equal(map_of().shown, map_of().weights)
    gradient = -np.ones((2, 1, 2, 2), np.float32)
    assert map_of(gradient=gradient).shown is gradient


def test_what_could_not_be_seen_is_drawn_as_nothing():
    np.testing.assert_array_equal(map_of().drawn(0, 0), [[1, np.nan], [3, 4]])
    np.testing.assert_array_equal(map_of().drawn(1, 0), [[5, 6], [7, 8]])
    gradient = -np.ones((2, 1, 2, 2), np.float32)
    np.testing.assert_array_equal(map_of(gradient=gradient).drawn(0, 0), [[-1, np.nan], [-1, -1]])


def test_rollout_reaches_what_every_layer_sees_and_what_it_came_to():
    reached = map_of(rollout=np.array([[0.0, 0.0], [0.5, 0.0]])).reached
    np.testing.assert_array_equal(reached, [[True, False], [True, True]])
    np.testing.assert_array_equal(
        map_of(rollout=np.array([[0.0, 0.1], [0.0, 0.0]])).reached, [[True, True], [True, True]]
    )
    with pytest.raises(AssertionError):
        _ = map_of().reached


def test_the_largest_difference_of_a_layer_is_the_one_that_counts():
    assert [LayerCheck(Kind.SELF, 0, *of).largest for of in ((3, 1, 2), (1, 3, 2), (1, 2, 3))] == [3, 3, 3]


def test_heads_have_names_and_maps_are_found_by_their_kind():
    assert str(Head(Kind.CROSS, 3, 11)) == "cross 3.11"
    found = Inspection("model", (), (map_of(),))
    assert found.map_of(Kind.SELF) is found.maps[0]
    assert found.map_of(Kind.CROSS) is None
    assert (found.heads, found.checks, found.output, found.comparison) == ((), (), None, None)
    result = InspectionResult({"a": 1}, found)
    assert (result, result.inspection) == ({"a": 1}, found)


@pytest.mark.parametrize(
    "frozen", [Token("a"), Head(Kind.SELF, 0, 0), Inspection("m", (), ()), LayerCheck(Kind.SELF, 0, 1, 1, 1)]
)
def test_what_was_found_cannot_be_changed(frozen):
    with pytest.raises(FrozenInstanceError):
        setattr(frozen, fields(frozen)[0].name, 1)

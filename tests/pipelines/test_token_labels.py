"""Labels of tokens → entities, over the schemes that models are trained with."""

import pytest

from nlpcli.pipelines.token_labels import moves_of, runs


def entities(labels):
    known = list(dict.fromkeys([*labels, "O", "B-Z", "I-Z"])) if any("-" in label for label in labels) else labels
    moves = dict(zip(known, moves_of(known), strict=True))
    return [tuple(run) for run in runs([moves[label] for label in labels])]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("O B-A I-A O", [(1, 3, "A")]),
        ("B-A B-A I-A", [(0, 1, "A"), (1, 3, "A")]),
        ("I-A I-A I-B", [(0, 2, "A"), (2, 3, "B")]),
        ("B-A I-B I-B", [(0, 1, "A"), (1, 3, "B")]),
        ("B-A I-A L-A U-A", [(0, 3, "A"), (3, 4, "A")]),
        ("B-A I-A E-A S-B I-B", [(0, 3, "A"), (3, 4, "B"), (4, 5, "B")]),
        ("B-A M-A E-A B-A", [(0, 3, "A"), (3, 4, "A")]),
        ("A A O A B", [(0, 2, "A"), (3, 4, "A"), (4, 5, "B")]),
        ("I-work-of-art I-work-of-art", [(0, 2, "work-of-art")]),
        ("O O", []),
        ("O O I-A", [(2, 3, "A")]),
    ],
)
def test_a_scheme_is_read_as_it_is_meant(labels, expected):
    assert entities(labels.split()) == expected


def test_a_prefix_is_a_part_of_the_name_where_not_every_label_has_one():
    assert [move.type for move in moves_of(["O", "B-cell", "antigen"])] == [None, "B-cell", "antigen"]

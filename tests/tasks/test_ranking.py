import numpy as np
import pytest

from nlpcli.errors import UsageError
from nlpcli.records.record import Origin, Record
from nlpcli.tasks import ranking

EAST, NORTH, NORTH_EAST, NOWHERE = [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]


def records(*vectors):
    """Records named a, b, c … with these vectors; None makes one that failed."""
    for line, (name, vector) in enumerate(zip("abcdefghijkl", vectors, strict=False), start=1):
        if vector is None:
            yield Record(name, {"text": name}, Origin("x", line), error="broken")
        else:
            vector = np.array(vector, np.float32)
            result = {"embedding": vector, "vectors": [vector], "spans": [(0, 1)]}
            yield Record(name, {}, Origin("x", line), result=result)


def scores(found):
    return [(record.text, record.result and record.result["score"]) for record in found]


def pairs(*vectors, top=None):
    found = ranking.pairs(records(*vectors), top)
    return [(record.fields["text_a"] + record.fields["text_b"], record.result["score"]) for record in found]


def test_nearest_sorts_by_cosine_whatever_the_lengths():
    found = scores(ranking.nearest(records(NORTH, [9.0, 0.0], NORTH_EAST), np.array([0.1, 0.0]), None))
    assert found == [("b", 1.0), ("c", pytest.approx(0.5**0.5, abs=1e-6)), ("a", 0.0)]


def test_nearest_names_file_and_line():
    (found,) = ranking.nearest(records(NORTH), np.array(NORTH), 1)
    assert found.result == {"score": 1.0, "file": "x", "line": 1, "start": 0, "end": 1}


def test_nearest_keeps_the_best_and_of_equal_ones_the_earlier():
    found = ranking.nearest(records(NORTH, EAST, NORTH, EAST, EAST), np.array(EAST), 2)
    assert scores(found) == [("b", 1.0), ("d", 1.0)]


def test_what_is_left_out_and_as_good_as_the_last_is_said(caplog):
    list(ranking.nearest(records(NORTH, EAST, NORTH, EAST, EAST), np.array(EAST), 2))
    assert [record.getMessage() for record in caplog.records] == [
        "1 more with the score of the last, 1.0000; --top 3 shows them"
    ]
    caplog.clear()
    assert len(pairs(EAST, EAST, EAST, NORTH, top=1)) == 1
    assert [record.getMessage() for record in caplog.records] == [
        "2 more with the score of the last, 1.0000; --top 3 shows them"
    ]
    caplog.clear()
    list(ranking.nearest(records(NORTH, EAST, NORTH_EAST), np.array(EAST), 2))
    assert not pairs(EAST, NORTH, NORTH_EAST, top=None)[3:]
    assert not caplog.records


def test_nearest_gives_ten_where_nothing_is_said():
    assert len(list(ranking.nearest(records(*[EAST] * 12), np.array(EAST), None))) == 10


def test_a_zero_vector_is_similar_to_nothing():
    assert scores(ranking.nearest(records(NOWHERE, EAST), np.array(EAST), None)) == [("b", 1.0), ("a", 0.0)]
    assert scores(ranking.nearest(records(EAST), np.array(NOWHERE), None)) == [("a", 0.0)]
    assert pairs(NOWHERE, EAST) == [("ab", 0.0)]


def test_failed_records_come_last_and_keep_their_error():
    found = list(ranking.nearest(records(None, EAST), np.array(EAST), None))
    assert [(record.text, record.error) for record in found] == [("b", None), ("a", "broken")]
    *_, failed = ranking.pairs(records(EAST, None, NORTH), None)
    assert (failed.text, failed.error) == ("b", "broken")


def test_every_pair_comes_once_best_first():
    assert pairs(EAST, NORTH, NORTH_EAST) == [
        ("ac", pytest.approx(0.5**0.5, abs=1e-6)),
        ("bc", pytest.approx(0.5**0.5, abs=1e-6)),
        ("ab", 0.0),
    ]


def test_of_equal_pairs_at_the_edge_of_top_the_earlier_stay():
    assert [names for names, _ in pairs(*[EAST] * 10, top=3)] == ["ab", "ac", "ad"]
    assert [names for names, _ in pairs(NORTH, EAST, EAST, EAST, NORTH, top=3)] == ["ae", "bc", "bd"]


def test_one_record_makes_no_pair_and_is_told_so():
    with pytest.raises(UsageError, match="there is only one; give at least two"):
        pairs(EAST)
    assert pairs() == []
    (failed,) = ranking.pairs(records(EAST, None), None)
    assert failed.error == "broken"


NEARLY = 3e-8


def test_scores_that_look_equal_keep_the_order_of_the_input():
    almost = [[1.0, 0.001 + number * NEARLY] for number in (0, 3, 1, 2)]
    assert [name for name, _ in scores(ranking.nearest(records(*almost), np.array(EAST), 3))] == ["a", "b", "c"]
    assert [names for names, _ in pairs(*almost)] == ["ab", "ac", "ad", "bc", "bd", "cd"]
    assert [names for names, _ in pairs(*almost, top=2)] == ["ab", "ac"]


def test_a_text_is_as_near_as_its_nearest_window():
    record = Record("abcdef", {}, Origin("x", 1))
    record.result = {"vectors": [np.array(v) for v in (NORTH, EAST, EAST)], "spans": [(0, 2), (2, 4), (4, 6)]}
    (found,) = ranking.nearest(iter([record]), np.array(EAST), None)
    assert found.result == {"score": 1.0, "file": "x", "line": 1, "start": 2, "end": 4}


def test_pairs_are_the_same_across_blocks(monkeypatch):
    vectors = np.random.default_rng(0).normal(size=(12, 4)).tolist()
    whole = pairs(*vectors, top=20)
    monkeypatch.setattr(ranking, "_BLOCK", 5)
    in_blocks = pairs(*vectors, top=20)
    assert [names for names, _ in in_blocks] == [names for names, _ in whole]


def test_too_many_pairs_to_list_are_refused_with_the_way_out(monkeypatch):
    monkeypatch.setattr(ranking, "MOST_UNLIMITED_RECORDS", 3)
    with pytest.raises(UsageError, match="4 records make 6 pairs; limit them: --top"):
        pairs(*[EAST] * 4)
    assert len(pairs(*[EAST] * 4, top=5)) == 5


def test_a_second_look_ranks_those_that_are_near_and_no_others():
    looked = []

    def again(found):
        looked.extend(record.text for record in found)
        return [{"a": 0.5, "b": 0.9995, "c": 0.9995}[record.text] for record in found]

    vectors = [[1.0, 0.0], [1.0, 0.01], [1.0, 0.02], NORTH, None]
    found = scores(ranking.nearest(records(*vectors), np.array(EAST), 2, again))
    assert found == [("b", 0.9995), ("c", 0.9995), ("e", None)]
    assert sorted(looked) == ["a", "b", "c"]

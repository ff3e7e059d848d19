from nlpcli.records.record import Origin, Record
from nlpcli.tasks.tally import tally


def record(chosen, **scores):
    return Record("x", {}, Origin("x", 1), result={"chosen": chosen, "scores": scores})


def rows(records, labels=("no", "yes")):
    return [tallied.result for tallied in tally(iter(records), labels)]


def test_labels_come_by_how_often_they_are_given():
    given = [record(["yes"], yes=0.9, no=0.1), record(["yes"], yes=0.7, no=0.3), record(["no"], yes=0.4, no=0.6)]
    assert rows(given) == [
        {"label": "yes", "count": 2, "share": 0.666667, "score": 0.8},
        {"label": "no", "count": 1, "share": 0.333333, "score": 0.6},
    ]


def test_a_label_that_nobody_got_is_said():
    assert rows([record(["yes"], yes=0.9, no=0.1)])[1] == {"label": "no", "count": 0, "share": 0.0, "score": None}


def test_several_labels_of_a_record_count_each_with_its_own_score():
    assert [(row["count"], row["share"], row["score"]) for row in rows([record(["yes", "no"], yes=0.9, no=0.6)])] == [
        (1, 1.0, 0.6),
        (1, 1.0, 0.9),
    ]


def test_records_without_a_label_have_a_row_of_their_own():
    assert rows([record(["none"], yes=0.4, no=0.3)])[0] == {"label": "none", "count": 1, "share": 1.0, "score": 0.4}


def test_records_in_which_there_was_nothing_to_read_are_counted_apart():
    given = [record([]), record(["yes"], yes=0.9, no=0.1), record([])]
    assert rows(given) == [
        {"label": "yes", "count": 1, "share": 1.0, "score": 0.9},
        {"label": "no", "count": 0, "share": 0.0, "score": None},
        {"label": None, "count": 2, "share": None, "score": None},
    ]


def test_no_records_make_rows_of_zero():
    assert [row["count"] for row in rows([])] == [0, 0]


def test_failed_records_follow():
    failed = Record("x", {}, Origin("x", 1), error="broken")
    assert list(tally(iter([failed]), ("yes",)))[-1] is failed

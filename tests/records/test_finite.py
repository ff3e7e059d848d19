import numpy as np
import pytest

from nlpcli.records.finite import NOT_A_NUMBER, finite
from nlpcli.records.record import Origin, Record

NAN, INFINITY = float("nan"), float("inf")


def outcome(result):
    (record,) = finite([Record("x", {}, Origin("x", 1), result=result)])
    return record.result, record.error


@pytest.mark.parametrize(
    "result",
    [
        {"score": NAN},
        {"score": -INFINITY},
        {"scores": {"a": 0.5, "b": NAN}},
        {"heads": [{"links": [{"weight": NAN}]}]},
        {"embedding": np.array([1.0, NAN], np.float32)},
        {"embedding": np.array([INFINITY], np.float16)},
        {"chunks": [{"start": 0, "embedding": np.array([INFINITY])}]},
        {"value": np.float32("nan")},
    ],
)
def test_nan_and_infinity_at_any_depth_are_an_error_of_the_record(result):
    assert outcome(result) == (None, NOT_A_NUMBER)


@pytest.mark.parametrize(
    "result",
    [
        {},
        {"a": None, "b": "NaN", "c": 2**70, "d": [1.5, True]},
        {"e": np.array([1, 2], np.int8)},
        {"f": np.array([1.5], np.float32)},
    ],
)
def test_every_other_result_stays(result):
    assert outcome(result) == (result, None)


def test_a_record_that_failed_keeps_its_own_error():
    (record,) = finite([Record("x", {}, Origin("x", 1), error="broken")])
    assert record.error == "broken"

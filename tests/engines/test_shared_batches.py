"""Batches of many runs on one machine: fair, together where they may be, and each run's mistakes its own."""

import threading
from concurrent.futures import CancelledError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlpcli.engines import shared_batches
from nlpcli.engines.shared_batches import FairBatches
from nlpcli.errors import ModelUnusable, OutOfMemory
from nlpcli.runtime import runs
from nlpcli.runtime.batching import Unit


def units(*payloads):
    return [Unit(1, payload) for payload in payloads]


@pytest.fixture
def batches():
    return FairBatches(1)


def test_who_had_least_comes_first(batches):
    order, begun, go = [], threading.Event(), threading.Event()

    def run(batch):
        begun.set()
        go.wait(10)
        order.extend(unit.payload for unit in batch)
        return [None] * len(batch)

    large, small = (batches.lane("cpu", 1, budget=10) for _ in range(2))
    outcomes = large(run, [units(f"large {number}") for number in range(5)])
    begun.wait(10)
    one = small(run, [units("small")])
    go.set()
    list(outcomes), list(one)
    assert order.index("small") <= 2


def test_one_run_after_the_other_is_computed_by_one_thread():
    """Each thread that computes keeps memory for the shapes that it has seen."""
    batches, names = FairBatches(2), set()

    def run(batch):
        names.add(threading.current_thread().name)
        return [None] * len(batch)

    for number in range(200):
        assert list(batches.lane("cpu", 2, budget=10)(run, [units(number)])) == [[None]]
    assert names == {"nlpcli-compute-0"}


def test_batches_that_go_together_are_computed_as_one_within_the_budget(batches):
    sizes, begun, go = [], threading.Event(), threading.Event()

    def run(batch):
        begun.set()
        go.wait(10)
        sizes.append(len(batch))
        return [unit.payload * 2 for unit in batch]

    lanes = [batches.lane("cpu", 1, budget=4, together="same") for _ in range(6)]
    first = lanes[0](run, [units(0)])
    begun.wait(10)
    others = [lane(run, [units(number, -number)]) for number, lane in enumerate(lanes[1:], start=1)]
    go.set()
    assert list(first) == [[0]]
    assert [list(other) for other in others] == [[[2 * n, -2 * n]] for n in range(1, 6)]
    assert sorted(sizes) == [1, 2, 4, 4]


@pytest.mark.parametrize("problem", [ValueError("no"), OutOfMemory("large"), ModelUnusable("no")])
def test_the_mistake_of_one_run_is_not_that_of_another(batches, problem):
    begun, go = threading.Event(), threading.Event()

    def run(batch):
        begun.set()
        go.wait(10)
        if any(unit.payload == "bad" for unit in batch):
            if not isinstance(problem, ValueError):
                return problem
            raise problem
        return [unit.payload for unit in batch]

    lanes = [batches.lane("cpu", 1, budget=9, together="same") for _ in range(3)]
    first = lanes[0](run, [units("first")])
    begun.wait(10)
    bad, good = lanes[1](run, [units("bad")]), lanes[2](run, [units("good")])
    go.set()
    assert (list(first), list(good)) == ([["first"]], [["good"]])
    if not isinstance(problem, ValueError):
        assert list(bad) == [problem]
        assert [lane.ran_out for lane in lanes] == [False, isinstance(problem, OutOfMemory), False]
    else:
        with pytest.raises(ValueError, match="no"):
            list(bad)


def test_a_run_that_is_cancelled_begins_no_more(batches):
    done, begun, go = [], threading.Event(), threading.Event()

    def run(batch):
        begun.set()
        go.wait(10)
        done.append(batch)
        return [None]

    cancellation = runs.Cancellation()
    with runs.running(cancellation, lambda record: None):
        lane = batches.lane("cpu", 1, budget=1)
        cancellation.on_cancel(lane.close)
        lane(run, [units(number) for number in range(9)])
    begun.wait(10)
    cancellation.cancel()
    go.set()
    assert list(batches.lane("cpu", 1, budget=1)(lambda batch: [7], [units(0)])) == [[7]]
    assert len(done) == 1


def test_what_computes_for_a_run_that_is_gone_is_told():
    cancellation = runs.Cancellation()
    with runs.running(cancellation, lambda record: None):
        runs.check()
        cancellation.cancel()
        with pytest.raises(runs.Cancelled):
            runs.check()
        with runs.together([cancellation, None]):
            runs.check()


def test_a_run_without_batches_is_in_nobodys_way(batches):
    lane = batches.lane("cpu", 1, budget=4)
    assert list(lane(list, [])) == []
    (outcome,) = batches.lane("cpu", 1, budget=4)(list, [units("a")])
    assert [unit.payload for unit in outcome] == ["a"]


def test_a_run_that_has_to_wait_for_a_core_wakes_nobody(batches, monkeypatch):
    begun, go, woken = threading.Event(), threading.Event(), []

    def run(batch):
        begun.set()
        go.wait(10)
        return [unit.payload for unit in batch]

    first = batches.lane("cpu", 1, budget=9)(run, [units("first")])
    begun.wait(10)
    wake = batches._changed.notify_all
    monkeypatch.setattr(batches._changed, "notify_all", lambda: (woken.append(threading.get_ident()), wake()))
    waiting = [batches.lane("cpu", 1, budget=9)(run, [units(number)]) for number in range(3)]
    assert threading.get_ident() not in woken
    go.set()
    assert [list(outcome) for outcome in (first, *waiting)] == [[["first"]], [[0]], [[1]], [[2]]]


@pytest.fixture(scope="module")
def two_cores():
    return FairBatches(2)


@given(
    costs=st.lists(
        st.lists(st.lists(st.integers(1, 30), min_size=1, max_size=6), min_size=1, max_size=3), min_size=1, max_size=5
    )
)
@settings(max_examples=30, deadline=None)
def test_each_run_gets_its_own_outputs_in_its_order_whatever_is_computed_together(two_cores, costs):
    batches, sizes, begun, go = two_cores, [], threading.Event(), threading.Event()

    def run(batch):
        begun.set()
        go.wait(10)
        sizes.append([unit.cost for unit in batch])
        return [unit.payload for unit in batch]

    lane = batches.lane("cpu", 2, budget=200)
    first = [lane(run, [units("first")]), lane(run, [units("first")])]
    begun.wait(10)
    made = [
        [[Unit(cost, (r, b, u)) for u, cost in enumerate(batch)] for b, batch in enumerate(run_)]
        for r, run_ in enumerate(costs)
    ]
    outcomes = [batches.lane("cpu", 2, budget=200, together="same")(run, one) for one in made]
    go.set()
    assert [list(each) for each in first] == [[["first"]]] * 2
    for outcome, one in zip(outcomes, made, strict=True):
        assert list(outcome) == [[unit.payload for unit in batch] for batch in one]
    assert all(max(size) * len(size) <= 200 for size in sizes)


def test_of_many_small_runs_texts_of_about_equal_length_are_one_batch(batches):
    sizes, begun, go = [], threading.Event(), threading.Event()

    def run(batch):
        begun.set()
        go.wait(10)
        sizes.append(sorted(unit.cost for unit in batch))
        return [None] * len(batch)

    first = batches.lane("cpu", 1, budget=100)(run, [units("first")])
    begun.wait(10)
    outcomes = [batches.lane("cpu", 1, budget=100, together=1)(run, [[Unit(50, 0), Unit(5, 0)]]) for _ in range(4)]
    go.set()
    list(first), [list(outcome) for outcome in outcomes]
    assert sorted(sizes[1:]) == [[5, 5, 5, 5], [50, 50], [50, 50]]


def test_two_runs_of_one_batch_each_compute_side_by_side():
    together = threading.Barrier(2)

    def run(batch):
        together.wait(10)
        return [None] * len(batch)

    batches = FairBatches(2)
    outcomes = [batches.lane("cpu", 2, budget=9)(run, [units(number)]) for number in range(2)]
    assert [list(outcome) for outcome in outcomes] == [[[None]], [[None]]]


def test_a_small_run_waits_for_no_batch_of_a_large_one_and_shares_none_with_it(batches):
    busy, go, sizes = threading.Event(), threading.Event(), []

    def run(batch):
        if batch[0].payload == "last":
            busy.set()
            go.wait(10)
        sizes.append([unit.payload for unit in batch])
        return [None] * len(batch)

    large, small = (batches.lane("cpu", 1, budget=10, together=1) for _ in range(2))
    list(large(run, [[Unit(10, "large")] for _ in range(5)]))
    outcomes = large(run, [[Unit(10, "last")], [Unit(2, "large")], [Unit(2, "large")]])
    busy.wait(10)
    assert list(small(run, [[Unit(2, "small")]])) == [[None]]
    assert sizes[-1] == ["small"]
    go.set()
    list(outcomes)


def test_a_run_that_is_cancelled_while_a_part_of_its_batch_is_computed_waits_for_no_rest(batches):
    go = threading.Event()

    def run(batch):
        go.wait(10)
        if batch[0].cost == 90:
            mixed.close()
        return [unit.cost for unit in batch]

    mixed, other = (batches.lane("cpu", 1, budget=100, together=1) for _ in range(2))
    first = batches.lane("cpu", 1, budget=9)(run, [units("first")])
    outcome, others = mixed(run, [[Unit(90, 0), Unit(2, 0)]]), other(run, [[Unit(2, 0)]])
    go.set()
    list(first)
    with pytest.raises(CancelledError):
        list(outcome)
    assert list(others) == [[2]]


class Incomparable:
    """What a mistake of ours might be: choosing a batch fails, not computing it."""

    __hash__ = None

    def __eq__(self, other):
        raise ValueError("a mistake")


def test_a_mistake_in_choosing_ends_the_run_that_it_is_of_and_others_are_served(batches):
    begun, go = threading.Event(), threading.Event()

    def run(batch):
        begun.set()
        go.wait(10)
        return [unit.payload for unit in batch]

    first = batches.lane("cpu", 1, budget=9)(run, [units("first")])
    begun.wait(10)
    waiting = [batches.lane("cpu", 1, budget=9, together=Incomparable())(run, [units(n)]) for n in range(2)]
    go.set()
    assert list(first) == [["first"]]
    with pytest.raises(ValueError, match="a mistake"):
        list(waiting[0])
    assert list(waiting[1]) == [[1]]
    assert list(batches.lane("cpu", 1, budget=9)(run, [units("later")])) == [["later"]]


def test_a_mistake_before_a_batch_is_taken_leaves_nobody_waiting(batches, monkeypatch):
    def first_of(lanes):
        if lanes:
            raise LookupError("a mistake")

    with monkeypatch.context() as broken:
        broken.setattr(shared_batches, "_least_served", first_of)
        outcome = batches.lane("cpu", 1, budget=9)(len, [units("x")])
        with pytest.raises(LookupError, match="a mistake"):
            list(outcome)
    assert list(batches.lane("cpu", 1, budget=9)(len, [units("later")])) == [1]


def test_a_unit_without_a_size_ends_its_own_run_alone(batches):
    def run(batch):
        return [unit.payload for unit in batch]

    with pytest.raises(TypeError):
        list(batches.lane("cpu", 1, budget=9)(run, [[Unit(None, "bad"), Unit(1, "x")]]))
    assert list(batches.lane("cpu", 1, budget=9)(run, [units("good")])) == [["good"]]

"""Of `batching` and `arrivals`: what goes in comes out, in order, whatever is in a batch."""

import threading
import time
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlpcli.errors import InputBroken, ModelUnusable, OutOfMemory, UsageError
from nlpcli.records.record import Origin, Record
from nlpcli.runtime.arrivals import FIRST_WINDOW, LARGEST_WINDOW, WINDOW_CHARACTERS, Arrivals, ReadAhead
from nlpcli.runtime.batching import Batcher, Split, Unit, cut


class Upper:
    """A task whose memory holds `room` padded tokens."""

    def __init__(self, room=10**9):
        self.room = room
        self.sizes = []

    def split(self, records):
        return [Split([Unit(len(word), word) for word in record.text.split()], record.text) for record in records]

    def run(self, units):
        padded = max(unit.cost for unit in units) * len(units)
        self.sizes.append(padded)
        if padded > self.room:
            raise OutOfMemory("too large")
        return [unit.payload.upper() for unit in units]

    def join(self, record, state, outputs):
        assert state == record.text
        return {"upper": " ".join(outputs)}


def one_after_the_other(run, batches):
    return (run(batch) for batch in batches)


def process(texts, task, budget):
    batcher = Batcher(task, budget, one_after_the_other)
    records = [Record(text, {}, Origin("x", number)) for number, text in enumerate(texts)]
    return list(batcher.process(ReadAhead(records)))


def test_batches_keep_to_the_budget_of_padded_tokens():
    costs = [3, 9, 1, 9, 4, 30]
    batches = cut(costs, 18)
    assert sorted(index for batch in batches for index in batch) == list(range(6))
    assert all(len(batch) == 1 or max(costs[i] for i in batch) * len(batch) <= 18 for batch in batches)


@given(st.lists(st.integers(1, 300), max_size=60), st.integers(1, 2000))
def test_no_batch_is_over_the_budget_and_none_could_have_held_the_next(costs, budget):
    batches = cut(costs, budget)
    assert sorted(index for batch in batches for index in batch) == list(range(len(costs)))
    for batch, following in zip(batches, [*batches[1:], None], strict=False):
        longest = max(costs[index] for index in batch)
        assert len(batch) == 1 or longest * len(batch) <= budget
        assert following is None or longest * (len(batch) + 1) > budget


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("ab ", max_size=40), max_size=150), st.integers(1, 400), st.integers(5, 400))
def test_every_record_comes_back_in_its_place_whatever_memory_holds(texts, budget, room):
    done = process(texts, Upper(room=room), budget)
    assert len(done) == len(texts)
    for record, text in zip(done, texts, strict=True):
        fits = all(len(word) <= room for word in text.split())
        assert (record.result, record.error) == (
            ({"upper": " ".join(text.upper().split())}, None) if fits else (None, "too large")
        )


def test_the_budget_halves_and_what_was_cut_for_the_larger_one_is_not_tried(monkeypatch):
    task = Upper(room=20)
    batcher = Batcher(task, 160, one_after_the_other)
    texts = ["abcde"] * 64 + ["ab"] * 200
    done = list(batcher.process(ReadAhead([Record(text, {}, Origin("x", 1)) for text in texts])))
    assert [record.result["upper"] for record in done] == [text.upper() for text in texts]
    assert batcher.budget == 20
    assert [size for size in task.sizes if size > 20] == [160, 80, 40]
    assert max(task.sizes[3:]) == 20


def test_what_a_model_does_is_done_within_the_boundary_of_the_run():
    class Wrong(Upper):
        def __init__(self, place):
            super().__init__()
            self.place = place

        def split(self, records):
            return {}[0] if self.place == "split" else super().split(records)

        def run(self, units):
            return {}[0] if self.place == "run" else super().run(units)

        def join(self, record, state, outputs):
            return {}[0] if self.place == "join" else super().join(record, state, outputs)

    @contextmanager
    def computing():
        try:
            yield
        except KeyError as error:
            raise ModelUnusable("said") from error

    for place in ("split", "run", "join"):
        batcher = Batcher(Wrong(place), 10, one_after_the_other, computing=computing)
        with pytest.raises(ModelUnusable, match="said"):
            list(batcher.process(ReadAhead([Record("a", {}, Origin("x", 1))])))


def test_order_is_kept_when_batches_are_sorted():
    texts = [f"a{'b' * (number * 7 % 13)} c{number}" for number in range(500)]
    assert [r.result["upper"] for r in process(texts, Upper(), 40)] == [text.upper() for text in texts]


def test_out_of_memory_halves_the_budget_and_goes_on():
    task = Upper(room=20)
    texts = ["abcde"] * 64
    assert [r.result["upper"] for r in process(texts, task, 160)] == ["ABCDE"] * 64
    assert task.sizes[-1] <= 20


def test_a_text_that_does_not_fit_alone_fails_alone():
    first, second = process(["abc", "x" * 50], Upper(room=20), 200)
    assert (first.result, first.error) == ({"upper": "ABC"}, None)
    assert (second.result, second.error) == (None, "too large")


def test_a_text_of_several_units_comes_together_again_across_batches_and_failures():
    task = Upper(room=30)
    texts = [" ".join(f"{'abc' * (number % 4 + 1)}{number}" for _ in range(number % 5)) for number in range(300)]
    assert [r.result["upper"] for r in process(texts, task, 64)] == [text.upper() for text in texts]
    assert max(task.sizes[-50:]) <= 30


def test_a_record_that_failed_before_keeps_its_place_and_its_error():
    records = [Record("a", {}, Origin("x", 1)), Record("", {}, Origin("x", 2), error="broken")]
    batcher = Batcher(Upper(), 10, one_after_the_other)
    assert [(r.result, r.error) for r in batcher.process(ReadAhead(records))] == [
        ({"upper": "A"}, None),
        (None, "broken"),
    ]


def test_slow_input_leaves_before_the_next_record_is_there():
    may_go_on = threading.Event()

    def slow_records():
        yield Record("first", {}, Origin("x", 1))
        assert may_go_on.wait(10)
        yield Record("second", {}, Origin("x", 2))

    outgoing = Batcher(Upper(), 1000, one_after_the_other).process(ReadAhead(slow_records()))
    assert next(outgoing).result == {"upper": "FIRST"}
    assert not may_go_on.is_set()
    may_go_on.set()
    assert next(outgoing).result == {"upper": "SECOND"}


def test_an_error_of_the_reader_comes_behind_the_records_before_it():
    def broken_records():
        yield Record("first", {}, Origin("x", 1))
        yield Record("second", {}, Origin("x", 2))
        raise InputBroken("a.gz is truncated")

    outgoing = Batcher(Upper(), 1000, one_after_the_other).process(ReadAhead(broken_records()))
    assert [next(outgoing).text, next(outgoing).text] == ["first", "second"]
    with pytest.raises(InputBroken, match=r"a\.gz is truncated"):
        next(outgoing)


@pytest.mark.parametrize(("text", "most"), [("a", 2 * LARGEST_WINDOW), ("a" * 100_000, 10)])
def test_reading_ahead_is_bounded_by_number_and_by_size(text, most):
    read = []

    def endless_records():
        while True:
            read.append(text)
            yield Record(text, {}, Origin("x", 1))

    source = ReadAhead(endless_records(), most_characters=1_000_000)
    wait_until(lambda: len(read) > most)
    assert len(read) == most + 1
    assert len(source.take(5)) == 5


def wait_until(condition):
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)


class Twice(Upper):
    """Records of several words go through a second round, as one word."""

    def join(self, record, state, outputs):
        if len(outputs) > 1:
            return Split([Unit(1, "".join(outputs).lower())], state)
        return super().join(record, state, outputs)


def test_a_task_can_ask_for_another_round_and_order_is_kept():
    found = process(["a b", "c", "", "d e f"], Twice(), 2)
    assert [record.result and record.result["upper"] for record in found if record.text] == ["AB", "C", "DEF"]
    assert [record.text for record in found] == ["a b", "c", "", "d e f"]


def test_units_are_reported_where_a_record_has_several():
    told = []
    batcher = Batcher(Upper(), 100, one_after_the_other, lambda done, total: told.append((done, total)))
    list(batcher.process(ReadAhead([Record("a b c", {}, Origin("x", 1))])))
    list(batcher.process(ReadAhead([Record("a", {}, Origin("x", 1))])))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_the_next_window_begins_while_this_one_is_at_work():
    begun = threading.Event()

    class Watched(Upper):
        def split(self, records):
            if any(record.text == "of the second window" for record in records):
                begun.set()
            return super().split(records)

        def run(self, units):
            # The second window begins in a thread of its own before a result of the first is there.
            assert begun.wait(10)
            return super().run(units)

    texts = ["of the first window"] * FIRST_WINDOW + ["of the second window"]
    assert [r.result["upper"] for r in process(texts, Watched(), 10**6)] == [text.upper() for text in texts]


def test_what_goes_wrong_with_the_next_window_comes_behind_this_one():
    class Particular(Upper):
        def split(self, records):
            if any(record.text == "worse" for record in records):
                raise UsageError("no such language")
            return super().split(records)

    records = [Record(text, {}, Origin("x", 1)) for text in ["good"] * FIRST_WINDOW + ["worse"]]
    outgoing = Batcher(Particular(), 1000, one_after_the_other).process(ReadAhead(records))
    assert [next(outgoing).result["upper"] for _ in range(FIRST_WINDOW)] == ["GOOD"] * FIRST_WINDOW
    with pytest.raises(UsageError, match="no such language"):
        next(outgoing)


def test_an_incomplete_window_is_not_taken_ahead_of_its_turn():
    source = ReadAhead(iter([]))
    wait_until(lambda: source._ended)
    assert source.take_ahead(3) == []
    may_end = threading.Event()

    def two_records():
        yield from (Record(text, {}, Origin("x", 1)) for text in "ab")
        may_end.wait(10)

    source = ReadAhead(two_records())
    wait_until(lambda: len(source._waiting) == 2)
    assert source.take_ahead(3) == []
    assert [record.text for record in source.take_ahead(1)] == ["a"]
    may_end.set()
    wait_until(lambda: source._ended)
    assert [record.text for record in source.take_ahead(3)] == ["b"]


def test_batches_of_the_next_window_are_forgotten_when_the_reader_goes_away():
    closed = []

    class Outcomes:
        def __init__(self, run, batches):
            self._outcomes = (run(batch) for batch in batches)

        def __next__(self):
            return next(self._outcomes)

        def close(self):
            closed.append(True)

    records = [Record("a", {}, Origin("x", 1)) for _ in range(2 * FIRST_WINDOW)]
    outgoing = Batcher(Upper(), 10, Outcomes).process(ReadAhead(records))
    next(outgoing)
    outgoing.close()
    wait_until(lambda: len(closed) == 2)
    assert len(closed) == 2


def arrived(*texts, most_characters=10, ended=False):
    """Records that wait; no thread of their own."""
    source = Arrivals(most_characters)
    source.put([Record(text, {}, Origin("x", 1)) for text in texts])
    if ended:
        source.end()
    return source


def texts_of(records):
    return [record.text for record in records]


def test_windows_grow_fourfold_to_a_bound_and_only_when_they_are_full():
    windows = []

    class Watched(Upper):
        def split(self, records):
            windows.append(len(records))
            return super().split(records)

    total = 64 + 256 + 1024 + 2048 + 2048 + 7
    source = arrived(*["a"] * total, most_characters=total, ended=True)
    assert len(list(Batcher(Watched(), 10**6, one_after_the_other).process(source))) == total
    assert windows == [64, 256, 1024, 2048, 2048, 7]
    windows.clear()
    batcher = Batcher(Watched(), 10**6, one_after_the_other)
    for _ in range(2):
        list(batcher.process(arrived(*["a"] * 63, ended=True)))
    list(batcher.process(arrived(*["a"] * 65, ended=True)))
    assert windows == [63, 63, 64, 1]


@pytest.mark.parametrize("take", ["take", "take_ahead", "take_what_is_there"])
def test_what_is_taken_is_bounded_by_number_and_by_size(take):
    half = "a" * (WINDOW_CHARACTERS // 2)
    source = arrived(half, half, "b", half[1:], "c", "d", most_characters=10**9, ended=True)
    # A window ends with the record that fills it.
    assert [len(record.text) for record in getattr(source, take)(6)] == [len(half), len(half)]
    assert [len(record.text) for record in getattr(source, take)(6)] == [1, len(half) - 1, 1, 1]
    source = arrived(half, half[1:], "bc", "d", most_characters=10**9, ended=True)
    assert [len(record.text) for record in getattr(source, take)(6)] == [len(half), len(half) - 1, 2]
    source = arrived("a", "b", "c", ended=True)
    assert [texts_of(getattr(source, take)(2)), texts_of(getattr(source, take)(2))] == [["a", "b"], ["c"]]
    assert getattr(source, take)(2) == []


def test_a_window_is_taken_ahead_once_its_number_or_its_size_is_there():
    source = arrived("a", "b")
    assert source.take_ahead(3) == []
    source.put([Record("c", {}, Origin("x", 1))])
    assert texts_of(source.take_ahead(3)) == ["a", "b", "c"]
    source.put([Record("a" * (WINDOW_CHARACTERS - 1), {}, Origin("x", 1))])
    assert source.take_ahead(3) == []
    source.put([Record("b", {}, Origin("x", 1))])
    assert len(source.take_ahead(3)) == 2
    # What was taken counts no more.
    source.put([Record("b", {}, Origin("x", 1))])
    assert source.take_ahead(3) == []
    source = arrived("a" * (WINDOW_CHARACTERS + 1), most_characters=10**9)
    assert len(source.take_ahead(3)) == 1


def waits(function):
    """Whether a call is still waiting a moment later, and a list that its result is put into."""
    results = []
    thread = threading.Thread(target=lambda: results.append(function()), daemon=True)
    thread.start()
    thread.join(0.05)
    return thread, results


@pytest.mark.parametrize("most", [10, 11])
def test_there_is_room_below_the_bound_of_characters_and_not_at_it(most):
    source = arrived("abcdefghij", most_characters=most)
    thread, results = waits(source.wait_for_room)
    assert bool(results) is (most == 11)
    source.take(1)
    thread.join(10)
    assert results == [None]
    source.put([Record("abcdefghi", {}, Origin("x", 1))])
    source.wait_for_room()


def test_there_is_room_for_twice_the_largest_window():
    source = arrived(*[""] * (2 * LARGEST_WINDOW - 1), most_characters=1)
    source.wait_for_room()
    source.put([Record("", {}, Origin("x", 1))])
    thread, results = waits(source.wait_for_room)
    assert results == []
    source.end()
    thread.join(10)
    assert results == [None]


def test_as_much_is_read_ahead_as_two_windows_hold():
    for made in (Arrivals(), ReadAhead(iter([]))):
        assert made._most_characters == 2 * WINDOW_CHARACTERS
    assert (FIRST_WINDOW, LARGEST_WINDOW, WINDOW_CHARACTERS) == (64, 2048, 2_000_000)


def test_whoever_looks_waits_for_one_and_then_a_while_for_more_and_takes_none():
    source = arrived()
    thread, results = waits(lambda: source.look(2, 30))
    source.put([Record("a", {}, Origin("x", 1))])
    thread.join(0.05)
    assert results == []
    source.put([Record("b", {}, Origin("x", 1)), Record("c", {}, Origin("x", 1))])
    thread.join(10)
    assert [texts_of(found) for found in results] == [["a", "b"]]
    assert texts_of(source.take(3)) == ["a", "b", "c"]
    assert texts_of(arrived("a").look(2, 0.01)) == ["a"]
    # Full, or at its end, it will have no more: nobody waits.
    begun = time.monotonic()
    assert texts_of(arrived("a" * 10).look(2, 30)) == ["a" * 10]
    assert texts_of(arrived("a", ended=True).look(2, 30)) == ["a"]
    assert time.monotonic() - begun < 20


def test_what_is_abandoned_is_forgotten_and_its_error_raised_at_once():
    source = arrived("a" * 10)
    source.abandon(InputBroken("gone"))
    assert source.is_over
    with pytest.raises(InputBroken, match="gone"):
        source.take(1)
    source.put([Record("b" * 9, {}, Origin("x", 1))])
    assert source._characters == 9
    # The first error is the one that is said.
    source.end(InputBroken("later"))
    source.take(1)
    with pytest.raises(InputBroken, match="gone"):
        source.take(1)


def test_a_batch_of_one_that_does_not_fit_is_tried_once():
    task = Upper(room=3)
    (record,) = process(["abcdef"], task, 2)
    assert (record.error, task.sizes) == ("too large", [6])
    task = Upper(room=3)
    assert [record.error for record in process(["abcd", "abcd"], task, 8)] == ["too large", "too large"]
    assert task.sizes == [8, 4, 4]


def test_memory_that_runs_out_again_never_raises_the_budget(caplog):
    task = Upper(room=8)
    batcher = Batcher(task, 64, one_after_the_other)
    list(batcher.process(arrived(*["abcd"] * 16, most_characters=10**6, ended=True)))
    assert (batcher.budget, task.sizes) == (8, [64, 32, 16, 8, 8, 8, 8, 8, 8, 8, 8])
    assert [record.args for record in caplog.records if record.levelname == "WARNING"] == [(32,)]


class Poisoned(Upper):
    """A model that fails at words which begin with z."""

    def run(self, units):
        if any(unit.payload.startswith("z") for unit in units):
            self.sizes.append(len(units))
            raise ModelUnusable("it fails")
        return super().run(units)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("az ", max_size=8), max_size=60), st.integers(1, 100), st.integers(2, 100))
def test_a_failure_is_that_of_the_records_concerned_unless_everything_fails(texts, budget, room):
    bad = [any(word.startswith("z") for word in text.split()) for text in texts]
    work = any(not word.startswith("z") and len(word) <= room for text in texts for word in text.split())
    if any(bad) and not work:
        with pytest.raises(ModelUnusable, match="it fails"):
            process(texts, Poisoned(room), budget)
        return
    if sum(word.startswith("z") for text in texts for word in text.split()) >= 8:  # before one succeeds
        return
    for record, text, is_bad in zip(process(texts, Poisoned(room), budget), texts, bad, strict=True):
        too_large = any(len(word) > room for word in text.split())
        assert (record.error is not None) == (is_bad or too_large)
        assert record.error is not None or record.result == {"upper": " ".join(text.upper().split())}


def test_a_model_that_fails_at_everything_is_found_out_soon():
    task = Poisoned()
    with pytest.raises(ModelUnusable, match="it fails"):
        process(["z"] * 64, task, 64)
    assert sum(task.sizes) < 150
    # One word that it can do, and all others are failures of their own.
    done = process(["a", *["z"] * 30], Poisoned(), 1)
    assert [record.error for record in done] == [None, *["it fails"] * 30]

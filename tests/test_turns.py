import threading
from contextlib import ExitStack

import pytest

from nlpcli.turns import Turns


class Batch(threading.Thread):
    """Works, takes small steps, works again; goes on only when told to, and says where it is."""

    def __init__(self, turns):
        super().__init__(daemon=True)
        self.turns = turns
        self.go_on = threading.Semaphore(0)
        self.at = "waiting"
        self.moved = threading.Condition()
        self.start()

    def run(self):
        with self.turns.working():
            self.arrive("working")
            with self.turns.small_steps():
                self.arrive("small steps")
            self.arrive("working again")
        with self.moved:
            self.at = "done"
            self.moved.notify_all()

    def arrive(self, place):
        with self.moved:
            self.at = place
            self.moved.notify_all()
        self.go_on.acquire(timeout=10)

    def comes_to(self, place, timeout=10):
        with self.moved:
            return self.moved.wait_for(lambda: self.at == place, timeout)

    def stays_at(self, place):
        with self.moved:
            return not self.moved.wait_for(lambda: self.at != place, timeout=0.1)


@pytest.fixture
def turns():
    turns = Turns()
    turns.share(2)
    return turns


@pytest.fixture
def two_at_work(turns):
    batches = [Batch(turns), Batch(turns)]
    assert all(batch.comes_to("working") for batch in batches)
    return batches


def test_no_more_batches_work_than_there_are_places(turns, two_at_work):
    third = Batch(turns)
    assert third.stays_at("waiting")
    for _ in range(3):
        two_at_work[0].go_on.release()
    assert two_at_work[0].comes_to("done")
    assert third.comes_to("working")


def test_a_batch_that_waits_for_small_steps_lends_its_place_to_the_next(turns, two_at_work):
    first, second = two_at_work
    first.go_on.release()
    assert first.comes_to("small steps")
    third = Batch(turns)
    assert third.stays_at("waiting")
    second.go_on.release()
    assert third.comes_to("working")
    assert first.at == "small steps"
    first.go_on.release()
    # Whoever took small steps goes on to work at once, and has its place until it is done.
    assert first.comes_to("working again")
    first.go_on.release()
    assert first.comes_to("done")
    assert second.comes_to("small steps")


def test_who_waits_for_small_steps_comes_before_new_work_and_in_order(turns, two_at_work):
    first, second = two_at_work
    first.go_on.release()
    assert first.comes_to("small steps")
    third, fourth, fifth = Batch(turns), Batch(turns), Batch(turns)
    second.go_on.release()
    at_work = next(batch for batch in (third, fourth, fifth) * 1000 if batch.comes_to("working", timeout=0.01))
    at_work.go_on.release()
    others = [batch for batch in (third, fourth, fifth) if batch is not at_work]
    next(batch for batch in others * 1000 if batch.comes_to("working", timeout=0.01))
    for _ in range(2):
        first.go_on.release()
    assert second.comes_to("small steps")
    assert at_work.stays_at("working")
    assert sum(batch.at == "waiting" for batch in others) == 1


def test_two_take_small_steps_where_nobody_wants_the_place(turns, two_at_work):
    for batch in two_at_work:
        batch.go_on.release()
    assert all(batch.comes_to("small steps") for batch in two_at_work)


def test_a_failure_gives_the_place_back(turns):
    def fail(part):
        with ExitStack() as stack:
            stack.enter_context(turns.working())
            if part == "small steps":
                stack.enter_context(turns.small_steps())
            raise ValueError

    for part in ("work", "small steps") * 3:
        with pytest.raises(ValueError):
            fail(part)
    batches = [Batch(turns), Batch(turns)]
    assert all(batch.comes_to("working") for batch in batches)
    assert Batch(turns).stays_at("waiting")


def test_small_steps_of_one_who_has_no_place_wait_for_nobody():
    turns = Turns()
    for _ in range(3):
        with turns.small_steps():
            pass

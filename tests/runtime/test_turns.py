import random
import threading
import time
from collections import deque
from contextlib import nullcontext, suppress

import pytest

from nlpcli.runtime.turns import Turns


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


@pytest.mark.parametrize("part", ["work", "small steps"])
def test_a_failure_gives_the_place_back(turns, part):
    def fail():
        with suppress(ValueError), turns.working(), turns.small_steps() if part == "small steps" else nullcontext():
            raise ValueError

    for _ in range(3):
        thread = threading.Thread(target=fail, daemon=True)
        thread.start()
        thread.join(timeout=10)
        assert not thread.is_alive()
    batches = [Batch(turns), Batch(turns)]
    assert all(batch.comes_to("working") for batch in batches)
    assert Batch(turns).stays_at("waiting")
    assert (turns._free, turns._in_small_steps, len(turns._about_to_work)) == (0, 0, 1)


def test_who_gives_up_waiting_stands_in_nobodys_way(turns, two_at_work, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    for part in (turns.working, turns.small_steps):
        with monkeypatch.context() as patch:
            patch.setattr(turns._changed, "wait_for", interrupted)
            with pytest.raises(KeyboardInterrupt), part():
                pass
    assert (turns._free, turns._in_small_steps) == (0, 0)
    assert not turns._about_to_work
    assert not turns._about_to_step


@pytest.mark.parametrize("places", [1, 2, 3, 4])
def test_batches_come_out_about_in_the_order_in_which_they_went_in(places):
    turns, chance = Turns(), random.Random(places)
    turns.share(places)
    at_work, in_steps, most_at_work, done = [], [], [], []
    batches = deque((number, chance.uniform(0, 0.004), chance.uniform(0, 0.004)) for number in range(60))

    def work():
        while batches:
            with suppress(IndexError), turns.working():
                number, encoding, decoding = batches.popleft()
                at_work.append(number)
                most_at_work.append(len(at_work))
                time.sleep(encoding)
                at_work.remove(number)
                with turns.small_steps():
                    at_work.append(number)
                    most_at_work.append(len(at_work))
                    in_steps.append(number)
                    time.sleep(decoding)
                    in_steps.remove(number)
                    at_work.remove(number)
                done.append(number)

    lanes = [threading.Thread(target=work, daemon=True) for _ in range(places + 1)]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join(timeout=30)
    assert sorted(done) == list(range(60))
    assert max(most_at_work) <= places
    assert max(abs(place - number) for place, number in enumerate(done)) <= 2 * places + 2

import random
import threading
import time
from collections import deque
from contextlib import nullcontext, suppress

import pytest

from nlpcli.runtime.decode_slots import DecodeSlots


class Batch(threading.Thread):
    """Computes, decodes, computes again; goes on only when told to, and says where it is."""

    def __init__(self, slots):
        super().__init__(daemon=True)
        self.slots = slots
        self.go_on = threading.Semaphore(0)
        self.at = "waiting"
        self.moved = threading.Condition()
        self.start()

    def run(self):
        with self.slots.computing():
            self.arrive("computing")
            with self.slots.decoding():
                self.arrive("decoding")
            self.arrive("computing again")
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
def slots():
    slots = DecodeSlots()
    slots.share(2)
    return slots


@pytest.fixture
def two_at_work(slots):
    batches = [Batch(slots), Batch(slots)]
    assert all(batch.comes_to("computing") for batch in batches)
    return batches


def test_no_more_batches_work_than_there_are_places(slots, two_at_work):
    third = Batch(slots)
    assert third.stays_at("waiting")
    for _ in range(3):
        two_at_work[0].go_on.release()
    assert two_at_work[0].comes_to("done")
    assert third.comes_to("computing")


def test_a_batch_that_waits_for_decoding_lends_its_place_to_the_next(slots, two_at_work):
    first, second = two_at_work
    first.go_on.release()
    assert first.comes_to("decoding")
    third = Batch(slots)
    assert third.stays_at("waiting")
    second.go_on.release()
    assert third.comes_to("computing")
    assert first.at == "decoding"
    first.go_on.release()
    # Whoever took small steps goes on to work at once, and has its place until it is done.
    assert first.comes_to("computing again")
    first.go_on.release()
    assert first.comes_to("done")
    assert second.comes_to("decoding")


def test_who_waits_for_decoding_comes_before_new_work_and_in_order(slots, two_at_work):
    first, second = two_at_work
    first.go_on.release()
    assert first.comes_to("decoding")
    third, fourth, fifth = Batch(slots), Batch(slots), Batch(slots)
    second.go_on.release()
    at_work = next(batch for batch in (third, fourth, fifth) * 1000 if batch.comes_to("computing", timeout=0.01))
    at_work.go_on.release()
    others = [batch for batch in (third, fourth, fifth) if batch is not at_work]
    next(batch for batch in others * 1000 if batch.comes_to("computing", timeout=0.01))
    for _ in range(2):
        first.go_on.release()
    assert second.comes_to("decoding")
    assert at_work.stays_at("computing")
    assert sum(batch.at == "waiting" for batch in others) == 1


def test_two_take_decoding_where_nobody_wants_the_place(slots, two_at_work):
    for batch in two_at_work:
        batch.go_on.release()
    assert all(batch.comes_to("decoding") for batch in two_at_work)


@pytest.mark.parametrize("part", ["work", "decoding"])
def test_a_failure_gives_the_place_back(slots, part):
    def fail():
        with suppress(ValueError), slots.computing(), slots.decoding() if part == "decoding" else nullcontext():
            raise ValueError

    for _ in range(3):
        thread = threading.Thread(target=fail, daemon=True)
        thread.start()
        thread.join(timeout=10)
        assert not thread.is_alive()
    batches = [Batch(slots), Batch(slots)]
    assert all(batch.comes_to("computing") for batch in batches)
    assert Batch(slots).stays_at("waiting")
    assert (slots._free_cores, slots._decoding, len(slots._waiting_for_core)) == (0, 0, 1)


def test_who_gives_up_waiting_stands_in_nobodys_way(slots, two_at_work, monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    for part in (slots.computing, slots.decoding):
        with monkeypatch.context() as patch:
            patch.setattr(slots._changed, "wait_for", interrupted)
            with pytest.raises(KeyboardInterrupt), part():
                pass
    assert (slots._free_cores, slots._decoding) == (0, 0)
    assert not slots._waiting_for_core
    assert not slots._waiting_for_slot


@pytest.mark.parametrize("places", [1, 2, 3, 4])
def test_batches_come_out_about_in_the_order_in_which_they_went_in(places):
    slots, chance = DecodeSlots(), random.Random(places)
    slots.share(places)
    at_work, in_steps, most_at_work, done = [], [], [], []
    batches = deque((number, chance.uniform(0, 0.004), chance.uniform(0, 0.004)) for number in range(60))

    def work():
        while batches:
            with suppress(IndexError), slots.computing():
                number, encoding, decoding = batches.popleft()
                at_work.append(number)
                most_at_work.append(len(at_work))
                time.sleep(encoding)
                at_work.remove(number)
                with slots.decoding():
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

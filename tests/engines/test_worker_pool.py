import threading
import time

import pytest

from nlpcli.engines.worker_pool import MAX_WORKERS, WorkerPool
from nlpcli.errors import OutOfMemory
from nlpcli.runtime.batching import Unit
from nlpcli.runtime.decode_slots import DecodeSlots

BATCHES = [[Unit(1, number)] for number in range(12)]


def payloads(batch):
    return [unit.payload for unit in batch]


@pytest.fixture(autouse=True)
def same_threads_afterwards():
    import torch

    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize(("device", "threads"), [("cpu", 1), ("cpu", 3), ("cuda", 8)])
def test_outcomes_come_in_the_order_of_their_batches(device, threads):
    def slower_at_first(batch):
        time.sleep(0.002 * (len(BATCHES) - batch[0].payload))
        return payloads(batch)

    assert list(WorkerPool(device, threads)(slower_at_first, BATCHES)) == [[number] for number in range(12)]


def test_batches_run_side_by_side_on_cpu():
    both_are_there = threading.Barrier(2, timeout=10)

    def wait_for_the_other(batch):
        both_are_there.wait()
        return payloads(batch)

    assert list(WorkerPool("cpu", 2)(wait_for_the_other, BATCHES[:2])) == [[0], [1]]


def test_a_gpu_and_a_single_batch_run_in_the_callers_thread():
    def name_of_thread(batch):
        return threading.current_thread()

    assert set(WorkerPool("cuda", 8)(name_of_thread, BATCHES)) == {threading.current_thread()}
    assert set(WorkerPool("cpu", 8)(name_of_thread, BATCHES[:1])) == {threading.current_thread()}


def test_where_batches_take_turns_one_more_is_under_way_than_works():
    at_work, most_at_work = [], []

    def work(batch):
        at_work.append(batch)
        most_at_work.append(len(at_work))
        time.sleep(0.05)
        at_work.remove(batch)
        return threading.current_thread()

    assert len(set(WorkerPool("cpu", 2, DecodeSlots())(work, BATCHES))) == 3
    assert max(most_at_work) == 2


def test_threads_are_shared_out_among_the_lanes():
    import torch

    def threads(batch):
        return torch.get_num_threads()

    assert set(WorkerPool("cpu", 2 * MAX_WORKERS)(threads, BATCHES)) == {2}
    assert list(WorkerPool("cpu", 3)(threads, BATCHES[:1])) == [3]


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_an_exception_comes_out_behind_the_outcomes_before_it(device):
    def fail_at_two(batch):
        if batch[0].payload == 2:
            raise ValueError("two")
        return payloads(batch)

    outcomes = WorkerPool(device, 2)(fail_at_two, BATCHES)
    assert [next(outcomes), next(outcomes)] == [[0], [1]]
    with pytest.raises(ValueError, match="two"):
        next(outcomes)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")])
def test_running_out_of_memory_is_an_outcome_that_says_what_to_do(error):
    def fail(batch):
        raise error

    (outcome,) = WorkerPool("cpu", 1)(fail, [[Unit(7, ""), Unit(9, "")]])
    assert isinstance(outcome, OutOfMemory)
    assert str(outcome) == "a text of 9 tokens does not fit into memory; split it, or use --device cpu"


def test_what_waits_is_not_begun_after_the_reader_went_away():
    begun = []

    def note(batch):
        begun.append(batch[0].payload)
        time.sleep(0.01)
        return batch

    outcomes = WorkerPool("cpu", 2)(note, [[Unit(1, number)] for number in range(200)])
    next(outcomes)
    outcomes.close()
    time.sleep(0.05)
    assert len(begun) < 20

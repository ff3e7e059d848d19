"""One run on several devices: every record once, in order, and what goes wrong is said."""

import random
import threading
import time

import pytest

from nlpcli.engines import local
from nlpcli.engines.devices import on_all
from nlpcli.engines.job import ComputeSpec, Job, ModelSpec
from nlpcli.errors import InputBroken
from nlpcli.records.inputs import InputSpec
from nlpcli.records.record import Origin, Record
from nlpcli.runtime.arrivals import ReadAhead
from nlpcli.runtime.device import choose, describe_hardware
from nlpcli.tasks.generate import GenerateOptions
from nlpcli.tasks.sentiment import SentimentOptions
from tests.tiny import save_causal_lm, save_classifier


def records(count):
    chance = random.Random(0)
    return [
        Record(" ".join(chance.choices("abcdefghij", k=chance.randint(1, 9))), {"n": n}, Origin("-", n + 1))
        for n in range(count)
    ]


def passed(pause, busy):
    """A device of a speed of its own."""

    def run(device, source):
        while taken := source.take(7):
            busy[device] += 1
            for record in taken:
                time.sleep(pause[device])
                yield record

    return run


def test_records_leave_in_their_order_whoever_was_faster():
    busy = [0, 0, 0]
    given = records(300)
    done = list(on_all([0, 1, 2], ReadAhead(given), passed([0, 0.002, 0.0005], busy)))
    assert [record.fields["n"] for record in done] == list(range(300))
    assert min(busy) > 0
    assert busy[0] > busy[1]


def test_what_one_device_raises_ends_all_of_them():
    def run(device, source):
        for _ in iter(lambda: source.take(4), []):
            if device == 1:
                raise ValueError("device 1")
            time.sleep(0.01)
            yield from _

    with pytest.raises(ValueError, match="device 1"):
        list(on_all([0, 1], ReadAhead(records(10_000)), run))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("nlpcli-device")]


def test_what_the_reader_meets_comes_behind_the_records_before_it():
    def read():
        yield from records(50)
        raise InputBroken("cut off")

    leaving = on_all([0, 1], ReadAhead(read()), passed([0.001, 0.003], [0, 0]))
    assert [next(leaving).fields["n"] for _ in range(50)] == list(range(50))
    with pytest.raises(InputBroken, match="cut off"):
        next(leaving)


def test_a_run_that_nobody_waits_for_any_more_ends():
    run = on_all([0, 1], ReadAhead(records(10_000)), passed([0, 0], [0, 0]))
    assert next(run).fields["n"] == 0
    run.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("nlpcli-device")]


@pytest.mark.parametrize(
    ("task", "options", "save"),
    [
        ("sentiment", SentimentOptions(), save_classifier),
        ("generate", GenerateOptions(max_tokens=4, greedy=True), save_causal_lm),
    ],
)
def test_two_devices_give_what_one_does(tmp_path, task, options, save):
    hardware = describe_hardware()
    placement = choose(hardware, "cpu", "float32")
    job = Job(task, options, InputSpec(), ModelSpec(str(save(tmp_path / "model"))), ComputeSpec("cpu", "float32"))
    loaded = [local.load_model(job, placement, local.no_progress) for _ in range(2)]
    execution = local.Execution(hardware, 1)
    one = local.run_loaded(job, loaded[0], ReadAhead(records(40)), execution)
    two = local.run_on_all(job, loaded, ReadAhead(records(40)), execution)
    for first, second in zip(one, two, strict=True):
        assert first.fields["n"] == second.fields["n"]
        assert first.result.keys() == second.result.keys()
        for name, value in first.result.items():
            assert second.result[name] == (pytest.approx(value, abs=1e-5) if isinstance(value, float) else value)

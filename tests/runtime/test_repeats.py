"""Texts that come again are computed once, wherever in a run they stand, and each record has a result of its own."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from nlpcli.errors import NlpcliError
from nlpcli.records.keys import key_of
from nlpcli.records.record import Origin, Record
from nlpcli.runtime.arrivals import Arrivals
from nlpcli.runtime.batching import Batcher, Split, Unit
from nlpcli.runtime.repeats import Repeats


class Lengths:
    """The length of each text; a text with an x fails. `seen`: what was computed."""

    def __init__(self):
        self.seen = []

    def split(self, records):
        return [Split([Unit(len(record.text) + 1, record.text)]) for record in records]

    def run(self, units):
        self.seen += [unit.payload for unit in units]
        return [NlpcliError(unit.payload) if "x" in unit.payload else len(unit.payload) for unit in units]

    def join(self, record, state, outputs):
        return {"length": outputs[0]}


def run_each(run, batches):
    return (run(batch) for batch in batches)


def processed(texts, slow=False, **options):
    task, source = Lengths(), Arrivals()
    batcher = Batcher(task, 50, run_each, repeats=Repeats(lambda record: key_of(record, False, False), **options))
    records = [Record(text, {}, Origin("a", n)) for n, text in enumerate(texts)]
    source.put(records)
    source.end()
    done = list(batcher.process(source))
    assert all(one is other for one, other in zip(done, records, strict=True))
    return task, done


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("abx", max_size=3), max_size=700))
def test_each_text_is_computed_once_and_every_record_has_its_result(texts):
    task, done = processed(texts)
    assert sorted(task.seen) == sorted(set(texts))
    for text, record in zip(texts, done, strict=True):
        assert (record.result, record.error) == ((None, text) if "x" in text else ({"length": len(text)}, None))
    assert len({id(record.result) for record in done if record.result}) == sum("x" not in text for text in texts)


def test_what_came_long_ago_is_forgotten_so_that_memory_is_bounded(monkeypatch):
    monkeypatch.setattr("nlpcli.runtime.repeats._MOST_BYTES", 100_000)
    chance = random.Random(0)
    texts = [f"{chance.random()}" for _ in range(5000)]
    task, done = processed([*texts, *texts])
    assert len(task.seen) > 9000
    assert all(record.result for record in done)


def test_records_that_differ_in_what_the_task_reads_are_not_alike():
    one, other = Record("a", {"n": 1}, Origin("x.md", 1)), Record("a", {"n": 2}, Origin("y.md", 1))
    assert key_of(one, whole=False, named=False) == key_of(other, whole=False, named=False)
    assert key_of(one, whole=True, named=False) != key_of(other, whole=True, named=False)
    assert key_of(one, whole=False, named=True) != key_of(other, whole=False, named=True)

"""A file elsewhere reads as one here, in whatever order, and nothing of it is fetched that nobody wants."""

import io
import random

import pytest

from nlpcli.errors import InputBroken
from nlpcli.records.remote import reading
from nlpcli.records.remote.address import Address
from nlpcli.records.remote.protocol import Facts

DATA = random.Random(0).randbytes(100_000)


class Held:
    """A store of one file that is held in memory."""

    def __init__(self):
        self.token, self.read_spans = "1", []

    def facts(self, address):
        return Facts(address, len(DATA), self.token)

    def read(self, facts, start, stop):
        self.read_spans.append((start, stop))
        return DATA[start:stop]


@pytest.fixture
def store(monkeypatch):
    monkeypatch.setattr(reading, "_FIRST", 1000)
    monkeypatch.setattr(reading, "_MOST", 8000)
    held = Held()
    monkeypatch.setattr(reading, "store_of", lambda address: held)
    return held


@pytest.fixture
def facts(store):
    return store.facts(Address.of("s3://b/a"))


def test_it_reads_as_a_file_does_in_any_order(facts):
    chance = random.Random(1)
    with reading.open_remote(facts) as remote, io.BufferedReader(io.BytesIO(DATA)) as here:
        for _ in range(300):
            offset, whence = chance.choice([(chance.randrange(110_000), 0), (-chance.randrange(90_000), 2), (0, 1)])
            size = chance.choice([0, 1, 10, 1000, 20_000])
            assert remote.seek(offset, whence) == here.seek(offset, whence)
            assert remote.read(size) == here.read(size)
            assert remote.tell() == here.tell()


def test_who_reads_on_gets_larger_and_larger_parts(facts, store):
    with reading.open_remote(facts) as stream:
        assert b"".join(iter(lambda: stream.read1(100), b"")) == DATA
    assert [stop - start for start, stop in store.read_spans][:5] == [1000, 2000, 4000, 8000, 8000]
    assert len(store.read_spans) < 17


def test_of_a_part_no_byte_more_is_fetched(facts, store):
    with reading.open_remote(facts, 50_000, 60_000) as stream:
        assert stream.read() == DATA[50_000:60_000]
    assert (min(store.read_spans)[0], max(store.read_spans)[1]) == (50_000, 60_000)


@pytest.mark.parametrize(("start", "stop"), [(0, None), (10, 20)])
def test_a_file_that_becomes_another_one_is_no_file(facts, store, start, stop):
    with reading.open_remote(facts, start, stop) as stream:
        stream.read1(5)
        store.token = "2"
        with pytest.raises(InputBroken, match="has changed"):
            stream.read()


def test_a_failure_on_the_way_ahead_is_raised_where_it_would_have_been_read(facts, store, monkeypatch):
    read = store.read

    def broken(facts, start, stop):
        if start >= 7000:
            raise InputBroken("gone")
        return read(facts, start, stop)

    monkeypatch.setattr(store, "read", broken)
    with reading.open_remote(facts) as stream:
        for _ in range(70):
            stream.read1(100)
        assert stream.tell() == 7000
        with pytest.raises(InputBroken, match="gone"):
            stream.read1(100)

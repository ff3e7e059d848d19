"""Runs get threads: used again one after the other, and as many as there are runs."""

import asyncio
import threading
from contextvars import ContextVar

import pytest

from nlpcli.engines.worker import run_threads
from nlpcli.engines.worker.run_threads import RunThreads

seen = ContextVar("seen", default=None)


async def done(threads, works):
    events = [threading.Event() for _ in works]

    def to_do(work, event):
        work()
        event.set()

    for work, event in zip(works, events, strict=True):
        await threads.begin(lambda work=work, event=event: to_do(work, event))
    assert all([await asyncio.to_thread(event.wait, 10) for event in events])


def test_as_many_runs_as_there_are_go_side_by_side():
    barrier = threading.Barrier(6)
    asyncio.run(done(RunThreads(), [lambda: barrier.wait(10)] * 6))


def test_no_run_sees_the_context_of_another():
    found = []

    def work():
        found.append(seen.get())
        seen.set("by the run before")

    async def twice():
        threads = RunThreads()
        for _ in range(3):
            await done(threads, [work])

    asyncio.run(twice())
    assert found == [None] * 3


def test_a_thread_that_does_not_begin_is_an_error_and_the_next_run_has_one(monkeypatch):
    gate = threading.Event()

    class NeverBegins(threading.Thread):
        def start(self):
            gate.wait(10)

    async def runs():
        threads = RunThreads()
        monkeypatch.setattr(run_threads, "Thread", NeverBegins)
        monkeypatch.setattr(run_threads, "_START_SECONDS", 0.05)
        with pytest.raises(RuntimeError, match="does not begin"):
            await threads.begin(lambda: None)
        monkeypatch.undo()
        gate.set()
        await done(threads, [lambda: None])

    asyncio.run(runs())

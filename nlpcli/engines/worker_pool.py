"""How many batches run at a time, each with how many threads."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from nlpcli.errors import OutOfMemory
from nlpcli.runtime.batching import Unit
from nlpcli.runtime.decode_slots import DecodeSlots

RunBatch = Callable[[Sequence[Unit]], Any]
# More workers than this wait for the interpreter's lock more than they win.
MAX_WORKERS = 4


class WorkerPool:
    """Runs batches side by side on CPU, one after the other on a GPU.

    Small batches leave a core idle at the end of every operation; two batches on one core each do not. On 2 cores
    with all-MiniLM-L6-v2 in bfloat16 that is 1.1 to 1.3 times faster (tests/bench/embed.py). A single batch gets
    all threads. With decode `slots`, one more batch is under way than computes: it takes the core of one that waits.
    """

    def __init__(self, device_type: str, threads: int, slots: DecodeSlots | None = None) -> None:
        self._threads = threads
        self._count = min(threads, MAX_WORKERS) if device_type == "cpu" else 1
        self._slots = slots or DecodeSlots()
        self._slots.share(self._count)
        under_way = self._count + (slots is not None)
        self._pool = ThreadPoolExecutor(under_way, "nlpcli-worker") if self._count > 1 else None

    def __call__(self, run: RunBatch, batches: list[list[Unit]]) -> Iterator[Any]:
        """The outcome of each batch, in order. Side by side they begin at once."""
        if self._pool is None or len(batches) == 1:
            return (self._run_in_slot(self._threads, run, batch) for batch in batches)
        threads = max(1, self._threads // self._count)
        return Begun([self._pool.submit(self._run_in_slot, threads, run, batch) for batch in batches])

    def _run_in_slot(self, threads: int, run: RunBatch, batch: Sequence[Unit]) -> Any:
        with self._slots.computing():
            return run_with_threads(threads, run, batch)


class Begun:
    """The outcomes of batches that run already; `close` forgets those that have not begun."""

    def __init__(self, futures: Iterable[Future[Any]]) -> None:
        self._futures = deque(futures)

    def __iter__(self) -> Begun:
        return self

    def __next__(self) -> Any:
        if not self._futures:
            raise StopIteration
        try:
            return self._futures.popleft().result()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        while self._futures:
            self._futures.pop().cancel()


def use_threads(threads: int) -> None:
    """So many threads for the operations of torch in this thread: OpenMP keeps the number per thread."""
    # Static vectors know no torch, and its import would take ten times as long as their work.
    torch = sys.modules.get("torch")
    if torch is not None and torch.get_num_threads() != threads:
        torch.set_num_threads(threads)


def run_with_threads(threads: int, run: RunBatch, batch: Sequence[Unit]) -> Any:
    """The outcome of a batch in this thread; a text that does not fit into memory has OutOfMemory as outcome."""
    from nlpcli.runtime.device import is_out_of_memory

    use_threads(threads)
    try:
        return run(batch)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        tokens = max(unit.cost for unit in batch)
        return OutOfMemory(f"a text of {tokens} tokens does not fit into memory; split it, or use --device cpu")

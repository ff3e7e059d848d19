"""The worker under load: python tests/bench/load.py [crowd] [beside] [memory] [cancel]

crowd    200 clients at once with 10 records each, of four tasks: what is lost, what is wrong, and how fast, beside one
         client for each task with all of its 500 records
beside   how long one record takes while a run of 20,000 goes on
memory   what the worker has after 100 and after 10,000 requests of one record
cancel   how long until a command is gone after Ctrl-C, SIGTERM and a closed pipe, and until the worker does nothing more

Clients of `crowd`, `beside` and `memory` are connections of this process, as a command's own, without the tenth of a second that
a process takes to start; those of `cancel` are commands. Starter models; a worker of its own, in a folder of its own.
"""

import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import psutil

from nlpcli.__main__ import let_threads_wait
from nlpcli.engines.job import ComputeSpec, ModelSpec
from nlpcli.engines.worker import client, remote_run
from nlpcli.engines.worker.messages import RunRequest
from nlpcli.records.record import Origin, Record
from nlpcli.runtime.cores import usable_cores
from nlpcli.tasks.registry import TASKS

HERE = Path(__file__).parents[2]
# A sentence has one of each: of random words a model makes what it likes, and the batch decides a tie.
PARTS = [
    ["The old bridge", "My sister", "A friend of ours", "The new teacher", "Nobody", "The mayor of the town", "Our cat",
     "The woman at the counter", "His letter", "The train from the north", "A tall man in a grey coat", "The museum"],
    ["was closed", "waited", "was seen", "stood for a long time", "was expected", "stayed", "was forgotten", "was needed"],
    ["beside the river", "in the small kitchen", "behind the station", "at the market", "near the school", "on the hill",
     "in front of the library", "under the tall trees", "at the end of the road", "between two houses"],
    ["last Monday", "in the summer of 1998", "before it began to rain", "until the lights went out", "for three days",
     "because the door was locked", "while the children played", "every morning at seven", "without any reason", "again"],
]  # fmt: skip
# A command would compute by itself when its greeting is not answered; a client of these waits no longer than so.
SECONDS_TO_CONNECT = 120.0
# Task → its model and what is asked beside the defaults.
STARTERS = {
    "sentiment": ("starter/sentiment", {}),
    "embed": ("starter/minilm", {}),
    "translate": ("starter/en-pt", {"source": "en", "target": "pt"}),
    "summarize": ("starter/minilm", {}),
}


@contextmanager
def worker():
    """A worker of its own; connections of this process find it."""
    with tempfile.TemporaryDirectory(dir="/tmp") as place:
        os.environ["XDG_RUNTIME_DIR"] = place
        let_threads_wait()
        command = [sys.executable, "-m", "nlpcli", "serve"]
        environment = {**os.environ, "PYTHONPATH": str(HERE)}
        subprocess.run([*command, "start"], env=environment, check=True, stdout=subprocess.DEVNULL)
        try:
            yield
        finally:
            subprocess.run([*command, "stop"], env=environment, check=False)


def texts(count, seed):
    """Records of one to three sentences; hardly any two are the same."""
    draw = random.Random(seed)

    def sentence():
        return " ".join(draw.choice(part) for part in PARTS) + "."

    return [" ".join(sentence() for _ in range(draw.randint(1, 3))) for _ in range(count)]


GENERATE = ("starter/smollm2", {"greedy": True, "max_tokens": 8})
# Which task goes on with 20,000 records, and which is asked for one meanwhile.
PAIRS = [
    ("embed", "sentiment"),
    ("sentiment", "embed"),
    ("translate", "translate"),
    ("translate", "generate"),
    ("generate", "translate"),
    ("generate", "generate"),
    ("embed", "generate"),
    ("generate", "embed"),
    ("summarize", "translate"),
    ("translate", "summarize"),
]


@contextmanager
def run_of(task, model, options):
    """A run of a connection of its own; at the end of the block it is cancelled where it is not over."""
    end = time.monotonic() + SECONDS_TO_CONNECT
    while (connection := client.connect()) is None:
        assert time.monotonic() < end, f"the worker does not answer: {client.reason_against() or 'it is gone'}"
        time.sleep(0.05)
    encoded = msgspec.Raw(msgspec.msgpack.encode(TASKS[task].load_module().OPTIONS(**options)))
    request = RunRequest(task, encoded, ModelSpec(model, None, True), ComputeSpec(), spelled=True)
    run = remote_run.Run(connection, request, False, lambda text, fraction=None: None, lambda record, piece: None)
    try:
        yield run
    finally:
        connection.close()


def results(task, model, options, lines):
    """The results of one run, in the order in which they come, by the place of their record."""
    records = (Record(text, {}, Origin("x", number)) for number, text in enumerate(lines))
    with run_of(task, model, options) as run:
        return [(record.origin.line, record.error or record.result) for record in run.results(records)]


def crowd(tasks=STARTERS, clients=200, each=10):
    """What one client for each task costs, one after the other, and what all clients at once do; every result is checked.

    A text that came out otherwise than in the large run has to come out so in a run of these ten alone, or by itself: the
    size of a batch decides ties in the last bits (docs/devices.md). How many did is the third that is given back.
    """
    names = list(tasks)
    lines = {name: texts(clients * each // len(names), name) for name in names}
    for name in names:
        results(name, *tasks[name], lines[name][:5])
    expected = {}
    with measured() as alone:
        for name in names:
            expected[name] = results(name, *tasks[name], lines[name])
    found = {}

    def ask(number):
        name, first = names[number % len(names)], number // len(names) * each
        found[number] = results(name, *tasks[name], lines[name][first : first + each])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(clients)]
    with measured() as together:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    ties = 0
    for number in range(clients):
        name, first = names[number % len(names)], number // len(names) * each
        own = lines[name][first : first + each]
        assert [place for place, _ in found[number]] == list(range(each)), "lost, or in another order"
        for place, (_, ours) in enumerate(found[number]):
            if not near(ours, expected[name][first + place][1]):
                ties += 1
                others = [results(name, *tasks[name], own)[place][1], results(name, *tasks[name], [own[place]])[0][1]]
                assert any(near(ours, theirs) for theirs in others), (name, own[place], ours, others)
    assert ties <= clients * each / 100, f"{ties} results are not those of the large run"
    return alone, together, ties


class Cost:
    """Seconds of the clock, and of the processor: the worker's, and this process's."""

    def __init__(self):
        self.clock = self.worker = self.clients = 0.0

    @property
    def processor(self):
        return self.worker + self.clients

    def __str__(self):
        return f"{self.clock:.2f} s (processor {self.worker:.2f} + {self.clients:.2f} s)"


@contextmanager
def measured():
    """What it costs that is done within."""
    process, cost = psutil.Process(client.status().process), Cost()
    clock, worker, clients = time.perf_counter(), process.cpu_times(), time.process_time()
    yield cost
    after = process.cpu_times()
    cost.clock = time.perf_counter() - clock
    cost.worker = after.user + after.system - worker.user - worker.system
    cost.clients = time.process_time() - clients


def near(ours, theirs):
    """Equal, but for what the size of a batch does to the last digits of numbers."""
    if isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(near(ours[key], theirs[key]) for key in ours)
    if hasattr(ours, "json"):
        ours, theirs = (msgspec.json.decode(one.json) for one in (ours, theirs))
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(near, ours, theirs))
    return abs(ours - theirs) < 0.02 if isinstance(ours, float) else ours == theirs


def beside(large, small, count=20_000, rounds=20):
    """What runs of one record cost while one of `count` goes on. `large`, `small`: a task, its model and options.

    The worker has always something to do: its processor seconds by its cores are what a quiet machine's clock would show.
    """
    lines = texts(count, 1)
    for asked in (large, small):
        results(*asked, lines[:3])
    taken, over = [], threading.Event()

    def work():
        records = (Record(text, {}, Origin("x", number)) for number, text in enumerate(lines))
        with suppress(ConnectionResetError):
            taken.extend(run.results(records))
        over.set()

    with run_of(*large) as run:
        threading.Thread(target=work, daemon=True).start()
        time.sleep(0.5)
        costs = []
        while not over.is_set() and len(costs) < rounds:
            with measured() as cost:
                results(*small, [lines[len(costs)]])
            costs.append(cost)
        was_busy = not over.is_set()
        run.interrupt()
    assert over.wait(60), "the large run does not end"
    assert was_busy or len(costs) >= 5, "the large run was over too soon"
    return costs


def memory(tasks=STARTERS, first=100, last=10_000):
    """Bytes that the worker has after so many requests of one record, and after as many more."""
    names, lines, sizes = list(tasks), texts(64, 2), []
    for number in range(1, last + 1):
        name = names[number % len(names)]
        results(name, *tasks[name], [lines[number % len(lines)]])
        if number in (first, last):
            time.sleep(1.0)  # Free pages go back when nothing runs.
            sizes.append(client.status().resident)
    return sizes


def cancel(command, how, input_):
    """Seconds until a command in the middle of `input_` is gone, and until the worker does nothing more."""
    process = subprocess.Popen(
        [sys.executable, "-m", "nlpcli", *command], stdin=input_.open("rb"), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(HERE)},
    )  # fmt: skip
    process.stdout.readline()
    time.sleep(0.3)
    start = time.perf_counter()
    if how == "closed pipe":
        process.stdout.close()
    else:
        process.send_signal(how)
    process.wait(60)
    gone = time.perf_counter() - start
    while (status := client.status()) and status.running:
        time.sleep(0.002)
    assert status, "the worker is gone"
    return gone, time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=["crowd", "beside", "memory", "cancel"])
    parts = parser.parse_args().parts
    with worker():
        if "crowd" in parts:
            for tasks in (STARTERS, STARTERS, STARTERS, *({name: STARTERS[name]} for name in STARTERS)):
                alone, together, ties = crowd(tasks)
                speed, work = alone.clock / together.clock, alone.processor / together.processor
                print(
                    f"crowd: {', '.join(tasks)}: one client a task {alone}, 200 clients {together}:"
                    f" {speed:.2f} of its speed, by the processor {work:.2f}; {ties} ties",
                    flush=True,
                )
        if "beside" in parts:
            for large, small in PAIRS:
                tasks = STARTERS | {"generate": GENERATE}
                costs = beside((large, *tasks[large]), (small, *tasks[small]))
                clock = [cost.clock for cost in costs]
                quiet = statistics.median(cost.worker for cost in costs) / usable_cores()
                print(
                    f"beside: {small} while {large} has 20,000: median {statistics.median(clock):.3f} s, most"
                    f" {max(clock):.3f} s; processor by cores {quiet:.3f} s",
                    flush=True,
                )
        if "memory" in parts:
            before, after = memory()
            print(
                f"memory: after 100 {before / 1e6:.0f} MB, after 10,000 {after / 1e6:.0f} MB: {after / before - 1:+.1%}"
            )
        if "cancel" in parts:
            show_cancelling()


def show_cancelling():
    with tempfile.TemporaryDirectory() as folder:
        input_ = Path(folder) / "in.txt"
        input_.write_text("\n".join(texts(20_000, 3)) + "\n")
        for task in STARTERS:
            model, options = STARTERS[task]
            command = [task, "-m", model, "--per", "line", *(["--from", "en", "--to", "pt"] if options else [])]
            for how in (signal.SIGINT, signal.SIGTERM, "closed pipe"):
                found = [cancel(command, how, input_) for _ in range(5)]
                gone, quiet = (statistics.median(column) for column in zip(*found, strict=True))
                worst = max(quiet for _, quiet in found)
                name = getattr(how, "name", how)
                print(
                    f"cancel: {task}, {name}: command gone {gone:.3f} s, worker quiet {quiet:.3f} s (most {worst:.3f})"
                )


if __name__ == "__main__":
    main()

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
from contextlib import contextmanager
from pathlib import Path

import msgspec

from nlpcli.__main__ import let_threads_wait
from nlpcli.engines.job import ComputeSpec, ModelSpec
from nlpcli.engines.worker import client
from nlpcli.engines.worker.messages import RunRequest
from nlpcli.records.record import Origin, Record
from nlpcli.tasks.registry import TASKS

HERE = Path(__file__).parents[2]
WORDS = [
    "the",
    "a",
    "old",
    "new",
    "river",
    "bridge",
    "city",
    "cat",
    "friend",
    "letter",
    "bread",
    "road",
    "walks",
    "sees",
]
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
    """Sentences of 3 to 20 words."""
    draw = random.Random(seed)
    return [" ".join(draw.choices(WORDS, k=draw.randint(3, 20))) + "." for _ in range(count)]


def results(task, model, options, lines):
    """The results of one run, in the order in which they come, by the place of their record."""
    end = time.monotonic() + SECONDS_TO_CONNECT
    while (connection := client.connect()) is None:
        assert time.monotonic() < end, f"the worker does not answer: {client.reason_against() or 'it is gone'}"
        time.sleep(0.05)
    encoded = msgspec.Raw(msgspec.msgpack.encode(TASKS[task].load_module().OPTIONS(**options)))
    request = RunRequest(task, encoded, ModelSpec(model, None, True), ComputeSpec(), spelled=True)
    run = client.Run(connection, request, False, lambda text, fraction=None: None, lambda record, piece: None)
    records = (Record(text, {}, Origin("x", number)) for number, text in enumerate(lines))
    found = [(record.origin.line, record.error or record.result) for record in run.results(records)]
    connection.close()
    return found


def crowd(tasks=STARTERS, clients=200, each=10):
    """Seconds of one client for each task, and of all clients at once; every result is checked."""
    names = list(tasks)
    lines = {name: texts(clients * each // len(names), name) for name in names}
    for name in names:
        results(name, *tasks[name], lines[name][:5])
    start = time.perf_counter()
    expected = {name: results(name, *tasks[name], lines[name]) for name in names}
    alone = time.perf_counter() - start
    found = {}

    def ask(number):
        name, first = names[number % len(names)], number // len(names) * each
        found[number] = results(name, *tasks[name], lines[name][first : first + each])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(clients)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    together = time.perf_counter() - start
    for number in range(clients):
        name, first = names[number % len(names)], number // len(names) * each
        assert [place for place, _ in found[number]] == list(range(each)), "lost, or in another order"
        for (_, ours), (_, theirs) in zip(found[number], expected[name][first : first + each], strict=True):
            assert near(ours, theirs), (name, ours, theirs)
    return alone, together


def near(ours, theirs):
    """Equal, but for what the size of a batch does to the last digits of numbers."""
    if isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(near(ours[key], theirs[key]) for key in ours)
    if hasattr(ours, "json"):
        ours, theirs = (msgspec.json.decode(one.json) for one in (ours, theirs))
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(near, ours, theirs))
    return abs(ours - theirs) < 0.02 if isinstance(ours, float) else ours == theirs


def beside(large, small, count=20_000, rounds=40):
    """Seconds of runs of one record while one of `count` goes on. `large`, `small`: a task, its model and options."""
    lines = texts(count, 1)
    for asked in (large, small):
        results(*asked, lines[:3])
    thread = threading.Thread(target=results, args=(*large, lines))
    thread.start()
    time.sleep(0.5)
    seconds = []
    while thread.is_alive() and len(seconds) < rounds:
        start = time.perf_counter()
        results(*small, lines[:1])
        seconds.append(time.perf_counter() - start)
    was_busy = thread.is_alive()
    thread.join()
    assert was_busy or len(seconds) >= 5, "the large run was over too soon"
    return seconds


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
            for _ in range(3):
                alone, together = crowd()
                print(
                    f"crowd: one client a task {alone:.2f} s, 200 clients {together:.2f} s: {alone / together:.2f} of its speed"
                )
        if "beside" in parts:
            for large, small in (("embed", "sentiment"), ("translate", "translate"), ("sentiment", "embed")):
                seconds = beside((large, *STARTERS[large]), (small, *STARTERS[small]))
                print(
                    f"beside: {small} while {large} has 20,000: median {statistics.median(seconds):.3f} s, most {max(seconds):.3f} s"
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

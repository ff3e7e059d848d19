"""What a manifest costs, and how much memory a job takes, however many records it has.

python tests/bench/jobs.py speed [RECORDS [MODEL]]     with and without --resume, in turn, by CPU and wall seconds
python tests/bench/jobs.py memory [RECORDS...]         peak memory of jobs of so many records
python tests/bench/jobs.py ray [RECORDS [MODEL]]       records of --engine ray on one node and of local, in turn: each
                                                       second, and each CPU second of all processes
"""

from __future__ import annotations

import json
import os
import random
import resource
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

WORDS = [
    "the",
    "a",
    "good",
    "bad",
    "film",
    "book",
    "was",
    "not",
    "very",
    "plot",
    "long",
    "dull",
    "fine",
    "great",
    "ending",
]


def write_input(path: Path, count: int, longest: int = 24) -> Path:
    """Records of some words each, a tenth of them repeated."""
    chance = random.Random(count)
    with path.open("w") as stream:
        for number in range(count):
            words = chance.choices(WORDS, k=chance.randint(1, longest))
            stream.write(json.dumps({"n": number, "text": " ".join(words)}) + "\n")
    return path


def timed(arguments: list[str]) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and peak memory in MB of a run in a fork."""
    began = time.monotonic()
    child = os.fork()
    if not child:
        from nlpcli.__main__ import collect_garbage_rarely, run

        collect_garbage_rarely()
        os._exit(run(arguments))
    _, status, usage = os.wait4(child, 0)
    assert os.waitstatus_to_exitcode(status) in (0, 3)
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def speed(count: str = "20000", model: str = "starter/minilm", task: str = "embed", rounds: str = "5") -> None:
    """Both ways in turn; the ratio of their medians."""
    import torch  # noqa: F401 - what every run imports is there before

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = write_input(folder / "in.jsonl", int(count))
        taken: dict[str, list[tuple[float, float, float]]] = {"plain": [], "kept": []}
        for number in range(int(rounds)):
            for way, more in (("plain", []), ("kept", ["--resume"])):
                output = folder / f"{way}{number}.jsonl"
                command = [task, "-m", model, "-i", str(source), "-o", str(output), "-q", "--no-server", *more]
                taken[way].append(timed(command))
                print(way, *(f"{value:.2f}" for value in taken[way][-1]), flush=True)
        for place, unit in enumerate(("wall", "CPU", "MB")):
            plain, kept = (statistics.median(one[place] for one in taken[way]) for way in ("plain", "kept"))
            print(f"{unit}: plain {plain:.2f}, kept {kept:.2f}, ratio {plain / kept:.3f}")


def looked_at(arguments: list[str]) -> list[tuple[float, dict[Any, float]]]:
    """The CPU seconds of a run in a fork, and of each process that it has started, five times a second."""
    import psutil

    looks: list[tuple[float, dict[Any, float]]] = []
    known: dict[Any, float] = {}
    ended = threading.Event()

    def look(process: psutil.Process) -> None:
        while not ended.wait(0.2):
            try:
                for each in (process, *process.children(recursive=True)):
                    used = each.cpu_times()
                    known[each.pid, each.create_time()] = used.user + used.system
            except psutil.Error:
                continue
            looks.append((time.time(), {**known}))

    child = os.fork()
    if not child:
        from nlpcli.__main__ import collect_garbage_rarely, run

        collect_garbage_rarely()
        os._exit(run(arguments))
    looking = threading.Thread(target=look, args=(psutil.Process(child),))
    looking.start()
    status = os.waitpid(child, 0)[1]
    ended.set()
    looking.join()
    assert os.waitstatus_to_exitcode(status) in (0, 3)
    return looks


def ray(count: str = "20000", model: str = "starter/minilm", task: str = "embed", rounds: str = "3") -> None:
    """Start-up left out: from the first shard that is marked to the last."""
    import ray as _  # noqa: F401 - brings psutil along

    # Ray kills workers where others fill the machine's memory.
    os.environ.update(RAY_memory_monitor_refresh_ms="0")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = write_input(folder / "in.jsonl", int(count))
        rates: dict[str, list[tuple[float, float]]] = {"local": [], "ray": []}
        for number in range(int(rounds)):
            for engine, found in rates.items():
                output = folder / f"{engine}{number}.jsonl"
                command = [task, "-m", model, "-i", str(source), "-o", str(output), "-q", "--no-server", "--resume"]
                looks = looked_at([*command, "--engine", engine])
                marks = [
                    json.loads(line)["done"]
                    for log in (folder / f".{output.name}.nlpcli-job").glob("done-*.jsonl")
                    for line in log.read_text().splitlines()
                    if '"done"' in line
                ]
                marks.sort(key=lambda mark: mark["at"])
                first, last = marks[0]["at"], marks[-1]["at"]
                before, after = (min(looks, key=lambda look: abs(look[0] - at))[1] for at in (first, last))
                seconds = sum(used - before.get(process, 0.0) for process, used in after.items())
                records = sum(mark["records"] for mark in marks[1:])
                found.append((records / (last - first), records / seconds))
                print(engine, "{:,.0f} records a second, {:,.0f} a CPU second".format(*found[-1]), flush=True)
        for place, unit in enumerate(("second", "CPU second")):
            local, on_ray = (statistics.median(one[place] for one in rates[engine]) for engine in ("local", "ray"))
            print(f"by {unit}: ray / local {on_ray / local:.3f}")


def memory(*counts: str) -> None:
    """Peak memory of jobs of growing size, by the tiny model of the tests."""
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from tests.tiny import save_classifier

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = save_classifier(folder / "bert")
        for count in counts or ("10000", "100000", "1000000"):
            source = write_input(folder / "in.jsonl", int(count))
            for more in ([], ["--no-dedupe"], ["--resume"]):
                output = folder / f"out{count}.jsonl"
                command = ["sentiment", "-m", str(model), "-i", str(source), "-o", str(output), "-q", *more]
                seconds, _, peak = timed(command)
                print(f"{int(count):,} records {' '.join(more) or 'plain'}: {peak:.0f} MB, {seconds:.0f} s", flush=True)
                output.unlink()


if __name__ == "__main__":
    from nlpcli.__main__ import let_threads_wait, remember_few_shapes

    let_threads_wait()
    remember_few_shapes()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    {"speed": speed, "memory": memory, "ray": ray}[sys.argv[1]](*sys.argv[2:])

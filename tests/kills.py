"""Jobs that are killed at random moments and go on: each output equals that of a run which was never interrupted.

    python -m tests.kills [--engine ray] [KILLS [RECORDS [SEED]]]

With `--engine ray` runs are computed by a cluster of two nodes on this machine, each third of them here: what one engine
has done the other goes on with. There a worker or a whole node dies too, and the run is to go on; whatever ends it, none
of its workers may be left.
Every run is a fork of this process, which has imported everything; a run is killed by SIGKILL, SIGTERM or SIGINT at a
moment drawn from its length, and the same command is called again, until it ends by itself.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# Ray takes a while to see that a driver is gone, and a busy machine longer.
_PATIENCE_SECONDS = 60
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
# Task, input, output, and options of each trial.
TRIALS = (
    ("sentiment", "in.jsonl", "out.jsonl", ()),
    ("sentiment", "in.csv", "out.csv", ("--all-scores",)),
    ("sentiment", "in.parquet", "out.parquet", ()),
    ("sentiment", "in.txt", "out.txt", ()),
    ("embed", "in.jsonl", "out.npy", ()),
    ("embed", "in.jsonl.gz", "out.parquet", ()),
    ("sentiment", "in.json", "out.tsv.gz", ()),
    ("sentiment", "tree", "out/", ("-F", "jsonl")),
)


def write_inputs(folder: Path, count: int) -> None:
    """The same records in every format, some of them without a text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    chance = random.Random(0)
    texts = [" ".join(chance.choices("abcdefghij", k=chance.randint(1, 12))) for _ in range(count)]
    rows = [{"text": text, "n": n} for n, text in enumerate(texts)]
    lines = "".join(json.dumps(row if row["n"] % 500 else {"n": row["n"]}) + "\n" for row in rows)
    (folder / "in.jsonl").write_text(lines)
    (folder / "in.jsonl.gz").write_bytes(gzip.compress(lines.encode(), mtime=0))
    (folder / "in.csv").write_text("n,text\n" + "".join(f'{row["n"]},"{row["text"]}"\n' for row in rows))
    (folder / "in.txt").write_text("\n".join(texts))
    (folder / "in.json").write_text(json.dumps(rows))
    pq.write_table(pa.Table.from_pylist(rows), folder / "in.parquet", row_group_size=1500)
    for name, part in (("a", rows[: count // 3]), ("b/c", rows[count // 3 : count // 2]), ("d", rows[count // 2 :])):
        path = folder / "tree" / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text,n\n" + "".join(f"{row['text']},{row['n']}\n" for row in part))


def start(arguments: list[str], complaints: Path) -> int:
    """A run in a fork; its process."""
    child = os.fork()
    if child:
        return child
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(os.open(complaints, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
        from nlpcli.__main__ import main

        sys.argv = ["nlpcli", *arguments]
        main()
    except KeyboardInterrupt:
        os._exit(130)  # in the fork, before nlpcli was begun
    finally:
        os._exit(99)


def content(output: Path) -> dict[str, bytes]:
    """What is at an output, by name: a file, or those below a folder."""
    files = [path for path in output.rglob("*") if path.is_file()] if output.is_dir() else [output]
    return {str(path.relative_to(output.parent)): path.read_bytes() for path in files if path.exists()}


class Trial:
    """A job, what its output is when nothing interrupts it, and how long that takes."""

    def __init__(
        self, folder: Path, model: Path, trial: tuple, chance: random.Random, cluster: RayCluster | None = None
    ) -> None:
        task, source, name, options = trial
        self._chance = chance
        self._room = folder / f"room-{task}-{source}-{name.strip('/')}"
        self._room.mkdir()
        self._name = name
        self._complaints = self._room / "complaints"
        self._command = [task, "-m", str(model), "--threads", "2", "-i", str(folder / source), *options, "--resume"]
        self._model = model
        self._cluster = cluster
        self._on_ray = False
        began = time.monotonic()
        self.fail = self._end(self._start("whole"), wanted=(0, 3))
        self.seconds = time.monotonic() - began
        self._whole = content(self._room / "whole" / name.strip("/"))
        if cluster and not self.fail:
            began = time.monotonic()
            self.fail = self.run(0)[1]
            self.seconds = time.monotonic() - began

    def _start(self, place: str) -> int:
        (self._room / place).mkdir(exist_ok=True)
        self._on_ray = self._cluster is not None and place == "killed" and self._chance.random() < 2 / 3
        engine = self._cluster.options if self._cluster and self._on_ray else ()
        return start([*self._command, *engine, "-o", f"{self._room / place}/{self._name}"], self._complaints)

    def _strike(self, ends: Counter) -> None:
        """At a random moment of a run on Ray, now and then, a worker or a node dies."""
        if self._cluster and self._on_ray and self._chance.random() < 2 / 3:
            time.sleep(self._chance.uniform(0, self.seconds))
            victim = self._chance.choice((self._cluster.kill_worker, self._cluster.kill_node))
            if victim(self._chance):
                ends[victim.__name__] += 1

    def _end(self, child: int, wanted: tuple[int, ...]) -> str:
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return "" if status in wanted else f"status {status}: {self._complaints.read_text()}"

    def run(self, kills: int) -> tuple[Counter, str]:
        """Kill it so many times; how it ended each time, and what was lost."""
        shutil.rmtree(self._room / "killed", ignore_errors=True)
        ends: Counter = Counter()
        for _ in range(kills):
            child = self._start("killed")
            self._strike(ends)
            number = self._chance.choice(SIGNALS)
            time.sleep(self._chance.uniform(0, self.seconds))
            os.kill(child, number)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            ends[number.name if status in (-number, 128 + number) else status] += 1
            if status not in (-number, 128 + number, 0, 3):
                return ends, f"status {status}: {self._complaints.read_text()}"
            if self._cluster and (pids := self._cluster.left_over()):
                return ends, f"workers are left over: {pids}"
            found = content(self._room / "killed" / self._name.strip("/"))
            # What was being written is hidden, and the next run takes it away.
            if any(self._whole[name] != data for name, data in found.items() if not name.endswith(".part")):
                return ends, f"{found.keys()} is there, and not whole"
        child = self._start("killed")
        if kills:
            self._strike(ends)
        if failure := self._end(child, wanted=(0, 3)):
            return ends, failure
        found = content(self._room / "killed" / self._name.strip("/"))
        left = [
            path.name
            for path in (self._room / "killed").rglob("*")
            if path.name.endswith((".part", ".tmp")) and path.parent.name[-4:] != "-job"
        ]
        if left:
            return ends, f"left over: {left}"
        return ends, "" if found == self._whole else f"the output is another, {[*found]}"


CLUSTER = """
import sys
from ray.cluster_utils import Cluster
node = {"num_cpus": 1, "object_store_memory": 80 << 20}
cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
second = cluster.add_node(**node)
print("address", cluster.address, flush=True)
for _ in sys.stdin:
    cluster.remove_node(second, allow_graceful=False)
    second = cluster.add_node(**node)
    print("again", flush=True)
cluster.shutdown()
"""


def workers_below(pid: int) -> list[Any]:
    """The processes that a process started, or those did, which hold a worker of Ray."""
    import psutil

    found = []
    for process in psutil.Process(pid).children(recursive=True):
        try:
            if process.cmdline()[:1] and process.cmdline()[0].startswith("ray::WorkerHolder"):
                found.append(process)
        except psutil.Error:
            pass
    return found


class RayCluster:
    """A cluster of two nodes, in a process of its own, as this one forks."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines = iter(process.stdout or ())
        address = next((line.split()[1] for line in self._lines if line.startswith("address ")), None)
        if address is None:
            raise SystemExit("Ray does not start on this machine")
        self.options = ("--engine", "ray", "--ray-address", address)

    def kill_worker(self, chance: random.Random) -> bool:
        """Kill one of the processes that compute, if there is any."""
        if workers := workers_below(self._process.pid):
            chance.choice(workers).kill()
        return bool(workers)

    def kill_node(self, _: random.Random) -> bool:
        """Kill the second node with all that runs there, and start another."""
        print("node", file=self._process.stdin, flush=True)
        return any(line.startswith("again") for line in self._lines)

    def left_over(self) -> list[int]:
        """The workers that outlive the run that they were of."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while (left := workers_below(self._process.pid)) and time.monotonic() < deadline:
            time.sleep(0.2)
        return [process.pid for process in left]


@contextmanager
def cluster_of(engine: str) -> Iterator[RayCluster | None]:
    """What computes, beside the process that is killed."""
    if engine == "local":
        yield None
        return
    os.environ |= {
        "RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled",
        "RAY_memory_monitor_refresh_ms": "0",  # Ray kills workers where others fill the machine's memory
    }  # fmt: skip
    import ray  # noqa: F401 - brings psutil along

    command = [sys.executable, "-c", CLUSTER]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, text=True, **pipes) as process:
        yield RayCluster(process)


def main(kills: int = 200, records: int = 20_000, seed: int = 0, most: int = 3, engine: str = "local") -> list[str]:
    """Kill so often; what was lost."""
    import torch

    from nlpcli.__main__ import run
    from tests.tiny import save_classifier

    torch.set_num_threads(1)
    # A shell has Ctrl-C ignored in what it runs in the background.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    chance = random.Random(seed)
    lost: list[str] = []
    ends: Counter = Counter()
    with cluster_of(engine) as cluster, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_inputs(folder, records)
        model = save_classifier(folder / "bert")
        for task in ("sentiment", "embed"):
            run([task, "-m", str(model), "--threads", "1", "-F", "parquet", "-o", str(folder / "o"), "a"])
        trials = [Trial(folder, model, trial, chance, cluster) for trial in TRIALS]
        lost += [trial.fail for trial in trials if trial.fail]
        # A run that ended before it was to be killed is none that was killed.
        while sum(count for end, count in ends.items() if str(end).startswith("SIG")) < kills and not lost:
            for trial in trials:
                ended, failure = trial.run(chance.randint(1, most))
                ends += ended
                lost += [failure] if failure else []
                print(json.dumps(ends), file=sys.stderr, flush=True)
        print(json.dumps({"ends": ends, "seconds": [round(trial.seconds, 2) for trial in trials], "lost": lost}))
    return lost


if __name__ == "__main__":
    parser = ArgumentParser(usage=__doc__)
    parser.add_argument("--engine", choices=("local", "ray"), default="local")
    parser.add_argument("numbers", type=int, nargs="*")
    asked = parser.parse_args()
    sys.exit(bool(main(*asked.numbers, engine=asked.engine)))

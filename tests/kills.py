"""Jobs that are killed at random moments and go on: each output equals that of a run which was never interrupted.

    python -m tests.kills [--engine ray] [KILLS [RECORDS [SEED]]]

With `--engine ray` runs are computed by a cluster of two nodes on this machine, each third of them here: what one engine
has done the other goes on with.
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
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
    finally:
        os._exit(99)


def content(output: Path) -> dict[str, bytes]:
    """What is at an output, by name: a file, or those below a folder."""
    files = [path for path in output.rglob("*") if path.is_file()] if output.is_dir() else [output]
    return {str(path.relative_to(output.parent)): path.read_bytes() for path in files if path.exists()}


class Trial:
    """A job, what its output is when nothing interrupts it, and how long that takes."""

    def __init__(
        self, folder: Path, model: Path, trial: tuple, chance: random.Random, engine: tuple[str, ...] = ()
    ) -> None:
        task, source, name, options = trial
        self._chance = chance
        self._room = folder / f"room-{task}-{source}-{name.strip('/')}"
        self._room.mkdir()
        self._name = name
        self._complaints = self._room / "complaints"
        self._command = [task, "-m", str(model), "--threads", "2", "-i", str(folder / source), *options, "--resume"]
        self._model = model
        self._engine = engine
        began = time.monotonic()
        self.fail = self._end(self._start("whole"), wanted=(0, 3))
        self.seconds = time.monotonic() - began
        self._whole = content(self._room / "whole" / name.strip("/"))
        if engine and not self.fail:
            began = time.monotonic()
            self.fail = self.run(0)[1]
            self.seconds = time.monotonic() - began

    def _start(self, place: str) -> int:
        (self._room / place).mkdir(exist_ok=True)
        engine = self._engine if place == "killed" and self._chance.random() < 2 / 3 else ()
        return start([*self._command, *engine, "-o", f"{self._room / place}/{self._name}"], self._complaints)

    def _end(self, child: int, wanted: tuple[int, ...]) -> str:
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return "" if status in wanted else f"status {status}: {self._complaints.read_text()}"

    def run(self, kills: int) -> tuple[Counter, str]:
        """Kill it so many times; how it ended each time, and what was lost."""
        shutil.rmtree(self._room / "killed", ignore_errors=True)
        ends: Counter = Counter()
        for _ in range(kills):
            child = self._start("killed")
            number = self._chance.choice(SIGNALS)
            time.sleep(self._chance.uniform(0, self.seconds))
            os.kill(child, number)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            ends[number.name if status in (-number, 128 + number) else status] += 1
            if status not in (-number, 128 + number, 0, 3):
                return ends, f"status {status}: {self._complaints.read_text()}"
            found = content(self._room / "killed" / self._name.strip("/"))
            # What was being written is hidden, and the next run takes it away.
            if any(self._whole[name] != data for name, data in found.items() if not name.endswith(".part")):
                return ends, f"{found.keys()} is there, and not whole"
        if failure := self._end(self._start("killed"), wanted=(0, 3)):
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
cluster.add_node(**node)
print("address", cluster.address, flush=True)
sys.stdin.read()
cluster.shutdown()
"""


@contextmanager
def engine_of(name: str) -> Iterator[tuple[str, ...]]:
    """The options of an engine; a cluster is a process of its own, as this one forks."""
    if name == "local":
        yield ()
        return
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled"}
    command = [sys.executable, "-c", CLUSTER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as cluster:
        lines = iter(cluster.stdout or ())
        address = next((line.split()[1] for line in lines if line.startswith("address ")), None)
        if address is None:
            raise SystemExit("Ray does not start on this machine")
        yield "--engine", name, "--ray-address", address


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
    with engine_of(engine) as on_engine, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_inputs(folder, records)
        model = save_classifier(folder / "bert")
        for task in ("sentiment", "embed"):
            run([task, "-m", str(model), "--threads", "1", "-F", "parquet", "-o", str(folder / "o"), "a"])
        trials = [Trial(folder, model, trial, chance, on_engine) for trial in TRIALS]
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
    words = sys.argv[1:]
    on = "local"
    if words[:1] == ["--engine"]:
        on, words = words[1], words[2:]
    sys.exit(bool(main(*map(int, words), engine=on)))

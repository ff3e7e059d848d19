"""The worker as users meet it: commands of their own processes, with it and without it."""

import gc
import logging
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psutil
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from tiny import save_classifier, save_each_shape

from nlpcli.engines.job import ComputeSpec, ModelSpec
from nlpcli.engines.worker import client, place, remote_run
from nlpcli.engines.worker.messages import RunRequest
from nlpcli.records.record import Origin, Record
from nlpcli.tasks.sentiment import SentimentOptions
from tests.warm_python import nlpcli_command

LINE = b"a b c\n"


class Warm:
    """A private place for a worker, and commands that find it."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(mode=0o700)
        self.environment = {**os.environ, "XDG_RUNTIME_DIR": str(folder)}

    def command(self, *arguments):
        return [sys.executable, "-m", "nlpcli", *map(str, arguments)]

    def __call__(self, *arguments, stdin=b"", **environment):
        return subprocess.run(
            [*nlpcli_command(), *map(str, arguments)], input=stdin, capture_output=True, check=False, timeout=300,
            env={**self.environment, **environment},
        )  # fmt: skip

    def open(self, *arguments):
        return subprocess.Popen(
            self.command(*arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=self.environment,
        )  # fmt: skip

    def status(self):
        """What the worker says of itself, asked from this process: a command would take longer than what is waited for."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_RUNTIME_DIR", str(self.folder))
            return client.status()

    def models(self, folder):
        """How often each loaded model of a folder was used."""
        return [runs for name, _, _, _, runs, _ in self.status().models if name == str(folder)]

    def running(self):
        found = self.status()
        return None if found is None else found.running

    def seconds_computed(self):
        """What the worker has had of the processor."""
        times = psutil.Process(self.status().process).cpu_times()
        return times.user + times.system

    def connected(self):
        stream = socket.socket(socket.AF_UNIX)
        stream.connect(str(self.folder / "nlpcli" / "worker.sock"))
        stream.settimeout(10)
        return stream

    def wait_until(self, holds, seconds=20):
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end
            time.sleep(0.002)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return save_each_shape(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def shared_warm(tmp_path_factory):
    warm = Warm(tmp_path_factory.mktemp("place") / "run")
    assert warm("serve", "start", "--keep-alive", "3m").returncode == 0
    yield warm
    warm("serve", "stop")


@pytest.fixture
def warm(tmp_path):
    """One of its own, for tests that hurt it."""
    warm = Warm(tmp_path / "run")
    assert warm("serve", "start", "--keep-alive", "90s").returncode == 0
    yield warm
    warm("serve", "stop")


JSONL = b'{"id": 1, "text": "a b", "x": 1.10}\n{"id": 12345678901234567890123, "text": "d"}\n{"id": 3}\n{broken\n'


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        ("sentiment -m {classifier}", b"a b\n\nc d e\n"),
        ("sentiment -m {classifier} --all-scores -F jsonl", b"a\xff b\nc\n"),
        ("sentiment -m {classifier} --aggregate", b"a\nb\nc\n"),
        ("sentiment -m {classifier} -v --input-format jsonl", JSONL),
        ("sentiment -m {classifier} --input-format jsonl --on-error fail", JSONL),
        ("sentiment -m {classifier} --input-format jsonl --on-error skip -F csv", JSONL),
        ("sentiment -m {classifier} -o /dev/full", b"a\n"),
        ("sentiment -m {classifier} --threshold 3", b""),
        ("sentiment -m {classifier} -i none.txt", b""),
        ("embed -m {classifier}", b"a b\nc\n"),
        ("embed -m {classifier} -F npy", b"a b\nc\n"),
        ("embed -m {classifier} -F npy", b""),
        ("embed -m {classifier} --precision int8 -F parquet", b"a b\nc\n"),
        ("embed -m {classifier} --search c --top 1 --input-format jsonl -F jsonl", JSONL),
        ("embed -m {classifier} --similarity -F jsonl", b"a b\nc\nd\n"),
        ("embed -m {classifier} --chunks -F jsonl", b"a b. c d\n"),
        ("attention-inspect -m {classifier} -F jsonl --top 1", b"a b c\n"),
        ("attention-inspect -m {classifier}", b"a b c\n"),
        ("attention-inspect -m {classifier} --compare c", b"a b c\n"),
        ("generate -m {decoder} --seed 3 --max-tokens 6", b"a b c"),
        ("generate -m {decoder} --greedy --max-tokens 4 --per line -F jsonl", b"a b c\nd\n"),
        ("generate -m {decoder} --seed 1 --n 2 --max-tokens 3 -F json", b"a b c"),
        ("summarize -m {seq2seq} --max-words 2", b"a b c d e f. g h i j k l."),
    ],
)
def test_with_the_worker_and_without_it_a_command_does_the_same(shared_warm, models, arguments, stdin):
    words = arguments.format(**models).split()
    before = shared_warm.status().requests
    there, here = shared_warm(*words, stdin=stdin), shared_warm(*words, "--no-server", stdin=stdin)
    assert (there.returncode, there.stdout, there.stderr) == (here.returncode, here.stdout, here.stderr)
    assert there.returncode in {0, 1, 2, 3}
    if there.returncode != 2 and stdin:
        assert shared_warm.status().requests > before


def test_files_are_read_and_written_where_the_command_runs(shared_warm, models, tmp_path):
    (tmp_path / "in.csv").write_text("id,review\n1,a b\n2,c d\n")
    (tmp_path / "template.txt").write_text("{{ id }} {{ review }}")
    arguments = ["generate", "-m", models["decoder"], "--greedy", "--max-tokens", "3", "--template", "template.txt"]
    results = []
    for name, own in (("there.csv", []), ("here.csv", ["--no-server"])):
        command = shared_warm.command(*arguments, "-i", "in.csv", "--field", "review", "-o", name, *own)
        subprocess.run(command, cwd=tmp_path, env=shared_warm.environment, check=True, timeout=120)
        results.append((tmp_path / name).read_bytes())
    assert results[0] == results[1]
    (tmp_path / "model").symlink_to(models["classifier"])
    command = shared_warm.command("sentiment", "-m", "./model", "a b")
    assert subprocess.run(command, cwd=tmp_path, env=shared_warm.environment, check=False, timeout=120).returncode == 0


def test_a_warm_call_imports_neither_torch_nor_numpy_nor_typer(shared_warm, models):
    shared_warm("sentiment", "-m", models["classifier"], stdin=LINE)
    command = [sys.executable, "-X", "importtime", "-m", "nlpcli", "sentiment", "-m", str(models["classifier"])]
    done = subprocess.run(command, input=LINE, capture_output=True, env=shared_warm.environment, check=True, timeout=60)
    names = {line.rpartition("|")[2].strip() for line in done.stderr.decode().splitlines()}
    assert "nlpcli.engines.worker.client" in names
    assert not names & {"torch", "transformers", "numpy", "typer", "asyncio", "pyarrow", "nlpcli.cli.app"}


@pytest.fixture
def in_this_process(shared_warm, monkeypatch, capfdbinary):
    """Runs a command line in this process, in the environment of the shared worker's commands."""
    from nlpcli.__main__ import run

    monkeypatch.setenv("XDG_RUNTIME_DIR", str(shared_warm.folder))
    if "OMP_WAIT_POLICY" not in os.environ:
        monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
        monkeypatch.setenv("GOMP_SPINCOUNT", "1000")
    logger = logging.getLogger("nlpcli")
    before = logger.handlers, logger.propagate, logger.level
    yield lambda *arguments: (run([*map(str, arguments)]), *capfdbinary.readouterr())
    logger.handlers, logger.propagate, logger.level = before


def test_no_socket_is_left_open(shared_warm, in_this_process, models, tmp_path, monkeypatch):
    (tmp_path / "in.txt").write_bytes(LINE)
    asked = shared_warm.status().requests
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always", ResourceWarning)
        statuses = [
            in_this_process("sentiment", "-m", models["classifier"], *words)[0]
            for words in (
                ["a b"],
                ["-i", tmp_path / "in.txt"],
                ["-i", tmp_path / "none.txt"],
                ["--threshold", "3", "a"],
            )
        ]
        assert client.reason_against() == ""
        monkeypatch.setenv("HF_HOME", str(tmp_path))
        assert "HF_HOME" in client.reason_against()
        (tmp_path / "nlpcli").mkdir(mode=0o700)
        with socket.socket(socket.AF_UNIX) as killed:
            killed.bind(str(tmp_path / "nlpcli" / "worker.sock"))
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
        assert client.connect() is None
        gc.collect()
    assert statuses == [0, 0, 1, 2]
    assert shared_warm.status().requests == asked + 2
    assert [str(one.message) for one in found] == []


def test_a_model_stays_loaded_and_one_that_changed_is_loaded_again(shared_warm, tmp_path):
    folder = save_classifier(tmp_path / "one")

    for _ in range(2):
        shared_warm("sentiment", "-m", folder, stdin=LINE)
    assert shared_warm.models(folder) == [2]
    (folder / "config.json").touch()
    shared_warm("sentiment", "-m", folder, stdin=LINE)
    assert sorted(shared_warm.models(folder)) == [1, 2]
    for file in folder.iterdir():
        file.unlink()
    gone = shared_warm("sentiment", "-m", folder, stdin=LINE)
    assert gone.stderr == shared_warm("sentiment", "-m", folder, "--no-server", stdin=LINE).stderr
    assert gone.returncode == 1


@contextmanager
def run_of(warm, folder, **options):
    """A run of this process over a connection, as a command has it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(warm.folder))
        if "OMP_WAIT_POLICY" not in os.environ:
            # As a command sets them for its own threads (`let_threads_wait`).
            patch.setenv("OMP_WAIT_POLICY", "PASSIVE")
            patch.setenv("GOMP_SPINCOUNT", "1000")
        connection = client.connect()
        assert connection, client.reason_against()
    encoded = msgspec.Raw(msgspec.msgpack.encode(SentimentOptions(**options)))
    request = RunRequest("sentiment", encoded, ModelSpec(str(folder)), ComputeSpec(), spelled=True)
    run = remote_run.Run(connection, request, False, lambda text, fraction=None: None, lambda record, piece: None)
    try:
        yield run
    finally:
        connection.close()


def test_a_command_keeps_no_more_records_than_the_worker_has_taken_up(shared_warm, models):
    most = 0

    def records():
        nonlocal most
        for number in range(30_000):
            most = max(most, len(run._kept))
            yield Record(f"a b {number}", {}, Origin("x", number))

    with run_of(shared_warm, models["classifier"], result="aggregate") as run:
        rows = list(run.results(records()))
    assert sum(row.result["count"] for row in rows) == 30_000
    assert most < 12_000


def test_what_a_few_records_were_is_kept_until_there_is_a_result(shared_warm, models):
    records = [Record("a b", {}, Origin("x", number)) for number in range(100)]
    with run_of(shared_warm, models["classifier"], result="aggregate") as run:
        assert list(run.results(records))
    assert list(run._kept) == list(range(100))


def test_the_models_of_status_are_said_to_programs(shared_warm, models):
    shared_warm("sentiment", "-m", models["classifier"], stdin=LINE)
    said = msgspec.json.decode(shared_warm("serve", "status", "--json").stdout)
    assert str(models["classifier"]) in [model["name"] for model in said["models"]]
    assert said["process"] == shared_warm.status().process


def test_a_run_over_a_model_that_is_deleted_meanwhile_is_finished(shared_warm, tmp_path):
    folder = save_classifier(tmp_path / "one")
    with shared_warm.open("sentiment", "-m", folder) as command:
        command.stdin.write(LINE)
        command.stdin.flush()
        first = command.stdout.readline()
        shutil.rmtree(folder)
        output, complaints = command.communicate(LINE * 100, timeout=60)
    assert (command.returncode, complaints, output) == (0, b"", first * 100)


def test_a_result_leaves_as_soon_as_it_is_there(shared_warm, models):
    with shared_warm.open("sentiment", "-m", models["classifier"]) as command:
        for _ in range(3):
            command.stdin.write(LINE)
            command.stdin.flush()
            assert command.stdout.readline().endswith(b"a b c\n")
        command.stdin.close()
        assert command.wait(60) == 0


def test_a_worker_of_another_environment_is_not_used(shared_warm, models, tmp_path):
    before = shared_warm.status().requests
    other = shared_warm("sentiment", "-m", models["classifier"], stdin=LINE, HF_HOME=str(tmp_path))
    assert other.returncode == 0
    assert shared_warm.status().requests == before


@pytest.mark.parametrize(
    "content",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        (1 << 30).to_bytes(4) + b"x" * 1000,
        (3).to_bytes(4) + b"abc",
        (2).to_bytes(4) + b"\x91\x01",
        (4).to_bytes(4) + b"\x92\xa1\xff\x01",
        b"",
    ],
)
def test_what_is_no_message_ends_its_own_connection_alone(shared_warm, models, content):
    with shared_warm.connected() as stream:
        stream.sendall(content)
        stream.shutdown(socket.SHUT_WR)
        assert stream.recv(100) == b""
    assert shared_warm("sentiment", "-m", models["classifier"], stdin=LINE).returncode == 0


def test_a_worker_killed_before_the_first_result_costs_nothing_but_time(warm, models):
    with warm.open("sentiment", "-m", models["classifier"]) as command:
        warm.wait_until(lambda: warm.running() == 1)
        os.kill(warm.status().process, signal.SIGKILL)
        output, complaints = command.communicate(b"a b c\nd e\n", timeout=240)
    assert (command.returncode, complaints, output.count(b"\n")) == (0, b"", 2)
    # What it left of its socket is in nobody's way.
    assert warm("sentiment", "-m", models["classifier"], stdin=LINE).returncode == 0
    assert warm("serve", "start").returncode == 0
    assert warm.status().requests == 0


def test_a_worker_killed_in_the_middle_is_said_and_nothing_partial_is_kept(warm, models, tmp_path):
    output = tmp_path / "out.jsonl"
    with warm.open("sentiment", "-m", models["classifier"], "-o", output) as command:
        command.stdin.write(LINE)
        command.stdin.flush()
        warm.wait_until(lambda: warm.running() == 1 and next(tmp_path.glob(".out*")).stat().st_size)
        os.kill(warm.status().process, signal.SIGKILL)
        _, complaints = command.communicate(LINE, timeout=60)
    assert command.returncode == 1
    assert b"worker ended in the middle" in complaints
    assert list(tmp_path.glob("*out*")) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_command_that_is_gone_is_no_work_of_the_worker(shared_warm, models, number):
    with shared_warm.open("sentiment", "-m", models["classifier"]) as command:
        command.stdin.write(LINE * 5000)
        command.stdin.flush()
        command.stdout.readline()
        assert shared_warm.running() == 1
        before = shared_warm.seconds_computed()
        command.send_signal(number)
        command.wait(60)
    shared_warm.wait_until(lambda: shared_warm.running() == 0)
    # 0.2 s on a quiet machine (docs/serve.md has what was measured); the processor's, of which others may have a share.
    assert shared_warm.seconds_computed() - before < 1


def test_a_command_whose_reader_went_away_ends_with_its_work_though_it_has_nothing_to_write(shared_warm, models):
    with shared_warm.open("sentiment", "-m", models["classifier"], "--aggregate") as command:
        command.stdin.write(LINE * 20_000)
        command.stdin.flush()
        shared_warm.wait_until(lambda: shared_warm.running() == 1)
        before = shared_warm.seconds_computed()
        command.stdout.close()
        assert command.wait(60) == 141
        assert command.stderr.read() == b""
    shared_warm.wait_until(lambda: shared_warm.running() == 0)
    assert shared_warm.seconds_computed() - before < 1


def test_where_results_go_into_a_file_nobody_needs_to_read_standard_output(shared_warm, models, tmp_path):
    with shared_warm.open("sentiment", "-m", models["classifier"], "-o", tmp_path / "out.txt") as command:
        command.stdout.close()
        command.stdin.write(LINE * 3)
        command.stdin.close()
        assert command.wait(60) == 0
    assert (tmp_path / "out.txt").read_bytes().count(b"\n") == 3


def test_of_two_starts_at_once_one_worker_comes(tmp_path):
    warm = Warm(tmp_path / "run")
    with ThreadPoolExecutor(2) as pool:
        started = list(pool.map(lambda _: warm("serve", "start"), range(2)))
    assert [done.returncode for done in started] == [0, 0]
    assert started[0].stdout == started[1].stdout
    assert warm("serve", "stop").returncode == 0
    assert warm.status() is None
    # Every later call would ask behind it.
    assert not (warm.folder / "nlpcli" / "worker.sock").exists()


def test_a_suspended_worker_is_not_waited_for_and_goes_on_afterwards(warm, models):
    process = warm.status().process
    os.kill(process, signal.SIGSTOP)
    assert warm("sentiment", "-m", models["classifier"], stdin=LINE).returncode == 0
    os.kill(process, signal.SIGCONT)
    assert warm("sentiment", "-m", models["classifier"], stdin=LINE).returncode == 0
    assert warm.status().requests >= 1


def test_a_call_that_keeps_warm_leaves_a_worker_with_its_model(tmp_path, models):
    warm = Warm(tmp_path / "run")
    cold = warm("sentiment", "-m", models["classifier"], "--keep-warm", "5m", stdin=LINE)
    try:
        warm.wait_until(lambda: (found := warm.status()) and found.models, seconds=60)
        assert warm.status().keep_alive == 300
        assert warm("sentiment", "-m", models["classifier"], stdin=LINE).stdout == cold.stdout
        assert warm.models(models["classifier"]) == [2]
    finally:
        warm("serve", "stop")


def test_a_worker_ends_when_it_has_nothing_to_do(tmp_path):
    warm = Warm(tmp_path / "run")
    assert warm("serve", "start", "--keep-alive", "1s").returncode == 0
    warm.wait_until(lambda: not (warm.folder / "nlpcli" / "worker.sock").exists())


def test_the_socket_is_its_users_alone(shared_warm):
    folder = shared_warm.folder / "nlpcli"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "worker.sock").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can be somebody else")
def test_another_user_is_refused(tmp_path):
    from nlpcli.engines.worker.sockets import is_own_user

    path = f"/tmp/nlpcli-test-{os.getpid()}.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        Path(path).chmod(0o777)
        listening.listen()
        speak = f"import os, socket, time; os.setuid(65534); s = socket.socket(socket.AF_UNIX); s.connect({path!r}); time.sleep(5)"
        other = subprocess.Popen([sys.executable, "-c", speak])
        connection, _ = listening.accept()
        with connection:
            assert not is_own_user(connection)
        other.kill()
        other.wait()
    Path(path).unlink()


def test_a_folder_that_others_can_open_is_refused(models):
    # Of a longer path than a socket's may be there is another folder.
    with tempfile.TemporaryDirectory(dir="/tmp") as short:
        warm = Warm(Path(short) / "run")
        (warm.folder / "nlpcli").mkdir(mode=0o755)
        done = warm("serve", "start")
        assert done.returncode == 1
        assert warm("sentiment", "-m", models["classifier"], stdin=LINE).returncode == 0


def test_a_run_goes_on_when_worker_and_command_were_suspended(warm, models):
    process = warm.status().process
    with warm.open("sentiment", "-m", models["classifier"]) as command:
        command.stdin.write(LINE)
        command.stdin.flush()
        first = command.stdout.readline()
        both = command.pid, process
        try:
            for each in both:
                os.kill(each, signal.SIGSTOP)
            warm.wait_until(lambda: all(map(place.is_suspended, both)))
            time.sleep(0.3)
        finally:
            for each in both:
                os.kill(each, signal.SIGCONT)
        output, complaints = command.communicate(LINE * 10, timeout=60)
    assert (command.returncode, complaints, output) == (0, b"", first * 10)


def test_no_deadline_of_the_worker_is_one_of_the_clock_on_the_wall():
    """Whoever sets the clock, or sleeps, ends no worker: what is waited for is measured by `time.monotonic`."""
    for file in Path(place.__file__).parent.glob("*.py"):
        assert "time.time()" not in file.read_text(), file.name


@pytest.mark.skipif(sys.platform != "linux", reason="prlimit is Linux's")
def test_a_model_for_which_there_is_no_memory_is_said_and_others_go_on(warm, models, tmp_path):
    large = save_classifier(tmp_path / "large", type_vocab_size=1_500_000)
    assert warm("sentiment", "-m", models["classifier"], stdin=LINE).returncode == 0
    process = warm.status().process
    size = int(Path(f"/proc/{process}/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.prlimit(process, resource.RLIMIT_AS, (size + 100_000_000, resource.RLIM_INFINITY))
    refused = warm("sentiment", "-m", large, stdin=LINE)
    assert (refused.returncode, refused.stdout, refused.stderr.count(b"\n")) == (1, b"", 1)
    assert b"memory" in refused.stderr
    assert warm("sentiment", "-m", models["classifier"], stdin=LINE).returncode == 0
    assert warm.models(large) == []
    resource.prlimit(process, resource.RLIMIT_AS, before)
    assert warm("sentiment", "-m", large, stdin=LINE).returncode == 0
    assert warm.status().process == process

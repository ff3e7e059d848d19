"""`--engine ray` on a real cluster of two nodes, which the tests start: the same bytes as `local`, whoever dies."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from nlpcli.engines.shards import driver
from nlpcli.engines.shards.crew import Errand, Orders, ShardGivenUp
from nlpcli.engines.shards.folder import Compute, ShardReport, folder_of
from nlpcli.errors import NlpcliError
from nlpcli.records.ranges import Shard
from tests.kills import workers_below
from tests.tiny import save_classifier

pytestmark = pytest.mark.ray
ray = pytest.importorskip("ray")
cluster_utils = pytest.importorskip("ray.cluster_utils")

from nlpcli.engines.ray import cluster as clusters  # noqa: E402
from nlpcli.engines.ray import crew as crews  # noqa: E402
from nlpcli.engines.ray.worker import Answer, WorkerHolder  # noqa: E402
from nlpcli.runtime.runs import Usage  # noqa: E402

COUNT = 3000
NODE = {"num_cpus": 1, "object_store_memory": 80 << 20}


@pytest.fixture(scope="module")
def cluster():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_AUTH_MODE", "disabled")  # its token would lie in the home folder
        patch.setenv("RAY_memory_monitor_refresh_ms", "0")  # it kills workers where others fill the memory
        started = begun()
        yield started
        started.shutdown()


def begun():
    """A cluster of two nodes. Ray gives a node 30 s to start, which a machine that is very busy may not have."""
    started = cluster_utils.Cluster()
    try:
        started.add_node(**NODE, include_dashboard=False)
        started.add_node(**NODE)
    except Exception as problem:
        started.shutdown()
        if "timed out" not in str(problem):
            raise
        pytest.skip(f"Ray does not start on this machine: {problem}")
    return started


@pytest.fixture
def job(call, tmp_path, monkeypatch):
    """A command over many small shards."""
    chance = random.Random(0)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(driver, "_SHARD_SIZE", 1500)
    rows = [{"text": " ".join(chance.choices("abcdefghij", k=9)), "n": n} for n in range(COUNT)]
    rows[7] = {"n": 7}
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    save_classifier(tmp_path / "bert")
    return lambda *options: call("sentiment", "-m", "./bert", "-i", "in.jsonl", "--threads", "1", *options)


class Deadly(WorkerHolder):
    """Dies of shard 1, and holds no model."""

    def open(self, orders, level, environment):
        return Answer(None, None, Usage(), ())

    def compute(self, errand):
        time.sleep(0.2)
        if errand.shard.number == 1:
            os._exit(1)
        return Answer(ShardReport(errand.shard.number, 0, 1, 0, "", 0.0), None, Usage(), ())


def orders_for(folder):
    return Orders(None, [], folder, Path.cwd(), Compute("cpu", "float32", 1, None, ""), "", 0)


def test_a_shard_that_kills_its_worker_three_times_is_given_up_and_the_others_are_not(cluster, tmp_path, monkeypatch):
    ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])
    monkeypatch.setattr(crews, "WorkerHolder", Deadly)
    monkeypatch.setattr(crews, "_LOOK_SECONDS", 0.1)
    with crews.RayCrew(cluster.address, lambda *_: None) as crew:
        reports = [crew.begin(orders_for(tmp_path), Errand(Shard(number, ()))) for number in range(5)]
        assert [reports[number].result(60).number for number in (0, 2, 3, 4)] == [0, 2, 3, 4]
        with pytest.raises(ShardGivenUp, match="died 3 times"):
            reports[1].result(60)
    ray.cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


def test_a_cluster_that_cannot_see_the_files_says_so_in_one_line(cluster, tmp_path, caplog):
    with crews.RayCrew(cluster.address, lambda *_: None) as crew:
        report = crew.begin(orders_for(tmp_path / "elsewhere"), Errand(Shard(0, ())))
        with pytest.raises(NlpcliError, match=r"no node can work on the job; .*elsewhere is not there"):
            report.result(60)


def test_a_part_of_changed_files_with_failures_in_a_folder_is_that_of_one_process(job, cluster, tmp_path):
    source, more = tmp_path / "in.jsonl", tmp_path / "more" / "b.csv"
    more.parent.mkdir()
    more.write_text("text,n\n" + "".join(f"a b {n % 3},{n}\n" for n in range(100)))
    rows = [json.loads(line) for line in source.read_text().splitlines()]
    rows[7]["text"] = "j"

    def write(changed):
        rows[2900:2902] = changed
        source.write_text("".join(json.dumps(row) + "\n" for row in rows))

    write([{"n": 0}, {"text": "i", "n": 1}])
    options = ("-i", "more/b.csv", "-F", "csv", "--no-dedupe")
    kept = (*options, "-o", "out/", "--summary", "summary.json")
    on_ray = ("--engine", "ray", "--ray-address", cluster.address)
    assert job(*kept, "--resume").status == 3
    write([{"text": "j i h", "n": 0}, {"text": "h", "n": 1}])
    done = job(*kept, "--update", "--retry-errors", "--shard", "2/2", *on_ray)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (done.status, summary["computed"], summary["device"]) == (0, 2, "cpu of Ray"), done.complaints
    assert job(*kept, "--resume").status == job(*options, "-o", "plain/").status == 0
    assert json.loads((tmp_path / "summary.json").read_text())["computed"] == 0
    for name in ("in.csv", "b.csv"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "plain" / name).read_bytes()


def test_the_job_equals_local_though_a_worker_and_a_whole_node_are_killed(job, cluster, tmp_path):
    """The last on the cluster, which takes seconds to notice that the node is gone."""
    assert job("-o", "local.jsonl").status == 3
    third = cluster.add_node(**NODE)
    killed = []

    def wait_for(parts):
        while len([*folder_of(tmp_path / "ray.jsonl").glob("*.part")]) < parts:
            time.sleep(0.02)

    def kill():
        wait_for(3)
        process = workers_below(os.getpid())[0]
        process.kill()
        killed.append(process)
        wait_for(25)
        cluster.remove_node(third, allow_graceful=False)
        killed.append(third)

    killing = threading.Thread(target=kill, daemon=True)
    killing.start()
    done = job("-o", "ray.jsonl", "--engine", "ray", "--ray-address", cluster.address, "--summary", "summary.json")
    killing.join(30)
    assert (done.status, len(killed)) == (3, 2), done.complaints
    assert (tmp_path / "ray.jsonl").read_bytes() == (tmp_path / "local.jsonl").read_bytes()
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert (summary["records"], summary["failed"], summary["device"]) == (COUNT, 1, "cpu of Ray")
    log = b"".join(path.read_bytes() for path in folder_of(tmp_path / "ray.jsonl").glob("done-*.jsonl"))
    marked = [json.loads(line)["done"]["number"] for line in log.splitlines() if b'"done"' in line]
    assert len(marked) == len({*marked})
    # What is done is done for either engine.
    (tmp_path / "ray.jsonl").unlink()
    assert job("-o", "ray.jsonl", "--resume", "--summary", "summary.json").status == 3
    assert json.loads((tmp_path / "summary.json").read_text())["computed"] == 0
    assert (tmp_path / "ray.jsonl").read_bytes() == (tmp_path / "local.jsonl").read_bytes()


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (("--ray-address", "127.0.0.1:1"), 1, "no Ray cluster at 127.0.0.1:1"),
        (("--ray-address", "ray://head:10001"), 2, "takes HOST:PORT"),
    ],
)
def test_a_cluster_that_is_not_there_is_named(job, options, status, said):
    done = job("-o", "out.jsonl", "--engine", "ray", *options)
    assert (done.status, said in done.complaints.decode()) == (status, True), done.complaints


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("a text", "-o", "o.jsonl", "--engine", "ray"), "need files"),
        (("-i", "in.jsonl", "--engine", "ray"), "need one: -o"),
        (("-i", "in.jsonl", "-o", "o.jsonl", "--ray-address", "auto"), "for --engine ray"),
    ],
)
def test_what_ray_cannot_do_is_refused_before_anything_starts(call, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.jsonl").write_text('{"text": "a"}\n')
    done = call("sentiment", *arguments)
    assert (done.status, said in done.complaints.decode()) == (2, True), done.complaints
    assert {path.name for path in tmp_path.iterdir()} == {"in.jsonl"}


def test_a_signal_while_ray_starts_ends_the_run_as_it_does_elsewhere(monkeypatch):
    starters: list[threading.Thread] = []

    def beginning(*_, **__):
        starters.append(threading.current_thread())
        if threading.current_thread() is threading.main_thread():  # as Ray does
            signal.signal(signal.SIGTERM, lambda number, _: sys.exit(number))
        signal.pthread_kill(threading.main_thread().ident, signal.SIGTERM)

    monkeypatch.setattr(ray, "init", beginning)
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    try:
        with clusters.connected(None):
            # What Ray starts on Linux ends with the thread that started it.
            assert starters[0].is_alive()
    finally:
        signal.signal(signal.SIGTERM, before)
    starters[0].join(10)
    assert not starters[0].is_alive()
    assert heard == [signal.SIGTERM]


def test_without_ray_it_is_said_what_to_install(job, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    done = job("-o", "out.jsonl", "--engine", "ray")
    assert (done.status, b"pip install 'nlpcli[ray]'" in done.complaints) == (1, True), done.complaints

"""How many threads are worth starting, by what the system says of cores, affinity and quotas."""

import os

import pytest

from nlpcli.runtime import cores
from nlpcli.runtime.cores import usable_cores


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with so many CPUs, `threads` of them on each core, and files of control groups."""

    def make(cpus, threads=1, files=None):
        monkeypatch.setattr(cores, "_allowed", lambda: set(cpus))
        for cpu in range(max(cpus) + 1):
            first = cpu // threads * threads
            siblings = ",".join(str(number) for number in range(first, first + threads))
            write(tmp_path / f"sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list", siblings)
        for name, content in (files or {}).items():
            write(tmp_path / name, content)
        return tmp_path

    return make


def write(file, content):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content + "\n")


def test_threads_of_one_core_count_once(machine):
    assert usable_cores(machine(range(8), threads=2)) == 4


def test_affinity_takes_cores_away(machine):
    assert usable_cores(machine([0, 1, 6], threads=2)) == 2


@pytest.mark.parametrize(
    ("quota", "expected"),
    [("max 100000", 8), ("200000 100000", 2), ("150000 100000", 2), ("10000 100000", 1), ("1600000 100000", 8)],
)
def test_a_quota_bounds_them(machine, quota, expected):
    files = {"proc/self/cgroup": "0::/pod/container", "sys/fs/cgroup/pod/container/cpu.max": quota}
    assert usable_cores(machine(range(8), files=files)) == expected


def test_the_quota_of_a_group_above_counts_too(machine):
    files = {
        "proc/self/cgroup": "0::/pod/container",
        "sys/fs/cgroup/pod/cpu.max": "300000 100000",
        "sys/fs/cgroup/pod/container/cpu.max": "max 100000",
    }
    assert usable_cores(machine(range(8), files=files)) == 3


def test_version_1_has_two_files(machine):
    files = {
        "proc/self/cgroup": "5:memory:/x\n4:cpu,cpuacct:/docker/1",
        "sys/fs/cgroup/cpu,cpuacct/docker/1/cpu.cfs_quota_us": "250000",
        "sys/fs/cgroup/cpu,cpuacct/docker/1/cpu.cfs_period_us": "100000",
    }
    assert usable_cores(machine(range(8), files=files)) == 3


@pytest.mark.parametrize("content", ["", "-1 100000", "0x10 100000", "100000", "100000 0", "a b c"])
def test_what_cannot_be_read_bounds_nothing(machine, content):
    files = {"proc/self/cgroup": "0::/", "sys/fs/cgroup/cpu.max": content}
    assert usable_cores(machine(range(4), files=files)) == 4


def test_a_system_without_such_files_has_as_many_as_this_process_may_use(tmp_path):
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert usable_cores(tmp_path) == allowed

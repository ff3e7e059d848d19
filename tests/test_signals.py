"""How signals end a run: at once, with nothing left behind and the status that shells expect."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

if os.name != "posix":
    pytest.skip("these are signals of POSIX", allow_module_level=True)

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT]
QUICK = 1.0

BUSY = """
import sys, time
from pathlib import Path
{before}
from nlpcli.signals import leave_when_signaled, put_away_if_killed
leave_when_signaled()
half_made = Path(sys.argv[1])
with put_away_if_killed(half_made.unlink):
    half_made.touch()
    while True:
        try:
            {work}
        except BaseException:
            pass  # as imports of large modules do with the exception that stands for Ctrl-C
"""
WORK = {
    "waits": "time.sleep(1)",
    "computes": "sum(range(10**6))",
    "reads": "sys.stdin.buffer.raw.read(1)",
}


def ended(process, number):
    """The status, and how many seconds of the processor it took."""
    before = psutil.Process(process.pid).cpu_times()
    children = os.times()
    process.send_signal(number)
    status = process.wait(30)
    after = os.times()
    whole = after.children_user + after.children_system - children.children_user - children.children_system
    took = whole - before.user - before.system
    process.stdin.close()
    return status, took


def wait_for(condition, process):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.01)


def busy(tmp_path, work="waits", before=""):
    script = BUSY.format(work=WORK[work], before=before)
    process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "half")], stdin=subprocess.PIPE)
    wait_for((tmp_path / "half").exists, process)
    return process


@pytest.mark.parametrize("work", WORK)
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_signal_ends_a_process_that_swallows_exceptions_and_what_is_half_made_goes(tmp_path, number, work):
    status, seconds = ended(busy(tmp_path, work), number)
    assert status == 128 + number
    assert seconds < QUICK
    assert list(tmp_path.iterdir()) == []


def test_what_the_caller_has_ignored_stays_ignored(tmp_path):
    process = busy(tmp_path, before="import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)")
    process.send_signal(signal.SIGHUP)
    time.sleep(0.3)
    assert process.poll() is None
    assert ended(process, signal.SIGTERM)[0] == 128 + signal.SIGTERM


MAKING = """
import os, signal, sys, time
from pathlib import Path
from nlpcli.records import part_files
from nlpcli.signals import leave_when_signaled

def signaled(final, new=part_files._new_part):
    made = new(final)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(0.3)  # the thread that ends the process has heard of it
    return made

leave_when_signaled()
part_files._new_part = signaled
with part_files.PartFile(Path(sys.argv[1]), "out"):
    time.sleep(30)
"""


def test_a_signal_just_after_a_file_was_made_leaves_none(tmp_path):
    done = subprocess.run([sys.executable, "-c", MAKING, str(tmp_path / "out.txt")], timeout=60, check=False)
    assert done.returncode == 128 + signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


SAVING = """
import os, signal, sys, threading, time
from pathlib import Path
from nlpcli.records.part_files import PartFile
from nlpcli.signals import leave_when_signaled, making, put_away_if_killed

lock = threading.Lock()

def save():
    with lock, PartFile(Path(sys.argv[1]), "out") as part:
        part.stream.write(b"all")
        part.put_in_place()

leave_when_signaled()
with put_away_if_killed(save), lock:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(0.3)
    with making():
        pass
time.sleep(30)
"""


def test_what_is_saved_at_the_end_may_make_a_file_and_wait_for_a_thread_that_makes_one(tmp_path):
    done = subprocess.run([sys.executable, "-c", SAVING, str(tmp_path / "out.txt")], timeout=25, check=False)
    assert done.returncode == 128 + signal.SIGTERM
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"all"]


FAILING = """
import os, signal, sys, time
from functools import partial
from pathlib import Path
from nlpcli.signals import leave_when_signaled, put_away_if_killed

leave_when_signaled()
with put_away_if_killed(Path(sys.argv[1]).touch), put_away_if_killed(partial(time.sleep, 0.5)):
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(0.2)  # what the signal puts away is put away, and this fails for want of it
time.sleep(30)
"""


def test_what_is_saved_at_the_end_is_saved_though_what_made_it_fails_because_of_the_signal(tmp_path):
    done = subprocess.run([sys.executable, "-c", FAILING, str(tmp_path / "saved")], timeout=25, check=False)
    assert done.returncode == 128 + signal.SIGTERM
    assert (tmp_path / "saved").exists()


PUT_IN_PLACE = """
import os, signal, time
from functools import partial
from nlpcli.__main__ import main
from nlpcli.records.part_files import PartFile
from nlpcli.signals import put_away_if_killed

def signaled(part, durable=False, put_in_place=PartFile.put_in_place):
    os.kill(os.getpid(), signal.SIGTERM)
    while part._path.exists():
        time.sleep(0.01)
    put_in_place(part, durable)

PartFile.put_in_place = signaled
with put_away_if_killed(partial(time.sleep, 0.5)):
    main()
"""


def test_what_fails_because_of_a_signal_is_not_said(tmp_path):
    command = ["extract", "--mask", "--kinds", "email", "-o", str(tmp_path / "out.jsonl"), "a@b.org"]
    done = subprocess.run(
        [sys.executable, "-c", PUT_IN_PLACE, *command], timeout=60, check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (128 + signal.SIGTERM, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.starter
@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("seconds", [0.0, 0.4, 1.0])
def test_a_signal_during_start_up_leaves_no_file(starter, tmp_path, number, seconds):
    process = subprocess.Popen(
        [sys.executable, "-m", "nlpcli", "embed", "-o", str(tmp_path / "out.jsonl")],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    wait_for(lambda: any(tmp_path.iterdir()), process)
    time.sleep(seconds)
    status, took = ended(process, number)
    with process.stderr as complaints:
        assert (status, complaints.read()) == (128 + number, b"")
    assert took < QUICK
    assert list(tmp_path.iterdir()) == []

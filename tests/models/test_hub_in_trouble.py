"""What goes wrong between here and the hub: slow, renamed, damaged, two at a time, and no network at all."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hub_server import FILES, NEWER, Repository

from nlpcli.tasks.base import TASKS

IMPATIENT = {"HF_HUB_ETAG_TIMEOUT": "1", "HF_HUB_DOWNLOAD_TIMEOUT": "1"}


def weights(done):
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.decode().removesuffix("\n"), "model.safetensors").read_bytes()


def complaint(done):
    """The one line that a failed run says, behind the one that says what it fetches."""
    assert (done.returncode, done.stdout) == (1, b"")
    lines = done.stderr.decode().splitlines()
    assert [line for line in lines[:-1] if not line.startswith("nlpcli: fetching ")] == []
    return lines[-1]


@pytest.mark.parametrize("damaged", [b"WEIGHTS " * 1000, b"weights " * 999 + b"weights!"])
def test_weights_that_are_not_what_the_hub_says_are_refused_and_not_kept(hub, pull, nlpcli, damaged):
    hub.repositories["owner/tiny"].served["model.safetensors"] = damaged
    line = complaint(pull("owner/tiny"))
    assert "not what the hub says it has (model.safetensors)" in line
    assert "HF_ENDPOINT" in line
    assert "owner/tiny is not in the cache" in complaint(nlpcli("models", "path", "owner/tiny"))
    hub.repositories["owner/tiny"].served.clear()
    hub.requests.clear()
    assert weights(pull("owner/tiny")) == FILES["model.safetensors"]
    assert hub.downloads() == {"model.safetensors"}


def test_a_small_file_is_checked_too(hub, pull):
    hub.repositories["owner/tiny"].served["config.json"] = b"[]"
    assert "(config.json)" in complaint(pull("owner/tiny"))


def test_a_gguf_file_is_checked_too(hub, pull):
    hub.repositories["owner/tiny"].revisions["main"] = {**FILES, "a.gguf": b"GGUF"}
    hub.repositories["owner/tiny"].served["a.gguf"] = b"FUGG"
    assert "(a.gguf)" in complaint(pull("owner/tiny/a.gguf"))


@pytest.mark.parametrize("served", [b"weights", b"weights " * 1001])
def test_weights_of_another_length_are_refused(hub, pull, served):
    hub.repositories["owner/tiny"].served["model.safetensors"] = served
    line = complaint(pull("owner/tiny"))
    assert "owner/tiny" in line
    assert "not kept" in line
    assert "make room" not in line


def test_a_hub_that_does_not_answer_in_time_is_said_and_the_cached_copy_serves(hub, pull):
    fetched = pull("owner/tiny")
    hub.delay = 4
    with ThreadPoolExecutor(2) as at_once:
        slow, other = at_once.map(lambda name: pull(name, **IMPATIENT), ("owner/tiny", "owner/other"))
    assert slow.stdout == fetched.stdout
    assert slow.stderr == b"nlpcli: the hub does not answer; using the cached copy of owner/tiny\n"
    assert "check the network or HF_ENDPOINT" in complaint(other)


def test_a_slow_hub_is_waited_for(hub, pull):
    hub.delay = 0.2
    assert weights(pull("owner/tiny")) == FILES["model.safetensors"]


def test_a_download_that_stalls_is_not_waited_for_but_asked_for_again(hub, pull):
    hub.stall_in = "model.safetensors"
    done = pull("owner/tiny", **IMPATIENT)
    hub.released.set()
    assert weights(done) == FILES["model.safetensors"]


def test_a_model_that_was_renamed_is_found_under_its_old_name(hub, pull):
    hub.repositories["owner/new"] = hub.repositories["owner/tiny"]
    hub.repositories["owner/tiny"] = Repository(moved_to="owner/new")
    assert weights(pull("owner/tiny")) == FILES["model.safetensors"]


def test_a_model_that_is_renamed_in_the_middle_of_a_pull_is_fetched_whole(hub, pull):
    def rename():
        hub.repositories["owner/new"] = hub.repositories["owner/tiny"]
        hub.repositories["owner/tiny"] = Repository(moved_to="owner/new")

    hub.after_listing = rename
    assert weights(pull("owner/tiny")) == FILES["model.safetensors"]


def test_a_branch_that_moves_in_the_middle_of_a_pull_gives_one_commit(hub, pull):
    def move():
        hub.repositories["owner/tiny"].revisions = {"main": NEWER, "old": FILES}

    hub.after_listing = move
    done = pull("owner/tiny")
    folder = Path(done.stdout.decode().removesuffix("\n"))
    assert weights(done) == NEWER["model.safetensors"]
    assert len(list(folder.parent.iterdir())) == 1


def test_a_model_that_goes_away_in_the_middle_of_a_pull_is_one_line(hub, pull, nlpcli):
    hub.after_listing = hub.repositories.clear
    assert "the hub has no model owner/tiny" in complaint(pull("owner/tiny"))
    assert "is not in the cache" in complaint(nlpcli("models", "path", "owner/tiny"))


def test_two_pulls_at_once_give_one_model(hub, nlpcli):
    hub.delay = 0.1
    command = [sys.executable, "-m", "nlpcli", "models", "pull", "--quiet", "owner/tiny"]
    pulls = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    outputs = [pull.communicate(timeout=120) for pull in pulls]
    assert [(pull.returncode, errors) for pull, (_, errors) in zip(pulls, outputs, strict=True)] == [(0, b""), (0, b"")]
    assert outputs[0] == outputs[1]
    assert Path(outputs[0][0].decode().strip(), "model.safetensors").read_bytes() == FILES["model.safetensors"]
    assert nlpcli("models", "prune", "--dry-run").stdout == b""
    assert b"\tok\n" in nlpcli("models", "verify", "owner/tiny").stdout


def hf(*arguments):
    command = [Path(sys.executable).with_name("hf"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


def test_the_cache_is_that_of_hf_cache(hub, pull, nlpcli, tmp_path):
    pull("owner/tiny")
    assert "owner/tiny" in hf("cache", "ls")
    hf("cache", "rm", "model/owner/tiny", "--yes")
    assert nlpcli("models", "list").stdout == b""
    # And what others have fetched is not fetched again.
    hf("download", "owner/tiny")
    hub.requests.clear()
    assert b"owner/tiny\t" in nlpcli("models", "list").stdout
    assert weights(nlpcli("models", "path", "owner/tiny")) == FILES["model.safetensors"]
    assert hub.requests == []


NO_SOCKETS = """
import os, socket, traceback

class Blocked(socket.socket):
    def __init__(self, *arguments, **options):
        # urllib3 asks when it is imported whether this machine has IPv6, and connects to nothing.
        if traceback.extract_stack()[-2].name == "_has_ipv6":
            raise OSError("no IPv6 here")
        with open(os.environ["SOCKETS"], "a") as file:
            traceback.print_stack(file=file)
        raise OSError("a socket was opened")

socket.socket = Blocked
"""


@pytest.fixture
def no_sockets(tmp_path, monkeypatch):
    """Every process that starts Python writes down the sockets that it opens, and cannot open them."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(NO_SOCKETS)
    monkeypatch.setenv("PYTHONPATH", f"{folder}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    monkeypatch.setenv("SOCKETS", str(tmp_path / "sockets"))
    # A worker of this user is asked through a socket of this machine; that is not what is looked for.
    monkeypatch.setenv("NLPCLI_SERVER", "off")
    return tmp_path / "sockets"


def test_a_socket_would_be_noticed(hub, pull, no_sockets):
    assert pull("owner/tiny").returncode == 1
    assert "Blocked" not in no_sockets.read_text()
    assert "httpcore" in no_sockets.read_text()


def test_offline_opens_no_socket(hub, nlpcli, no_sockets):
    for arguments in (
        ["embed", "--offline", "-m", "owner/other", "a text"],
        ["sentiment", "--offline", "-m", "owner/other/a.gguf", "a text"],
        ["models", "path", "owner/other"],
        ["models", "list"],
        ["models", "list", "--available"],
        ["models", "verify"],
        ["models", "prune", "--dry-run"],
        ["config", "show"],
    ):
        nlpcli(*arguments)
        assert not no_sockets.exists(), no_sockets.read_text()
    nlpcli("models", "pull", "owner/other", HF_HUB_OFFLINE="1")
    assert not no_sockets.exists(), no_sockets.read_text()


@pytest.fixture
def starters(starter, pull_starter):
    """Every default model, fetched before sockets are blocked."""
    for name in ("starter/sentiment", "starter/en-pt", "starter/smollm2", "starter/glove", "starter/entities"):
        pull_starter(name)


# Options of a task, or the command below it.
OFFLINE = {
    "bias": ["weat"],
    "generate": ["--max-tokens", "2"],
    "translate": ["--to", "pt"],
    "words": ["nearest"],
}
TEXTS = {"bias": "weat-1", "words": "cat"}


@pytest.mark.starter
@pytest.mark.parametrize("task", TASKS)
def test_every_task_runs_offline_without_a_socket(starters, no_sockets, nlpcli, task):
    done = nlpcli(task, *OFFLINE.get(task, []), "--offline", TEXTS.get(task, "The cat sleeps."))
    assert done.returncode == 0, done.stderr
    assert not no_sockets.exists(), no_sockets.read_text()

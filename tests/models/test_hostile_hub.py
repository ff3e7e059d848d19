"""A hub, or a mirror of it, that lies: nothing of its answers becomes a path, and nothing is called sound unproved."""

import hashlib
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hub_server import FILES, NEWER, Repository, commit

from tests.put_back import put_back

OUT = "../../../../../outside"
MD5 = f'"{hashlib.md5(FILES["model.safetensors"]).hexdigest()}"'


def below(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def refusal(done):
    assert (done.returncode, done.stdout) == (1, b""), done.stderr
    lines = done.stderr.decode().splitlines()
    assert all(line.startswith("nlpcli: ") for line in lines), lines
    return lines[-1]


def lie(**values):
    return Repository({"main": FILES}, **values)


def named(name):
    return lie(described={"siblings": [{"rfilename": "model.safetensors"}, {"rfilename": name}]})


def listed(path, **more):
    return lie(listed=[{"type": "file", "path": path, "size": 2, "oid": "0" * 40, **more}])


_NAMES = [
    OUT + ".json", "..\\..\\x.json", "/abs.json", "a\0b.json", "C:\\x.json", "\\\\host\\x.json", "nul", "COM1.json", "x.json.", "a\nb",
    "a/../../x.json",
]  # fmt: skip
_LIES = {
    "ETag": lie(headers={"ETag": f'"{OUT}"'}),
    "absolute ETag": lie(headers={"ETag": '"/tmp/nlpcli-outside"'}),
    "ETag of a device": lie(headers={"ETag": "CON"}),
    "linked ETag": lie(headers={"X-Linked-Etag": f'W/"{OUT}"'}),
    "another hash": lie(headers={"X-Linked-Etag": f'"{"0" * 64}"'}),
    "Xet hash": lie(headers={"X-Xet-Hash": "../x"}),
    "commit": lie(headers={"X-Repo-Commit": OUT}),
    "commit in capitals": lie(headers={"X-Repo-Commit": "A" * 40}),
    "sha": lie(described={"sha": OUT}),
    "a number": lie(described={"sha": 7}),
    "a file elsewhere": lie(headers={"Location": "file:///etc/passwd"}),
    "a path elsewhere": lie(headers={"Location": "/etc/passwd"}),
    "a scheme": lie(headers={"Location": "ftp://x/y"}),
    "no address": lie(headers={"Location": "http://[::1"}),
    "size": lie(headers={"X-Linked-Size": "-1"}),
    "much": lie(headers={"X-Linked-Size": "99999999999999"}),
    "coding": lie(headers={"Content-Encoding": "gzip"}),
    "pointer": lie(
        served={"model.safetensors": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 8000\n"}
    ),
    "short": lie(served={"model.safetensors": b"x"}),
    "hash": listed("a.json", lfs={"oid": OUT, "size": 1}),
    "directory": lie(listed=[{"type": "directory", "path": "../x", "oid": "0" * 40}]),
    **{f"sibling {name!r}": named(name) for name in _NAMES},
    **{f"path {name!r}": listed(name) for name in _NAMES},
}


@pytest.fixture
def pull_here(hub, monkeypatch, tmp_path, capfd):
    """Pulls in this process: the status, and what was said."""
    from huggingface_hub import constants

    from nlpcli.__main__ import run

    patched = {
        "ENDPOINT": hub.url, "HUGGINGFACE_CO_URL_TEMPLATE": hub.url + "/{repo_id}/resolve/{revision}/{filename}",
        "HF_HUB_CACHE": str(tmp_path / "home/hub"), "HF_HUB_OFFLINE": False, "HF_HUB_DISABLE_XET": True,
    }  # fmt: skip
    for name, value in patched.items():
        monkeypatch.setattr(constants, name, value)

    def pull(name):
        with put_back():
            status = run(["models", "pull", "--quiet", name])
        return status, capfd.readouterr().err

    return pull


@pytest.mark.filterwarnings("ignore:Not enough free disk space")
@pytest.mark.parametrize("repository", _LIES.values(), ids=_LIES)
def test_what_is_no_hash_or_no_name_becomes_no_path(hub, pull_here, tmp_path, monkeypatch, repository):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before = below(tmp_path)
    hub.repositories["owner/tiny"] = repository
    status, said = pull_here("owner/tiny")
    assert (status, said.count("\n"), said[:8]) == (1, 1, "nlpcli: "), said
    assert "the hub" in said
    assert "refused" not in said
    made = below(tmp_path) - before
    assert [path for path in made if not path.startswith(("home", "cache"))] == []
    linked = [path for path in made if Path(tmp_path, path).is_symlink()]
    assert [path for path in linked if not Path(tmp_path, path).resolve().is_relative_to(tmp_path / "home/hub")] == []
    assert [path for path in made if path.endswith("model.safetensors")] == []


def test_answers_that_are_none_are_one_line(hub, pull):
    for described in ({"siblings": 3}, {"siblings": [None]}, {"lastModified": "x", "cardData": 3}, {"sha": None}):
        hub.repositories["owner/tiny"] = lie(described=described)
        assert "hub" in refusal(pull("owner/tiny"))


def test_md5_hides_no_flipped_bit_and_what_nobody_knows_is_said(hub, pull, nlpcli, tmp_path):
    mirror = hub.repositories["owner/tiny"] = lie(headers={"ETag": MD5})
    mirror.served["model.safetensors"] = b"Weights " + FILES["model.safetensors"][8:]
    mirror.revisions["main"] = {name: FILES[name] for name in ("config.json", "model.safetensors")}
    assert "not what the hub says it has" in refusal(pull("owner/tiny"))
    mirror.served.clear()
    mirror.revisions["main"] = {"model.safetensors": FILES["model.safetensors"]}
    done = pull("owner/tiny")
    assert done.returncode == 0, done.stderr
    assert nlpcli("models", "verify").stdout.endswith(b"\tok\n")
    for tree in tmp_path.glob("home/hub/models--owner--tiny/trees/*"):
        tree.unlink()
    told = nlpcli("models", "verify")
    assert told.stdout.endswith(b"\tmodel.safetensors cannot be verified\n")
    # Neither sound nor broken: a script can tell.
    assert (told.returncode, told.stderr.count(b"\n")) == (3, 1)
    assert b"owner/tiny cannot be verified whole" in told.stderr


@pytest.fixture
def folder(hub, pull):
    done = pull("owner/tiny")
    # The folder of no name would be the one that the tests run in, which the tests below harm.
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.decode().removesuffix("\n"))


def test_pull_mends_what_is_missing_empty_or_changed(hub, folder, pull, nlpcli):
    (folder / "config.json").resolve().write_bytes(b"")
    (folder / "model.safetensors").resolve().write_bytes(b"other weights")
    (folder / "README.md").resolve().unlink()
    told = nlpcli("models", "verify").stdout.decode()
    assert all(words in told for words in ("config.json is empty", "safetensors has changed", "README.md is a broken"))
    assert pull("owner/tiny").returncode == 0
    assert {name: (folder / name).read_bytes() for name in ("config.json", "model.safetensors", "README.md")} == {
        name: FILES[name] for name in ("config.json", "model.safetensors", "README.md")
    }


def test_prune_and_rm_delete_nothing_behind_a_link(hub, folder, nlpcli, tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "letter").write_text("kept")
    repository = folder.parent.parent
    old = repository / "snapshots" / ("0" * 40)
    old.mkdir()
    (old / "config.json").symlink_to(precious / "letter")
    (old / "sub").symlink_to(precious)
    (repository / "blobs" / "linked").symlink_to(precious / "letter")
    os.utime(repository / "blobs" / "linked", (0, 0), follow_symlinks=False)
    os.utime(old, (0, 0))
    (repository / "snapshots" / ("1" * 40)).symlink_to(precious)
    done = nlpcli("models", "prune", "--yes")
    assert done.returncode == 0, done.stderr
    assert not old.exists()
    assert nlpcli("models", "rm", "--yes", "owner/tiny").returncode == 0
    assert (precious / "letter").read_text() == "kept"


def test_prune_leaves_what_was_asked_for_by_commit_what_is_pinned_and_what_is_being_fetched(
    hub, pull, nlpcli, tmp_path, monkeypatch
):
    hub.repositories["owner/tiny"].revisions["v1"] = FILES
    for revision in (commit(FILES), "main"):
        assert pull("owner/tiny", "--revision", revision).returncode == 0
    hub.repositories["owner/tiny"].revisions["main"] = NEWER
    hub.stall_in = "model.safetensors"
    command = [sys.executable, "-m", "nlpcli", "models", "pull", "--quiet", "owner/tiny"]
    with subprocess.Popen(command) as fetching:
        assert hub.stalled.wait(60)
        assert nlpcli("models", "prune", "--yes").stdout == b""
        hub.released.set()
        assert fetching.wait(60) == 0
    assert nlpcli("models", "prune", "--yes").stdout == b""
    (tmp_path / "home/hub/models--owner--tiny/refs/nlpcli" / commit(FILES)).unlink()
    monkeypatch.setenv("NLPCLI_CONFIG", str(tmp_path / "config.toml"))
    (tmp_path / "config.toml").write_text("")
    (tmp_path / "catalog.toml").write_text(
        f'[alias."mine"]\nmodel = "owner/tiny"\nrevision = "{commit(FILES)}"\ntask = "embed"\n'
    )
    assert nlpcli("models", "prune", "--yes").stdout == b""
    (tmp_path / "catalog.toml").unlink()
    assert b"detached revision" in nlpcli("models", "prune", "--dry-run").stdout


def test_one_bad_entry_takes_no_other_down_and_verify_names_it(hub, folder, pull, nlpcli, tmp_path):
    hub.repositories["owner/other"] = lie()
    assert pull("owner/other").returncode == 0
    repository = folder.parent.parent
    (folder / "README.md").unlink()
    (folder / "README.md").write_text("---\nlicense: [\n---\n")
    (repository / "refs" / "gone").write_text("\udcff\n", errors="surrogateescape")
    (repository / "refs" / "nowhere").write_text("../../..")
    (folder / "loop.json").symlink_to("loop.json")
    bad = tmp_path / "cache" / "models" / "broken"
    bad.mkdir(parents=True)
    (bad / "nlpcli-model.json").write_text("{")
    listed = nlpcli("models", "list")
    assert (listed.returncode, listed.stderr) == (0, b"")
    assert {line.split("\t")[0] for line in listed.stdout.decode().splitlines()} == {
        "owner/tiny", "owner/other", "broken"
    }  # fmt: skip
    verified = nlpcli("models", "verify")
    told = dict(line.split("\t", 1) for line in verified.stdout.decode().splitlines())
    assert told["owner/other"].endswith("ok")
    for words in ("refs/gone cannot be read", "refs/nowhere names a commit", "loop.json is a broken link"):
        assert words in told["owner/tiny"]
    assert "nlpcli-model.json cannot be read" in told["broken"]
    assert nlpcli("models", "rm", "--yes", "broken").returncode == 0
    assert not bad.exists()


def test_a_shared_cache_is_readable_for_those_whom_the_mask_lets_in(hub, pull, tmp_path):
    before = os.umask(0o002)
    try:
        assert pull("owner/tiny").returncode == 0
    finally:
        os.umask(before)
    files = [path for path in tmp_path.rglob("home/hub/**/*") if path.is_file() and not path.is_symlink()]
    assert json.loads(next(path for path in files if path.parent.name == "trees").read_text())
    assert {oct(stat.S_IMODE(path.stat().st_mode)) for path in files if ".locks" not in path.parts} == {"0o664"}

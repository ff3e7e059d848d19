"""`nlpcli models` on a cache that holds one starter model and an older version of it."""

import hashlib
import json
import os
import subprocess
import sys
import time

import pytest

from nlpcli.models.catalog import catalog
from nlpcli.models.sources.made import MANIFEST

NAME = "starter/minilm"
ENTRY = catalog().models[NAME]
FILES = {"config.json": b"{}", "sub/model.safetensors": b"weights"}


def cached_model(root, version):
    folder = root / f"{NAME.replace('/', '--')}-{version}-{ENTRY.origin.sha256[:8]}"
    for file, content in FILES.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(content)
    hashes = {file: hashlib.sha256(content).hexdigest() for file, content in FILES.items()}
    manifest = {"name": NAME, "version": version, "licence": ENTRY.licence, "files": hashes}
    (folder / MANIFEST).write_text(json.dumps(manifest))
    return folder


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("NLPCLI_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    return tmp_path / "cache" / "models"


@pytest.fixture
def model(root):
    return cached_model(root, ENTRY.origin.version)


@pytest.fixture
def superseded(root):
    folder = cached_model(root, "0.0.1")
    os.utime(folder / MANIFEST, (time.time() - 60,) * 2)
    return folder


@pytest.fixture
def models(nlpcli):
    def run_models(*arguments):
        return nlpcli("models", *arguments)

    return run_models


def complaint(done, status=1):
    """The one line that a failed run says."""
    assert done.returncode == status
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("nlpcli: ")
    return line


def test_an_empty_cache_is_no_failure_and_says_where_models_are(root, models):
    listed = models("list")
    assert listed.stdout == b""
    assert complaint(listed, status=0).endswith("nlpcli models list --available")
    assert (models("list", "--json").stdout, models("verify").stdout) == (b"[]\n", b"")
    assert "nothing to delete" in complaint(models("prune", "--yes"), status=0)
    assert not root.exists()


def test_available_models_are_those_of_the_catalogue(root, models):
    rows = json.loads(models("list", "--available", "--json").stdout)
    lines = models("list", "--available").stdout.decode().splitlines()
    assert [row["name"] for row in rows] == [line.split("\t")[0] for line in lines]
    assert {row["name"] for row in rows} == {*catalog().models, *catalog().aliases, "firefox:en-de"}
    assert [row["task"] for row in rows] == sorted(row["task"] for row in rows)


def test_list_tells_name_size_revision_licence_and_source(model, models):
    (row,) = json.loads(models("list", "--json").stdout)
    size = sum(path.stat().st_size for path in model.rglob("*") if path.is_file())
    assert (row["name"], row["revision"], row["size"], row["path"]) == (NAME, ENTRY.origin.version, size, str(model))
    fields = models("list").stdout.decode().removesuffix("\n").split("\t")
    assert [*fields[:2], *fields[3:]] == [NAME, f"{size} B", ENTRY.origin.version, ENTRY.licence, "starter set"]


def test_path_prints_the_folder_of_a_cached_model(model, models):
    assert models("path", NAME).stdout == f"{model}\n".encode()


def test_path_names_the_pull_of_a_model_that_is_not_cached(root, models):
    assert complaint(models("path", NAME)).endswith(f"nlpcli models pull {NAME}")


@pytest.mark.parametrize("command", [["path"], ["pull"], ["rm", "--yes"], ["verify"]], ids=lambda command: command[0])
def test_a_starter_model_that_does_not_exist_is_one_line(model, models, command):
    assert "starter/no-such-model" in complaint(models(*command, "starter/no-such-model"))


def test_verify_names_what_changed_and_the_commands_that_mend_it(model, models):
    assert models("verify", NAME).stdout == f"{NAME}\t2 files\tok\n".encode()
    (model / "config.json").write_text("[]")
    (model / "sub" / "model.safetensors").unlink()
    done = models("verify", "--json")
    assert json.loads(done.stdout)[0]["problems"] == ["config.json has changed", "sub/model.safetensors is missing"]
    assert complaint(done).endswith(f"nlpcli models rm --yes {NAME} && nlpcli models pull {NAME}")


@pytest.mark.parametrize("content", ["{oops", "", "{}", "[]"])
def test_a_model_with_a_damaged_manifest_goes_by_the_name_of_its_folder(model, models, content):
    (model / MANIFEST).write_text(content)
    assert models("list").stdout.decode().startswith(f"{model.name}\t")
    assert f"models rm --yes {model.name}" in complaint(models("verify"))
    assert models("rm", "--yes", model.name).returncode == 0
    assert not model.exists()


def test_prune_shows_first_and_then_deletes_superseded_versions_alone(model, superseded, models):
    (row,) = json.loads(models("prune", "--dry-run", "--json").stdout)
    assert (row["path"], row["reason"]) == (str(superseded), "superseded version")
    assert superseded.exists()
    assert models("prune", "--yes").returncode == 0
    assert (superseded.exists(), model.exists()) == (False, True)


def test_nothing_is_deleted_without_a_yes(model, models):
    assert models("rm", NAME, "--dry-run").returncode == 0
    assert "give --yes" in complaint(models("rm", NAME), status=2)
    assert model.exists()


def test_rm_deletes_every_version_and_then_knows_none(model, superseded, models):
    assert models("rm", NAME, "--yes").stdout.count(b"\tasked for\t") == 2
    assert (model.exists(), superseded.exists()) == (False, False)
    assert f"{NAME} is not in the cache" in complaint(models("rm", NAME, "--yes"))


def test_a_wrong_name_among_several_deletes_none_of_them(model, models):
    assert "owner/other is not in the cache" in complaint(models("rm", "--yes", NAME, "owner/other"))
    assert model.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
@pytest.mark.parametrize(("answer", "status", "kept"), [(b"y\n", 0, False), (b"n\n", 1, True), (b"\n", 1, True)])
def test_on_a_terminal_the_answer_decides(model, answer, status, kept):
    terminal, keyboard = os.openpty()
    os.write(terminal, answer)
    command = [sys.executable, "-m", "nlpcli", "models", "rm", NAME]
    done = subprocess.run(command, stdin=keyboard, capture_output=True, check=False, timeout=60)
    os.close(keyboard)
    os.close(terminal)
    assert (done.returncode, model.exists()) == (status, kept)
    assert done.stderr.startswith(b"Delete these (")


def test_prune_names_what_it_leaves_and_rm_deletes_one_version(model, superseded, models):
    os.utime(superseded / MANIFEST, (time.time() + 60,) * 2)
    done = models("prune", "--yes")
    kept, nothing = done.stderr.decode().splitlines()
    command = f"nlpcli models rm --revision 0.0.1 {NAME}"
    assert kept.endswith(f"used since version {ENTRY.origin.version} came; to delete it: {command}")
    assert (nothing, superseded.exists()) == ("nlpcli: nothing to delete", True)
    assert "at 9 is not in the cache" in complaint(models("rm", "--yes", "--revision", "9", NAME))
    assert models(*command.split()[2:], "--yes").returncode == 0
    assert (superseded.exists(), model.exists()) == (False, True)

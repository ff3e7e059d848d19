"""The hub's models, fetched from a hub on this machine."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hub_server import FILES, NEWER, Repository, commit

from tests.read_only import can_mount, run_read_only

WANTED = {"README.md", "config.json", "1_Pooling/config.json", "model.safetensors"}


def printed_folder(done):
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.decode().removesuffix("\n"))


def files_in(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def complaint(done):
    """The one line that a failed run says."""
    assert (done.returncode, done.stdout) == (1, b"")
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("nlpcli: ")
    return line


def test_a_pull_fetches_what_a_model_needs_alone_and_prints_its_folder(hub, pull):
    folder = printed_folder(pull("owner/tiny"))
    assert files_in(folder) == WANTED
    assert hub.downloads() == WANTED
    assert (folder / "model.safetensors").read_bytes() == FILES["model.safetensors"]


def test_a_quiet_pull_says_nothing_and_a_second_one_fetches_nothing(hub, pull):
    first = pull("--quiet", "owner/tiny")
    hub.requests.clear()
    second = pull("owner/tiny")
    assert (first.stderr, second.stderr) == (b"", b"")
    assert first.stdout == second.stdout
    assert hub.downloads() == set()


@pytest.mark.parametrize("revision", ["v2", commit(NEWER)])
def test_a_revision_is_a_branch_a_tag_or_a_commit(hub, pull, nlpcli, revision):
    folder = printed_folder(pull("owner/tiny", "--revision", revision))
    assert (folder / "model.safetensors").read_bytes() == NEWER["model.safetensors"]
    assert printed_folder(nlpcli("models", "path", "owner/tiny", "--revision", revision)) == folder
    assert "owner/tiny is not in the cache" in complaint(nlpcli("models", "path", "owner/tiny"))


@pytest.mark.parametrize(
    ("repository", "words"),
    [
        (Repository({"main": FILES}, gated=True), "accept its terms at"),
        (Repository(refusal=(403, "GatedRepo")), "set HF_TOKEN"),
        (Repository(refusal=(401, "RepoNotFound")), "the hub has no model owner/other"),
        (Repository(refusal=(401, "")), "set HF_TOKEN to a valid token"),
        (Repository(refusal=(404, "RepoNotFound")), "nlpcli models list --available"),
        (Repository(refusal=(503, "")), "503 Service Unavailable"),
        (Repository({"main": {"config.json": b"{}"}}), "no weights"),
        (Repository({"main": {"q8/a.gguf": b"GGUF"}}), "name the one to use: owner/other/q8/a.gguf"),
    ],
    ids=["gated", "gated at the door", "401", "wrong token", "404", "503", "no weights", "GGUF to choose from"],
)
def test_a_refusal_is_one_line_that_says_what_to_do(hub, pull, repository, words):
    hub.repositories["owner/other"] = repository
    assert words in complaint(pull("owner/other"))


def test_a_revision_that_is_not_there_is_said(hub, pull):
    assert 'owner/tiny has no revision "v9"' in complaint(pull("owner/tiny", "--revision", "v9"))


@pytest.mark.parametrize("name", ["owner/na--me", "owner/na..me", "-owner/name"])
def test_a_name_that_the_hub_does_not_allow_is_no_traceback(hub, pull, name):
    assert "is no name of a model" in complaint(pull("--", name))


def test_pickled_weights_are_refused_before_any_file_is_fetched(hub, pull):
    hub.repositories["owner/pickled"] = Repository({"main": {"config.json": b"{}", "pytorch_model.bin": b"pickle"}})
    assert "convert it once" in complaint(pull("owner/pickled"))
    assert not [line for line in hub.requests if "/resolve/" in line]


@pytest.mark.parametrize("name", ["owner/tiny", "owner/tiny/a.gguf"])
def test_offline_names_the_command_that_would_fetch_it_and_asks_nobody(hub, pull, nlpcli, name):
    for done in (nlpcli("models", "path", name), pull(name, HF_HUB_OFFLINE="1")):
        assert complaint(done).endswith(f"nlpcli models pull {name}")
    assert hub.requests == []


@pytest.mark.parametrize("name", ["owner/tiny", "owner/tiny/a.gguf"])
def test_where_the_hub_is_out_of_reach_the_cached_copy_serves_and_that_is_said_once(hub, pull, name):
    hub.repositories["owner/tiny"].revisions["main"] = {**FILES, "a.gguf": b"GGUF"}
    fetched = pull(name)
    unreachable = pull(name, HF_ENDPOINT="http://127.0.0.1:9")
    hub.repositories["owner/tiny"].refusal = (503, "")
    failing = pull(name)
    for done in (unreachable, failing):
        assert printed_folder(done) == printed_folder(fetched)
        assert done.stderr.decode() == f"nlpcli: the hub does not answer; using the cached copy of {name}\n"


@pytest.mark.parametrize("name", ["owner/tiny", "owner/tiny/a.gguf"])
def test_where_the_hub_is_out_of_reach_and_nothing_cached_the_run_fails_at_once(pull, hub, name):
    assert "check the network or HF_ENDPOINT" in complaint(pull(name, HF_ENDPOINT="http://127.0.0.1:9"))


def test_a_cache_that_cannot_be_written_is_said(hub, pull, tmp_path):
    (tmp_path / "home").write_text("a file, not a folder")
    assert "set HF_HOME" in complaint(pull("owner/tiny"))


def test_a_gguf_file_is_fetched_alone(hub, pull, nlpcli):
    hub.repositories["owner/tiny"].revisions["main"] = {**FILES, "q4/a.gguf": b"GGUF four", "q8/a.gguf": b"GGUF eight"}
    assert printed_folder(pull("owner/tiny/q4/a.gguf")).read_bytes() == b"GGUF four"
    assert hub.downloads() == {"q4/a.gguf"}
    assert printed_folder(nlpcli("models", "path", "owner/tiny/q4/a.gguf")).read_bytes() == b"GGUF four"
    assert "its GGUF files: q4/a.gguf, q8/a.gguf" in complaint(pull("owner/tiny/q5/a.gguf"))


def test_a_connection_that_breaks_is_taken_up_where_it_broke(hub, pull):
    # huggingface_hub writes 10 MB at a time; less than that is begun anew.
    large = b"weights " * 2_700_000
    hub.repositories["owner/tiny"].revisions = {"main": {**FILES, "model.safetensors": large}}
    hub.break_in = "model.safetensors"
    folder = printed_folder(pull("owner/tiny"))
    assert hub.break_in is None
    assert hub.ranges == ["model.safetensors"]
    assert (folder / "model.safetensors").read_bytes() == large


def test_a_killed_pull_is_no_model_and_the_next_one_completes_it(hub, pull, nlpcli):
    hub.stall_in = "model.safetensors"
    with subprocess.Popen([sys.executable, "-m", "nlpcli", "models", "pull", "--quiet", "owner/tiny"]) as killed:
        assert hub.stalled.wait(30)
        killed.kill()
    hub.released.set()
    assert "owner/tiny is not in the cache" in complaint(nlpcli("models", "path", "owner/tiny"))
    pruned = nlpcli("models", "prune", "--yes")
    assert b"\tbroken-off download\t" in pruned.stdout
    folder = printed_folder(pull("owner/tiny"))
    assert files_in(folder) == WANTED
    assert b"\tok\n" in nlpcli("models", "verify", "owner/tiny").stdout
    assert nlpcli("models", "prune", "--dry-run").stdout == b""


def test_list_verify_prune_and_rm_know_the_hubs_cache(hub, pull, nlpcli):
    old = printed_folder(pull("owner/tiny"))
    hub.repositories["owner/tiny"].revisions["main"] = NEWER
    new = printed_folder(pull("owner/tiny"))
    hub.requests.clear()

    listed = [line.split("\t") for line in nlpcli("models", "list").stdout.decode().splitlines()]
    assert {(row[0], row[3], row[4], row[5]) for row in listed} == {
        ("owner/tiny", folder.name[:12], "mit", "hub") for folder in (old, new)
    }

    pruned = nlpcli("models", "prune", "--yes")
    assert f"detached revision {old.name[:12]}" in pruned.stdout.decode()
    assert not old.exists()
    assert files_in(new) == WANTED

    assert b"\tok\n" in nlpcli("models", "verify").stdout
    (new / "model.safetensors").resolve().write_bytes(b"other weights")
    changed = nlpcli("models", "verify", "owner/tiny")
    assert (changed.returncode, changed.stderr.count(b"\n")) == (1, 1)
    assert b"nlpcli models rm --yes owner/tiny && nlpcli models pull owner/tiny" in changed.stderr

    assert nlpcli("models", "rm", "owner/tiny", "--dry-run").returncode == 0
    assert new.exists()
    assert nlpcli("models", "rm", "owner/tiny", "--yes").returncode == 0
    assert not new.exists()
    assert "owner/tiny is not in the cache" in complaint(nlpcli("models", "rm", "owner/tiny", "--yes"))
    assert hub.requests == []


@pytest.fixture
def bert(tmp_path):
    """A random BERT whose WordPiece tokenizer was trained on a sentence."""
    import torch
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    words = BertWordPieceTokenizer()
    words.train_from_iterator(["the cat sleeps and the dog barks"], vocab_size=60, show_progress=False)
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    folder = tmp_path / "bert"
    BertModel(BertConfig(vocab_size=words.get_vocab_size(), max_position_embeddings=32, **sizes)).save_pretrained(
        folder
    )
    BertTokenizerFast(vocab=words.get_vocab()).save_pretrained(folder)
    return folder


def test_a_model_of_the_hub_embeds_as_its_folder_does_and_offline_asks_nobody(hub, nlpcli, bert):
    from nlpcli.models.reference import LocalModel
    from nlpcli.pipelines.embedding import load_embedding_pipeline
    from nlpcli.runtime.device import Placement

    files = {path.name: path.read_bytes() for path in bert.iterdir()}
    hub.repositories["owner/bert"] = Repository({"main": files})
    command = ["embed", "-m", "owner/bert", "the dog sleeps", "--dtype", "float32", "--device", "cpu"]
    fetched = nlpcli(*command)
    hub.requests.clear()
    offline = nlpcli(*command, "--offline")
    assert hub.requests == []
    assert fetched.stdout == offline.stdout
    expected = load_embedding_pipeline(LocalModel("bert", bert), Placement("cpu", "float32", "", ""))("the dog sleeps")
    assert np.allclose(np.array(fetched.stdout.split(), dtype=float), expected, atol=1e-4)


@pytest.mark.skipif(not can_mount(), reason="mounting needs root on Linux")
@pytest.mark.parametrize("newer", [False, True])
def test_a_cache_that_cannot_be_written_has_its_copy_used(hub, pull, tmp_path, newer):
    assert pull("owner/tiny").returncode == 0
    if newer:
        hub.repositories["owner/tiny"] = Repository({"main": NEWER})
    done = run_read_only("models", "pull", "owner/tiny", folders=[tmp_path])
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.decode().strip(), "config.json").is_file()
    assert (b"using the cached copy" in done.stderr) is newer

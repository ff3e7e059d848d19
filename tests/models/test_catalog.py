"""The catalogue, its aliases, and what a user adds to it."""

import json

import pytest
from hub_server import FILES, NEWER, Repository

from nlpcli.models.catalog import catalog

MINE = """
[default]
embed = "mine"
[alias.mine]
model = "owner/tiny"
revision = "v2"
task = "embed"
languages = ["zh"]
[alias."embed/best"]
model = "owner/other"
[models."starter/minilm"]
title = "mine too"
"""


@pytest.fixture
def catalogue(tmp_path, monkeypatch):
    """The user's file, beside config.toml."""
    monkeypatch.setenv("NLPCLI_CONFIG", str(tmp_path / "config.toml"))
    catalog.cache_clear()
    yield tmp_path / "catalog.toml"
    catalog.cache_clear()


def test_every_task_with_aliases_has_a_small_and_a_best_one_and_says_what_they_are():
    aliases = catalog().aliases
    for task in ("embed", "sentiment", "generate", "summarize", "translate"):
        assert {f"{task}/small", f"{task}/best"} <= set(aliases)
    for alias in aliases.values():
        assert (alias.task, alias.licence, alias.parameters > 0, alias.size > 0) != ("", "?", False, False)
        assert "/" in alias.model
        assert aliases.keys().isdisjoint(catalog().models)


def test_a_user_adds_models_changes_entries_and_defaults(catalogue):
    catalogue.write_text(MINE, encoding="utf-8")
    ours = catalog()
    assert ours.defaults["embed"] == "mine"
    assert (ours.aliases["mine"].model, ours.aliases["mine"].languages) == ("owner/tiny", ("zh",))
    assert (ours.aliases["embed/best"].model, ours.aliases["embed/best"].licence) == ("owner/other", "MIT")
    assert ours.models["starter/minilm"].title == "mine too"
    assert ours.models["starter/minilm"].licence == "Apache-2.0"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("= =", "is not valid TOML"),
        ("[aliass.x]", 'did you mean "alias"'),
        ("alias = 1", "write [alias]"),
        ("alias.x = 1", 'write [alias."x"]'),
        ("[alias.x]\ntask = 'embed'", 'lacks model = "..."'),
        ("[alias.x]\nmodel = 'a/b'\nlicense = 'MIT'", 'did you mean "licence"'),
        ("[models.x]\ntask = 'embed'", '[alias."x"]'),
    ],
)
def test_what_is_wrong_in_it_is_one_line(catalogue, nlpcli, content, message):
    catalogue.write_text(content)
    done = nlpcli("models", "list", "--available")
    (line,) = done.stderr.decode().splitlines()
    assert done.returncode == 2
    assert message in line


def test_an_alias_is_pulled_found_verified_and_removed_under_either_name(hub, pull, nlpcli, catalogue):
    catalogue.write_text(MINE)
    hub.repositories["owner/other"] = Repository({"main": FILES})
    folder = pull("mine").stdout
    assert b"weights" in (FILES["model.safetensors"])
    assert nlpcli("models", "path", "mine").stdout == folder
    assert nlpcli("models", "path", "owner/tiny", "--revision", "v2").stdout == folder
    assert NEWER["model.safetensors"] in [
        path.read_bytes() for path in (catalogue.parent / "home").rglob("*.safetensors")
    ]
    assert nlpcli("models", "verify", "mine").stdout.startswith(b"owner/tiny\t")
    assert b"owner/tiny\t" in nlpcli("models", "list").stdout
    assert nlpcli("models", "rm", "--yes", "mine").returncode == 0
    assert nlpcli("models", "list").stdout == b""


def test_an_alias_of_a_folder(catalogue, nlpcli, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    (tmp_path / "model" / "model.safetensors").write_text("")
    catalogue.write_text(f'[alias.here]\nmodel = "{tmp_path / "model"}"\n')
    assert nlpcli("models", "path", "here").stdout.decode().strip() == str(tmp_path / "model")
    catalogue.write_text('[alias.here]\nmodel = "no/such/place/at/all"\n')
    assert b"alias here" in nlpcli("models", "path", "here").stderr


def test_available_models_show_the_speed_that_was_measured(nlpcli, tmp_path, catalogue):
    from nlpcli.runtime.bench_results import Measurement, machine

    row = Measurement("embed", "starter/minilm", "cpu", "x", "float32", 1024, 2, 10.0, 1234.0, "2026-11-24", machine())
    (tmp_path / "measurements.json").write_text(json.dumps([{name: getattr(row, name) for name in row.__slots__}]))
    done = nlpcli("models", "list", "--available", NLPCLI_CACHE_DIR=str(tmp_path))
    (line,) = [line for line in done.stdout.decode().splitlines() if line.startswith("starter/minilm\t")]
    assert line.split("\t")[:6] == ["starter/minilm", "embed", "83.5 MB", "Apache-2.0", "en", "1,234 tokens/s"]

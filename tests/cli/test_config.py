"""Profiles, and what `nlpcli config` says."""

import json

import pytest

PROFILES = """
device = "cpu"
[embed]
dim = 64
[profile.gpu]
device = "cuda"
[profile.gpu.embed]
dim = 128
"""


@pytest.fixture
def config(tmp_path, monkeypatch):
    path = tmp_path / "config.toml"
    path.touch()
    monkeypatch.setenv("NLPCLI_CONFIG", str(path))
    return path


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        (["--profile", "far", "devices"], {}),
        (["devices", "--profile", "far"], {}),
        (["devices"], {"NLPCLI_PROFILE": "far"}),
        (["--profile", "near", "devices", "--profile", "far"], {}),
        (["devices", "--profile", "far"], {"NLPCLI_PROFILE": "near"}),
    ],
)
def test_a_profile_is_named_before_or_behind_the_command_or_in_the_environment(
    call, config, monkeypatch, arguments, variables
):
    config.write_text('[profile.far]\ndevice = "cuda:9"\n[profile.near]\ndevice = "cpu"\n')
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert b'no device "cuda:9"' in call(*arguments).complaints
    assert call(*arguments, "--device", "cpu").status == 0


def test_a_wrong_value_says_where_it_stands(call, config, monkeypatch):
    config.write_text('[profile.p.embed]\ndim = "x"\n[embed]\ntop = 0\n')
    assert f"(in {config} [embed]); see: nlpcli embed".encode() in call("embed", "a").complaints
    assert f"(in {config} [profile.p.embed])".encode() in call("embed", "--profile", "p", "--top", "1", "a").complaints
    monkeypatch.setenv("NLPCLI_TOP", "none")
    assert b"(in NLPCLI_TOP)" in call("embed", "a").complaints


def shown(call, *arguments):
    done = call("config", "show", *arguments)
    assert done.status == 0, done.complaints
    return {line.split("\t")[0]: tuple(line.split("\t")[1:]) for line in done.output.decode().splitlines()}


def test_config_show_tells_each_value_and_where_it_came_from(call, config, monkeypatch):
    config.write_text(PROFILES)
    monkeypatch.setenv("NLPCLI_THREADS", "2")
    rows = shown(call)
    assert rows["device"] == ("cpu", str(config))
    assert rows["embed.dim"] == ("64", f"{config} [embed]")
    assert rows["threads"] == ("2", "NLPCLI_THREADS")
    assert rows["encoding"] == ("utf-8", "default")
    assert rows["embed.model"] == ("starter/minilm", "catalogue")
    assert rows["config file"] == (str(config), "NLPCLI_CONFIG")
    assert shown(call, "--profile", "gpu")["embed.dim"] == ("128", f"{config} [profile.gpu.embed]")
    monkeypatch.setenv("NLPCLI_PROFILE", "gpu")
    assert shown(call)["device"] == ("cuda", f"{config} [profile.gpu]")


def test_what_differs_between_commands_stands_under_their_names(call, config):
    config.write_text('[embed]\ndevice = "cpu"\n')
    rows = shown(call)
    assert (rows["embed.device"][0], rows["sentiment.device"][0]) == ("cpu", "auto")
    assert "device" not in rows


def test_config_show_of_one_command_and_for_programs(call, config):
    rows = json.loads(call("config", "show", "--json", "devices").output)
    assert {row["option"]: row["value"] for row in rows if row["command"]} == {
        "device": "auto",
        "dtype": "auto",
        "json": False,
    }
    assert b'did you mean "embed"' in call("config", "show", "embde").complaints
    assert call("config", "show", "models").status == 2
    assert call("config", "path").output.decode() == f"{config}\n"


@pytest.mark.parametrize("variables", [{}, {"NLPCLI_TO": "xx"}])
def test_a_setting_is_called_what_its_option_is_called(call, config, monkeypatch, variables):
    config.write_text('[translate]\nto = "xx"\n' if not variables else "")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert b'"xx"' in call("translate", "--from", "en", "a").complaints
    assert shown(call, "translate")["translate.to"][0] == "xx"


def test_every_option_can_be_set_by_its_long_name():
    from nlpcli.cli.commands import COMMANDS
    from nlpcli.cli.configured import load_command, options_by_name

    for command in COMMANDS:
        for name, option in options_by_name(load_command(command)).items():
            assert "--" + name.replace("_", "-") in option.opts
            assert option.name == "help" or option.envvar == f"NLPCLI_{name.upper()}"


def test_every_flag_has_an_opposite_by_its_long_name():
    from nlpcli.cli.app import app_syntax

    flags = [option for command in app_syntax().walk() for option in command.options if option.against]
    assert len(flags) > 100
    for option in flags:
        long = next(flag for flag in option.flags if flag.startswith("--"))
        assert option.against == (long.replace("--no-", "--") if long.startswith("--no-") else f"--no-{long[2:]}",)

"""Every number of every command has bounds, which --help says and which hold wherever the number comes from."""

import pytest

from nlpcli.cli.commands import COMMANDS
from nlpcli.cli.configured import load_command
from nlpcli.settings import environment_name

# Numbers that are written as texts: `auto`, or several.
WRITTEN = {"batch_tokens": 10_000_000, "layer": 9999, "head": 9999}
# What an option goes with, where it goes with nothing else.
GOES_WITH = {("embed", "top"): ["--search", "x"], ("extract", "top"): ["--keyphrases"]}
TEXTS = {
    **{f"words {question}": ["a", "b", "c"] for question in ("analogy", "odd", "axis", "compare")},
    "words evaluate": [__file__],
}
HUGE = ["99999999999999999999999", "9" * 5000]


def is_number(option):
    return option.type_descriptor.annotation in (int, float)


def commands_below(command, words):
    """Commands with the words that call them."""
    yield words, command
    for name, child in getattr(command, "commands", {}).items():
        yield from commands_below(child, f"{words} {name}")


OPTIONS = [
    (words, option)
    for name in COMMANDS
    for words, command in commands_below(load_command(name), name)
    for option in command.params
]
NUMBERS = [(name, option) for name, option in OPTIONS if is_number(option)]
# Those of the server have no configuration and no model, and a value within bounds would start it: see tests/http.
TRIED = [(name, option) for name, option in NUMBERS if name != "serve run"]
ALL = TRIED + [(name, option) for name, option in OPTIONS if option.name in WRITTEN]


def ids(value):
    return value if isinstance(value, str) else value.name


@pytest.mark.parametrize(("command", "option"), NUMBERS, ids=ids)
def test_a_number_has_bounds_and_help_says_them(command, option):
    assert option.min is not None
    assert option.max is not None
    called = dict(commands_below(load_command(command.split()[0]), command.split()[0]))[command]
    with called.make_context(command, ["a"], resilient_parsing=True) as context:
        _, shown = option.get_help_record(context)
    assert f"{option.min}<=x<={option.max}" in shown


def wrong_values(option):
    yield from ["x", "nan", "inf", "-inf", "1e999", *HUGE]
    if not is_number(option):
        yield from ["0.5", str(WRITTEN[option.name] + 1)]
        return
    yield from [str(option.min - 1), str(option.max + 1)]
    if option.type_descriptor.annotation is int:
        yield "0.5"


@pytest.mark.parametrize(("command", "option"), ALL, ids=ids)
def test_what_is_out_of_bounds_is_refused_in_one_line(call, command, option, tmp_path, monkeypatch):
    config = tmp_path / "config.toml"
    called = [*command.split(), *TEXTS.get(command, ["a"])]
    # They come to the same judge from wherever they are: two of them by each way, all of them by one.
    everywhere = {"x", str(WRITTEN[option.name] + 1 if option.name in WRITTEN else option.max + 1)}
    for value in wrong_values(option):
        runs = [call(*called, "--model", "/nowhere", f"{option.opts[-1]}={value}")]
        if value in everywhere:
            config.write_text(f'{option.name} = "{value}"\n[{command.split()[0]}]\nmodel = "/nowhere"\n')
            monkeypatch.setenv("NLPCLI_CONFIG", str(config))
            runs.append(call(*called))
            monkeypatch.delenv("NLPCLI_CONFIG")
            monkeypatch.setenv(environment_name(option.name), value)
            runs.append(call(*called, "--model", "/nowhere"))
            monkeypatch.delenv(environment_name(option.name))
        for done in runs:
            complaint = done.complaints.decode()
            assert (done.status, done.output, complaint.count("\n")) == (2, b"", 1), (value, complaint)
            assert option.opts[-1] in complaint


@pytest.mark.parametrize("value", ["true", "nan", "inf", "0.5", "[1]", "99999999999999999999999"])
def test_a_number_of_the_configuration_is_of_its_type(call, tmp_path, monkeypatch, value):
    (tmp_path / "config.toml").write_text(f"threads = {value}\n")
    monkeypatch.setenv("NLPCLI_CONFIG", str(tmp_path / "config.toml"))
    done = call("embed", "a", "--model", "/nowhere")
    assert (done.status, done.complaints.count(b"\n")) == (2, 1), done.complaints
    assert b"threads" in done.complaints


@pytest.mark.parametrize("line", ["offline = 3", "model = ['a']", "field = false", "quiet = [true]"])
def test_no_setting_is_taken_for_one_of_another_type(call, tmp_path, monkeypatch, line):
    (tmp_path / "config.toml").write_text(f"{line}\n")
    monkeypatch.setenv("NLPCLI_CONFIG", str(tmp_path / "config.toml"))
    done = call("embed", "a", "--model", "/nowhere")
    assert (done.status, done.complaints.count(b"\n")) == (2, 1), done.complaints
    assert line.split()[0].encode() in done.complaints


def test_a_list_of_one_may_be_written_without_brackets(call, tmp_path, monkeypatch):
    (tmp_path / "config.toml").write_text('input = "missing.txt"\n')
    monkeypatch.setenv("NLPCLI_CONFIG", str(tmp_path / "config.toml"))
    assert b"no such file or folder: missing.txt" in call("embed", "--model", "/nowhere").complaints


@pytest.mark.parametrize("edge", ["min", "max"])
def test_what_is_within_bounds_is_taken(call, edge):
    for command, option in TRIED:
        goes_with = GOES_WITH.get((command, option.name), [])
        value = str(getattr(option, edge))
        done = call(
            *command.split(),
            *TEXTS.get(command, ["a"]),
            *goes_with,
            "--model",
            "/nowhere",
            "--offline",
            f"{option.opts[-1]}={value}",
        )
        assert b"no model at /nowhere" in done.complaints, (command, option.name, done.complaints)


@pytest.mark.parametrize("value", ["1e-300", "0.0001", "0.0009"])
def test_a_temperature_that_is_nearly_0_is_refused(call, value):
    assert b"--temperature takes 0" in call("generate", "a", "--temperature", value, "--model", "/nowhere").complaints

"""The scripts in completions/ are those of the app: python tests/cli/completion/test_scripts.py writes them anew."""

from pathlib import Path

import pytest

from nlpcli.cli.app import app_syntax
from nlpcli.cli.completion.scripts import SCRIPTS, completion_script
from nlpcli.cli.syntax import Values

FOLDER = Path(__file__).parents[3] / "completions"


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_scripts_are_those_of_the_app(shell):
    assert (FOLDER / SCRIPTS[shell].file).read_text(encoding="utf-8") == completion_script(shell, app_syntax())


def test_no_other_script_lies_there():
    assert {path.name for path in FOLDER.iterdir()} == {script.file for script in SCRIPTS.values()}


@pytest.mark.parametrize("shell", SCRIPTS)
def test_every_option_stands_in_every_script(shell):
    script = completion_script(shell, app_syntax())
    flags = {flag for command in app_syntax().walk() for option in command.options for flag in option.flags}
    for flag in flags:
        # fish names options without their hyphens
        assert (f" {'-l' if flag.startswith('--') else '-s'} {flag.lstrip('-')}" if shell == "fish" else flag) in script


def test_what_a_value_can_be_is_read_from_the_app():
    (embed,) = [command for command in app_syntax().walk() if command.path == ("embed",)]
    options = {option.name: option for option in embed.options}
    assert options["precision"].choices == ("float32", "float16", "int8", "binary")
    kinds = {name: options[name].values for name in ("model", "device", "field", "input", "search", "profile")}
    assert kinds == {
        "model": Values.MODELS,
        "device": Values.DEVICES,
        "field": Values.FIELDS,
        "input": Values.FILES,
        "search": Values.ANYTHING,
        "profile": Values.PROFILES,
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, chosen in SCRIPTS.items():
        (FOLDER / chosen.file).write_text(completion_script(name, app_syntax()), encoding="utf-8", newline="\n")


def test_every_dtype_is_offered_and_taken():
    from nlpcli.runtime.device import check_names

    offered = {o.choices for command in app_syntax().walk() for o in command.options if o.name == "dtype"}
    for choices in offered:
        assert {"int8", "int4"} < set(choices)
        for name in choices:
            check_names("auto", name)

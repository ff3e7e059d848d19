"""The pages in docs/man/ are those of the app: python tests/cli/test_manual.py writes them anew."""

import os
import shutil
import subprocess
import tomllib
from importlib.metadata import files
from pathlib import Path

import pytest

from nlpcli.cli.app import app_syntax
from nlpcli.cli.manual import pages

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "man"
PAGES = sorted(FOLDER.glob("*.1"))
ON_EVERY_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def needs(program):
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def test_the_pages_are_those_of_the_app():
    assert {page.name: page.read_text(encoding="utf-8") for page in PAGES} == pages()


@needs("mandoc")
def test_mandoc_finds_nothing():
    done = subprocess.run(["mandoc", "-T", "lint", *PAGES], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@needs("groff")
@ON_EVERY_PAGE
def test_groff_finds_nothing(page):
    done = subprocess.run(["groff", "-ww", "-man", "-T", "utf8", page], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def as_read(page):
    """The page as `man` shows it, without bold and with white space made even."""
    command = ["mandoc", "-T", "utf8", "-O", "width=200", page]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    plain = []
    for character in shown.stdout:
        if character == "\b":
            plain.pop()
        else:
            plain.append(character)
    return " ".join("".join(plain).split())


@needs("mandoc")
def test_a_page_shows_every_option_and_its_help():
    for command in app_syntax().commands:
        text = as_read(FOLDER / f"nlpcli-{command.name}.1")
        for part in command.walk():
            for option in part.options:
                for words in (*option.flags, *option.against, option.help.replace("`", "")):
                    assert " ".join(words.split()) in text
            for example in part.epilog.splitlines()[1:]:
                assert " ".join(example.split()) in text


def test_pages_and_completions_are_installed_where_shells_look():
    shared = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"][
        "shared-data"
    ]
    assert all((ROOT / source).exists() for source in shared)
    assert set(shared.values()) == {
        "share/man/man1",
        "share/bash-completion/completions/nlpcli",
        "share/zsh/site-functions/_nlpcli",
        "share/fish/vendor_completions.d/nlpcli.fish",
    }


def test_an_installed_nlpcli_has_its_manual():
    installed = [str(file) for file in files("nlpcli") or []]
    if any("_editable_impl" in file for file in installed):
        pytest.skip("installed in place: only a wheel brings the manual")
    assert any(file.endswith("share/man/man1/nlpcli.1") for file in installed)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for path in PAGES:
        path.unlink()
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")

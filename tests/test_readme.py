"""What README and docs show exists: commands, options and their values, files, links."""

import os
import re
import shlex
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ON_EVERY_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def shown_lines(page):
    """The command lines of a page: all of a bash block, and of a console block those behind a `$`."""
    text = page.read_text(encoding="utf-8")
    for kind, block in re.findall(r"^```(bash|console)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            if kind == "bash" or line.startswith("$ "):
                yield line.removeprefix("$ ")


def calls_in(line):
    """The words behind each `nlpcli` that a shell would run."""
    # A process substitution is the name of a file.
    lexer = shlex.shlex(re.sub(r"<\([^)]*\)", "/dev/fd/63", line), posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    words = []
    for word in [*lexer, ";"]:
        if set(word) <= set("|&;<>"):
            if words[:1] == ["nlpcli"]:
                yield list(_without_profile(words[1:]))
            words = []
        elif words or not re.match(r"\w+=", word):  # a variable may stand before the command
            words.append(word)


def _without_profile(words):
    """The profiles of a page are in the configuration that it shows."""
    rest = iter(words)
    for word in rest:
        if word == "--profile":
            next(rest)
        else:
            yield word


def parse(words):
    """Read a command line as the app does, and run nothing. Raises what the app raises of wrong usage."""
    import typer

    from nlpcli.cli.app import app

    command, name, rest = typer.main.get_command(app), "nlpcli", list(words)
    while True:
        with command.make_context(name, rest) as context:
            if not hasattr(command, "resolve_command"):
                return
            # Click keeps the name of the subcommand apart from what stands behind it.
            name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])


@pytest.fixture
def no_settings(tmp_path, monkeypatch):
    """Nothing of this machine's own."""
    for name in [name for name in os.environ if name.startswith("NLPCLI_")]:
        monkeypatch.delenv(name)
    (tmp_path / "none.toml").touch()
    monkeypatch.setenv("NLPCLI_CONFIG", str(tmp_path / "none.toml"))


@ON_EVERY_PAGE
def test_every_command_that_is_shown_is_one_that_the_app_takes(page, no_settings):
    import typer

    for line in shown_lines(page):
        for words in calls_in(line):
            # What prints and ends, such as --version, ends here too.
            with suppress(typer.Exit):
                parse(words)


@pytest.mark.parametrize("line", ["nlpcli bark", "nlpcli embed --bark", "cat a | nlpcli embed --precision int4 > b"])
def test_what_does_not_exist_would_be_noticed(line, no_settings):
    from typer._click.exceptions import UsageError

    (words,) = calls_in(line)
    with pytest.raises(UsageError):
        parse(words)


def test_commands_are_found_in_the_pages():
    calls = [words for page in PAGES for line in shown_lines(page) for words in calls_in(line)]
    assert len(calls) > 30
    assert {words[0] for words in calls} >= {"embed", "models", "devices"}


def layout():
    """The folders that the README's map names, each as a path from the root."""
    (picture,) = re.findall(r"```text\n(nlpcli/\n.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    folders: list[Path] = []
    parents: list[Path] = []
    for line in picture.splitlines():
        names = re.findall(r"(?:^ *|/ )(\w+)(?=/)", line)
        if not names:
            continue
        del parents[(len(line) - len(line.lstrip())) // 2 :]
        folders += [Path(*parents, name) for name in names]
        parents.append(Path(names[0]))
    return folders


def test_the_map_names_every_room_and_no_other():
    package = ROOT / "nlpcli"
    rooms = {path.relative_to(ROOT) for path in package.rglob("*") if path.is_dir() and "__pycache__" not in path.parts}
    folders = layout()
    assert [str(folder) for folder in folders if not (ROOT / folder).is_dir()] == []
    assert rooms <= set(folders)


@ON_EVERY_PAGE
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for target, part in re.findall(r"\]\(([^)#:]*)(?:#([^)]+))?\)", text):
        linked = page.parent / target if target else page
        assert linked.exists(), target
        if part:
            headings = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
            assert part in {heading.lower().replace(" ", "-") for heading in headings}, f"{target}#{part}"


def test_every_page_and_every_command_is_in_its_table_of_contents():
    from nlpcli.cli.app import app_syntax

    contents = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md", "README.zh-CN.md"}
    assert pages == set(re.findall(r"\]\(([\w-]+\.md)\)", contents))
    for readme in (ROOT / "README.md", ROOT / "docs" / "README.zh-CN.md"):
        named = re.findall(r"^\| \[`nlpcli ([\w-]+)`\]", readme.read_text(encoding="utf-8"), re.MULTILINE)
        assert set(named) == {command.name for command in app_syntax().commands}

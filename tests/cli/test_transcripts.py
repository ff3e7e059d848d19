"""Every command that README and docs/ show is run, and what they show of its output is what it prints."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from transcripts import OPTIONAL, Ran, Written, commands_of, difference, folder_of_examples, steps_of

from nlpcli import __version__
from nlpcli.engines.worker import client
from nlpcli.models.catalog import catalog
from nlpcli.settings import cache_folder
from nlpcli.tasks.registry import TASKS
from tests.warm_python import nlpcli_command

ROOT = Path(__file__).parents[2]
# The Chinese README has the same commands with the same output: tests/test_chinese_readme.py.
PAGES = [page for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))] if list(commands_of(page))]
PAGES = [page for page in PAGES if page.name != "README.zh-CN.md"]
# Programs that a page may use and a machine may lack.
TOOLS = ("jq", "parallel", "duckdb", "git")
# A page that lists the cache shows one with these models alone.
ALONE = {"docs/models.md": ["starter--minilm"]}


def copy_models(source, target, names):
    """The models of a cache, the large files as links: what a page changes or deletes there stays here."""

    def copy(file, copied):
        shutil.copy2(file, copied) if Path(file).stat().st_size < 1e6 else os.link(file, copied)

    for folder in source.glob("models/[!.]*--*"):
        if names is None or any(folder.name.startswith(name) for name in names):
            shutil.copytree(folder, target / "models" / folder.name, copy_function=copy)


def name_of(page):
    return page.relative_to(ROOT).as_posix()


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """Every starter model of this machine."""
    folder = tmp_path_factory.mktemp("cache")
    copy_models(cache_folder(), folder, None)
    return folder


@pytest.fixture(scope="session")
def printed():
    """Page → what its commands have printed without a worker; None for one that was not run."""
    return {}


@pytest.fixture(scope="session")
def warm(tmp_path_factory, cache):
    """Starts one worker for all pages, with the environment of the first of them; the same for all."""
    place = tmp_path_factory.mktemp("warm")
    (place / "config.toml").touch()
    settings = {
        "XDG_RUNTIME_DIR": str(place),
        "NLPCLI_CONFIG": str(place / "config.toml"),
        "NLPCLI_CACHE_DIR": str(cache),
        "HF_HOME": str(place / "hf"),
        "PYTHONPATH": str(ROOT),
    }
    command = [*nlpcli_command(), "serve"]

    def start():
        """A worker that has ended meanwhile comes back; settings of the page before go."""
        for file in place.glob("*.toml"):
            file.write_text("")
        for name, value in settings.items():
            os.environ[name] = value
        subprocess.run([*command, "start", "--keep-alive", "5m", "--memory", "3G"], check=True, capture_output=True)

    yield start
    subprocess.run([*command, "stop"], check=False, capture_output=True, env={**os.environ, **settings})


def reason_to_skip(command):
    """Why a command cannot be run here; empty where it can."""
    missing = [tool for tool in TOOLS if re.search(rf"(^|[|;&(] *){tool}\b", command) and not shutil.which(tool)]
    if missing:
        return f"{', '.join(missing)} is not installed"
    model = re.search(r"(?:-m|--model|models pull) (?!starter/)([\w.-]+/[\w.-]+)", command)
    return f"{model[1]} is on the hub" if model and not (Path(model[1])).exists() else ""


def show_file(shown):
    """A page that shows what is in a file brings the file."""
    named = re.fullmatch(r"cat ([\w./-]+)", shown.command)
    if named and shown.output and not Path(named[1]).exists():
        Path(named[1]).write_text("\n".join(shown.output) + "\n", encoding="utf-8")


def run_page(page, runner):
    """Each command with what is wrong about it, or why it was not run."""
    for shown in steps_of(page):
        if isinstance(shown, Written):
            Path(os.environ["NLPCLI_CONFIG"]).with_name(shown.name).write_text(shown.toml, encoding="utf-8")
            catalog.cache_clear()
            continue
        show_file(shown)
        if reason := reason_to_skip(shown.command):
            yield shown, None, reason
            continue
        ran = runner.run(shown.command)
        problem = difference(shown.output, ran) if shown.output is not None else None
        # What the page shows to fail may fail; a command without output must work.
        if shown.output is None and ran.status not in {0, 141}:
            problem = f"status {ran.status}: {ran.complaints}"
        yield shown, ran, problem


@pytest.mark.starter
@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_shows_what_its_commands_print(
    page, starter, cache, loading_once, runner, printed, tmp_path, monkeypatch
):
    if name_of(page) in ALONE:
        cache = tmp_path / "cache"
        copy_models(cache_folder(), cache, ALONE[name_of(page)])
    monkeypatch.setenv("NLPCLI_CACHE_DIR", str(cache))
    problems, skipped = [], []
    for shown, ran, problem in run_page(page, runner):
        printed.setdefault(page, []).append(ran and without_name_of(runner.folder, ran))
        if problem:
            (skipped if ran is None else problems).append(f"$ {shown.command}\n{problem}")
    assert not problems, "\n\n".join(problems)
    if skipped:
        pytest.skip(f"all but {len(skipped)} commands: " + "; ".join(line.splitlines()[1] for line in skipped))


def is_of_a_task(command):
    return re.search(rf"\bnlpcli (-\S+ \S+ )*({'|'.join(TASKS)})\b", command) and "--no-server" not in command


def is_left_to_chance(command):
    """Whether every run prints another text: it draws, without a seed."""
    draws = re.search(r"\bnlpcli (-\S+ \S+ )*generate\b", command)
    return bool(draws) and not re.search(r"--greedy\b|--seed\b|--temperature[ =]0\b", command)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_leaves_nothing_that_it_prints_to_chance(page):
    """Two runs of it are compared, and a reader compares a third."""
    assert not [shown.command for shown in commands_of(page) if is_left_to_chance(shown.command)]


WARM_PAGES = [page for page in PAGES if any(is_of_a_task(shown.command) for shown in commands_of(page))]


@pytest.mark.starter
@pytest.mark.parametrize("page", WARM_PAGES, ids=name_of)
def test_a_page_prints_the_same_through_a_worker(
    page, starter, cache, loading_once, warm, runner, printed, monkeypatch
):
    """Byte for byte, with its messages and statuses, as the test before this one has seen it without a worker."""
    for name in ("XDG_RUNTIME_DIR", "NLPCLI_CONFIG", "NLPCLI_CACHE_DIR", "HF_HOME", "PYTHONPATH"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    if page not in printed:
        monkeypatch.setenv("NLPCLI_CACHE_DIR", str(cache))
        printed[page] = [ran and without_name_of(runner.folder, ran) for _, ran, _ in run_page(page, runner)]
        shutil.rmtree(runner.folder)
        os.chdir(folder_of_examples(runner.folder))
    warm()
    catalog.cache_clear()
    requests, without = client.status().requests, iter(printed[page])
    for shown in steps_of(page):
        if isinstance(shown, Written):
            Path(os.environ["NLPCLI_CONFIG"]).with_name(shown.name).write_text(shown.toml, encoding="utf-8")
            catalog.cache_clear()
            continue
        show_file(shown)
        ran = next(without)
        if ran is None or ("nlpcli" in shown.command and not is_of_a_task(shown.command)):
            continue
        # What other programs make, later commands read.
        again = without_name_of(runner.folder, runner.run(shown.command))
        assert again == ran or not is_of_a_task(shown.command), shown.command
    assert client.status().requests > requests


def without_name_of(folder, ran):
    """What a command left behind, whatever its folder is called and however long it took."""
    said = [line for line in ran.complaints.splitlines(True) if not OPTIONAL.match(line)]
    places = (str(folder.parent), str(Path(os.environ["NLPCLI_CONFIG"]).parent))
    texts = (ran.output, "".join(said))
    return Ran(ran.status, *(text.replace(places[0], "FOLDER").replace(places[1], "FOLDER") for text in texts))


def written(tmp_path, text):
    (tmp_path / "page.md").write_text(text, encoding="utf-8")
    return tmp_path / "page.md"


CONFIG = '```toml\ndevice = "cpu"\n```\n'


@pytest.mark.parametrize(
    ("shown", "sound"),
    [
        (f"$ nlpcli --version\nnlpcli {__version__}\n", True),
        ("$ nlpcli --version\nnlpcli 0.1.1\n", False),
        ("$ nlpcli --version\n", False),
        ("$ nlpcli config show devices | grep dtype\ndevices.dtype\tauto\tdefault\n", True),
        ("$ nlpcli config show devices | grep device$\n", True),
        (
            "$ nlpcli models rm starter/none\nnlpcli: starter/none is not in the cache; see what is: nlpcli models list\n",
            True,
        ),
        ("$ nlpcli models rm starter/none\n", False),
    ],
)
def test_what_a_page_shows_wrong_would_be_noticed(runner, tmp_path, shown, sound):
    page = written(tmp_path, f"{CONFIG}```console\n{shown}```\n")
    ((_, ran, problem),) = run_page(page, runner)
    assert (problem is None) == sound, ran


def test_a_command_without_output_must_work(runner, tmp_path):
    page = written(tmp_path, "```bash\nnlpcli config show embde\nnlpcli config path > /dev/null\n```\n")
    assert [bool(problem) for _, _, problem in run_page(page, runner)] == [True, False]


@pytest.mark.parametrize(
    ("shown", "printed", "alike"),
    [
        ("positive\t0.9811", "positive\t0.9790", True),
        ("positive\t0.9811", "negative\t0.9811", False),
        ("positive\t0.9811", "positive\t0.9011", False),
        ("[-127,26]", "[-127,27]", True),
        ("[-127,26]", "[-127,36]", False),
        ("13 files", "13 files", True),
        ("3 files", "2 files", False),
        ("-0.5", "0.5", False),
    ],
)
def test_numbers_have_a_tolerance_and_words_have_none(shown, printed, alike):
    assert (difference([shown], Ran(0, printed, "")) is None) == alike

"""Commands in this process: importing torch once instead of once per test, and loading a model once for all pages."""

from __future__ import annotations

import gc
import io
import logging
import os
import shlex
import signal
import sys
from collections.abc import Callable, Hashable, Iterator
from functools import partial, wraps
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.transcripts import Runner, folder_of_examples, path_with
from tests.warm_python import nlpcli_command

ROOT = Path(__file__).parents[2]


class Done(NamedTuple):
    """What a run left behind."""

    status: int
    output: bytes
    complaints: bytes


Call = Callable[..., Done]


@pytest.fixture
def call(capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Iterator[Call]:
    """Runs a command line; what a run changes in the process is put back."""
    from nlpcli.__main__ import run

    def run_command(*arguments: str | Path, stdin: bytes = b"") -> Done:
        with io.TextIOWrapper(io.BytesIO(stdin)) as standard_input:
            monkeypatch.setattr(sys, "stdin", standard_input)
            status = run([*map(str, arguments)])
        return Done(status, *capsysbinary.readouterr())

    logger = logging.getLogger("nlpcli")
    handlers, propagates, level = logger.handlers, logger.propagate, logger.level
    terminates = signal.getsignal(signal.SIGTERM)
    yield run_command
    signal.signal(signal.SIGTERM, terminates)
    logger.handlers, logger.propagate, logger.level = handlers, propagates, level


@pytest.fixture
def embed(starter: str, call: Call) -> Call:
    return partial(call, "embed")


@pytest.fixture
def sentiment(starter: str, call: Call) -> Call:
    return partial(call, "sentiment")


@pytest.fixture
def quick_bench(monkeypatch: pytest.MonkeyPatch) -> None:
    """`nlpcli bench` in runs of a few texts: that it runs, not how fast the machine is."""
    from nlpcli.engines import bench

    monkeypatch.setattr(bench, "SECONDS", 0.01)
    monkeypatch.setattr(bench, "REPEATS", 1)
    monkeypatch.setattr(bench, "MOST_TEXTS", 4)


# So many weights, tokenizers and pipelines are held at a time: all that the commands of a page load, but not of all pages.
MOST_LOADED = 40


@pytest.fixture(scope="module")
def loaded():
    """What the functions that load models have loaded last: weights are read once, not once per command."""
    held = {}
    yield held
    held.clear()
    give_memory_back()


def give_memory_back():
    """To the system, which has other tests beside these."""
    from nlpcli.engines.host import trim_memory

    gc.collect()
    trim_memory()


@pytest.fixture
def loading_once(loaded, monkeypatch):
    from nlpcli.models import encoders, loading
    from nlpcli.models.students import loading as students
    from nlpcli.pipelines import spacy_entities
    from nlpcli.pipelines.generation import loading as generation
    from nlpcli.pipelines.translation import loading as translation

    def once(function):
        @wraps(function)
        def load(*arguments, **options):
            # A configuration is that of the model, which is one of the other arguments.
            telling = [argument for argument in (*arguments, *options.items()) if isinstance(argument, Hashable)]
            key = (function.__module__, function.__name__, *telling)
            # What was used last stands at the end.
            loaded[key] = loaded.pop(key) if key in loaded else function(*arguments, **options)
            if len(loaded) > MOST_LOADED:
                del loaded[next(iter(loaded))]
            return loaded[key]

        return load

    modules = (encoders, loading, students, spacy_entities, generation, translation)
    loads = {each for module in modules for name, each in vars(module).items() if name.startswith("load_")}
    remembered = {function: once(function) for function in loads}
    for module in [module for name, module in sys.modules.items() if name.startswith("nlpcli.")]:
        for name in [name for name in vars(module) if name.startswith("load_")]:
            if (function := vars(module)[name]) in loads:
                monkeypatch.setattr(module, name, remembered[function])


@pytest.fixture
def runner(tmp_path, call, quick_bench, monkeypatch):
    """A folder with the files that pages name, caches of its own, and no settings."""
    from nlpcli.models.catalog import catalog

    folder = folder_of_examples(tmp_path / "folder")
    scripts = tmp_path / "bin"
    scripts.mkdir()
    (scripts / "nlpcli").write_text(f'#!/bin/sh\nexec {shlex.join(nlpcli_command())} "$@"\n')
    (scripts / "nlpcli").chmod(0o755)
    for name in [name for name in os.environ if name.startswith("NLPCLI_") and name != "NLPCLI_CACHE_DIR"]:
        monkeypatch.delenv(name)
    (tmp_path / "config.toml").touch()
    for name, value in {
        "NLPCLI_CONFIG": str(tmp_path / "config.toml"),
        "PATH": path_with(str(scripts)),
        "HF_HOME": str(tmp_path / "hf"),
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "80",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.chdir(folder)
    catalog.cache_clear()
    yield Runner(folder, os.environ, call, monkeypatch.setenv, monkeypatch.delenv)
    catalog.cache_clear()

"""Each shell once, with the script that is checked in, in a folder with a few files."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .shells import PROMPT, Shell, needs

ROOT = Path(__file__).parents[3]
COMPLETIONS = ROOT / "completions"


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one model in each cache, one profile, and files to name."""
    home = tmp_path_factory.mktemp("home")
    starter = home / "cache" / "models" / "starter--minilm-0.1.0-b9a0018d"
    starter.mkdir(parents=True)
    (starter / "nlpcli-model.json").write_text('{"name": "starter/minilm"}')
    (home / "hf" / "hub" / "models--owner--tiny" / "snapshots").mkdir(parents=True)
    (home / "config.toml").write_text('[profile.gpu]\ndevice = "cuda"\n')
    (home / "reviews.csv").write_text("id,review,评论\n1,Good.,好。\n", encoding="utf-8")
    (home / "a b.jsonl").write_text('{"title": "x", "body": "y"}\n')
    return home


@pytest.fixture(scope="session")
def environment(home: Path) -> dict[str, str]:
    """Nothing of this machine's own; `nlpcli` is that of this environment and this checkout."""
    scripts = home / "bin"
    scripts.mkdir()
    # With SHOW a run only prints what it was given.
    (scripts / "nlpcli").write_text(
        '#!/bin/sh\nif [ "$SHOW" ] && [ -z "$_NLPCLI_COMPLETE" ]; then printf "<%s>" "$@"; echo .; exit; fi\n'
        f'exec "{sys.executable}" -m nlpcli "$@"\n'
    )
    (scripts / "nlpcli").chmod(0o755)
    return {
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "NLPCLI_CACHE_DIR": str(home / "cache"),
        "NLPCLI_CONFIG": str(home / "config.toml"),
        "HF_HOME": str(home / "hf"),
        "PS1": PROMPT,
    }


def started(shell: str, command: list[str], home: Path, environment: dict[str, str]) -> Iterator[Shell]:
    """The shell at its first prompt."""
    if reason := needs(shell):
        pytest.skip(reason)
    running = Shell(command, home, environment)
    try:
        running.read_until(PROMPT)
        yield running
    finally:
        running.close()


@pytest.fixture(scope="session")
def bash(home: Path, environment: dict[str, str]) -> Iterator[Shell]:
    (home / "bashrc").write_text(
        f"source '{COMPLETIONS}/nlpcli.bash'\nPS1='{PROMPT}'\nbind 'set enable-bracketed-paste off'\n"
    )
    yield from started("bash", ["bash", "--noprofile", "--rcfile", str(home / "bashrc"), "-i"], home, environment)


@pytest.fixture(scope="session")
def zsh(home: Path, environment: dict[str, str]) -> Iterator[Shell]:
    functions = home / "functions"
    functions.mkdir()
    shutil.copy(COMPLETIONS / "_nlpcli", functions)
    (home / ".zshrc").write_text(
        f"fpath=('{functions}' $fpath)\nautoload -Uz compinit && compinit -u -D\nPS1='{PROMPT}'\nunset zle_bracketed_paste\n"
    )
    yield from started("zsh", ["zsh", "-i"], home, {**environment, "ZDOTDIR": str(home)})


@pytest.fixture(scope="session")
def fish(home: Path, environment: dict[str, str]) -> Iterator[Shell]:
    folder = home / ".config" / "fish"
    (folder / "completions").mkdir(parents=True)
    shutil.copy(COMPLETIONS / "nlpcli.fish", folder / "completions")
    (folder / "config.fish").write_text(
        f"function fish_prompt; echo -n '{PROMPT}'; end\nset -g fish_greeting\nset -g fish_autosuggestion_enabled 0\n"
    )
    yield from started("fish", ["fish", "-i"], home, environment)

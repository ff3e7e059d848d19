"""The names of the options of every command, without importing the commands (`option_names.json`, by `make docs`).

A misspelled key in `config.toml` or variable in the environment is found on each call, which must not import ten
commands for it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("option_names.json")


@cache
def _written() -> dict[str, list[str]]:
    import json

    names: dict[str, list[str]] = json.loads(FILE.read_text(encoding="utf-8"))
    return names


def option_names(command: str, look: Callable[[str], set[str]]) -> set[str]:
    """The options of a command, as `config.toml` writes them; `look` finds those of a command that is not written."""
    return set(_written()[command]) if command in _written() else look(command)

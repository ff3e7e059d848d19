"""`catalog.toml` as it is written: that of nlpcli, and over it the user's own. Light, for a Tab waits for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nlpcli.errors import UsageError, quoted
from nlpcli.settings import config_file, load_toml, refuse_unknown

FILE = "catalog.toml"
TABLES = ("default", "multilingual", "models", "alias")


def user_file() -> Path:
    """Where a user writes models of their own, or other defaults: beside `config.toml`."""
    return config_file().with_name(FILE)


def read_catalog() -> dict[str, dict[str, Any]]:
    """`default` and `multilingual` (task → name), `models` and `alias` (name → entry), with the user's own added.

    Raises:
        UsageError: the user's file is not TOML, or has other tables.
    """
    tables = load_toml(Path(__file__).with_name(FILE))
    path = user_file()
    own = load_toml(path)
    refuse_unknown(own, TABLES, quoted(path))
    for name, table in own.items():
        if not isinstance(table, dict):
            raise UsageError(f"{name} in {quoted(path)} is a table; write [{name}]")
    for kind in ("default", "multilingual"):
        tables[kind] |= own.get(kind, {})
    for kind in ("models", "alias"):
        for name, entry in own.get(kind, {}).items():
            if not isinstance(entry, dict):
                raise UsageError(f'{kind}.{name} in {quoted(path)} is a table; write [{kind}."{name}"]')
            tables[kind][name] = tables[kind].get(name, {}) | entry
    return tables

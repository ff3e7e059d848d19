"""Where a setting comes from: flag, then `NLPCLI_<OPTION>`, then `config.toml`, then the default."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from nlpcli.errors import UsageError

ENVIRONMENT_PREFIX = "NLPCLI_"


def environment_name(option: str) -> str:
    """The variable that sets an option: `batch_tokens` → `NLPCLI_BATCH_TOKENS`."""
    return ENVIRONMENT_PREFIX + option.upper().replace("-", "_")


def cache_folder() -> Path:
    """The folder of everything that nlpcli can fetch or make again; `NLPCLI_CACHE_DIR` moves it."""
    if chosen := os.environ.get("NLPCLI_CACHE_DIR"):
        return Path(chosen).expanduser()
    import platformdirs

    return platformdirs.user_cache_path("nlpcli", appauthor=False)


def config_file() -> Path:
    """`config.toml` in the user's configuration folder; `NLPCLI_CONFIG` names another file."""
    if chosen := os.environ.get("NLPCLI_CONFIG"):
        return Path(chosen).expanduser()
    import platformdirs

    return platformdirs.user_config_path("nlpcli", appauthor=False) / "config.toml"


def read_config(options: dict[str, set[str]]) -> dict[str, dict[str, Any]]:
    """The defaults of each command out of `config.toml`; `options` names those that each command has.

    Keys at the top hold for every command that has such an option; a table `[embed]` for that command alone.

    Raises:
        UsageError: the file is not TOML, or has a key that no command knows.
    """
    path = config_file()
    if not path.is_file():
        return {}
    import tomllib

    try:
        config = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}") from error
    shared = {_option(key): value for key, value in config.items() if not isinstance(value, dict)}
    _refuse_unknown(shared, set().union(*options.values()), str(path))
    tables = {key: value for key, value in config.items() if isinstance(value, dict)}
    _refuse_unknown(tables, set(options), str(path))
    defaults = {}
    for command, known in options.items():
        own = {_option(key): value for key, value in tables.get(command, {}).items()}
        _refuse_unknown(own, known, f"{path}, table [{command}]")
        defaults[command] = {**{key: value for key, value in shared.items() if key in known}, **own}
    return defaults


def _option(key: str) -> str:
    return key.replace("-", "_")


def _refuse_unknown(keys: dict[str, Any], known: set[str], where: str) -> None:
    for key in keys:
        if key not in known:
            close = get_close_matches(key, known, n=1)
            advice = f'did you mean "{close[0]}"?' if close else f"known are: {', '.join(sorted(known))}"
            raise UsageError(f'unknown key "{key}" in {where}; {advice}')

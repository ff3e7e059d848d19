"""Where a setting comes from: flag, then `NLPCLI_<OPTION>`, then a profile, then `config.toml`, then the default."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from nlpcli.errors import InputBroken, UsageError, quoted

ENVIRONMENT_PREFIX = "NLPCLI_"
PROFILE = "profile"
CONFIG, CACHE_DIR, FIREFOX_URL = "NLPCLI_CONFIG", "NLPCLI_CACHE_DIR", "NLPCLI_FIREFOX_URL"
# Options that a warm call looks at before it reads any.
SERVER, KEEP_WARM = "NLPCLI_SERVER", "NLPCLI_KEEP_WARM"
# What clients of `serve run --http` have to show.
API_KEY = "NLPCLI_API_KEY"
# Those that are no options of a command.
VARIABLES = frozenset({CONFIG, CACHE_DIR, FIREFOX_URL, API_KEY, f"{ENVIRONMENT_PREFIX}{PROFILE.upper()}"})
Options = Mapping[str, set[str]]
"""The names of the options that each command has."""


class Setting(NamedTuple):
    """A value of `config.toml`, and the part of the file that it stands in."""

    value: Any
    origin: str


def environment_name(option: str) -> str:
    """The variable that sets an option: `batch_tokens` → `NLPCLI_BATCH_TOKENS`."""
    return ENVIRONMENT_PREFIX + option.upper().replace("-", "_")


def cache_folder() -> Path:
    """The folder of everything that nlpcli can fetch or make again; `NLPCLI_CACHE_DIR` moves it."""
    if chosen := os.environ.get(CACHE_DIR):
        return home_path(chosen)
    return _system_cache(os.environ.get("XDG_CACHE_HOME"), os.environ.get("HOME"))


@lru_cache(4)
def _system_cache(cache: str | None, home: str | None) -> Path:  # noqa: ARG001 - what it depends on
    """Every run of the worker asks several times."""
    import platformdirs

    return platformdirs.user_cache_path("nlpcli", appauthor=False)


def may_write_below(folder: Path) -> bool:
    """Whether files can be made in a folder that may not be there yet."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def config_file() -> Path:
    """`config.toml` in the user's configuration folder; `NLPCLI_CONFIG` names another file."""
    if chosen := os.environ.get(CONFIG):
        return home_path(chosen)
    import platformdirs

    return platformdirs.user_config_path("nlpcli", appauthor=False) / "config.toml"


def has_config() -> bool:
    """Whether there is a configuration to read; a file that `NLPCLI_CONFIG` names has to be there."""
    return bool(os.environ.get(CONFIG)) or config_file().exists()


def unknown_variables(options: Callable[[], set[str]]) -> list[str]:
    """A message for each variable `NLPCLI_…` that nobody reads; `options` names those of options, which takes long."""
    written = {name for name in os.environ if name.startswith(ENVIRONMENT_PREFIX)} - VARIABLES
    unknown = written - options() if written else set()
    # Without what all of them begin with, which would make any two alike.
    known = [name.removeprefix(ENVIRONMENT_PREFIX) for name in (*options(), *VARIABLES)] if unknown else []
    return [f"{name} is no variable of nlpcli; {_advice(name, known)}" for name in sorted(unknown)]


def _advice(variable: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(variable.removeprefix(ENVIRONMENT_PREFIX), sorted(known), n=1)
    return f"did you mean {ENVIRONMENT_PREFIX}{close[0]}?" if close else "see: nlpcli config show"


def read_config(options: Options, profile: str | None = None) -> dict[str, dict[str, Setting]]:
    """What `config.toml` says for each command.

    Keys at the top hold for every command that has such an option, a table `[embed]` for that command alone. The
    profile that is asked for (`[profile.gpu]`, `[profile.gpu.embed]`) stands over both.

    Raises:
        UsageError: the file is not TOML, has a key that no command knows, or lacks the profile.
    """
    path = config_file()
    if os.environ.get(CONFIG) and not path.exists():
        raise UsageError(f"no such file: {quoted(path)}, which {CONFIG} names; make it, or unset the variable")
    config = load_toml(path)
    profiles = _table(config.pop(PROFILE, {}), f"[{PROFILE}] in {quoted(path)}")
    settings = _read_layer(config, options, path, "")
    for name, layer in profiles.items():
        # A profile with a wrong key is wrong today, not on the day it is used.
        read = _read_layer(_table(layer, f"[{PROFILE}.{name}] in {quoted(path)}"), options, path, f"{PROFILE}.{name}")
        if name == profile:
            settings = {command: settings[command] | read[command] for command in settings}
    if profile is not None and profile not in profiles:
        raise UsageError(f'no profile "{profile}" in {quoted(path)}; {_nearest(profile, profiles, "it has")}')
    return settings


def load_toml(path: Path) -> dict[str, Any]:
    """A TOML file of settings; nothing where there is none.

    Raises:
        UsageError: it is not TOML, or cannot be read.
    """
    try:
        return read_toml(path)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsageError(f"cannot read {quoted(path)}: {error.strerror}; check it, or name another file") from error
    except InputBroken as error:
        raise UsageError(str(error)) from error


def home_path(name: str) -> Path:
    """A path in which `~` is a home; `~somebody` whom this machine does not know is a name like any other."""
    return Path(os.path.expanduser(name))  # noqa: PTH111 - Path's raises


def read_toml(path: Path) -> dict[str, Any]:
    """What stands in a TOML file that anyone may have written.

    Raises:
        OSError: it cannot be read.
        InputBroken: it is not TOML.
    """
    import tomllib

    text = _text_of(path)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputBroken(f"{quoted(path)} is not valid TOML: {error}") from error
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits, a list in a list in a list …
        raise InputBroken(f"{quoted(path)} is not valid TOML: {type(error).__name__}, {error}") from error


def _text_of(path: Path) -> str:
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # Not imported for what nearly every such file is: a Tab waits for it.
        from nlpcli.records.content import decoded

        return decoded(data, quoted(path))


def _read_layer(tables: Mapping[str, Any], options: Options, path: Path, parent: str) -> dict[str, dict[str, Setting]]:
    """The settings of each command out of one layer: the file without its profiles, or one profile (`parent`)."""
    shared = {_option(key): value for key, value in tables.items() if not isinstance(value, dict)}
    where = f"{quoted(path)}, table [{parent}]" if parent else quoted(path)
    refuse_unknown(shared, set().union(*options.values()), where)
    own_tables = {key: value for key, value in tables.items() if isinstance(value, dict)}
    refuse_unknown(own_tables, set(options), where)
    origin = f"{path} [{parent}]" if parent else str(path)
    settings = {
        command: {key: Setting(value, origin) for key, value in shared.items() if key in known}
        for command, known in options.items()
    }
    for command, table in own_tables.items():
        name = f"{parent}.{command}" if parent else command
        own = {_option(key): value for key, value in table.items()}
        refuse_unknown(own, options[command], f"{quoted(path)}, table [{name}]")
        settings[command] |= {key: Setting(value, f"{path} [{name}]") for key, value in own.items()}
    return settings


def _table(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UsageError(f"{name} is a table of settings, not a value; write [{PROFILE}.NAME] and the keys below it")
    return value


def _option(key: str) -> str:
    return key.replace("-", "_")


def refuse_unknown(keys: Iterable[str], known: Iterable[str], where: str) -> None:
    """Refuse a key that nobody reads.

    Raises:
        UsageError: it names the nearest key that there is.
    """
    names = set(known)
    for key in keys:
        if key not in names:
            raise UsageError(f'unknown key "{key}" in {where}; {_nearest(key, names, "known are")}')


def _nearest(name: str, known: Iterable[str], otherwise: str) -> str:
    from difflib import get_close_matches

    names = sorted(known)
    close = get_close_matches(name, names, n=1)
    return f'did you mean "{close[0]}"?' if close else f"{otherwise}: {', '.join(names) or 'none'}"

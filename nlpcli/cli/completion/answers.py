"""What nlpcli is asked for at a Tab: models, devices, languages, fields, profiles.

A person waits for it with a finger on the key, so nothing heavy is imported: no Typer, no Rich, no torch, and pyarrow
for the columns of Parquet alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import nlpcli
from nlpcli.errors import NlpcliError


class Answer(NamedTuple):
    """A word to complete to, and what it is."""

    value: str
    description: str = ""


def answer(kind: str, words: list[str]) -> None:
    """Print what there is of a kind, a line each: value, tab, description. `words` are those typed so far, raw.

    Nothing is printed where something is wrong: what stands on the line is not finished, and a message of ours would
    stand in the middle of it.
    """
    lines: list[str] = []
    try:
        for one in KINDS[kind](words):
            description = " ".join(one.description.split())
            # A name with a line break cannot be a line, and one with an escape sequence would move the cursor.
            if one.value.isprintable():
                lines.append(
                    f"{one.value}\t{description}\n" if description and description.isprintable() else f"{one.value}\n"
                )
    except (NlpcliError, OSError, EOFError, ValueError, TypeError, LookupError, RuntimeError, ImportError):
        pass
    sys.stdout.buffer.write("".join(lines).encode())
    sys.stdout.buffer.flush()


def _models(words: list[str]) -> Iterator[Answer]:
    """The catalogue, then what else the caches hold."""
    titles = _titles()
    yield from (Answer(name, title) for name, title in titles.items())
    yield from (model for model in _cached_models(words) if model.value not in titles)


def _cached_models(words: list[str]) -> Iterator[Answer]:  # noqa: ARG001
    titles = _titles()
    yield from (Answer(name, titles.get(name, "")) for name in sorted({*_cached_starters(), *_cached_of_the_hub()}))


def _titles() -> dict[str, str]:
    from nlpcli.models.catalog_file import read_catalog

    tables = read_catalog()
    models = {name: entry.get("title", "") for name, entry in tables["models"].items()}
    return models | {name: f"{entry.get('model')}: {entry.get('title', '')}" for name, entry in tables["alias"].items()}


def _cached_starters() -> Iterator[str]:
    import json

    from nlpcli.settings import cache_folder

    root = os.path.join(cache_folder(), "models")  # noqa: PTH118 - pathlib costs milliseconds
    for name in _listed(root):
        manifest = os.path.join(root, name, "nlpcli-model.json")  # noqa: PTH118
        if os.path.isfile(manifest):  # noqa: PTH113
            with open(manifest, encoding="utf-8") as file:  # noqa: PTH123
                yield str(json.load(file)["name"])


def _cached_of_the_hub() -> Iterator[str]:
    """As huggingface_hub lays its cache out, which takes half a second to import."""
    prefix = "models--"
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111
    home = os.environ.get("HF_HOME") or os.path.join(cache, "huggingface")  # noqa: PTH118
    hub = os.environ.get("HF_HUB_CACHE") or os.path.join(home, "hub")  # noqa: PTH118
    for name in _listed(os.path.expanduser(hub)):  # noqa: PTH111
        if name.startswith(prefix):
            yield name.removeprefix(prefix).replace("--", "/")


def _listed(folder: str) -> list[str]:
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []  # noqa: PTH112, PTH208


def _devices(words: list[str]) -> Iterator[Answer]:  # noqa: ARG001
    """Asked of the driver: torch takes a second to say it."""
    yield Answer("auto", "the fastest that is here")
    yield Answer("cpu", "works everywhere")
    gpus = [_gpu_name(name) for name in _listed("/proc/driver/nvidia/gpus")]
    if gpus:
        yield Answer("cuda", "the first CUDA device")
    yield from (Answer(f"cuda:{number}", name) for number, name in enumerate(gpus))
    if sys.platform == "darwin":
        yield Answer("mps", "Apple's GPU")


def _gpu_name(slot: str) -> str:
    with open(f"/proc/driver/nvidia/gpus/{slot}/information", encoding="utf-8") as file:  # noqa: PTH123
        models = [line.partition(":")[2].strip() for line in file if line.startswith("Model:")]
    return models[0] if models else ""


def _languages(words: list[str]) -> Iterator[Answer]:  # noqa: ARG001
    from pathlib import Path

    from nlpcli.settings import load_toml

    table = load_toml(Path(nlpcli.__file__).parent / "text" / "languages.toml")
    yield from (Answer(code, row["name"]) for code, row in table.items())


def _profiles(words: list[str]) -> Iterator[Answer]:  # noqa: ARG001
    from nlpcli.settings import config_file, load_toml

    yield from (Answer(name) for name in load_toml(config_file()).get("profile", {}))


def _fields(words: list[str]) -> Iterator[Answer]:
    from nlpcli.cli.completion.columns import columns

    seen: set[str] = set()
    for path in _inputs(words):
        for name in columns(os.path.expanduser(path), *_reading(words)):  # noqa: PTH111
            if name not in seen:
                seen.add(name)
                yield Answer(name, path)


def _inputs(words: list[str]) -> Iterator[str]:
    """The files behind -i and --input, up to the next option."""
    reads = False
    for word in words:
        if word in {"-i", "--input"}:
            reads = True
        elif word.startswith("--input="):
            reads = True
            yield _unquoted(word.partition("=")[2])
        elif word.startswith("-i"):
            reads = True
            yield _unquoted(word.removeprefix("-i"))
        elif word.startswith("-"):
            reads = False
        elif reads and word:
            yield _unquoted(word)


def _reading(words: list[str]) -> tuple[str, str | None]:
    """What the line says of how the input is read: its format and its delimiter."""
    formats, delimiters = (_values_of((name,), words) for name in ("--input-format", "--delimiter"))
    return next(iter(formats), ""), next(iter(delimiters), None)


def _values_of(flags: tuple[str, ...], words: list[str]) -> Iterable[str]:
    for place, word in enumerate(words[:-1]):
        if word in flags:
            yield _unquoted(words[place + 1])
    for word in words:
        name, equals, value = word.partition("=")
        if equals and name in flags:
            yield _unquoted(value)


def _unquoted(word: str) -> str:
    """As the shell would read it: the word comes as it was typed."""
    if not set("\\'\"") & set(word) or os.name == "nt":
        return word.strip("'\"")
    import shlex

    try:
        return "".join(shlex.split(word))
    except ValueError:
        return word


KINDS: dict[str, Callable[[list[str]], Iterable[Answer]]] = {
    "models": _models,
    "cached": _cached_models,
    "devices": _devices,
    "languages": _languages,
    "profiles": _profiles,
    "fields": _fields,
}

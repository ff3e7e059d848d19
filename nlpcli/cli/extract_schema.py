"""The files of `nlpcli extract --schema`."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from nlpcli.errors import UsageError, quoted
from nlpcli.records.content import read_document
from nlpcli.records.schema import Schema

SHIPPED = ("relations",)


def read_schema(name: str) -> str:
    """The JSON Schema of a file, or the one that is shipped under that name.

    Raises:
        InputMissing: there is no such file.
        UsageError: it is no schema of an object.
    """
    text = read_document(_shipped(name, ".json") if is_shipped(name) else Path(name), "--schema")
    Schema(text)
    if json.loads(text).get("type", "object") != "object":
        raise UsageError('--schema: fields need an object, such as {"type": "object", "properties": {…}}')
    return text


def is_shipped(name: str) -> bool:
    """Whether the name is that of a schema of ours, and of no file here."""
    return name in SHIPPED and not Path(name).is_file()


def shipped_examples(name: str) -> Path:
    """The examples that come with a schema of ours."""
    return _shipped(name, ".jsonl")


def _shipped(name: str, suffix: str) -> Path:
    return Path(str(files("nlpcli.tasks").joinpath(name + suffix)))


def read_examples(path: Path, schema: str | None) -> tuple[tuple[str, str], ...]:
    """Texts and their answers, each an object a line.

    Raises:
        UsageError: a line is no example, or its answer is not valid against the schema.
    """
    examples = []
    for number, line in enumerate(read_document(path, "--examples").splitlines(), start=1):
        if not line.strip():
            continue
        where = f"--examples {quoted(path)}:{number}"
        text, fields = _example(line, where)
        answer = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
        if schema is not None and (problem := Schema(schema).problem_of(answer)) is not None:
            raise UsageError(f"{where}: the answer is not valid against --schema: {problem}")
        examples.append((text, answer))
    return tuple(examples)


def _example(line: str, where: str) -> tuple[str, Any]:
    try:
        example = json.loads(line)
    except ValueError as error:
        raise UsageError(f"{where} is no JSON: {error}") from error
    if not isinstance(example, dict) or not isinstance(example.get("text"), str) or "fields" not in example:
        raise UsageError(f'{where} is no example; write {{"text": "…", "fields": {{…}}}}')
    return example["text"], example["fields"]

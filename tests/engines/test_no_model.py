"""What needs no model gets none: on the command line and from Python."""

import re
import threading
from pathlib import Path
from typing import NamedTuple

import pytest

import nlpcli
from nlpcli.errors import UsageError
from nlpcli.text.personal.tokens import LABELS


class _Map(NamedTuple):
    originals: dict[str, str]
    labels: frozenset[str] = LABELS


def test_a_task_without_a_model_is_a_function_from_texts_to_results():
    mask = nlpcli.load("extract", result="masked", known=_Map({"EMAIL_3": "ada@example.org"}))
    assert mask.loaded.pipeline is None
    assert [row["masked"] for row in mask(["bob@x.org ada@example.org", "no one"])] == ["<EMAIL_4> <EMAIL_3>", "no one"]
    assert mask(["ada@example.org"], result="unmasked") == [{"unmasked": "ada@example.org"}]
    assert mask(["< Email_3 >"], result="unmasked") == [{"unmasked": "ada@example.org"}]


def test_each_result_leaves_as_soon_as_it_is_there():
    seen = threading.Event()

    def texts():
        for number in range(3):
            yield f"u{number}@example.org"
            assert seen.wait(60), "the first result waits for the second text"

    results = nlpcli.load("extract", result="masked").stream(texts())
    assert next(results)["masked"] == "<EMAIL_1>"
    seen.set()
    assert [row["masked"] for row in results] == ["<EMAIL_2>", "<EMAIL_3>"]


def test_what_needs_a_model_is_not_done_without_one():
    mask = nlpcli.load("extract", result="masked")
    with pytest.raises(UsageError, match="load it again"):
        mask(["x"], result="entities")


def test_no_room_but_its_own_knows_the_seventh_task():
    package = Path(nlpcli.__file__).parent
    rooms = ("engines", "runtime", "kernels", "cli/run.py", "cli/bench.py", "cli/engine.py", "cli/planning.py")
    files = [file for room in rooms for file in [package / room, *(package / room).rglob("*.py")] if file.is_file()]
    assert len(files) > 30
    imports = re.compile(r"tasks\.extract|ExtractOptions|MaskTask|[\"']extract[\"']|spacy")
    assert [str(file) for file in files if imports.search(file.read_text(encoding="utf-8"))] == []
    readers = [package / "records" / f"{name}.py" for name in ("readers", "writers", "table", "inputs", "outputs")]
    assert not any(re.search("extract|mask", file.read_text(encoding="utf-8")) for file in readers)

"""The map of masked data: whole at any time, for its owner's eyes, and a run at a time."""

import json
import stat
import threading
import time

import pytest

from nlpcli.errors import InputBroken, InputMissing, OutputError, UsageError
from nlpcli.records import mask_map
from nlpcli.records.mask_map import GrowingMap, MaskMap, read_map

LABELS = ("EMAIL", "PERSON")


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "map.json")


def begun(path, known=None):
    made = MaskMap(path, known, LABELS)
    made.begin()
    return made


def test_a_map_is_there_from_the_start_and_has_everything_in_the_end(path, tmp_path):
    made = begun(path)
    assert read_map(path) == ({}, frozenset(LABELS))
    made.add([("EMAIL_1", "a@b.c"), ("PERSON_1", "Éva")])
    made.close()
    assert read_map(path) == ({"EMAIL_1": "a@b.c", "PERSON_1": "Éva"}, frozenset(LABELS))
    value = json.loads((tmp_path / "map.json").read_bytes())
    assert (value["format"], value["labels"]) == ("nlpcli mask map 1", ["EMAIL", "PERSON"])
    assert [file.name for file in tmp_path.iterdir()] == ["map.json"]


def test_a_map_is_for_its_owner_alone_whatever_it_was(path, tmp_path):
    begun(path).close()
    file = tmp_path / "map.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for mode in (0o644, 0o640, 0o604):
        file.chmod(mode)
        begun(path, read_map(path)).close()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_map_goes_on_where_it_ended(path):
    first = begun(path)
    first.add([("EMAIL_1", "a@b.c")])
    first.close()
    second = begun(path, read_map(path))
    assert read_map(path).originals == {"EMAIL_1": "a@b.c"}
    second.add([("EMAIL_2", "d@e.f")])
    second.close()
    assert read_map(path).originals == {"EMAIL_1": "a@b.c", "EMAIL_2": "d@e.f"}


def test_a_map_that_has_changed_since_or_that_another_run_writes_is_left_alone(path, monkeypatch):
    monkeypatch.setattr(mask_map, "_SECONDS_FOR_A_LOOK", 0.01)
    first = begun(path)
    with pytest.raises(UsageError, match="another run writes .*map.json"):
        begun(path)
    first.add([("EMAIL_1", "a@b.c")])
    first.close()
    with pytest.raises(UsageError, match="has changed since this run began"):
        begun(path)
    assert read_map(path).originals == {"EMAIL_1": "a@b.c"}


def test_a_map_not_begun_is_not_written(path, tmp_path):
    made = MaskMap(path, None, LABELS)
    made.add([("EMAIL_1", "a@b.c")])
    made.close()
    assert list(tmp_path.iterdir()) == []


def test_a_map_is_saved_while_a_run_goes_on_and_not_without_need(path, tmp_path, monkeypatch):
    monkeypatch.setattr(mask_map, "_SECONDS_BETWEEN", 0.01)
    made = begun(path)
    try:
        made.add([("EMAIL_1", "a@b.c")])
        deadline = time.monotonic() + 20
        while not read_map(path).originals and time.monotonic() < deadline:
            time.sleep(0.01)
        assert read_map(path).originals == {"EMAIL_1": "a@b.c"}
        before = (tmp_path / "map.json").stat().st_ino
        made.save()
        assert (tmp_path / "map.json").stat().st_ino == before
    finally:
        made.close()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"3", b"\xff", b"[" * 5000, b'{"format": "nlpcli mask map 1"}',
        b'{"format": "other", "labels": [], "tokens": {}}', b'{"format": "nlpcli mask map 1", "labels": [1], "tokens": {}}',
        b'{"format": "nlpcli mask map 1", "labels": [], "tokens": []}',
        *(f'{{"format": "nlpcli mask map 1", "labels": [], "tokens": {{"{name}": "x"}}}}'.encode()
          for name in ("a_1", "A", "A_0", "A_01", "_1", "A__1", "A_1x", "A_B", "A_1_2")),
        b'{"format": "nlpcli mask map 1", "labels": [], "tokens": {"A_1": 1}}',
    ],
)  # fmt: skip
def test_what_is_no_map_is_said_without_a_word_of_what_stands_in_it(path, tmp_path, content):
    (tmp_path / "map.json").write_bytes(content)
    with pytest.raises(InputBroken, match=r"map\.json is no map of --mask; choose another file with --map") as told:
        read_map(path)
    assert told.value.__cause__ is None


def test_names_of_several_words_are_tokens(path, tmp_path):
    tokens = {"A_1": "x", "DATE_OF_BIRTH_10": "y"}
    (tmp_path / "map.json").write_text(json.dumps({"format": "nlpcli mask map 1", "labels": ["A"], "tokens": tokens}))
    assert read_map(path) == (tokens, frozenset("A"))


def test_a_map_that_cannot_be_read_or_written_is_said(path, tmp_path):
    with pytest.raises(InputMissing, match=r"--map: cannot read .*map\.json: No such file"):
        read_map(path)
    with pytest.raises(OutputError, match="No such file or directory; choose another place with --map"):
        begun(str(tmp_path / "no" / "map.json"))


def test_a_link_to_a_map_stays_one(path, tmp_path):
    begun(path).close()
    (tmp_path / "link").symlink_to(path)
    made = begun(str(tmp_path / "link"), read_map(path))
    made.add([("EMAIL_1", "a@b.c")])
    made.close()
    assert (tmp_path / "link").is_symlink()
    assert read_map(path).originals == {"EMAIL_1": "a@b.c"}


def test_a_token_that_is_not_there_yet_is_waited_for_while_the_map_is_written(path, monkeypatch):
    monkeypatch.setattr(mask_map, "_SECONDS_BETWEEN", 0.02)
    made = begun(path)
    growing = GrowingMap(path)
    assert (growing.labels, len(growing.originals), list(growing.originals)) == (frozenset(LABELS), 0, [])
    threading.Timer(0.1, made.add, ([("EMAIL_1", "a@b.c")],)).start()
    assert growing.originals["EMAIL_1"] == "a@b.c"
    assert (len(growing.originals), list(growing.originals)) == (1, ["EMAIL_1"])
    made.add([("EMAIL_2", "d@e.f")])
    made.close()
    # A run that has ended has saved everything: nobody waits for what is not there.
    began = time.monotonic()
    assert growing.originals["EMAIL_2"] == "d@e.f"
    assert "EMAIL_3" not in growing.originals
    with pytest.raises(KeyError):
        growing.originals["EMAIL_3"]
    assert time.monotonic() - began < 4


def test_a_token_that_never_comes_is_given_up_once(path, monkeypatch):
    monkeypatch.setattr(mask_map, "_SECONDS_BETWEEN", 0.02)
    monkeypatch.setattr(mask_map, "_MOST_SECONDS", 0.2)
    made = begun(path)
    growing, began = GrowingMap(path), time.monotonic()
    with pytest.raises(KeyError):
        growing.originals["EMAIL_1"]
    waited = time.monotonic() - began
    assert waited >= 0.2
    monkeypatch.setattr(mask_map, "_MOST_SECONDS", 1000.0)
    with pytest.raises(KeyError):
        growing.originals["EMAIL_1"]
    made.close()

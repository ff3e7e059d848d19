"""Files on the web: whole, or an error; never the beginning of one."""

import random
from contextlib import suppress

import pytest

from nlpcli.errors import InputBroken, InputError, UsageError
from nlpcli.records.inputs import InputSpec, input_files
from nlpcli.records.readers import read_records
from nlpcli.records.remote import failures, reading
from tests.faulty_server import faulty_server

DATA = random.Random(0).randbytes(2_000_000)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(failures, "PAUSES", (0, 0, 0))
    with faulty_server() as started:
        started.files["/a"] = DATA
        yield started


def fetched(server, path="/a"):
    from nlpcli.records.remote.address import Address
    from nlpcli.records.remote.stores import store_of

    address = Address.of(server.address + path)
    with reading.open_remote(store_of(address).facts(address)) as stream:
        return stream.read()


@pytest.mark.parametrize("habits", [set(), {"whole"}, {"untagged"}], ids=str)
@pytest.mark.parametrize(
    "faults",
    [
        [],
        ["500"],
        ["", "503", "429"],
        ["", "break 0"],
        ["", "break 1000", "500", "break 7"],
        ["", "slow"],
        ["", "", "break 99"],
    ],
    ids=str,
)
def test_what_goes_wrong_for_a_while_changes_nothing(server, habits, faults):
    server.habits["/a"] |= habits
    server.faults["/a"] = [*faults]
    assert fetched(server) == DATA


def test_what_came_before_it_broke_off_is_not_asked_for_again(server):
    server.faults["/a"] = ["", "break 1000"]
    assert fetched(server) == DATA
    assert [part for _, part in server.asked[1:3]] == ["bytes=0-262143", "bytes=1000-262143"]


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        (["403"] * 9, "access is denied (403)"),
        (["401"] * 9, "access is denied (401)"),
        (["404"] * 9, "404"),
        (["500"] * 9, "500"),
        (["", *["500"] * 9], "500"),
        (["", *["break 0"] * 9], "broke off"),
        (["", "", "404"], "there is no such file"),
    ],
    ids=str,
)
def test_what_stays_wrong_is_said_in_a_line_and_no_part_is_taken_for_the_whole(server, faults, words):
    server.faults["/a"] = faults
    with pytest.raises(InputError, match=words.replace("(", r"\(").replace(")", r"\)")) as refused:
        list(input_files(InputSpec(paths=(f"{server.address}/a",), format="txt"))[0].open())
    assert str(refused.value).isprintable()


def test_an_answer_without_parts_that_always_breaks_off_is_no_file(server):
    server.habits["/a"].add("whole")
    server.faults["/a"] = ["", *["break 1000"] * 9]
    with pytest.raises(InputBroken, match="1,000 of 2,000,000 bytes"):
        fetched(server)


def test_an_answer_that_does_not_say_how_long_it_is_is_refused(server):
    server.habits["/a"] |= {"whole", "endless"}
    with pytest.raises(InputBroken, match="does not say how long"):
        fetched(server)


@pytest.mark.parametrize("size", ["x", "-5", "5_000", "\u00b2", "9" * 5000, "9" * 17])
@pytest.mark.parametrize("habits", [set(), {"whole"}], ids=str)
def test_a_size_that_no_file_has_is_refused_or_not_believed(server, habits, size):
    server.habits["/a"] |= {*habits, f"size {size}"}
    with suppress(InputError):
        assert fetched(server) == DATA


def test_a_file_that_changes_while_it_is_read_is_no_file(server):
    with input_files(InputSpec(paths=(f"{server.address}/a",), format="txt"))[0].open() as stream:
        stream.read(1000)
        server.versions["/a"] += 1
        with pytest.raises(InputBroken, match="has changed"):
            stream.read()


def test_an_empty_file_is_a_file(server):
    server.files["/a"] = b""
    assert fetched(server) == b""


def test_a_server_that_nobody_runs_is_named(server):
    with pytest.raises(InputError, match="127.0.0.1:1/a"):
        input_files(InputSpec(paths=("http://127.0.0.1:1/a",)))


def test_redirects_are_followed_but_not_to_files_of_this_machine(server):
    server.faults["/b"], server.habits["/b"] = ["302"] * 9, {"/a"}
    assert fetched(server, "/b") == DATA
    for elsewhere in (
        "ftp://127.0.0.1/a",
        "file:///etc/passwd",
        "http://[x/a",
        "http://a:port/a",
        "http://../a",
        "//\0/a",
    ):
        server.habits["/b"], server.faults["/b"] = {elsewhere}, ["302"] * 9
        with pytest.raises(InputError) as refused:
            fetched(server, "/b")
        assert str(refused.value).isprintable()


def test_a_password_does_not_follow_to_another_server(server):
    with faulty_server() as other:
        other.files["/a"] = b"a"
        server.faults["/b"], server.habits["/b"] = ["302"] * 9, {f"{other.address}/a"}
        host = server.address.removeprefix("http://")
        assert len(input_files(InputSpec(paths=(f"http://me:secret@{host}/b",), format="txt"))) == 1
        assert server.headers[0]["Authorization"]
        assert {headers.get("Authorization") for headers in other.headers} == {None}


def test_a_password_goes_to_its_server_and_into_no_message(server):
    host = server.address.removeprefix("http://")
    files = input_files(InputSpec(paths=(f"http://me:secret@{host}/a",), format="txt"))
    assert server.headers[0]["Authorization"] == "Basic bWU6c2VjcmV0"
    assert "secret" not in files[0].name
    with pytest.raises(InputError) as refused:
        input_files(InputSpec(paths=(f"http://me:secret@{host}/none",)))
    assert "secret" not in str(refused.value)


def test_the_web_has_no_folders(server):
    with pytest.raises(InputError, match="404"):
        input_files(InputSpec(paths=(f"{server.address}/d/",)))
    with pytest.raises(UsageError, match="both read and written"):
        input_files(InputSpec(paths=(f"{server.address}/a",) * 2, format="txt", written=(f"{server.address}/a",)))


def test_records_come_with_the_line_on_which_they_stand(server):
    server.files["/d/a b.csv"] = b"text,n\none,1\ntwo,2\n"
    server.files["/d/a%20b.csv"] = server.files["/d/a b.csv"]
    spec = InputSpec(paths=(f"{server.address}/d/a b.csv?download=1",))
    server.files["/d/a%20b.csv?download=1"] = server.files["/d/a b.csv"]
    records = list(read_records(spec, input_files(spec)))
    assert [(record.text, record.origin.line) for record in records] == [("one", 2), ("two", 3)]

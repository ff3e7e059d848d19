"""The hub, as a server of a few answers plays it."""

import json

import fsspec
import pytest

from nlpcli.errors import InputError
from nlpcli.records.remote import failures
from nlpcli.records.remote.address import Address
from nlpcli.records.remote.buckets import Buckets
from tests.faulty_server import faulty_server

REPOSITORY = "hf://datasets/somebody/reviews"


@pytest.fixture
def hub(monkeypatch):
    monkeypatch.setattr(failures, "PAUSES", (0, 0, 0))
    with faulty_server() as server:
        monkeypatch.setitem(fsspec.config.conf, "hf", {"endpoint": server.address, "token": False})
        file = {"type": "file", "oid": "0123", "size": 7, "path": "d/a.txt"}
        server.files["/api/datasets/somebody/reviews"] = json.dumps({"id": "somebody/reviews", "sha": "4567"}).encode()
        for query in ("?recursive=false&expand=false", "?recursive=true&expand=false"):
            server.files[f"/api/datasets/somebody/reviews/tree/main/d{query}"] = json.dumps([file]).encode()
        server.files["/datasets/somebody/reviews/resolve/main/d/a.txt"] = b"one\ntwo"
        yield server


def test_a_file_of_the_hub_is_found_and_read(hub):
    store = Buckets("hf")
    facts = store.facts(Address.of(f"{REPOSITORY}/d/a.txt"))
    assert (facts.size, facts.token) == (7, "0123")
    assert store.files(Address.of(f"{REPOSITORY}/d/")) == [facts]
    assert store.read(facts, 4, 7) == b"two"
    assert store.facts(Address.of("hf://datasets/somebody/none/a.txt")) is None


def test_what_the_hub_refuses_is_said_in_a_line(hub):
    hub.faults["/api/datasets/somebody/reviews"] = ["403"] * 9
    with pytest.raises(InputError, match="access is denied") as refused:
        Buckets("hf").facts(Address.of(f"{REPOSITORY}/d/a.txt"))
    assert str(refused.value).isprintable()

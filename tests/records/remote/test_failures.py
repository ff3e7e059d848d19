"""What goes wrong at a store is one line that says what to do; and only what may pass is tried again."""

from pathlib import Path

import pytest

from nlpcli.records.remote import failures
from nlpcli.records.remote.address import Address
from nlpcli.records.remote.failures import again, cannot_read, cannot_write, may_pass


class NoCredentialsError(Exception):
    """As botocore's."""


class Answered(OSError):
    """As libraries raise it: a status, by whatever name."""

    def __init__(self, **told):
        super().__init__("something\x1b[31m\nbad")
        vars(self).update(told)


class Answer:
    status_code = 403


@pytest.mark.parametrize(
    ("error", "words", "passes"),
    [
        (ConnectionResetError("gone"), "gone; check the address and the network", True),
        (TimeoutError(), "does not answer", True),
        (failures.BrokenOff("3 of 5"), "broke off in the middle (3 of 5)", True),
        (FileNotFoundError("b/a"), "there is no such file", False),
        (FileNotFoundError("NoSuchBucket: b"), "no such bucket: b", False),
        (PermissionError("no"), "access is denied (no); set AWS_PROFILE", False),
        (OSError("Forbidden: https://b/a\nno"), "access is denied", False),
        (NoCredentialsError(), "there are no credentials; set AWS_PROFILE", False),
        (Answered(status=503), "something", True),
        (Answered(code=429), "something", True),
        (Answered(status_code=404), "there is no such file", False),
        (Answered(status=400), "something", False),
        (Answered(response=Answer()), "access is denied (403)", False),
        (Answered(response={"ResponseMetadata": {"HTTPStatusCode": 401}}), "access is denied (401)", False),
        (ValueError("x" * 9999), "xxx…", False),
    ],
    ids=repr,
)
def test_each_kind_of_failure_has_its_words(error, words, passes, monkeypatch):
    address = Address.of("s3://b/a")
    for said in (str(cannot_read(address, error)), str(cannot_write(address, error))):
        assert words in said
        assert said.isprintable()
        assert len(said) < 400
    assert may_pass(error) is passes


def test_what_may_pass_is_tried_a_few_times_and_no_more(monkeypatch):
    monkeypatch.setattr(failures, "PAUSES", (0, 0, 0))
    count = 0

    def attempt():
        nonlocal count
        count += 1
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        again(attempt)
    assert count == 4
    with pytest.raises(FileNotFoundError):
        again(Path("/none/at/all").read_bytes)

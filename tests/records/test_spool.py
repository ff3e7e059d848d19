"""Bytes that wait: in memory while they are few, then on a disk that may be full."""

import pytest

from nlpcli.errors import OutputError
from nlpcli.records.spool import enough_room, spool


@pytest.mark.parametrize(("size", "on_disk"), [(1 << 20, False), ((1 << 20) + 1, True)])
def test_what_is_written_is_read_and_waits_on_disk_once_it_is_much(size, on_disk):
    with spool() as stream:
        stream.write(bytes(size))
        assert stream._rolled is on_disk
        stream.seek(0)
        assert stream.read() == bytes(size)
    assert stream.closed


@pytest.mark.parametrize(
    ("error", "said"), [(OSError(28, "No space left on device"), "No space left on device"), (OSError("odd"), "odd")]
)
def test_a_full_disk_is_said_and_what_to_do(error, said):
    with (
        pytest.raises(OutputError, match=f"cannot keep data in the temporary folder: {said}; set TMPDIR"),
        enough_room(),
    ):
        raise error


def test_other_errors_are_others():
    with pytest.raises(ValueError, match="other"), enough_room():
        raise ValueError("other")

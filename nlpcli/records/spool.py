"""Where bytes wait that cannot go out yet: in memory while they are few, then on disk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from nlpcli.errors import OutputError

_IN_MEMORY = 1 << 20


def spool() -> BinaryIO:
    """A file without a name; to be written to within `enough_room`. It is gone when it is closed, or when nobody has it
    any more: a run that fails leaves its writer as it is."""
    return cast(BinaryIO, _Spool(_IN_MEMORY))


class _Spool(tempfile.SpooledTemporaryFile[bytes]):
    def __del__(self) -> None:
        self.close()


@contextmanager
def enough_room() -> Iterator[None]:
    """Raises OutputError where the disk behind a spool is full, and says which."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise OutputError(f"cannot keep data in the temporary folder: {reason}; set TMPDIR to one with room") from error

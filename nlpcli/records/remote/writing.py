"""A file elsewhere that appears whole, or not at all: it waits on this machine until it is."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from nlpcli.errors import OutputError, quoted
from nlpcli.records.remote.address import Address
from nlpcli.records.remote.protocol import Store
from nlpcli.records.remote.stores import store_of
from nlpcli.records.spool import enough_room
from nlpcli.signals import making, put_away_if_killed
from nlpcli.streams import OutputDescriptor


@contextmanager
def remote_output(address: Address) -> Iterator[BinaryIO]:
    """The stream to write to; where it ends well, all of it is sent at once, and again where that broke off.

    Raises:
        OutputError: nothing can be written there, which is said at the beginning where the store tells it.
    """
    store = store_of(address)
    store.check_writable(address)
    with ExitStack() as end:
        with enough_room(), making():
            descriptor, name = tempfile.mkstemp(".part", "nlpcli-")
            path = Path(name)
            end.enter_context(put_away_if_killed(path.unlink))
        try:
            with io.BufferedWriter(OutputDescriptor(descriptor, f"{quoted(name)}, where TMPDIR is")) as stream:
                yield cast(BinaryIO, stream)
            _send(store, address, path)
        finally:
            with suppress(OSError):
                path.unlink()


def _send(store: Store, address: Address, path: Path) -> None:
    try:
        store.upload(address, str(path))
    except OutputError as error:
        # Whatever it took to compute is not lost.
        kept = path.with_name(f"nlpcli-{os.urandom(4).hex()}-{PurePosixPath(address.name).name}")
        path.replace(kept)
        raise OutputError(f"{error}; the results are in {quoted(kept)}") from error

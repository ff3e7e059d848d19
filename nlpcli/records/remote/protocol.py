"""What is asked of any store, and what it says of a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from nlpcli.records.remote.address import Address


class Facts(NamedTuple):
    """A file: its size where the store knows it, and what changes whenever it does (version, ETag), where there is."""

    address: Address
    size: int | None
    token: str | None
    by_range: bool = True
    """Whether any part of it can be asked for."""


class Store(Protocol):
    """All files of a protocol. Every method raises NlpcliError: what is wrong, where, and what to do."""

    def facts(self, address: Address) -> Facts | None:
        """Of a file; None where there is none of that name."""

    def files(self, address: Address) -> list[Facts]:
        """Those below a folder, or that match a pattern, by name."""

    def read(self, facts: Facts, start: int, stop: int) -> bytes:
        """The bytes from `start` to `stop`, all of them."""

    def whole(self, facts: Facts) -> Iterator[bytes]:
        """All bytes in one answer, where no part can be asked for."""

    def put(self, address: Address, data: bytes, new: bool = False) -> bool:
        """Write a file, whole or not at all; False where it is to be `new` and is there already."""

    def upload(self, address: Address, path: str) -> None:
        """Write a file from one of this machine, whole or not at all."""

    def check_writable(self, address: Address) -> None:
        """Say before the work what cannot be written after it."""

    def delete(self, addresses: Sequence[Address]) -> None:
        """Delete files; those that are not there are gone already."""

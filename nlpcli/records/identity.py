"""Which file a name stands for, whatever it is called, and which files a run writes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from nlpcli.records.remote.address import Address, Place, is_remote

Identity = tuple[int, int] | Address
"""Device and inode: the same under every name of a file; or where it lies."""


@dataclass(frozen=True, slots=True)
class Written:
    """What this run writes, by what the file system knows it as: other names, links and case are the same file."""

    streams: frozenset[Identity]
    """Standard output and standard error, where they are files: the shell opened them before the run began."""
    files: frozenset[Identity]
    folders: frozenset[Identity]

    @classmethod
    def of(cls, names: Iterable[str]) -> Written:
        """`names`: the files and folders of a run, beside standard output."""
        streams: frozenset[Identity] = frozenset(filter(None, map(stream_identity, (1, 2))))
        places: list[Place] = [Address.of(name) if is_remote(name) else local_path(name) for name in names if name]
        found = [(place, identity) for place in places if (identity := identity_of(place)) is not None]
        folders: frozenset[Identity] = frozenset(identity for place, identity in found if _is_folder(place))
        files: frozenset[Identity] = frozenset(identity for _, identity in found)
        return cls(streams, streams | files - folders, folders)

    def holds(self, address: Address) -> bool:
        """Whether this run writes it."""
        return address in self.files or any(
            isinstance(folder, Address) and address.is_relative_to(folder) for folder in self.folders
        )


def _is_folder(place: Place) -> bool:
    return place.key.endswith("/") if isinstance(place, Address) else place.is_dir()


def stream_identity(descriptor: int) -> Identity | None:
    """Of the regular file behind a descriptor; None where there is none."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


def identity_of(path: Place) -> Identity | None:
    """Of a device there is none: it can be both read and written."""
    if isinstance(path, Address):
        return path.root
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return None if stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode) else (status.st_dev, status.st_ino)


def local_path(name: str) -> Path:
    """The path that a name stands for."""
    # A name can begin with ~ and mean itself.
    return Path(name if os.path.lexists(name) else os.path.expanduser(name))  # noqa: PTH111 - Path's raises

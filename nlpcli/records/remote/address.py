"""Addresses of files that are not on this machine: what can be asked of a path without looking at what is there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit, urlunsplit

from nlpcli.errors import UsageError, quoted

# A letter alone is a drive of Windows.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
PROTOCOLS = ("s3", "gs", "az", "hf", "https", "http")
WEB = frozenset({"https", "http"})
_OTHER_NAMES = {"s3a": "s3", "s3n": "s3", "gcs": "gs", "abfs": "az", "abfss": "az"}
_PATTERN = re.compile(r"[*?\[]")
# Of a query these say who asks, or until when, and not what is asked for.
_SECRET = re.compile(r"(?i)(x-(amz|goog)-.*|.*(sig|signature|token|key|secret|password|passwd|pwd|auth|credential).*|"
                     r"expires|se|sp|sv|sr|st|spr)")  # fmt: skip


def is_remote(name: str) -> bool:
    """Whether `name` begins as an address does."""
    return _SCHEME.match(name) is not None


def was_remote(name: str) -> bool:
    """Whether `name` was an address before it became a path, which has no two slashes in a row."""
    return not is_remote(name) and is_remote(name.replace(":/", "://", 1))


@dataclass(frozen=True, slots=True)
class Address:
    """`protocol://key`, with as much of a path's interface as can be answered without a network.

    As a path of the operating system it is its own text, for messages.
    """

    protocol: str
    key: str

    @classmethod
    def of(cls, name: str) -> Address:
        """Raises UsageError where nothing is read from or written to such an address, or it is none."""
        match = _SCHEME.match(name)
        assert match is not None
        scheme = match[1].lower()
        protocol = _OTHER_NAMES.get(scheme, scheme)
        if protocol not in PROTOCOLS:
            advice = (
                "leave file:// out" if scheme == "file" else f"use one of {', '.join(f'{p}://' for p in PROTOCOLS)}"
            )
            raise UsageError(f"{quoted(name)} is at no address that can be used; {advice}, or a path of this machine")
        address = cls(protocol, name[match.end() :])
        if not address.bucket.strip():
            raise UsageError(f"{quoted(name)} names no bucket, host or repository; one stands behind ://")
        if address.is_web and not _is_of_web(address):
            host = quoted(address.bucket.rpartition("@")[2])
            raise UsageError(
                f"no address of the web is written like this one of the host {host}; see what its link says"
            )
        return address

    def __str__(self) -> str:
        return f"{self.protocol}://{self.key}"

    def __fspath__(self) -> str:
        return str(self)

    @property
    def is_web(self) -> bool:
        """Whether it is asked for by HTTP: it has no folders, and is read only."""
        return self.protocol in WEB

    @property
    def bucket(self) -> str:
        """What stands before the first slash: bucket, container, host."""
        return self.key.partition("/")[0]

    @property
    def is_pattern(self) -> bool:
        """Whether `*`, `?` or `[` stand in it; a query on the web is none."""
        return not self.is_web and _PATTERN.search(self.key) is not None

    @property
    def shown(self) -> str:
        """As it stands in messages and results: without passwords and signatures."""
        if not self.is_web:
            return str(self)
        parts = urlsplit(str(self))
        query = "&".join(part for part in parts.query.split("&") if not _SECRET.fullmatch(part.partition("=")[0]))
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))

    @property
    def name(self) -> str:
        """What stands behind the last slash, without a query."""
        return self._path.rstrip("/").rpartition("/")[2]

    @property
    def _path(self) -> str:
        return re.split("[?#]", self.key, maxsplit=1)[0] if self.is_web else self.key

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix

    @property
    def parent(self) -> Address:
        return Address(self.protocol, self._path.rstrip("/").rpartition("/")[0])

    @property
    def root(self) -> Address:
        """The folder below which a pattern finds files; of any other address itself."""
        if not self.is_pattern:
            return Address(self.protocol, self.key.rstrip("/"))
        kept = self.key[: _PATTERN.search(self.key).start()]  # type: ignore[union-attr]
        return Address(self.protocol, kept.rpartition("/")[0])

    def with_name(self, name: str) -> Address:
        return self.parent / name

    def __truediv__(self, name: str) -> Address:
        return Address(self.protocol, f"{self.key.rstrip('/')}/{name}")

    def absolute(self) -> Address:
        return self

    def resolve(self) -> Address:
        return self

    def is_relative_to(self, other: object) -> bool:
        """Whether it lies below `other`."""
        return (
            isinstance(other, Address)
            and self.protocol == other.protocol
            and self.key.startswith(f"{other.key.rstrip('/')}/")
        )

    def relative_to(self, other: Address) -> PurePosixPath:
        """Its place below `other`.

        Raises:
            UsageError: as a path of a file system it would lie elsewhere: keys of a bucket may be called anything.
        """
        key = self._path[len(other.key.rstrip("/")) + 1 :]
        if any(part in {"", ".", ".."} for part in key.split("/")) or "\\" in key or "\0" in key:
            raise UsageError(f"{quoted(self)} has no place in a tree of folders; name it with -i, and its -o FILE")
        return PurePosixPath(key)


def _is_of_web(address: Address) -> bool:
    try:
        str(address).encode()
        parts = urlsplit(str(address))
        host = parts.hostname or ""
        return bool(host.encode("idna")) and host.isprintable() and " " not in host and parts.port != 0
    except ValueError:  # brackets, ports, and labels that are too long or empty
        return False


Place = Path | Address
"""Of a file: on this machine, or elsewhere."""

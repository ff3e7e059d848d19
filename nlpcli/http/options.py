"""What `nlpcli serve run --http` was told."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import NamedTuple

from nlpcli.errors import UsageError
from nlpcli.settings import API_KEY

DEFAULT_HOST = "127.0.0.1"


class Address(NamedTuple):
    """Where to listen. `is_loopback`: nobody but this machine can connect."""

    host: str
    port: int
    is_loopback: bool

    @property
    def url(self) -> str:
        """As a client writes it."""
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one request, and of all at a time. `body` in bytes, `seconds` from its arrival to its end."""

    body: int = 10 << 20
    seconds: float = 300.0
    running: int = 64
    waiting: int = 256


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """`keys`: a client has to show one of them; empty: none. `origins`: whose pages may ask, beside those of the server
    itself; `*` for all. `models`: those that may be asked for; empty: the starter set, and what is on this machine.
    """

    address: Address
    keys: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    limits: Limits = Limits()


def address_of(text: str) -> Address:
    """`8080`, `127.0.0.1:8080`, `localhost:8080` or `[::1]:8080`.

    Raises:
        UsageError: it is none, or the name of no machine.
    """
    match = re.fullmatch(r"(?:(?:\[([0-9a-fA-F:.]+)\]|([\w.-]*)):)?(\d{1,5})", text)
    if match is None or int(match[3]) > 65535:
        raise UsageError(f'--http takes an address such as 127.0.0.1:8080, not "{text}"')
    host, port = match[1] or match[2] or DEFAULT_HOST, int(match[3])
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except OSError as error:
        raise UsageError(f'--http: no machine is called "{host}" here; try 127.0.0.1:{port}') from error
    return Address(host, port, all(ipaddress.ip_address(one.partition("%")[0]).is_loopback for one in found))


def checked(options: ServerOptions) -> ServerOptions:
    """The options themselves.

    Raises:
        UsageError: anybody could ask who reaches this machine.
    """
    if not options.address.is_loopback and not options.keys:
        raise UsageError(
            f"--http {options.address.host}: other machines can connect there, so clients need a key;"
            f" set {API_KEY}, or give --api-key-file FILE"
        )
    return options

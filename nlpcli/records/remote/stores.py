"""Where files lie that are not on this machine: the store of an address."""

from __future__ import annotations

import threading
from functools import cache

from nlpcli.records.remote.address import Address
from nlpcli.records.remote.protocol import Store

_opening = threading.Lock()


def store_of(address: Address) -> Store:
    """The store of a protocol; made once. Raises ExtraMissing."""
    with _opening:
        return _store(address.protocol)


@cache
def _store(protocol: str) -> Store:
    if protocol in {"https", "http"}:
        from nlpcli.records.remote.web import Web

        return Web()
    from nlpcli.records.remote.buckets import Buckets

    return Buckets(protocol)

"""What tells one record from another."""

from __future__ import annotations

import hashlib

from nlpcli.records.json_text import encode_json
from nlpcli.records.record import Record

_BYTES = 16


def key_of(record: Record, whole: bool, named: bool) -> bytes:
    """What tells one record from another to a task: the text; where `whole`, all fields; where `named`, the name of its
    file, which tells markup and language."""
    found = hashlib.blake2b(record.text.encode("utf-8", "surrogatepass"), digest_size=_BYTES)
    if whole:
        found.update(b"\0" + encode_json(dict(record.fields)))
    if named:
        found.update(b"\0" + record.origin.source.encode("utf-8", "surrogatepass"))
    if record.file is not None:
        found.update(b"\0" + record.file)
    return found.digest()

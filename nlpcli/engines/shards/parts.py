"""The results of a shard as bytes, and back: exactly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import zstandard

from nlpcli.engines.worker.messages import FrameError
from nlpcli.engines.worker.values import read_ext, result_on_wire
from nlpcli.errors import NlpcliError
from nlpcli.records.record import Record

_LEVEL = 1
# What a part file may grow to that is small, and how often its size one that is not.
_FREE, _MOST_GROWTH = 1 << 28, 1000


class PartBroken(NlpcliError):
    """The file of a shard is not what was written."""


class Outcome(msgspec.Struct, array_like=True):
    """What became of a record; `key` is that of the record, `file` what became of its file, where that was changed."""

    key: bytes
    result: Any = None
    error: str | None = None
    file: bytes | None = None

    def give(self, record: Record) -> Record:
        """`record`, with what became of it."""
        record.result, record.error = self.result, self.error
        record.file = record.file if self.file is None else self.file
        return record


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Outcome], ext_hook=read_ext)


def encoded(outcomes: Sequence[Outcome]) -> bytes:
    """The bytes of a part file."""
    plain = [
        Outcome(each.key, None if each.result is None else result_on_wire(each.result, False), each.error, each.file)
        for each in outcomes
    ]
    return zstandard.ZstdCompressor(_LEVEL).compress(_encoder.encode(plain))


def decoded(data: bytes) -> list[Outcome]:
    """What a part file holds. Raises PartBroken."""
    try:
        if zstandard.frame_content_size(data) > max(_FREE, _MOST_GROWTH * len(data)):
            raise PartBroken("it would be larger than any that is written")
        return _decoder.decode(zstandard.ZstdDecompressor().decompress(data))
    except (zstandard.ZstdError, msgspec.MsgspecError, FrameError, RecursionError, ValueError) as error:
        raise PartBroken(str(error)) from error

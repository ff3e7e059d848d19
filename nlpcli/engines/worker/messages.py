"""What crosses the socket: a length of four bytes, then one message in MessagePack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from nlpcli.engines.job import ComputeSpec, ModelSpec, OnError
from nlpcli.records.inputs import InputSpec
from nlpcli.records.outputs import OutputSpec

# Both sides compare it before anything else is said; `Hello` itself never changes but at its end.
PROTOCOL = 2
# No frame is longer: more would be a mistake, or a record that is better computed where it is read.
MOST_BYTES = 256 * 1024 * 1024
HEADER_BYTES = 4


class FrameError(Exception):
    """What came is no message."""


class Message(msgspec.Struct, tag=True, array_like=True):
    """One of those below."""


class Hello(Message):
    """First word of a command: who speaks."""

    protocol: int
    version: str
    environment: dict[str, str]


class Welcome(Message):
    """The worker means the same."""

    process: int


class Refused(Message):
    """It does not."""

    reason: str


class PlanRequest(Message):
    """A command line that the worker is to read as the command itself would."""

    arguments: list[str]


class Planned(Message):
    """What a command line means. `render` and `draw` are functions by name; `options` stay as they are encoded."""

    task: str
    options: msgspec.Raw
    fields: dict[str, str]
    input: InputSpec
    model: ModelSpec
    compute: ComputeSpec
    on_error: OnError
    output: OutputSpec
    render: str
    draw: str
    own_rows: bool
    of_all: bool
    kept_back: bool
    streamed: bool
    quiet: bool
    verbose: bool
    progress: bool | None


class Unplanned(Message):
    """The command has to read its line itself: it is wrong, or names files."""


class RunRequest(Message):
    """A run whose records follow. `spelled`: arrays in results come as JSON. `path` of the model where its name is one
    from the command's folder."""

    task: str
    options: msgspec.Raw
    model: ModelSpec
    compute: ComputeSpec
    spelled: bool
    path: str | None = None


class WireRecord(msgspec.Struct, array_like=True):
    """A `Record` on its way to the task; `fields` only where the task reads them."""

    text: str
    source: str
    line: int
    error: str | None
    file: bytes | None
    fields: Any


class Records(Message):
    """Records in their order."""

    records: list[WireRecord]


class End(Message):
    """No more records; `failed`: what there was could not be read to its end."""

    failed: bool


class WireResult(msgspec.Struct, array_like=True):
    """What became of record `number`, counted from 0; or a record that was found, where it is -1."""

    number: int
    result: Any
    error: str | None
    file: bytes | None
    found: WireRecord | None


class Results(Message):
    """Results in their order."""

    results: list[WireResult]


class Taken(Message):
    """So many records have been taken up since the run began: there is room for more. The task has let go of those
    that are `gone`: no result of theirs comes any more."""

    count: int
    gone: list[int]


class Note(Message):
    """A message of a logger; `template` is what those alike have in common."""

    logger: str
    level: int
    template: str
    text: str


class Progress(Message):
    """What takes long."""

    text: str
    fraction: float | None


class Piece(Message):
    """A piece of the text that is being written for record `number`."""

    number: int
    text: str


class Failed(Message):
    """The run ended with an error of this kind."""

    kind: str
    text: str
    traceback: str


class Done(Message):
    """The run is over, and every result was sent: so many records and tokens were computed, and where."""

    records: int = 0
    read: int = 0
    written: int = 0
    device: str = ""
    dtype: str = ""


class StatusRequest(Message):
    """What is held, and what is going on?"""


class Status(Message):
    """Sizes in bytes, times in seconds; `http` is where it answers other programs."""

    process: int
    version: str
    uptime: float
    keep_alive: float
    requests: int
    running: int
    memory: int
    resident: int
    models: list[tuple[str, str, str, int, int, float]]
    http: str = ""


class Retire(Message):
    """Take no more work, and end when what runs is done."""


ToWorker = Hello | PlanRequest | RunRequest | Records | End | StatusRequest | Retire
ToCommand = Welcome | Refused | Planned | Unplanned | Results | Taken | Note | Progress | Piece | Failed | Done | Status
_encoder = msgspec.msgpack.Encoder()


def frame(message: Message) -> bytes:
    """The bytes of a message.

    Raises:
        FrameError: it is too long, or holds what cannot be sent.
    """
    try:
        body = _encoder.encode(message)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise FrameError(str(error)) from error
    if len(body) > MOST_BYTES:
        raise FrameError("too long for one frame")
    return len(body).to_bytes(HEADER_BYTES) + body


def length(header: bytes) -> int:
    """How long a message is. Raises FrameError where it is too long."""
    found = int.from_bytes(header)
    if found > MOST_BYTES:
        raise FrameError(f"a frame of {found} bytes")
    return found


def reader(kind: Any, ext: Any = None) -> Callable[[bytes], Any]:
    """Reads messages of one side, `ToWorker` or `ToCommand`. What it gives raises FrameError for what is none."""
    decoder = msgspec.msgpack.Decoder(kind, ext_hook=ext)

    def read(body: bytes) -> Any:
        try:
            return decoder.decode(body)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:  # UTF-8 that is none is a ValueError
            raise FrameError(str(error)) from error

    return read

"""What is said of a run: a line that moves on a terminal, one every 30 s in a log, and a summary at its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from nlpcli.cli.console import Activity, complain
from nlpcli.records.inputs import InputFile
from nlpcli.records.json_text import encode_json
from nlpcli.records.outputs import output_stream
from nlpcli.records.record import Record, printable

if TYPE_CHECKING:
    from nlpcli.runtime.runs import Usage

_MOVING_SECONDS = 0.2
_LOG_SECONDS = 30.0
# A shorter run says of itself by its results what there is to say.
_LONG_SECONDS = 10.0
_LONGEST_NAME = 30
# Before, most of the time went into what is done once.
_TOLD_FROM = 0.01


@dataclass(slots=True)
class Watch:
    """Looks on while records go out; `total` says how many there will be, where that can be told."""

    activity: Activity
    usage: Usage
    files: Sequence[InputFile]
    quiet: bool
    total: Callable[[], float | None] = lambda: None
    count: int = 0
    failed: int = 0
    began: float = field(default_factory=time.monotonic)
    _last: float = 0.0

    @property
    def seconds(self) -> float:
        """How long the run has taken."""
        return time.monotonic() - self.began

    @property
    def _is_of_files(self) -> bool:
        return bool(self.files) and all(file.path is not None and not file.stream for file in self.files)

    def over(self, records: Iterable[Record], moving: bool) -> Iterator[Record]:
        """The records; `moving`: something may move on the terminal beside them."""
        logged = self._is_of_files and not self.quiet and self.activity.is_logged
        every = _MOVING_SECONDS if moving and self.activity.is_moving else _LOG_SECONDS if logged else float("inf")
        last = self.began
        for record in records:
            self.count += 1
            yield record
            now = time.monotonic()
            if now - last > every:
                last = now
                self._say(record)

    def _say(self, record: Record) -> None:
        total = self.total()
        fraction = None if not total else min(self.count / total, 1.0)
        text = self._so_far(record, fraction)
        if self.activity.is_moving:
            self.activity(text, fraction)
        else:
            complain(text if fraction is None else f"{text}, {fraction:.0%}")

    def _so_far(self, record: Record, fraction: float | None) -> str:
        rate = self.count / max(self.seconds, 1e-9)
        parts = [_records(self.count), f"{rate:,.0f} a second" if rate >= 10 else f"{rate:.2g} a second"]
        if fraction and fraction > _TOLD_FROM:
            parts.append(f"{_clock(self.seconds / fraction - self.seconds)} left")
        if self._is_of_files:
            parts.append(printable(record.origin.source)[-_LONGEST_NAME:])
        return ", ".join([*parts, self.usage.device] if self.usage.device else parts)

    def say_end(self, kept: bool) -> None:
        """The summary in a line, of a run over files that was long, or that is kept."""
        if self.quiet or not self._is_of_files or not (kept or self.seconds > _LONG_SECONDS):
            return
        facts = self.summary()
        speed = f", {facts['tokens_per_second']:,.0f} tokens/s" if facts["tokens_per_second"] else ""
        place = f", {facts['device']} ({facts['dtype']}), {facts['model']}" if facts["device"] else ""
        complain(f"{_records(self.count)}, {self.failed:,} failed, {_clock(self.seconds)}{speed}{place}")

    def summary(self) -> dict[str, int | float | str | None]:
        """What there is to say of a run, for programs."""
        seconds, tokens = max(self.seconds, 1e-9), self.usage.read + self.usage.written
        return {
            "records": self.count,
            "failed": self.failed,
            "computed": self.usage.records,
            "seconds": round(self.seconds, 3),
            "records_per_second": round(self.count / seconds, 2),
            "tokens": tokens,
            "tokens_per_second": round(tokens / seconds, 1),
            "device": self.usage.device or None,
            "dtype": self.usage.dtype or None,
            "model": self.usage.model or None,
        }

    def write(self, path: Path, error: str | None) -> None:
        """The summary as JSON. Raises OutputError where it cannot be written."""
        with output_stream(str(path), "", durable=True) as stream:
            stream.write(encode_json({**self.summary(), "error": error}) + b"\n")


def _records(count: int) -> str:
    return "1 record" if count == 1 else f"{count:,} records"


def _clock(seconds: float) -> str:
    """A duration as people read it: 12 s, 3:20, 1:02:03."""
    whole = int(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


class ReadSoFar:
    """How many records there will be, guessed by how much of the bytes of files the records had that were read."""

    def __init__(self, files: Sequence[InputFile]) -> None:
        self._files = files
        self._records = 0
        sizes = [file.size if file.size is not None else _size(file) for file in files]
        self._size = sum(size for size in sizes if size is not None) if None not in sizes else None

    def over(self, records: Iterable[Record]) -> Iterator[Record]:
        """The records, which are counted."""
        for record in records:
            self._records += 1
            yield record

    def total(self) -> float | None:
        """About how many there will be; None where nothing tells it."""
        read = sum(file.bytes_read for file in self._files)
        return self._records * self._size / read if read and self._size else None


def _size(file: InputFile) -> int | None:
    if file.stream:
        return None
    try:
        return file.size_now()
    except OSError:
        return None

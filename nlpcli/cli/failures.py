"""Records that fail: what ends a run, what it keeps or passes over, and how many are too many."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from nlpcli.errors import NlpcliError, UsageError, quoted
from nlpcli.records.record import Record
from nlpcli.records.table import NotHeld
from nlpcli.records.writers import Writer

log = logging.getLogger(__name__)

SOME_FAILED = 3
_ENOUGH_FOR_A_SHARE = 100


class RecordFailed(NlpcliError):
    """`--on-error fail`: a record could not be processed."""


class TooManyErrors(NlpcliError):
    """More records failed than `--max-errors` allows."""

    exit_status = 4


@dataclass(frozen=True, slots=True)
class MaxErrors:
    """How many records may fail: so many, or such a share of those that were seen."""

    number: float
    is_share: bool

    @classmethod
    def of(cls, value: str) -> MaxErrors:
        """Raises UsageError where it is neither a number nor a percentage."""
        share = value.endswith("%")
        number = value.removesuffix("%")
        if not re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,9})?" if share else r"[0-9]{1,15}", number) or (
            share and float(number) > 100
        ):
            raise UsageError(f'--max-errors takes a number of records, or a percentage such as 2%, not "{value}"')
        return cls(float(number), share)

    def check(self, failed: int, seen: int, last: str) -> None:
        """Raises TooManyErrors; a share is looked at when there are enough records to speak of one."""
        if not self.is_share and failed > self.number:
            raise TooManyErrors(f"{failed:,} failed, more than --max-errors {self.number:.0f}; the last: {last}")
        if seen >= _ENOUGH_FOR_A_SHARE:
            self.check_end(failed, seen)

    def check_end(self, failed: int, seen: int) -> None:
        """Raises TooManyErrors, whatever was seen."""
        if self.is_share and failed * 100 > self.number * seen:
            raise TooManyErrors(f"{failed:,} of {seen:,} records failed, more than --max-errors {self.number:g}%")


class Failures:
    """Records that failed: an end of the run, passed over, or kept, as the job says; counted in any case."""

    def __init__(self, on_error: str, most: MaxErrors | None = None) -> None:
        self._on_error = on_error
        self._most = most
        self.count = 0

    def sift(self, records: Iterable[Record]) -> Iterator[Record]:
        seen = 0
        for seen, record in enumerate(records, start=1):
            if record.error is not None:
                self.count += 1
                if self._most is not None:
                    self._most.check(self.count, seen, f"{quoted_origin(record)}: {record.error}")
                if self._on_error == "fail":
                    raise RecordFailed(
                        f"{quoted_origin(record)}: {record.error}; go on past it: --on-error keep (or skip)"
                    )
                log.warning("%s: %s", quoted_origin(record), record.error)
                if self._on_error == "skip":
                    continue
            yield record
        if self._most is not None:
            self._most.check_end(self.count, seen)

    def write(self, writer: Writer, record: Record) -> None:
        """Write a record; what its format cannot hold makes it one that failed."""
        try:
            writer.write(record)
        except NotHeld as problem:
            failed = replace(record, fields=problem.fields, result=None, error=record.error or str(problem))
            for kept in [failed] if record.error else self.sift([failed]):
                writer.write(kept)


def quoted_origin(record: Record) -> str:
    """Where a record stands, for a message."""
    return f"{quoted(record.origin.source)}:{record.origin.line}"

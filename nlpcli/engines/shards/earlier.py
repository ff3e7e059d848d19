"""What earlier plans of a job have computed, looked up by what was read: on disk, however much it is."""

from __future__ import annotations

import sqlite3
import tempfile
import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from nlpcli.engines.shards.folder import JobFolder, ShardReport
from nlpcli.engines.shards.parts import Outcome, PartBroken, decoded
from nlpcli.records.spool import enough_room

# New shards follow the order of the old ones, so that few parts are looked into at a time.
_PARTS_HELD = 4


class Earlier:
    """Outcomes of generations before `generation`."""

    def __init__(self, folder: JobFolder, generation: int) -> None:
        self._folder = folder
        # It is made again by whoever comes next, so that nothing of it need outlive this process.
        self._room = tempfile.TemporaryDirectory(prefix="nlpcli-")
        self._index = sqlite3.connect(Path(self._room.name) / "index", check_same_thread=False, isolation_level=None)
        self._index.execute("PRAGMA journal_mode = OFF")
        self._index.execute("PRAGMA synchronous = OFF")
        self._index.execute("CREATE TABLE kept (key BLOB PRIMARY KEY, report INT, place INT) WITHOUT ROWID")
        self._looking = threading.Lock()
        self._reports: list[ShardReport] = []
        self._outcomes = lru_cache(_PARTS_HELD)(self._read)
        with enough_room():
            for earlier in range(generation):
                for report in folder.marks(earlier)[0].values():
                    self._add(report)

    def _add(self, report: ShardReport) -> None:
        self._reports.append(report)
        number = len(self._reports) - 1
        rows = [(outcome.key, number, place) for place, outcome in enumerate(self._outcomes(number))]
        self._index.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", rows)

    def _read(self, number: int) -> list[Outcome]:
        data = self._folder.read_part(self._reports[number])
        try:
            return [] if data is None else decoded(data)
        except PartBroken:
            return []

    def find(self, keys: Sequence[bytes]) -> list[Outcome | None]:
        """What became of the records with these keys; None of those that are new."""
        with self._looking:
            return [self._find(key) for key in keys]

    def _find(self, key: bytes) -> Outcome | None:
        found = self._index.execute("SELECT report, place FROM kept WHERE key = ?", (key,)).fetchone()
        return None if found is None else self._outcomes(found[0])[found[1]]

    def close(self) -> None:
        """Forget the index."""
        self._index.close()
        self._room.cleanup()

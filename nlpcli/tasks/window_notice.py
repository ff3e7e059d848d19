"""Says once when a text is longer than what the model takes at a time."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from nlpcli.records.record import Record

log = logging.getLogger(__name__)


class WindowNotice:
    """Looks at records until it has told of one; `outcome` says what becomes of such texts."""

    def __init__(self, longest_input: int, outcome: str) -> None:
        self._longest_input = longest_input
        self._outcome = outcome
        self._told = False

    def __call__(self, records: Sequence[Record], windows_of: Sequence[Sequence[Any]]) -> None:
        """Tell of the first record that has more than one window, once."""
        for record, windows in zip(records, windows_of, strict=True):
            if self._told:
                return
            if len(windows) > 1:
                self._told = True
                log.warning(
                    "%s has more than the %d tokens that the model takes at a time: such texts are %s",
                    record.origin,
                    self._longest_input,
                    self._outcome,
                )

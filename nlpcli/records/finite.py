"""No result is NaN or infinite: such a record has an error instead."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from nlpcli.records.record import Record

NOT_A_NUMBER = "the result is not a number (NaN or infinite); try --dtype float32, or another model with -m"


def finite(records: Iterable[Record]) -> Iterator[Record]:
    """The records; one whose result holds NaN or an infinity, at any depth, has an error in its place."""
    for record in records:
        if record.result is not None and not _is_finite(record.result):
            record.result, record.error = None, NOT_A_NUMBER
        yield record


def _is_finite(value: Any) -> bool:
    if isinstance(value, str | int):
        return True
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(map(_is_finite, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_is_finite, value))
    if hasattr(value, "dtype"):
        import numpy as np

        return value.dtype.kind not in "fc" or bool(np.isfinite(value).all())
    return True

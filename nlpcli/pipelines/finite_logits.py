"""`generate` of transformers takes some token also where a model gives no numbers: here that is said."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from nlpcli.errors import NoNumbers
from nlpcli.records.finite import NOT_A_NUMBER


def refuse_no_numbers(token_ids: Tensor, logits: Tensor) -> Tensor:  # noqa: ARG001 - of every processor of logits
    """The logits as they are.

    Raises:
        NoNumbers: one is NaN; who batches finds out which text it is of.
    """
    if bool(logits.isnan().any()):
        raise NoNumbers(NOT_A_NUMBER)
    return logits


FINITE: dict[str, Any] = {"logits_processor": [refuse_no_numbers]}
"""Options of `generate`."""

"""Texts that are given as tokens of the model."""

from __future__ import annotations

from typing import Any

from nlpcli.engines.host import Host
from nlpcli.engines.job import Job
from nlpcli.http.failures import Failure
from nlpcli.http.service import Service

Given = str | list[str | int | list[int]]
"""A text, several, or the tokens of one or of several."""


async def texts_of(service: Service, job: Job, given: Given, field: str) -> list[str]:
    """The texts that were given; tokens are read by the model of `job`.

    Raises:
        Failure: there are none, or what was given is neither texts nor tokens.
    """
    if isinstance(given, str):
        return [given]
    if not given:
        raise Failure(400, f"{field}: the list is empty", "invalid_value", field)
    if all(isinstance(item, str) for item in given):
        return [item for item in given if isinstance(item, str)]
    rows: Any = [given] if all(isinstance(item, int) for item in given) else given
    if not all(isinstance(row, list) for row in rows):
        raise Failure(400, f"{field}: texts and tokens are mixed; send one or the other", "invalid_value", field)
    texts: list[str] = await service.runner.call(lambda host: _decoded(host, job, rows, field))
    return texts


def _decoded(host: Host, job: Job, rows: list[list[int]], field: str) -> list[str]:
    with host.holding(job) as loaded:
        tokenizer = loaded.pipeline.tokenizer
        size = len(tokenizer)
        if any(not 0 <= token < size for row in rows for token in row):
            raise Failure(
                400, f"{field}: tokens of this model are numbers from 0 to {size - 1}", "invalid_value", field
            )
        # What the tokenizer puts around every text comes back when the text is read.
        around = set(tokenizer("")["input_ids"])
        return [str(tokenizer.decode([token for token in row if token not in around])) for row in rows]

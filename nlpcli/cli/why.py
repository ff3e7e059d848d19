"""`--why` and its page, for every command that explains its results."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from nlpcli.cli.plan import Tap
from nlpcli.errors import UsageError
from nlpcli.records.record import Record

Why = Annotated[bool, typer.Option("--why", help="Show which tokens made each result (JSON: the field `why`).")]
WhyPage = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", help="With --why: a page with the tokens of each result."),
]


def page_of_reasons(why: bool, path: Path | None) -> Tap | None:
    """What writes the page while the records pass; None where there is none.

    Raises:
        UsageError: there is nothing to put on it.
    """
    if path is None:
        return None
    if not why:
        raise UsageError("--html is the page of --why; say that too, or leave it out")

    def tap(records: Iterator[Record]) -> Iterator[Record]:
        from nlpcli.views.attribution.page import written_page

        return written_page(records, path)

    return tap

"""`nlpcli extract --mask` and `--unmask`: the options, the map, and a run between the two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nlpcli.cli.make_job import make_job
from nlpcli.cli.plan import View
from nlpcli.cli.run import run_job
from nlpcli.errors import UsageError, quoted
from nlpcli.models.catalog import catalog
from nlpcli.records.in_place import in_place
from nlpcli.records.mask_map import GrowingMap, MaskMap, read_map
from nlpcli.records.record import Record
from nlpcli.settings import home_path
from nlpcli.tasks.extraction import ExtractOptions
from nlpcli.views import masked
from nlpcli.views.spans import character_offsets

if TYPE_CHECKING:
    from nlpcli.cli.options import Per, SharedOptions


def run_mask(
    options: ExtractOptions, shared: SharedOptions, texts: list[str] | None, per: Per, map_path: Path | None
) -> int:
    """Mask each record; the exit status. An existing map is continued.

    Raises:
        UsageError: the map knows no tokens of a kind that is to be masked.
    """
    path = None if map_path is None else str(map_path)
    if path is not None:
        options = _continuing(options, path)
    job = make_job("extract", options, shared, texts, per, catalog().defaults["extract"], written=[map_path])
    kept = None if path is None else MaskMap(path, options.known, options.token_labels)

    def tap(records: Iterator[Record]) -> Iterator[Record]:
        if kept is None:
            outgoing = records
        else:
            kept.begin()
            outgoing = _remembered(records, kept, options)
        yield from outgoing if options.originals else in_place(outgoing, shared.field, "masked")
        # Before the results take their place: without their map nobody could read them again.
        if kept is not None:
            kept.save()

    try:
        return run_job(job, shared, View(masked.masked_text, masked.draw_masked), tap)
    finally:
        if kept is not None:
            kept.close()


def _continuing(options: ExtractOptions, path: str) -> ExtractOptions:
    if not home_path(path).exists():
        return options
    known = read_map(path)
    if new := options.token_labels - known.labels:
        raise UsageError(
            f"{quoted(path)} was begun without the kind {min(new)}, whose tokens texts masked before may hold as"
            " text; begin another map"
        )
    return replace(options, known=known)


def _remembered(records: Iterator[Record], kept: MaskMap, options: ExtractOptions) -> Iterator[Record]:
    for record in records:
        if record.result is not None:
            spans = record.result["spans"]
            starts, ends = ([span[side] for span in spans] for side in ("start", "end"))
            starts, ends = (character_offsets(record.text, places, options.offsets) for places in (starts, ends))
            originals = (record.text[start:end] for start, end in zip(starts, ends, strict=True))
            kept.add(zip((span["token"][1:-1] for span in spans), originals, strict=True))
        yield record


def run_unmask(
    options: ExtractOptions, shared: SharedOptions, texts: list[str] | None, per: Per, map_path: Path | None
) -> int:
    """Put back what tokens stand for; the exit status.

    Raises:
        UsageError: no map is named.
        InputMissing: there is none of that name.
    """
    if map_path is None:
        raise UsageError("--unmask needs the map that --mask wrote: --map FILE")
    # In a pipe the program that writes the map begins at the same time as this one.
    if texts or shared.input or home_path(str(map_path)).exists():
        read_map(str(map_path))
    options = replace(options, known=GrowingMap(str(map_path)))
    job = make_job("extract", options, shared, texts, per, catalog().defaults["extract"])
    return run_job(job, shared, View(masked.unmasked_text, masked.draw_unmasked))

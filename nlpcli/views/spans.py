"""Spans of texts as lines, as rows of a table, and as highlights on a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nlpcli.records.record import Record, printable
from nlpcli.text.spans import LineIndex, Offsets

if TYPE_CHECKING:
    from rich.console import RenderableType

ROW_FIELDS = {
    "label": "string",
    "entity": "string",
    "start": "int64",
    "end": "int64",
    "score": "float64",
    "source": "string",
    "line": "int64",
    "column": "int64",
}
# One for each label, in the order in which labels come; then again from the first.
_STYLES = ("cyan", "yellow", "green", "magenta", "blue", "red")


@dataclass(frozen=True, slots=True)
class SpanRows:
    """A record whose result has spans as `field` → a record for each of them."""

    field: str
    offsets: Offsets = "characters"

    def __call__(self, record: Record) -> Iterator[Record]:
        """The rows of a record, in its order; a record that failed is its own row."""
        if record.result is None:
            yield record
            return
        spans: Sequence[Mapping[str, Any]] = record.result[self.field]
        starts = character_offsets(record.text, [span["start"] for span in spans], self.offsets)
        lines = LineIndex(record.text) if spans else None
        for span, start in zip(spans, starts, strict=True):
            assert lines is not None
            line, column = lines.place(start)
            yield replace(
                record,
                result={
                    "label": span.get("label", self.field),
                    "entity": span["text"],
                    "start": span["start"],
                    "end": span["end"],
                    "score": span["score"],
                    "source": record.origin.source,
                    "line": record.origin.line + line - 1,
                    "column": column,
                },
            )


def character_offsets(text: str, offsets: Sequence[int], counted: Offsets) -> list[int]:
    """Ascending places in `text`, in code points, whatever they were counted in."""
    if counted == "characters":
        return list(offsets)
    encoded, places, last, count = text.encode("utf-8", "surrogatepass"), [], 0, 0
    for offset in offsets:
        count += len(encoded[last:offset].decode("utf-8", "surrogatepass"))
        last = offset
        places.append(count)
    return places


def span_line(row: Record) -> str:
    """`label<TAB>text<TAB>file:line:column`, white space within the text as one space."""
    result = row.result or {}
    where = f"{printable(result['source'])}:{result['line']}:{result['column']}"
    return "\t".join([result["label"], " ".join(result["entity"].split()), where])


def tally_line(record: Record) -> str:
    """`label<TAB>text<TAB>count<TAB>records`."""
    result = record.result or {}
    return f"{result['label']}\t{result['text']}\t{result['count']}\t{result['records']}"


VALUE_FIELDS = {
    "path": "string",
    "value": "string",
    "start": "int64",
    "end": "int64",
    "grounded": "bool_",
    "source": "string",
    "line": "int64",
    "column": "int64",
}


@dataclass(frozen=True, slots=True)
class ValueRows:
    """A record whose result has the values of a schema → a record for each of them."""

    offsets: Offsets = "characters"

    def __call__(self, record: Record) -> Iterator[Record]:
        """The rows of a record, in the order of its object; a record that failed is its own row."""
        if record.result is None:
            yield record
            return
        values: Sequence[Mapping[str, Any]] = record.result["values"]
        ascending = sorted({value["start"] for value in values if value["grounded"]})
        starts = dict(zip(ascending, character_offsets(record.text, ascending, self.offsets), strict=True))
        lines = LineIndex(record.text)
        for value in values:
            line, column = lines.place(starts[value["start"]]) if value["grounded"] else (1, None)
            row = {name: value[name] for name in ("path", "start", "end", "grounded")}
            shown, origin = value["value"], record.origin
            row["value"] = shown if isinstance(shown, str) else json.dumps(shown)
            row |= {"source": origin.source, "line": origin.line + line - 1, "column": column}
            yield replace(record, result=row)


def value_line(row: Record) -> str:
    """`path<TAB>value<TAB>file:line:column`; without the column where the text does not have it."""
    result = row.result or {}
    where = f"{printable(result['source'])}:{result['line']}"
    if result["grounded"]:
        where += f":{result['column']}"
    return "\t".join([result["path"], " ".join(str(result["value"]).split()), where])


def draw_values(record: Record) -> RenderableType:
    """The values below each other; those that the text does not have are marked."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    for value in (record.result or {})["values"]:
        shown = Text(str(value["value"]), style="bold" if value["grounded"] else "dim italic")
        grid.add_row(
            Text(value["path"], style="cyan"), shown, "" if value["grounded"] else Text("not in the text", "red")
        )
    return grid


@dataclass(slots=True)
class Highlights:
    """Draws texts with their spans in colors, the label behind each; a label keeps its color over a run."""

    field: str
    offsets: Offsets
    _styles: dict[str, str]

    def __call__(self, record: Record) -> RenderableType:
        """The text of a record."""
        from rich.text import Text

        drawn, last = Text(), 0
        spans: Sequence[Mapping[str, Any]] = (record.result or {})[self.field]
        starts = character_offsets(record.text, [span["start"] for span in spans], self.offsets)
        for span, start in zip(spans, starts, strict=True):
            if start < last:
                continue
            style = self._style(span.get("label", self.field))
            drawn.append(record.text[last:start])
            last = start + len(span["text"])
            drawn.append(record.text[start:last], style=f"bold {style}")
            drawn.append(f" {span.get('label', '')}", style=f"dim {style}")
        drawn.append(record.text[last:])
        return drawn

    def _style(self, label: str) -> str:
        return self._styles.setdefault(label, _STYLES[len(self._styles) % len(_STYLES)])


def draw_tally(record: Record) -> RenderableType:
    """Count, label and text."""
    from rich.text import Text

    result = record.result or {}
    return Text.assemble(f"{result['count']:8,}  ", (result["label"], "cyan"), "  ", (result["text"], "bold"))

"""`--html`: texts with what was found in them, in one file, for a browser without a network."""

from __future__ import annotations

import html
import logging
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from string import Template

from nlpcli.records.outputs import output_stream
from nlpcli.records.record import Record, printable
from nlpcli.text.spans import Offsets
from nlpcli.views.span_files import spans_of

log = logging.getLogger(__name__)

LARGE_PAGE = 20 << 20
# Hues that are told apart, in the order in which labels come; then again from the first.
_HUES = (210, 30, 130, 285, 345, 175, 55, 250, 95, 15, 320, 190)


class SpanPage:
    """Takes records as they go by, and writes the page of all of them."""

    def __init__(self, path: Path, offsets: Offsets) -> None:
        self._path = path
        self._offsets = offsets
        self._numbers: dict[str, int] = {}
        self._found: Counter[tuple[str, str]] = Counter()
        self._texts: list[str] = []

    def __call__(self, records: Iterator[Record]) -> Iterator[Record]:
        """The records as they come; the page appears whole behind the last, or not at all."""
        for record in records:
            self._texts.append(self._section(record))
            yield record
        page = self.page().encode("utf-8", "replace")
        if len(page) > LARGE_PAGE:
            log.warning("%s has %.0f MB: browsers take long to open it; give fewer texts", self._path, len(page) / 1e6)
        with output_stream(str(self._path), "") as stream:
            stream.write(page)

    def page(self) -> str:
        """The page as text."""
        counts: Counter[str] = Counter()
        for (label, _), count in self._found.items():
            counts[label] += count
        template = Template(files("nlpcli.views").joinpath("span_page.html").read_text(encoding="utf-8"))
        return template.substitute(
            title=f"{sum(counts.values()):,} found in {len(self._texts):,} texts",
            types="".join(self._type(label, counts[label]) for label in self._numbers),
            found="".join(self._entry(label, text, count) for (label, text), count in self._sorted()),
            styles="".join(_style(number) for number in self._numbers.values()),
            texts="".join(self._texts) or "<p>There were no texts.</p>",
        )

    def _sorted(self) -> list[tuple[tuple[str, str], int]]:
        return sorted(self._found.items(), key=lambda item: (-item[1], item[0][1].casefold()))

    def _section(self, record: Record) -> str:
        where = html.escape(f"{printable(record.origin.source)}:{record.origin.line}")
        if record.result is None:
            return f"<section><h2>{where}</h2><p class=error>{html.escape(record.error or '')}</p></section>\n"
        parts, last = [], 0
        for start, end, label in spans_of(record, self._offsets):
            parts.append(html.escape(record.text[last:start]))
            parts.append(self._mark(record.text[start:end], label))
            last = end
        parts.append(html.escape(record.text[last:]))
        return f"<section><h2>{where}</h2><p dir=auto>{''.join(parts)}</p></section>\n"

    def _mark(self, text: str, label: str) -> str:
        number = self._numbers.setdefault(label, len(self._numbers))
        name = " ".join(text.split())
        self._found[label, name] += 1
        return (
            f'<mark class=t{number} data-k="{html.escape(f"{number} {name}")}">{html.escape(text)}'
            f"<small>{html.escape(label)}</small></mark>"
        )

    def _type(self, label: str, count: int) -> str:
        number = self._numbers[label]
        return (
            f"<label class=t{number}><input type=checkbox checked data-t={number}> {html.escape(label)}"
            f" <span>{count:,}</span></label>"
        )

    def _entry(self, label: str, text: str, count: int) -> str:
        number = self._numbers[label]
        key = html.escape(f"{number} {text}")
        return (
            f'<li class=t{number}><button type=button data-k="{key}" title="{html.escape(label)}">'
            f"<i></i>{html.escape(text)} <span>{count:,}</span></button></li>"
        )


def _style(number: int) -> str:
    """The color of a label, and that it can be put out."""
    return (
        f".t{number}{{--h:{_HUES[number % len(_HUES)]}}}"
        f".off{number} mark.t{number}{{background:none;color:inherit;border-color:transparent}}"
        f".off{number} mark.t{number} small,.off{number} li.t{number}{{display:none}}\n"
    )

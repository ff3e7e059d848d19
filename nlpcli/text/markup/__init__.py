"""Texts with structure: what in them is prose, and what stays as it is. Knows no model.

A module per format (`plain`, `html`, `markdown`, `srt`, `vtt`, `po`, `xliff`, `docx`); each has `parse(text)`,
which gives a `segments.Document`. `html_tokens` reads tags, `markdown_inline` what stands inside a block, which
`markdown_writer` writes back; `partners` pairs tags, `exact` and `placeholders` say what must not be translated,
`cues` joins lines of subtitles.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from nlpcli.text.markup.segments import Document

Markup = Literal["auto", "none", "html", "markdown", "srt", "vtt", "po", "xliff", "docx"]
# Suffix → the markup that `auto` takes it for.
MARKUP_SUFFIXES: dict[str, Markup] = {
    ".html": "html", ".htm": "html", ".xhtml": "html", ".md": "markdown", ".markdown": "markdown",
    ".srt": "srt", ".vtt": "vtt", ".po": "po", ".pot": "po", ".xlf": "xliff", ".xliff": "xliff", ".docx": "docx",
}  # fmt: skip


def parse(text: str, markup: Markup) -> Document:
    """The document that a text is.

    Raises:
        InputBroken: the text is not in that format.
    """
    document: Document = import_module(f"{__name__}.{'plain' if markup == 'none' else markup}").parse(text)
    return document

"""The prose of a page or a Markdown document as plain paragraphs: what it says, without what stands around that."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal, NamedTuple

from nlpcli.text.words import count_words

if TYPE_CHECKING:
    from markdown_it.token import Token

Markup = Literal["auto", "none", "html", "markdown"]
_SUFFIXES: dict[str, Markup] = {
    ".html": "html", ".htm": "html", ".xhtml": "html", ".md": "markdown", ".markdown": "markdown",
}  # fmt: skip
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
# Whatever is inside is no prose of the page itself.
_LEFT_OUT = frozenset(
    {
        "nav", "footer", "aside", "header", "script", "style", "noscript", "template", "svg", "math", "form", "button",
        "select", "textarea", "object", "iframe", "canvas", "head", "pre", "table", "figcaption", "h1", "h2", "h3",
        "h4", "h5", "h6", "dialog", "menu", "audio", "video", "sup",
    }
)  # fmt: skip
_MAIN = frozenset(["main", "article"])
_INLINE = frozenset(
    {
        "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd",
        "label", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "time", "tt", "u", "var", "wbr",
        "acronym",
    }
)  # fmt: skip
_ROLES = frozenset(["navigation", "banner", "contentinfo", "complementary", "search", "menu", "dialog", "alertdialog"])
_AROUND = re.compile(
    r"(?:^|[\s_-])(?:cookies?|consent|gdpr|banner|nav|navbar|menu|footer|sidebar|share|social|comments?|newsletter|subscribe"
    r"|breadcrumbs?|related|promo|advert|ads?|byline|meta|tags|pagination|popup|modal|toc|hidden|skip)(?:[\s_-]|$)",
    re.IGNORECASE,
)
_FRONT_MATTER = re.compile(r"\A(---|\+\+\+)\r?\n.*?\r?\n\1[ \t]*\r?\n", re.DOTALL)
# A page whose <main> or <article> has fewer words than that says what it says elsewhere.
_FEWEST_WORDS = 20


class _Paragraph(NamedTuple):
    text: str
    linked: int
    in_main: bool


def markup_of(markup: Markup, source: str) -> Markup:
    """The markup of a text from `source`, where it is left to the suffix of a file."""
    if markup != "auto":
        return markup
    suffixes = [suffix.lower() for suffix in PurePath(source).suffixes]
    return next((_SUFFIXES[suffix] for suffix in suffixes if suffix in _SUFFIXES), "none")


def prose_of(text: str, markup: Markup) -> str:
    """The paragraphs of a text with an empty line between; a text without markup is what it is."""
    if markup == "html":
        return "\n\n".join(_of_html(text))
    return "\n\n".join(_of_markdown(text)) if markup == "markdown" else text


def _of_html(text: str) -> list[str]:
    reader = _Reader()
    reader.feed(text)
    reader.close()
    reader.end_paragraph()
    paragraphs = [p for p in reader.paragraphs if p.linked * 2 <= len(p.text)] or reader.paragraphs
    main = [p for p in paragraphs if p.in_main]
    if sum(count_words(p.text) for p in main) >= _FEWEST_WORDS:
        paragraphs = main
    return [p.text for p in paragraphs] or [" ".join(reader.everything)]


class _Reader(HTMLParser):
    """Collects paragraphs; where an element is left out, so is all within it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.paragraphs: list[_Paragraph] = []
        self.everything: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self._text: list[str] = []
        self._linked = 0

    def _is_left_out(self) -> bool:
        return any(left_out for _, left_out in self._open)

    def _is_open(self, *names: str) -> bool:
        return any(name in names for name, _ in self._open)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _INLINE:
            if tag == "br":
                self._text.append("\n")
            else:
                self.end_paragraph()
        if tag in _VOID:
            return
        if tag in ("p", "li") and self._open and self._open[-1][0] == tag:
            self._open.pop()  # HTML lets these end by themselves
        self._open.append((tag, self._leaves_out(tag, dict(attrs))))

    def _leaves_out(self, tag: str, attributes: dict[str, str | None]) -> bool:
        if tag in _LEFT_OUT:
            return True
        if tag in ("html", "body", *_MAIN):
            return False
        named = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
        hidden = "hidden" in attributes or attributes.get("aria-hidden") == "true"
        return hidden or attributes.get("role") in _ROLES or _AROUND.search(named) is not None

    def handle_endtag(self, tag: str) -> None:
        if tag not in _INLINE:
            self.end_paragraph()
        names = [name for name, _ in self._open]
        if tag in names:
            del self._open[len(names) - 1 - names[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        if self._is_open("script", "style", "noscript", "template", "head", "svg"):
            return
        self.everything += data.split()
        if not self._is_left_out():
            self._text.append(data)
            self._linked += len(data.strip()) if self._is_open("a") else 0

    def end_paragraph(self) -> None:
        """What was read since the last one is a paragraph."""
        text = " ".join("".join(self._text).split())
        if text:
            self.paragraphs.append(_Paragraph(text, self._linked, self._is_open(*_MAIN)))
        self._text, self._linked = [], 0


def _of_markdown(text: str) -> list[str]:
    from markdown_it import MarkdownIt

    paragraphs: list[str] = []
    in_heading = in_table = False
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(_FRONT_MATTER.sub("", text)):
        in_heading = token.type == "heading_open" or (in_heading and token.type != "heading_close")
        in_table = token.type == "table_open" or (in_table and token.type != "table_close")
        if token.type == "html_block":
            paragraphs += _of_html(token.content)
        elif token.type == "inline" and not in_heading and not in_table:
            written = "".join(map(_plain, token.children or []))
            paragraphs.append(" ".join(written.split()))
    return [paragraph for paragraph in paragraphs if paragraph]


def _plain(token: Token) -> str:
    if token.type in ("softbreak", "hardbreak"):
        return " "
    return token.content if token.type in ("text", "code_inline") else ""

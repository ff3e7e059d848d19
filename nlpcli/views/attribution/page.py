"""`--why --html`: the tokens that made each result, in one file for a browser without a network; no script.

What is rendered is HTML alone: shades of tokens, titles that say their scores, and for each token that was written the
text again in the shades of what it rests on.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from nlpcli.records.outputs import output_stream
from nlpcli.records.record import Record
from nlpcli.views.attribution.tokens import in_words, strongest

Tokens = Sequence[Mapping[str, Any]]
_LEAST_SHARE = 0.03


def written_page(records: Iterator[Record], path: Path) -> Iterator[Record]:
    """The records; behind the last one the page is whole, and there where it was not."""
    style = files("nlpcli.views.attribution").joinpath("page.css").read_text(encoding="utf-8")
    with output_stream(str(path), "") as stream:
        stream.write(_HEAD.format(style=style).encode())
        for record in records:
            stream.write(section(record).encode("utf-8", "replace"))
            yield record
        stream.write(b"</main>\n</body>\n</html>\n")


_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="color-scheme" content="dark light">
<link rel="icon" href="data:,">
<title>nlpcli: why</title>
<style>
{style}</style>
</head>
<body>
<header><h1>The tokens that made each result</h1>
<p><span class="key for">for it</span> <span class="key against">against it</span> Point at a token for its score.</p>
</header>
<main>
"""


def section(record: Record) -> str:
    """One record: its result, its text in shades, and how the scores came about."""
    result = record.result
    head = f'<section>\n<p class="origin">{html.escape(str(record.origin))}</p>\n'
    if result is None:
        return f'{head}<p class="error">{html.escape(record.error or "")}</p>\n</section>\n'
    parts = [head, f'<h2 dir="auto">{html.escape(_headline(record))}</h2>\n']
    whys = result.get("why")
    for why in whys if isinstance(whys, list) else [whys]:
        parts += [_reasons(record.text, why)] if why else ['<p class="how">nothing to explain</p>\n']
    return "".join([*parts, "</section>\n"])


def _headline(record: Record) -> str:
    result = record.result or {}
    if "label" in result:
        return f"{result['label']} {result['score']:.4f}" if result["label"] else "(empty)"
    if "translation" in result:
        return str(result["translation"])
    if "completions" in result:
        return " · ".join(result["completions"])
    return str(result["completion"]) if "completion" in result else f"similarity {result.get('score', 0):.4f}"


def _reasons(text: str, why: Mapping[str, Any]) -> str:
    parts = []
    if "query" in why:
        parts.append(f'<p class="text" dir="auto"><b>query</b> {shaded(why["query_text"], why["query"])}</p>\n')
    parts.append(f'<p class="text" dir="auto">{shaded(text, why["tokens"])}</p>\n')
    listed = "".join(
        f'<li class="{"for" if token["score"] > 0 else "against"}"><bdi>{html.escape(token["text"])}</bdi>'
        f" {token['score']:+.3f}</li>"
        for token in strongest(why, 8)
    )
    parts.append(f'<ul class="strongest">{listed}</ul>\n<p class="how">{html.escape(in_words(why))}</p>\n')
    if written := why.get("output"):
        rows = "".join(
            f'<tr><th><bdi>{html.escape(token["text"]) or "(end)"}</bdi></th><td dir="auto">'
            f"{shaded(text, _with_scores(why['tokens'], token['scores']))}</td></tr>\n"
            for token in written
        )
        parts.append(f"<details><summary>token by token</summary>\n<table>\n{rows}</table></details>\n")
    return "".join(parts)


def _with_scores(tokens: Tokens, scores: Sequence[float]) -> Tokens:
    return [{**token, "score": score} for token, score in zip(tokens, scores, strict=True)]


def shaded(text: str, tokens: Tokens) -> str:
    """The text as HTML, each token in a span whose color is as strong as its score."""
    largest = max((abs(token["score"]) for token in tokens), default=0.0) or 1.0
    parts, end = [], 0
    for token in sorted((t for t in tokens if t["start"] is not None), key=lambda t: t["start"]):
        if token["start"] < end:
            continue
        parts.append(html.escape(text[end : token["start"]]))
        share = abs(token["score"]) / largest
        own = html.escape(text[token["start"] : token["end"]])
        side = "for" if token["score"] > 0 else "against"
        name = f' class="{side}" style="--s:{share:.3f}"' if share >= _LEAST_SHARE else ""
        parts.append(f'<span title="{token["score"]:+.4f}"{name}>{own}</span>')
        end = token["end"]
    parts.append(html.escape(text[end:]))
    return "".join(parts)

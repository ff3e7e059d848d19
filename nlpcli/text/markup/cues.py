"""Lines of subtitles: what one person says is one text, and becomes as many lines again."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise

from nlpcli.text.markup.segments import Node, Tag

DASH = re.compile(r"\s*[-–—‐]\s*")
_CLAUSE_END = re.compile(r"[,.;:!?…。，！？；：、—–][\"'”’»)\]]*$")
# Articles, prepositions and conjunctions are short; a line that ends in one breaks a phrase.
_SHORT = 3
# Scripts without spaces between words begin here: Thai, Chinese, Japanese.
_UNSPACED = "\u0e00"
# Nobody reads so much at once: more words are cut by length alone.
_MANY_WORDS = 120
_AFTER_SHORT = 300.0
_NOT_AFTER_CLAUSE = 120.0


def speeches(lines: Sequence[str], starts: re.Pattern[str] = DASH) -> list[list[str]]:
    """Lines of one speaker each; a dash starts the next speaker, or whatever `starts` is."""
    found: list[list[str]] = []
    for line in lines:
        if found and not starts.match(line):
            found[-1].append(line)
        else:
            found.append([line])
    return found


def dash_of(line: str) -> str:
    """The dash before what is said, with the space around it."""
    match = DASH.match(line)
    return match[0] if match else ""


def in_lines(count: int, line_break: str, escape: Callable[[str], str]) -> Callable[[Sequence[Node]], str]:
    """What writes a speech in `count` lines (fewer where there are fewer words)."""

    def write(nodes: Sequence[Node]) -> str:
        words = _words(nodes, escape)
        return line_break.join("".join(written for written, _ in line).strip() for line in _lines(words, count))

    return write


def _words(nodes: Sequence[Node], escape: Callable[[str], str]) -> list[tuple[str, str]]:
    """Words with the space behind them, as they are written and as they are seen; tags stick to their words."""
    text = "".join(node for node in nodes if isinstance(node, str)).strip()
    spaced = " " in text or all(character < _UNSPACED for character in text)
    words: list[tuple[str, str]] = []
    glued = False
    for node in nodes:
        if isinstance(node, Tag):
            closes = node.raw.startswith("</")
            if words and (closes or glued):
                words[-1] = (words[-1][0] + node.raw, words[-1][1])
            else:
                words.append((node.raw, ""))
                glued = True
            continue
        for part in re.findall(r"\s+|\S+\s*", node) if spaced else node:
            if words and (glued or part.isspace() or (spaced and not words[-1][0][-1:].isspace())):
                words[-1] = (words[-1][0] + escape(part), words[-1][1] + part)
            else:
                words.append((escape(part), part))
            glued = False
    return words


def _lines(words: Sequence[tuple[str, str]], count: int) -> list[Sequence[tuple[str, str]]]:
    """The words in lines of about equal length, broken where a reader would breathe (least total cost)."""
    count = min(count, len(words))
    if count <= 1:
        return [words]
    if len(words) > _MANY_WORDS:
        size = -(-len(words) // count)
        return [words[start : start + size] for start in range(0, len(words), size)]
    ends = [0]
    for _, seen in words:
        ends.append(ends[-1] + len(seen))
    length = ends[-1] / count

    @lru_cache(None)
    def best(start: int, lines: int) -> tuple[float, tuple[int, ...]]:
        if lines == 1:
            return (ends[-1] - ends[start] - length) ** 2, ()
        options = []
        for stop in range(start + 1, len(words) - lines + 2):
            cost, breaks = best(stop, lines - 1)
            own = (ends[stop] - ends[start] - length) ** 2 + _cost(words[stop - 1][1], words[stop][1])
            options.append((own + cost, (stop, *breaks)))
        return min(options)

    places = [0, *best(0, count)[1], len(words)]
    return [words[start:stop] for start, stop in pairwise(places)]


def _cost(before: str, behind: str) -> float:
    word = before.strip()
    if _CLAUSE_END.search(word):
        return 0.0
    if behind[:1] in ",.;:!?…。，！？；：、":
        return 1e6
    return _AFTER_SHORT if word.isalpha() and len(word) <= _SHORT and word.isascii() else _NOT_AFTER_CLAUSE

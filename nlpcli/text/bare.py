"""A text without what says nothing of its tone: tags, addresses, mentions, marks of Markdown and of quoting."""

from __future__ import annotations

import html
import re

# Names of HTML alone: "<3" is a heart, and "a <b and c> d" a comparison as far as anyone knows.
_TAGS = (
    "a abbr article aside b big blockquote body br button center cite code dd del div dl dt em figcaption"
    " figure font footer form h1 h2 h3 h4 h5 h6 head header hr html i img input ins kbd label li link main mark"
    " meta nav ol option p pre q s script section select small span strike strong style sub summary sup table"
    " tbody td textarea tfoot th thead time title tr tt u ul var video"
)
_CARRIES_NOTHING = re.compile(
    rf"""
    <!--.*?--> | <(?P<hidden>script|style)\b.*?</(?P=hidden)\s*> | </?(?:{_TAGS.replace(" ", "|")})(?:\s[^<>]*)?/?>
    | (?P<entity>&(?:[a-z][a-z0-9]{{1,20}}|\#[0-9]{{1,7}}|\#x[0-9a-f]{{1,6}});)
    | \]\([^()\s]*\) | !?\[(?=[^\[\]\n]*\]\()
    | (?:https?|ftp)://[^\s<>"]+ | \bwww\.[^\s<>"]+ | \b[\w.+-]+@[\w-]+(?:\.[\w-]+)+
    | ^RT\s(?=@) | (?<![\w.@])@(?=\w*[a-z_])[a-z0-9_]+(?:\.[a-z0-9_]+)*[:,]?
    | (?<![\w&])\#(?P<hashtag>(?=\w*[^\W\d])\w+)
    | ^[ \t]*(?:>[ \t]?)+(?=\s|\w|$) | ^[ \t]*(?:\#{{1,6}}|[-*+])[ \t]+(?=\S)
    | (?<![\w*_~`])(?P<mark>\*{{1,3}}|_{{1,3}}|~~|`{{1,3}})(?=\S)(?P<marked>[^*_~`\n]+)(?<=\S)(?P=mark)(?![\w*_~`])
    | \s{{2,}} | [\n\t]
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL | re.MULTILINE,
)
# Without one of these there is nothing to take away, which is quick to see.
_SIGNS = re.compile(r"[<&@#*_~`\[>\n\t\r]|\s\s|://|www\.|^\s|\s\Z|^[-+]", re.IGNORECASE)
_WORDS_OF_A_HASHTAG = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\dA-Z_]+|\d+")


def bare(text: str) -> str:
    """The words of `text` as a reader hears them: hashtags as words, entities as characters, white space as one."""
    if not _SIGNS.search(text):
        return text
    return " ".join(_CARRIES_NOTHING.sub(_instead, text).split())


def _instead(match: re.Match[str]) -> str:
    if match["entity"]:
        return html.unescape(match[0])
    if match["hashtag"]:
        return " ".join(_WORDS_OF_A_HASHTAG.findall(match["hashtag"])) or match["hashtag"]
    return bare(match["marked"]) if match["marked"] else " "

"""What in a text must stay as it is, whatever language the rest is in: placeholders, addresses, names of files, code.

The placeholders of printf, Python, Ruby, Rails, Laravel, Jinja, ERB, shells, i18next and ICU's MessageFormat.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple, cast

from nlpcli.text.markup.segments import Inside, Node, Segment, Tag, TagKind, has_prose

_SUFFIXES = (
    "bat|bmp|bz2|cfg|cmd|conf|cpp|css|csv|db|dll|dmg|docx?|env|epub|exe|gguf|gif|go|gz|hpp|html?|ico|ini|ipynb|iso|jar"
    "|java|jpe?g|jsx?|jsonl?|kt|lock|log|lua|md|mjs|mkv|mp[34]|np[yz]|odt|parquet|pdf|php|png|pot?|pptx?|py|rar|rb|rs|rst"
    "|rtf|scss|sh|sql|sqlite|srt|svg|swift|tar|tex|tgz|toml|tsv|tsx?|ttf|txt|vtt|vue|wav|web[mp]|whl|woff2?|xhtml|xlf"
    "|xliff|xlsx?|xml|xz|ya?ml|zip|zst"
)
# Every alternative begins where a word begins or with a sign of its own, and has a bound: the time is linear.
_KEPT = re.compile(
    rf"""
    (?P<icu>\{{\s*[\w.]{{1,60}}\s*,\s*(?:plural|selectordinal|select)\s*,)
    | (?P<control>\{{%[^{{}}]{{0,500}}?%\}} | \{{\#[^{{}}]{{0,500}}?\#\}} | <%(?![=-])[^<>]{{0,500}}?%>)
    | (?P<word>
      \{{\{{\{{[^{{}}]{{0,500}}\}}\}}\}} | \{{\{{[^{{}}]{{0,500}}\}}\}} | <%[=-][^<>]{{0,500}}?%>
      | \{{\s*\w{{1,60}}\s*,\s*(?:number|date|time|spellout|ordinal|duration)\b[^{{}}]{{0,100}}\}}
      | [$\#%@]?\{{\s?[^{{}}\s]{{0,100}}\s?\}} | \$\([^()\s]{{1,100}}\)
      | (?<![\w@.])(?:https?|ftps?|file|ssh|git|wss?)://(?:\([^\s<>"'()]*\)|[^\s<>"'()])*(?:\([^\s<>"'()]*\)|{"[^"}\s<>"'().,;:!?，。；：！？、）{"]"})
      | (?<![\w@.])(?:www\.|mailto:)[^\s<>"'()]*[^\s<>"'().,;:!?，。；：！？、）]
      | (?<![\w.+-])[\w.+-]{{1,64}}@[\w-]{{1,63}}(?:\.[\w-]{{1,63}})+
      | `[^`\n]{{1,500}}`
      | (?<!\w)[A-Za-z]:[\\/](?:[^\s<>"|?*:]*[^\s<>"|?*:.,;!)\]])? | \\\\\w[\w.-]*\\[^\s<>"|?*:]*\w
      | (?<![\w/.~<:\\-])(?:~|\.{{1,2}})/[\w.@+~/-]*\w/?
      | (?<![\w/.~<:\\-])/(?:[\w.@+~-]+/[\w.@+~/-]*\w/? | (?:bin|dev|etc|home|mnt|opt|proc|root|srv|tmp|usr|var)\b/?)
      | (?<![\w/.\\-])(?:[\w-]{{1,80}}[/\\]){{1,30}}[\w-]{{1,80}}(?:\.[\w-]{{1,80}})*\.[A-Za-z]\w{{0,9}}(?![\w/])
      | (?<![\w.-])[\w-]+(?:\.[\w-]+)*\.(?:{_SUFFIXES})(?!\w|\.\w|\()
      | %\([^()\s]{{1,100}}\)[\#0\-\ +]*[\d.]*[a-zA-Z] | %<\w{{1,60}}>[\d.]*[a-z]? | %%(?!\w)
      | (?<![\w%])%[A-Za-z_]\w*%(?!\w)
      | %(?:\d+\$)?[\#0\-+]*\d*(?:\.\d+)?(?:ll|l|h|z)?[sdifgeuxXcr@](?![a-zA-Z])
      | (?<!\w)\$[A-Za-z_]\w*(?:(?:\.|->|::)[A-Za-z_]\w*)*
      | (?<![\w:/]):[a-z_]\w*:?(?!\w)
      | (?<!\w)@[A-Za-z_][\w.]*@(?!\w)
      | (?<![\w@./])@\w[\w-]*(?:\.\w+)*
      | (?<![\w&\#/])\#(?=\d*[^\W\d_])\w{{2,}}
      | (?:(?<!\w)\w{{1,60}})?
        (?:\\(?:u[0-9a-fA-F]{{4}}|u\{{[0-9a-fA-F]{{1,8}}\}}|U[0-9a-fA-F]{{8}}|x[0-9a-fA-F]{{2}})\w*)+
      | </?[\w.-]*\d[\w.-]*\s*/?>
    )
    """,
    re.VERBOSE,
)
# Without one of these a text holds nothing to keep, which is told at once.
_SIGN = re.compile(r"[{<%$#@\\/`]|:[a-z_]|\w\.\w|www\.|mailto:")
_ICU_BRANCH = re.compile(r"\s*(?:offset:\d+\s*)?(?:=\d+|\w{1,60})\s*(?=\{)")
# The # in a plural, a placeholder of printf, one that is called a number.
_NUMBER = re.compile(
    r"#|%(?:\d+\$)?(?:ll|l|h|z)?[diu]|[$#%]?\{{1,2}\s?(?:n|num|number|total|(?:\w{1,30}_)?[cC]ount)\s?\}{1,2}"
)
_DIGIT = re.compile(r"\d")
ONE, SEVERAL = "1", "7"
_SINGULAR = re.compile(r"(?:\bone|=1)\s*$")
_ICU_NUMBER = re.compile("(#)")
_DEEPEST = 5
TOKEN = re.compile(r"<[A-Z]+(?:_[A-Z]+)*_[0-9]+>")
"""What `extract --mask` writes; markup takes it for an element that nothing closes."""
_OF_ELEMENTS = frozenset({TagKind.OPEN, TagKind.POINT, TagKind.EDGE})


def with_placeholders(nodes: Iterable[Node], depth: int = 0, number: str = SEVERAL) -> tuple[Node, ...]:
    """The nodes, with what must not be translated in their texts as tags of their own.

    `number`: what a placeholder of a number is read as, where a text has one and no digit.
    """
    nodes = tuple(nodes)
    closed = {node.raw for node in nodes if isinstance(node, Tag) and node.raw.startswith("</")}
    found: list[Node] = []
    for node in nodes:
        found += [_word_of(node, closed)] if isinstance(node, Tag) else _cut(node, depth)
    return _counting(found, number)


def _counting(nodes: Sequence[Node], number: str) -> tuple[Node, ...]:
    """The nodes, in which the only number is one that is filled in later: read as `number`."""
    places = [place for place, node in enumerate(nodes) if isinstance(node, Tag) and _NUMBER.fullmatch(node.raw)]
    others = (node if isinstance(node, str) else node.raw for place, node in enumerate(nodes) if place not in places)
    if len(places) != 1 or any(map(_DIGIT.search, others)):
        return tuple(nodes)
    tag = replace(cast(Tag, nodes[places[0]]), read_as=number)
    return (*nodes[: places[0]], tag, *nodes[places[0] + 1 :])


def _word_of(tag: Tag, closed: Container[str]) -> Tag:
    """A tag; a word where it is a token such as `<PERSON_1>`."""
    is_token = tag.kind in _OF_ELEMENTS and TOKEN.fullmatch(tag.raw) and f"</{tag.raw[1:]}" not in closed
    return Tag(tag.raw, TagKind.WORD) if is_token else tag


def _cut(text: str, depth: int) -> Iterator[Node]:
    if not _SIGN.search(text):
        if text:
            yield text
        return
    braces: dict[int, int] | None = None
    end = 0
    for match in _KEPT.finditer(text):
        if match.start() < end:
            continue
        tag, stop = _tag(match), match.end()
        if match["icu"]:
            braces = _braces(text) if braces is None else braces
            choice = _choice(text, match, braces)
            if choice is None:
                continue
            tag, stop = _choice_tag(choice, depth), choice.end
        if match.start() > end:
            yield text[end : match.start()]
        yield tag
        end = stop
    if end < len(text):
        yield text[end:]


def _tag(match: re.Match[str]) -> Tag:
    return Tag(match[0], TagKind.EDGE if match["control"] else TagKind.TEXT)


class _Choice(NamedTuple):
    """`{count, plural, one {…} other {…}}`, and where its branches are in it."""

    raw: str
    end: int
    branches: Sequence[tuple[int, int]]


def _braces(text: str) -> dict[int, int]:
    """Where each brace is closed."""
    open_: list[int] = []
    closed: dict[int, int] = {}
    for match in re.finditer(r"[{}]", text):
        if match[0] == "{":
            open_.append(match.start())
        elif open_:
            closed[open_.pop()] = match.start()
    return closed


def _choice(text: str, head: re.Match[str], braces: dict[int, int]) -> _Choice | None:
    start, end = head.start(), braces.get(head.start(), -1)
    if end < 0:
        return None
    branches = []
    place = head.end()
    while (branch := _ICU_BRANCH.match(text, place, end)) and branch.end() in braces:
        place = braces[branch.end()] + 1
        branches.append((branch.end() + 1 - start, place - 1 - start))
    if not branches or text[place:end].strip():
        return None
    return _Choice(text[start : end + 1], end + 1, branches)


def _choice_tag(choice: _Choice, depth: int) -> Tag:
    inside = []
    if depth < _DEEPEST:
        for start, end in choice.branches:
            nodes = with_placeholders([choice.raw[start:end]], depth + 1)
            parts = [part for node in nodes for part in (_ICU_NUMBER.split(node) if isinstance(node, str) else [node])]
            numbered = _counting(
                [Tag("#", TagKind.TEXT) if part == "#" else part for part in parts if part],
                ONE if _SINGULAR.search(choice.raw, 0, start - 1) else SEVERAL,
            )
            if has_prose(numbered):
                inside.append(Inside(start, end, Segment(numbered)))
    return Tag(choice.raw, TagKind.TEXT, tuple(inside))

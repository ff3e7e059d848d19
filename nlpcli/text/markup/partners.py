"""Which tags belong together, and which must not be moved because they have no partner."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from nlpcli.text.markup.segments import Node, Tag, TagKind

# A browser closes what is open before these begin, wherever it stands.
_NEVER_NESTED = frozenset({"a", "nobr"})
_DEEPEST = 32


def with_partners(nodes: Sequence[Node], name_of: Callable[[Tag], str]) -> list[Node]:
    """Tags without a partner, and those that cross others, as edges: they must not be moved around others."""
    open_: list[int] = []
    depths: dict[str, int] = {}
    result = list(nodes)
    for index, node in enumerate(nodes):
        if isinstance(node, str) or node.kind not in (TagKind.OPEN, TagKind.CLOSE):
            continue
        name = name_of(node)
        if node.kind is TagKind.OPEN:
            nested = name in _NEVER_NESTED and depths.get(name, 0) > 0
            if nested or len(open_) >= _DEEPEST:
                result[index] = _edge(node)
            else:
                open_.append(index)
                depths[name] = depths.get(name, 0) + 1
            continue
        if not depths.get(name, 0):
            result[index] = _edge(node)
            continue
        while True:
            place = open_.pop()
            opening = nodes[place]
            assert isinstance(opening, Tag)
            depths[name_of(opening)] -= 1
            if name_of(opening) == name:
                break
            result[place] = _edge(opening)
    for place in open_:
        opening = nodes[place]
        assert isinstance(opening, Tag)
        result[place] = _edge(opening)
    return result


def _edge(tag: Tag) -> Tag:
    return Tag(tag.raw, TagKind.EDGE, tag.inside)


def apart(nodes: Sequence[Node]) -> Iterator[tuple[Node, ...]]:
    """The nodes as they are, or cut at their edges where something else could move past one."""
    tags = [node for node in nodes if isinstance(node, Tag) and node.kind is not TagKind.BREAK]
    if len(tags) < 2 or not any(tag.kind is TagKind.EDGE for tag in tags):
        yield tuple(nodes)
        return
    part: list[Node] = []
    for node in nodes:
        if isinstance(node, Tag) and node.kind is TagKind.EDGE:
            yield from ((tuple(part),) if part else ())
            yield (node,)
            part = []
        else:
            part.append(node)
    yield from ((tuple(part),) if part else ())

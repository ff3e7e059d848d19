"""Tag transfer: tags and words put back into a translation, where the alignment of words says.

Tags nest in the translation as they do in the source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import NamedTuple

from nlpcli.pipelines.translation.inline import Link, Mark, Sentence, cut_at_words, places_of, restored
from nlpcli.text.markup.segments import Node, Tag, TagKind

_APOSTROPHES = "'’"
_STOPS = frozenset(",.;:!?…。，；：！？、")
_POINTS = frozenset({TagKind.POINT, TagKind.EDGE})


def render(sentence: Sentence, translation: str, links: Sequence[Link]) -> list[Node]:
    """The translation with its words and its tags."""
    nodes: list[Node] = []
    end = 0
    for place, tag, mark_place in _place_marks(sentence, translation, links):
        place = after = max(place, end)  # a line break may have taken a space behind it
        if tag.kind is TagKind.BREAK:
            place, after = _break_at(translation, place, end)
            lone = not translation[end:place].strip() and _ends_line(nodes)
            if "\n" in tag.raw and (lone or not translation[after:].strip()):
                continue  # fewer words than lines: an empty line would end what the words stand in
        before, behind = _spaces(sentence.text, mark_place, tag, translation, place)
        text = translation[end:place]
        if tag.kind is TagKind.POINT and text.endswith("  "):
            text = text[:-1]  # the two spaces between which it stood
        nodes += [*restored(text, sentence.words), before, tag, behind]
        end = after
    return [*nodes, *restored(translation[end:], sentence.words)]


def _ends_line(nodes: Sequence[Node]) -> bool:
    last = next((node for node in reversed(nodes) if node and not (isinstance(node, str) and node.isspace())), None)
    return last is None or (isinstance(last, Tag) and last.kind is TagKind.BREAK and "\n" in last.raw)


def _break_at(text: str, place: int, least: int) -> tuple[int, int]:
    """The space that a line break takes the place of: the nearest one; without any it stands between characters."""
    spaces = [index for index, character in enumerate(text) if character.isspace() and index >= least]
    if not spaces:
        return max(place, least), max(place, least)
    nearest = min(spaces, key=lambda index: abs(index - place))
    return nearest, nearest + 1


class _Span(NamedTuple):
    """A pair of tags (or one alone), the stretch of the source that it spans, and what lies in it."""

    start: int
    end: int
    opening: Tag | None
    closing: Tag | None
    children: list[_Span]


class _Placed(NamedTuple):
    """A tag before the character `place` of a translation, and where it stood in the source."""

    place: int
    tag: Tag
    source_place: int


def _spaces(source: str, source_place: int, tag: Tag, translation: str, place: int) -> tuple[str, str]:
    """The spaces that a point had around it and has no more: an image stands between words like one."""
    if tag.kind is not TagKind.POINT:
        return "", ""
    had_before = source[:source_place][-1:].isspace() or source_place == 0
    had_behind = source[source_place : source_place + 1].isspace()
    before = " " if had_before and place > 0 and not translation[place - 1].isspace() else ""
    follows = translation[place : place + 1]
    behind = " " if had_behind and follows.isalnum() else ""
    return before, behind


def _place_marks(sentence: Sentence, translation: str, links: Sequence[Link]) -> list[_Placed]:
    spans = _tree(sentence.marks, len(sentence.text))
    placed: list[_Placed] = []
    ordered = any(mark.tag.kind is TagKind.EDGE for mark in sentence.marks)
    aligner = _Aligner(sentence.text, translation, links, ordered, _elements(sentence, translation))
    _place_all(spans, 0, len(translation), aligner, placed)
    return placed


class _Element(NamedTuple):
    """An element that goes as a stand-in: its place in the source, and its stretch of the translation."""

    source: int
    start: int
    end: int


def _elements(sentence: Sentence, translation: str) -> list[_Element]:
    found = []
    for place, word in places_of(sentence.text, sentence.words).items():
        node, start = sentence.words[word], translation.find(word)
        if isinstance(node, Tag) and node.kind is TagKind.WORD and start >= 0:
            found.append(_Element(place, start, start + len(word)))
    return found


def nests_alike(sentence: Sentence, nodes: Sequence[Node]) -> bool:
    """Whether each tag among the nodes lies in the same others as in the sentence."""
    if not sentence.marks or not any(isinstance(node, Tag) for node in sentence.words.values()):
        return True
    return _above(cut_at_words(sentence)) == _above(nodes)


def _above(nodes: Iterable[Node]) -> dict[int, tuple[int, ...]]:
    """Each tag by its id, and the tags that it lies in; first how many that were opened before were closed by then."""
    above: dict[int, tuple[int, ...]] = {}
    closed, open_ = 0, list[int]()
    for node in nodes:
        if not isinstance(node, Tag) or node.kind in (TagKind.BREAK, TagKind.TEXT):
            continue
        if node.kind is not TagKind.CLOSE:
            above[id(node)] = (closed, *open_)
        if node.kind is TagKind.OPEN:
            open_.append(id(node))
        elif node.kind is TagKind.CLOSE and open_:
            open_.pop()
        elif node.kind is TagKind.CLOSE:
            closed += 1
    return above


def _tree(marks: Sequence[Mark], length: int) -> list[_Span]:
    """Pairs as nested spans; a tag whose partner is in another sentence spans from or to the edge of this one."""
    stack: list[tuple[int, Tag | None, list[_Span]]] = [(0, None, [])]
    for place, tag in marks:
        if tag.kind is TagKind.OPEN:
            stack.append((place, tag, []))
        elif tag.kind is TagKind.CLOSE:
            if len(stack) > 1:
                start, opening, children = stack.pop()
                stack[-1][2].append(_Span(start, place, opening, tag, children))
            else:
                # Opened in a sentence before: all so far lies in it.
                _, _, children = stack.pop()
                stack.append((0, None, [_Span(0, place, None, tag, children)]))
        else:
            stack[-1][2].append(_Span(place, place, tag, None, []))
    while len(stack) > 1:
        start, opening, children = stack.pop()
        stack[-1][2].append(_Span(start, length, opening, None, children))
    return stack[0][2]


def _place_all(spans: list[_Span], low: int, high: int, aligner: _Aligner, placed: list[_Placed]) -> None:
    """Emit the tags of `spans` between `low` and `high` of the translation, in the order of the translation."""
    wanted = []
    for order, span in enumerate(spans):
        start, end = aligner.target(span.start, span.end)
        if span.opening is not None and span.opening.kind in _POINTS:
            start = end = aligner.point(span.start)
        if span.opening is None:
            start = low
        if span.closing is None and span.start != span.end:
            end = high
        for child in span.children:
            child_start, child_end = aligner.target(child.start, child.end)
            start, end = min(start, child_start), max(end, child_end)
        start, end = aligner.with_elements(span, start, end)
        wanted.append((max(low, min(start, high)), max(low, min(end, high)), order, span))
    position = low
    if not aligner.ordered:
        wanted.sort(key=lambda item: (item[0], item[2]))
    for start, end, _, span in wanted:
        start = max(start, position)
        end = max(end, start)
        if span.opening is not None:
            placed.append(_Placed(start, span.opening, span.start))
        _place_all(span.children, start, end, aligner, placed)
        last = placed[-1].place if placed else start
        position = max(end, last) if span.children else end
        if span.closing is not None:
            placed.append(_Placed(position, span.closing, span.end))


class _Aligner:
    """Stretches of a sentence → stretches of its translation. `ordered`: no tag may pass another one."""

    def __init__(
        self, source: str, translation: str, links: Sequence[Link], ordered: bool, elements: Sequence[_Element]
    ) -> None:
        self.ordered = ordered
        self._elements = elements
        self._source = source
        self._translation = translation
        self._links = links

    def target(self, start: int, end: int) -> tuple[int, int]:
        """Where the stretch went: the run of the translation that has most of it and least of anything else."""
        if start == end:
            place = self._point(start)
            return place, place
        scores = [1 if _overlap(link, start, end) else -1 for link in self._links]
        first, last = _best_run(scores)
        if not self._links:
            # Without an alignment: in proportion.
            first_word, last_word = self._point(start), self._point(end)
            return self._whole_words(first_word, max(first_word, last_word))
        if first == last:
            return self._word_at(self._point(start))
        target = self._whole_words(self._links[first].start, self._links[last - 1].end)
        target = target if self._source[end - 1 : end] in _STOPS else self._without_stops(*target)
        return target if target[0] < target[1] or not self._source[start:end].strip() else self._word_at(target[0])

    def with_elements(self, span: _Span, start: int, end: int) -> tuple[int, int]:
        """The stretch with the elements that stand in the span, and without those that stand beside it."""
        if span.start == span.end:
            return start, end
        inside = [element for element in self._elements if span.start <= element.source < span.end]
        start, end = min([start, *(i.start for i in inside)]), max([end, *(i.end for i in inside)])
        for element in self._elements:
            if element in inside or not (element.start < end and element.end > start):
                continue
            before, behind = (start, element.start), (element.end, end)
            kept = max(before, behind, key=lambda part: part[1] - part[0])
            if all(kept[0] <= other.start < kept[1] for other in inside):
                start, end = self._trimmed(*kept)
        return start, end

    def _trimmed(self, start: int, end: int) -> tuple[int, int]:
        while start < end and self._translation[start].isspace():
            start += 1
        while start < end and self._translation[end - 1].isspace():
            end -= 1
        return start, end

    def _word_at(self, place: int) -> tuple[int, int]:
        """The word behind `place`, or the last one: a span around words is not around nothing."""
        words = [match.span() for match in re.finditer(r"\w+", self._translation)]
        return next((word for word in words if word[1] > place), words[-1] if words else (place, place))

    def _without_stops(self, start: int, end: int) -> tuple[int, int]:
        while end > start and self._translation[end - 1] in _STOPS:
            end -= 1
        return start, end

    def point(self, place: int) -> int:
        """Where something that stands before `place` goes: with the word that it is glued to, else between words."""
        head = "".join(takewhile(str.isalnum, reversed(self._source[:place])))[::-1]
        tail = "".join(takewhile(str.isalnum, self._source[place:]))
        word = head + tail
        if word and self._translation.count(word) == self._source.count(word) == 1:
            return self._translation.index(word) + len(head)
        return self.target(place - len(head), place)[1] if head and not tail else self._point(place)

    def _point(self, place: int) -> int:
        """Behind what came from before `place`: as many pieces of the translation as make the fewest mistakes."""
        if not self._links:
            return self._word_start(round(len(self._translation) * place / max(1, len(self._source))))
        best, mistakes = 0, sum(link.source_start < place for link in self._links)
        fewest = mistakes
        for count, link in enumerate(self._links, start=1):
            mistakes += 1 if link.source_start >= place else -1
            if mistakes < fewest or (mistakes == fewest and place >= len(self._source)):
                best, fewest = count, mistakes
        if best == len(self._links):
            return len(self._translation)
        return self._word_start(self._links[best].start)

    def _whole_words(self, start: int, end: int) -> tuple[int, int]:
        text = self._translation
        start = self._word_start(start)
        while start < end and text[start].isspace():
            start += 1
        while _is_within_word(text, end):
            end += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        return start, end

    def _word_start(self, place: int) -> int:
        text = self._translation
        while _is_within_word(text, place):
            place -= 1
        return place


def _is_within_word(text: str, place: int) -> bool:
    """Whether a place lies between two letters, an apostrophe between them not counted: won't, d'água."""
    if not 0 < place < len(text):
        return False
    before, behind = text[place - 1], text[place]
    if before in _APOSTROPHES:
        before = text[max(0, place - 2) : place - 1]
    elif behind in _APOSTROPHES:
        behind = text[place + 1 : place + 2]
    return before.isalnum() and behind.isalnum()


def _overlap(link: Link, start: int, end: int) -> bool:
    return link.source_start < end and link.source_end > start


def _best_run(scores: Sequence[int]) -> tuple[int, int]:
    """The stretch with the largest sum (Kadane's algorithm); empty where no score is positive."""
    best, best_sum, start, running = (0, 0), 0, 0, 0
    for index, score in enumerate(scores):
        if running <= 0:
            start, running = index, 0
        running += score
        if running > best_sum:
            best, best_sum = (start, index + 1), running
    return best

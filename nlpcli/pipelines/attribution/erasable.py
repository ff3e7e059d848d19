"""A written text with the input that it came from, whose tokens can be erased one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nlpcli.pipelines.attribution.erasure import Logs, Row, erased, groups_of

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Reasons:
    """`groups`: the places of what was erased, in the text that was read; `lost` (groups, tokens); `words`: the tokens
    that were written, and where they stand in what was.
    """

    groups: list[Place]
    log_probabilities: list[float]
    lost: list[list[float]]
    words: list[tuple[str, int, int]]


@dataclass(frozen=True, slots=True)
class Erasable:
    """`row`: the ids of the input, whose tokens stand at `places` in `text`; `words` as of `Reasons`."""

    text: str
    row: Row
    places: Sequence[Place | None]
    logs: Logs
    words: list[tuple[str, int, int]]

    def reasons(self) -> Reasons:
        """What the words lose without each token of the text."""
        groups = groups_of(self.text, self.places)
        if not self.words or not groups:
            return Reasons([], [0.0] * len(self.words), [], self.words)
        whole, lost = erased(self.logs, self.row, groups)
        spans = [(self.places[group[0]], self.places[group[-1]]) for group in groups]
        return Reasons(
            [(first[0], last[1]) for first, last in spans if first and last], whole.tolist(), lost.tolist(), self.words
        )


def ends_of(tokenizer: Any, ids: Sequence[int], skip_special_tokens: bool = False) -> list[int]:
    """How long the text is behind each token; of a character that is not whole yet, as long as before it."""
    ends, last = [], 0
    for count in range(1, len(ids) + 1):
        text = tokenizer.decode(
            list(ids[:count]), skip_special_tokens=skip_special_tokens, clean_up_tokenization_spaces=False
        )
        last = max(last, len(text.rstrip("\ufffd")))
        ends.append(last)
    return ends


def words_of(tokenizer: Any, ids: Sequence[int], written: str) -> list[tuple[str, int, int]]:
    """The text of each token, and its place in what was written."""
    ends = ends_of(tokenizer, ids)
    whole = tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False)
    shift = max(0, whole.find(written)) if written else 0
    words = []
    for first, last in zip([0, *ends], ends, strict=False):
        start, end = (min(max(0, place - shift), len(written)) for place in (first, last))
        words.append((written[start:end], start, end))
    return words


def places_in(tokenizer: Any, asked: str, prompt: Row) -> list[Place | None]:
    """Where the tokens of a prompt stand in what was asked."""
    kept = asked.strip()
    if not kept:
        return [None] * len(prompt)
    text = tokenizer.decode(prompt, skip_special_tokens=False, clean_up_tokenization_spaces=False)
    ends = ends_of(tokenizer, prompt)
    start = text.rfind(kept)
    if start < 0:
        return _places_of_words(tokenizer, asked, prompt)
    shift = asked.index(kept) - start
    found: list[Place | None] = []
    for first, last in zip([0, *ends], ends, strict=False):
        begin, end = max(first, start), min(last, start + len(kept))
        while begin < end and text[begin].isspace():
            begin += 1
        found.append((begin + shift, end + shift) if begin < end else None)
    return found


def _places_of_words(tokenizer: Any, asked: str, prompt: Row) -> list[Place | None]:
    """Tokens looked for one behind the other, where the tokenizer changes the text that it is given."""
    found: list[Place | None] = []
    end = 0
    for token in prompt:
        piece = tokenizer.decode([token], skip_special_tokens=True).strip()
        start = asked.find(piece, end) if piece else -1
        found.append((start, start + len(piece)) if start >= 0 else None)
        end = start + len(piece) if start >= 0 else end
    return found

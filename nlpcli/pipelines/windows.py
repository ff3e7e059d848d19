"""Texts → windows of token ids → padded batches: what every pipeline that reads a whole text at once needs.

A window is what the model takes at a time: the token ids of a text, or of one part of a long one, with the special
tokens around it. Nothing is ever cut away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor

from nlpcli.kernels.shapes import keeps_shapes, rounded_rows
from nlpcli.text.detection import detect
from nlpcli.text.sentences import split

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Window = list[int]
Row = TypeVar("Row", bound=Sequence[Any])


class Windows:
    """Cuts texts into windows of at most `longest_input` tokens, and pads them."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, longest_input: int) -> None:
        self._tokenizer = tokenizer
        self.longest_input = longest_input
        self._prefix, self._suffix = _special_tokens(tokenizer)
        # Models without a padding token are told to take the end of a text for it (see `classification`).
        self.padding = next(
            (token for token in (tokenizer.pad_token_id, tokenizer.eos_token_id) if token is not None), 0
        )
        # What stands for a text of which the tokenizer makes nothing at all.
        self.blank: Window = [self.padding]

    @property
    def room(self) -> int:
        """How many tokens of a text fit into one window."""
        return self.longest_input - len(self._prefix) - len(self._suffix)

    @property
    def prefix_length(self) -> int:
        """How many special tokens stand before a text."""
        return len(self._prefix)

    def of_equal_length(self, texts: Sequence[str]) -> list[list[Window]]:
        """The windows of each text, equally long: each says as much as the others."""
        return [
            [token_ids] if 0 < len(token_ids) <= self.longest_input else self._cut_evenly(token_ids)
            for token_ids in self._encode(texts)
        ]

    def _cut_evenly(self, token_ids: Window) -> list[Window]:
        parts = _equal_parts(self.without_special_tokens(token_ids), self.room)
        return [self.with_special_tokens(part) for part in parts]

    def at_sentence_ends(self, texts: Sequence[str]) -> list[list[Window]]:
        """The windows of each text, cut between sentences; a sentence that is too long is cut into equal parts."""
        windows = []
        for text, token_ids in zip(texts, self._encode(texts), strict=True):
            if len(token_ids) <= self.longest_input:
                windows.append([token_ids or self.blank])
            else:
                windows.append([self.with_special_tokens(part) for part in self._packed_sentences(text)])
        return windows

    def _packed_sentences(self, text: str) -> list[Window]:
        """As many whole sentences in each as fit."""
        packed: list[Window] = []
        for sentence in self._encode(split(text, detect(text).code), add_special_tokens=False):
            for part in _equal_parts(sentence, self.room):
                if packed and len(packed[-1]) + len(part) <= self.room:
                    packed[-1].extend(part)
                else:
                    packed.append(list(part))
        return packed

    def _encode(self, texts: Sequence[str], add_special_tokens: bool = True) -> list[Window]:
        encoded = self._tokenizer(
            list(texts),
            add_special_tokens=add_special_tokens,
            truncation=False,
            padding=False,
            return_attention_mask=False,
            return_token_type_ids=False,
        )
        return encoded["input_ids"]  # type: ignore[no-any-return]

    def places(self, text: str, windows: Sequence[Window], whole: bool) -> list[list[tuple[int, int] | None]]:
        """Where the tokens of each window stand in `text`, in code points; None: the tokenizer added them.

        `whole`: the windows were cut out of the token ids of the whole text; else they hold its sentences.
        """
        if len(windows) == 1:
            return [_placed(self._tokenizer, text, 0, add_special_tokens=True)]
        found: list[tuple[int, int] | None] = []
        start = 0
        for part in [text] if whole else split(text, detect(text).code):
            start = max(start, text.find(part, start))
            found += _placed(self._tokenizer, part, start, add_special_tokens=False)
            start += len(part)
        placed, begin = [], 0
        for window in windows:
            size = len(window) - len(self._prefix) - len(self._suffix)
            inner = found[begin : begin + size]
            inner += [None] * (size - len(inner))
            placed.append([*[None] * len(self._prefix), *inner, *[None] * len(self._suffix)])
            begin += size
        return placed

    def with_special_tokens(self, token_ids: Window) -> Window:
        """The token ids of a text as the model reads them."""
        return [*self._prefix, *token_ids, *self._suffix]

    def without_special_tokens(self, window: Row) -> Row:
        """What belongs to the text alone, of token ids or of what a model has for each."""
        return window[len(self._prefix) : len(window) - len(self._suffix)]  # type: ignore[return-value]

    def collate(self, windows: Sequence[Window], device: torch.device) -> dict[str, Tensor]:
        """Padded on the right; without a mask where nothing is padded, which spares the model its arithmetic."""
        return pad(windows, self.padding, device)


class Pairs:
    """Puts a text and a second one into one window, as the model's tokenizer does it."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        first, second = (tokenizer(text, add_special_tokens=False)["input_ids"] for text in ("a", "b"))
        encoded = tokenizer("a", "b")
        whole: Window = encoded["input_ids"]
        start = _place(first, whole, 0)
        start_of_second = _place(second, whole, start + len(first))
        self._before = whole[:start]
        self._between = whole[start + len(first) : start_of_second]
        self._after = whole[start_of_second + len(second) :]
        self._types: list[int] | None = encoded.get("token_type_ids")
        self._starts = start, start_of_second

    @property
    def special_tokens(self) -> int:
        """How many tokens of a window belong to neither text."""
        return len(self._before) + len(self._between) + len(self._after)

    def join(self, first: Window, second: Window) -> tuple[Window, list[int]]:
        """The window, and for each token the segment that it belongs to."""
        window = [*self._before, *first, *self._between, *second, *self._after]
        if self._types is None:
            return window, [0] * len(window)
        head = len(self._before) + len(first) + len(self._between)
        type_of_first, type_of_second = (self._types[start] for start in self._starts)
        return window, [type_of_first] * head + [type_of_second] * (len(window) - head)

    @property
    def start(self) -> int:
        """Where the first text begins in a window."""
        return len(self._before)

    @property
    def has_segments(self) -> bool:
        """Whether the model wants to be told the segments."""
        return self._types is not None


def pad(windows: Sequence[Window], padding: int, device: torch.device) -> dict[str, Tensor]:
    """`input_ids` (windows, longest), and an `attention_mask` where there is padding."""
    longest = max(map(len, windows))
    rows = [window + [padding] * (longest - len(window)) for window in windows]
    inputs = {"input_ids": torch.tensor(rows, device=device)}
    if any(len(window) < longest for window in windows):
        lengths = torch.tensor([len(window) for window in windows], device=device)
        positions = torch.arange(longest, device=device)
        inputs["attention_mask"] = (positions[None, :] < lengths[:, None]).long()
    return inputs


def with_rounded_rows(windows: Sequence[Window]) -> list[Window]:
    """The windows, and the last one a few times more (see `kernels.shapes`)."""
    return [*windows, *([windows[-1]] * (rounded_rows(len(windows)) - len(windows)))]


def rows_for(module: torch.nn.Module) -> Callable[[Sequence[Window]], list[Window]]:
    """What makes the rows of a batch of windows: as many as there are, or few counts where these are cheaper."""
    return with_rounded_rows if keeps_shapes(module) else list


def _placed(
    tokenizer: PreTrainedTokenizerBase, text: str, start: int, add_special_tokens: bool
) -> list[tuple[int, int] | None]:
    """The place of each token, from `start` on."""
    if not tokenizer.is_fast:
        ids = tokenizer(text, add_special_tokens=add_special_tokens)["input_ids"]
        return _found(tokenizer.convert_ids_to_tokens(ids), text, start)
    offsets = tokenizer(text, add_special_tokens=add_special_tokens, return_offsets_mapping=True)["offset_mapping"]
    return [_own_place(text, first, last, start) for first, last in offsets]


def _found(tokens: Sequence[str], text: str, start: int) -> list[tuple[int, int] | None]:
    """Tokens looked for one behind the other, for tokenizers that do not say where they stand."""
    places: list[tuple[int, int] | None] = []
    end = 0
    for token in tokens:
        piece = token.replace("\u2581", "")
        place = text.find(piece, end) if piece else -1
        if place < 0:
            places.append(None)
            continue
        end = place + len(piece)
        places.append((start + place, start + end))
    return places


def _own_place(text: str, first: int, last: int, start: int) -> tuple[int, int] | None:
    """A token's own characters: many begin with the space before a word."""
    while first < last and text[first].isspace():
        first += 1
    return (start + first, start + last) if first < last else None


def _equal_parts(token_ids: Window, most: int) -> list[Window]:
    if not token_ids:
        return []
    count = -(-len(token_ids) // most)
    size = -(-len(token_ids) // count)
    return [token_ids[start : start + size] for start in range(0, len(token_ids), size)]


def _special_tokens(tokenizer: PreTrainedTokenizerBase) -> tuple[Window, Window]:
    """What the tokenizer puts before and behind a text, found by asking it for one."""
    plain = tokenizer("a", add_special_tokens=False)["input_ids"]
    whole: Window = tokenizer("a")["input_ids"]
    start = _place(plain, whole, 0)
    return whole[:start], whole[start + len(plain) :]


def _place(part: Window, whole: Window, start: int) -> int:
    """Where `part` stands in `whole`; the end where it does not."""
    places = range(start, len(whole) - len(part) + 1)
    return next((place for place in places if whole[place : place + len(part)] == part), len(whole))

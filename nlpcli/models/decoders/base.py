"""What the generation loop asks of a decoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias, Union, runtime_checkable

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

Logits: TypeAlias = Union["Tensor", NDArray[np.float32]]
"""(rows, vocabulary) float32, of torch or, where nothing else needs that, of numpy."""


class Decoder(Protocol):
    """Rows of tokens, each as long as it is; rows come and go while the others stay. Rows are counted from 0."""

    longest: int
    """How many tokens a row can have: the model's context."""

    @property
    def rows(self) -> int:
        """How many rows there are now."""

    def add(self, tokens: Sequence[Sequence[int]]) -> None:
        """New rows behind the others. Of a prompt, all but its last token, which goes into the next `step`."""

    def step(self, tokens: Sequence[int]) -> Logits:
        """One more token for every row; the logits of the next, (rows, vocabulary) float32."""

    def remove(self, row: int) -> None:
        """Take a row out; the last row moves to its place."""

    def clear(self) -> None:
        """Take all rows out, and give their memory back."""


@runtime_checkable
class ExtendableDecoder(Decoder, Protocol):
    """A decoder that reads several tokens of a row behind the others at once, and can take them back."""

    def most_extended(self) -> int:
        """How many tokens `extend` takes at the most; 0 where it would not give what `step` gives, to the bit."""

    def extend(self, tokens: Sequence[int]) -> Logits:
        """Several more tokens for the only row; the logits behind each, (tokens, vocabulary) float32: those of as many
        steps."""

    def shorten(self, count: int) -> None:
        """Take the last `count` tokens of the only row back."""

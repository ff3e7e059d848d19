"""Token ids, one at a time → pieces of text, each as soon as it is certain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# How many tokens of the prompt are decoded along: tokenizers treat the start of a text otherwise than its middle.
_CONTEXT = 5
_INCOMPLETE = "\ufffd"


class TextStream:
    """The text of one completion. A character of several tokens waits for its last one; so does a stop string."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, prompt: Sequence[int], stop: tuple[str, ...] = ()) -> None:
        self._tokenizer = tokenizer
        self._stop = stop
        self._tokens = list(prompt[-_CONTEXT:])
        self._start, self._read = 0, len(self._tokens)
        self._waiting = ""
        self.text = ""
        self.stopped = False

    def push(self, token: int) -> None:
        """Add a token; `text` grows by what is certain now. `stopped` tells that a stop string came."""
        self._tokens.append(token)
        known = self._decode(self._start, self._read)
        text = self._decode(self._start, len(self._tokens))
        if len(text) > len(known) and not text.endswith(_INCOMPLETE):
            self._start, self._read = self._read, len(self._tokens)
            self._progress(text[len(known) :])

    def finish(self) -> None:
        """No token comes any more: what was waiting is said too, a character that lacks its last token left out."""
        if self.stopped:
            return
        known = self._decode(self._start, self._read)
        self._progress(self._decode(self._start, len(self._tokens))[len(known) :].rstrip(_INCOMPLETE))
        # Nothing where a stop string came after all.
        self.text += self._waiting
        self._waiting = ""

    def _decode(self, start: int, end: int) -> str:
        text: str = self._tokenizer.decode(
            self._tokens[start:end], skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return text

    def _progress(self, piece: str) -> None:
        waiting = self._waiting + piece
        found = [place for stop in self._stop if (place := waiting.find(stop)) >= 0]
        if found:
            self.stopped = True
            said, self._waiting = waiting[: min(found)], ""
        else:
            held = max((_overlap(waiting, stop) for stop in self._stop), default=0)
            said, self._waiting = waiting[: len(waiting) - held], waiting[len(waiting) - held :]
        self.text += said


def _overlap(text: str, stop: str) -> int:
    """How many characters at the end of `text` could be the beginning of `stop`."""
    longest = min(len(text), len(stop) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(stop[:size])), 0)

"""How many words a text has, in any script, as word processors count them."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Scripts without spaces whose characters count one by one: Chinese characters and Japanese syllables.
_ONE_BY_ONE = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Scripts without spaces whose words have several letters: Thai, Lao, Burmese, Khmer.
_IN_FOURS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_RUN = re.compile(f"[{_ONE_BY_ONE}]|[{_IN_FOURS}]{{1,4}}|[^\\s{_ONE_BY_ONE}{_IN_FOURS}]+")
_CLOSING = "。！？；，、：）」』】》〉”’…"
_WITHOUT_SPACES = re.compile(f"[{_ONE_BY_ONE}{_IN_FOURS}{_CLOSING}]")
_SPACES_END_SENTENCES = re.compile(f"[{_IN_FOURS}]")
_UNSPACED = re.compile(f"[{_ONE_BY_ONE}{_IN_FOURS}]+")
END = "…"


def unspaced_runs(text: str) -> Iterator[tuple[str, bool]]:
    """The stretches of a text, each with whether its script has no spaces between words."""
    place = 0
    for run in _UNSPACED.finditer(text):
        if run.start() > place:
            yield text[place : run.start()], False
        yield run[0], True
        place = run.end()
    if place < len(text):
        yield text[place:], False


def count_words(text: str) -> int:
    """Words between spaces that have a letter or a digit; in scripts without spaces every character (Chinese,
    Japanese), or every four (Thai, Lao, Burmese, Khmer), counts as a word.
    """
    return sum(1 for run in _RUN.finditer(text) if _counts(run[0]))


def first_words(text: str, most: int) -> str:
    """The start of a text up to its `most`th word; what was cut off is marked by an ellipsis."""
    counted = 0
    end = 0
    for run in _RUN.finditer(text):
        counted += _counts(run[0])
        if counted > most:
            return text[:end].rstrip() + END
        end = run.end()
    return text


def space_between(before: str) -> str:
    """What stands between a sentence that ends like `before` and the next one."""
    last = before.rstrip()[-1:]
    return "" if not last or _WITHOUT_SPACES.match(last) else " "


def spaces_end_sentences(text: str) -> bool:
    """Whether a space stands where other scripts have a full stop, as in Thai."""
    return _SPACES_END_SENTENCES.search(text) is not None


def _counts(run: str) -> bool:
    return any(map(str.isalnum, run))

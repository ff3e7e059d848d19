"""Words on buttons and signs: a model that learnt sentences reads them with a full stop better now and then."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nlpcli.pipelines.translation.inline import Sentence
from nlpcli.pipelines.translation.translators import Translation

_MOST_WORDS = 3
_DOUBLED = re.compile(r"\b(\w+(?:\s+\w+){0,2})((?:\s+\1\b)+)", re.IGNORECASE)
_FOREIGN = re.compile(r"[()\[\]:;,/]")
_ENDS = re.compile(r"[\w)\]%](?:[\"'»”])?$")


def is_short(sentence: Sentence) -> bool:
    """Whether it is a few plain words without a full stop."""
    text = sentence.text
    return sentence.is_plain and len(text) <= 40 and text[-1:].isalnum() and len(text.split()) <= _MOST_WORDS


def variants_of(text: str) -> list[str]:
    """What a model is asked for a short text."""
    return [text, f"{text}."]


def best_of(text: str, candidates: Sequence[Translation]) -> Translation:
    """Of the translations of `variants_of` the one of which the model is surest, and that adds nothing to the text."""
    plain, ended = (candidate._replace(text=as_written(text, candidate.text)) for candidate in candidates)
    # A sentence begins with a capital that the text need not have.
    ended = ended._replace(text=with_small_start(text, ended.text))
    return max(plain, ended, key=lambda found: (found.complete, not _adds(text, found.text), _score(found)))


def _score(translation: Translation) -> float:
    return 0.0 if translation.score is None else translation.score


def as_written(text: str, translation: str) -> str:
    """Without a full stop and doubled words that the text lacks."""
    return without_doubled(text, without_full_stop(text, translation))


def without_full_stop(text: str, translation: str) -> str:
    """No full stop behind what has none."""
    ends = _ENDS.search(text) and translation.endswith(".") and not translation.endswith("..")
    return translation[:-1] if ends and len(translation) > 1 else translation


def without_doubled(text: str, translation: str) -> str:
    """No word twice in a row where the text says none twice."""
    return translation if _DOUBLED.search(text) else _DOUBLED.sub(r"\1", translation)


def with_small_start(text: str, translation: str) -> str:
    """A small letter first where the text begins with one."""
    if text[:1].islower() and translation[:1].isupper() and not translation[1:2].isupper():
        return translation[0].lower() + translation[1:]
    return translation


def _adds(text: str, translation: str) -> bool:
    return any(translation.count(mark) > text.count(mark) for mark in _FOREIGN.findall(translation))

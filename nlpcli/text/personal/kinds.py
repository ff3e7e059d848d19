"""The kinds of personal data that are told without a model: one table, in the order in which they are believed."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator

from nlpcli.text.personal.accounts import cards, ibans
from nlpcli.text.personal.addresses import emails, ips, macs, urls
from nlpcli.text.personal.births import births
from nlpcli.text.personal.context import plain
from nlpcli.text.personal.national_ids import national_ids
from nlpcli.text.personal.phones import phones
from nlpcli.text.personal.tokens import KIND_NAMES, Part

Detector = Callable[[str], Iterator[tuple[int, int]]]
_DETECTORS: tuple[Detector, ...] = (urls, emails, ibans, cards, macs, ips, births, national_ids, phones)
# Where two find something in the same place, the first is believed.
KINDS: dict[str, Detector] = dict(zip(KIND_NAMES, _DETECTORS, strict=True))
# Without a digit and without a sign of an address there is nothing to find, which is quick to see.
_SIGN = re.compile(r"[0-9@/]|::|\[\s?at\s?\]|\(\s?at\s?\)|www\.", re.IGNORECASE)


def find(text: str, kinds: Collection[str] = frozenset(KINDS)) -> list[Part]:
    """The personal data of `kinds` in a text, in its order, without overlap."""
    ascii_text = plain(text)
    if not _SIGN.search(ascii_text):
        return []
    found = (Part(start, end, kind) for kind, spans in _detectors(kinds) for start, end in spans(ascii_text))
    taken: list[Part] = []
    for part in found:
        if all(part.end <= other.start or other.end <= part.start for other in taken):
            taken.append(part)
    return sorted(taken)


def _detectors(kinds: Collection[str]) -> Iterable[tuple[str, Detector]]:
    return ((kind, spans) for kind, spans in KINDS.items() if kind in kinds)

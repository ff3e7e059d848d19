"""Texts with their spans in formats of other tools: CoNLL's columns, and what spaCy's `Doc.from_json` reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from nlpcli.records.record import Record
from nlpcli.text.spans import Bounds, Offsets, apart, byte_offsets, tokens

_PLACE_IN_LIST = re.compile(r"\[\d+\]")


def spans_of(record: Record, offsets: Offsets) -> list[tuple[int, int, str]]:
    """Start and end (code points) and label of what was found in the text of a record, apart from each other."""
    result = record.result or {}
    found = [(span["start"], span["end"], span["label"]) for span in result.get("entities", ())]
    found += [(p["start"], p["end"], p.get("label", "keyphrase")) for p in result.get("keyphrases", ()) if "start" in p]
    found += [
        (value["start"], value["end"], _PLACE_IN_LIST.sub("", value["path"]))
        for value in result.get("values", ())
        if value["grounded"]
    ]
    if offsets == "bytes":
        places = range(len(record.text) + 1)
        characters = dict(zip(byte_offsets(record.text, places), places, strict=True))
        found = [(characters[start], characters[end], label) for start, end, label in found]
    return apart(found)


def conll(record: Record, offsets: Offsets) -> str:
    """A line for each token, `token<TAB>label` (BIO), and an empty one behind the text."""
    spans = spans_of(record, offsets)
    lines, place = [], 0
    for start, end in tokens(record.text, [border for span in spans for border in span[:2]]):
        while place < len(spans) and spans[place][1] <= start:
            place += 1
        inside = place < len(spans) and spans[place][0] <= start
        label = f"{'B' if start == spans[place][0] else 'I'}-{spans[place][2]}" if inside else "O"
        lines.append(f"{record.text[start:end]}\t{label}\n")
    return "".join(lines)


def spacy_json(record: Record, offsets: Offsets) -> str:
    """One object in a line: `text`, `ents` and `tokens`, as `Doc.to_json` writes them."""
    spans = spans_of(record, offsets)
    words = _with_white_space(record.text, tokens(record.text, [border for span in spans for border in span[:2]]))
    made = {
        "text": record.text,
        "ents": [{"start": start, "end": end, "label": label} for start, end, label in spans],
        "tokens": [{"id": number, "start": start, "end": end} for number, (start, end) in enumerate(words)],
    }
    return json.dumps(made, ensure_ascii=False)


def _with_white_space(text: str, words: list[Bounds]) -> Iterator[Bounds]:
    """A document of spaCy's is its tokens, each with a space behind it or none: other white space is a token."""
    last = 0
    for start, end in [*words, (len(text), len(text))]:
        gap = last + (1 if last and text[last : last + 1] == " " else 0)
        if gap < start:
            yield gap, start
        if start < end:
            yield start, end
        last = end

"""Measures word vectors: analogies in Mikolov's form, and pairs of words with people's scores.

Counted as gensim counts: the case of letters does not matter, questions with a word that is unknown are left out, the
words of a question are no answers, and pairs are compared by ranks (Spearman) and values (Pearson).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Literal

from nlpcli.errors import InputBroken
from nlpcli.records.record import Record

if TYPE_CHECKING:
    import numpy as np

    from nlpcli.pipelines.words import WordSpace

    Array = np.ndarray[Any, Any]

# As word2vec's own demonstration has it, and as gensim has it.
ANALOGY_VOCABULARY, PAIR_VOCABULARY = 30_000, 300_000
_DIGITS = 6
TOTAL = "all"


@dataclass(slots=True)
class _Section:
    """What stands under one heading of a file; `origin` is its first line."""

    name: str
    origin: Record
    analogies: list[list[str]] = field(default_factory=list)
    pairs: list[tuple[str, str, float]] = field(default_factory=list)


def evaluate(
    records: Iterator[Record], space: WordSpace, vocabulary: int | None, method: Literal["add", "mul"]
) -> Iterator[Record]:
    """A record for each section, and one for all where a file has several; lines of another form are errors."""
    for sections in _files(records):
        if isinstance(sections, Record):
            yield sections
            continue
        with_analogies = [section for section in sections if section.analogies]
        with_pairs = [section for section in sections if section.pairs]
        if with_analogies:
            yield from _analogies(
                with_analogies, space, min(vocabulary or ANALOGY_VOCABULARY, len(space.vectors)), method
            )
        for section in with_pairs:
            yield _pairs(section, space, min(vocabulary or PAIR_VOCABULARY, len(space.vectors)))


def _files(records: Iterator[Record]) -> Iterator[list[_Section] | Record]:
    """The sections of each file, and before them the lines that failed."""
    sections: list[_Section] = []
    source = None
    for record in records:
        if record.result is None:
            yield record
            continue
        if record.origin.source != source:
            if sections:
                yield sections
            sections, source = [_Section(PurePath(record.origin.source).name, record)], record.origin.source
        try:
            _take(record, sections)
        except InputBroken as error:
            record.result, record.error = None, str(error)
            yield record
    if sections:
        yield sections


def _take(record: Record, sections: list[_Section]) -> None:
    line = record.text.strip()
    if not line or line.startswith("#"):
        return
    if line.startswith(":"):
        sections.append(_Section(line[1:].strip(), record))
        return
    words = [word for word in re.split(r"\t|,|;", line) if word.strip()] if re.search(r"[\t,;]", line) else line.split()
    words = [word.strip() for word in words]
    if len(words) == 4 and not _is_number(words[3]):
        sections[-1].analogies.append(words)
    elif len(words) >= 3 and _is_number(words[2]):
        sections[-1].pairs.append((words[0], words[1], float(words[2])))
    elif record.origin.line > 1:  # the first may name columns
        raise InputBroken("no analogy (four words) and no pair (two words and a score); mend that line")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _rows(space: WordSpace, limit: int) -> tuple[dict[str, int], Array]:
    """Words in capitals → their first row; and for each row the first of those that differ in case alone."""
    import numpy as np

    rows: dict[str, int] = {}
    same = [rows.setdefault(word.upper(), row) for row, word in enumerate(space.vectors.first_words(limit))]
    return rows, np.array(same)


def _analogies(
    sections: list[_Section], space: WordSpace, limit: int, method: Literal["add", "mul"]
) -> Iterator[Record]:
    import numpy as np

    rows, same = _rows(space, limit)
    counts = []
    for section in sections:
        asked = [[rows.get(word.upper(), -1) for word in words] for words in section.analogies]
        known = np.array([question for question in asked if min(question) >= 0], np.int64).reshape(-1, 4)
        answers = space.answers(known[:, :3], limit, method, same) if len(known) else np.zeros(0, np.int64)
        correct = int((same[answers] == known[:, 3]).sum())
        counts.append((correct, len(known), len(asked) - len(known)))
        yield _row(section, section.name, "analogies", *counts[-1])
    if len(sections) > 1:
        correct, total, left_out = map(sum, zip(*counts, strict=True))
        yield _row(sections[0], TOTAL, "analogies", correct, total, left_out)


def _row(section: _Section, name: str, kind: str, correct: int, total: int, left_out: int) -> Record:
    score = round(correct / total, _DIGITS) if total else None
    result = {"section": name, "kind": kind, "score": score, "correct": correct, "total": total, "left_out": left_out}
    return _result(section, {**result, "pearson": None})


def _pairs(section: _Section, space: WordSpace, limit: int) -> Record:
    import numpy as np

    rows, _ = _rows(space, limit)
    found = [(rows.get(a.upper(), -1), rows.get(b.upper(), -1), score) for a, b, score in section.pairs]
    known = [(a, b, score) for a, b, score in found if min(a, b) >= 0]
    result: dict[str, Any] = {"section": section.name, "kind": "pairs", "score": None, "correct": None}
    result |= {"total": len(known), "left_out": len(found) - len(known), "pearson": None}
    if len(known) > 1:
        firsts, seconds, people = (np.array(column) for column in zip(*known, strict=True))
        machine = space.similarity(firsts, seconds)
        result["score"] = _correlation(ranks(people), ranks(machine))
        result["pearson"] = _correlation(people, machine)
    return _result(section, result)


def _result(section: _Section, result: dict[str, Any]) -> Record:
    origin = section.origin.origin
    return Record(str(result["section"]), {}, origin, result={**result, "file": origin.source})


def ranks(values: Array) -> Array:
    """The rank of each value; equal ones share the mean of theirs."""
    import numpy as np

    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    shared = ends - (counts - 1) / 2
    return np.asarray(shared[places], np.float64)


def _correlation(first: Array, second: Array) -> float | None:
    import numpy as np

    with np.errstate(invalid="ignore", divide="ignore"):
        value = float(np.corrcoef(first, second)[0, 1])
    return round(value, _DIGITS) if value == value else None

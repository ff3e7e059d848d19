"""The counterfactual probe: the same text about others, and how a classifier's score changes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nlpcli.errors import InputBroken, InputMissing, UsageError, quoted
from nlpcli.records.record import Record
from nlpcli.runtime.batching import Split, Unit
from nlpcli.settings import read_toml
from nlpcli.tasks.base import BatchTask

if TYPE_CHECKING:
    from nlpcli.pipelines.classification import ClassificationPipeline

FILE = Path(__file__).with_name("bias_swap.toml")
PLACE = "{}"
_DIGITS = 6
_Z = 1.959964


@dataclass(frozen=True, slots=True)
class Groups:
    """The terms of each group, and sentences with a place for one."""

    terms: Mapping[str, tuple[str, ...]]
    templates: tuple[str, ...]


class _Variant(NamedTuple):
    """A text about a member of a group, in windows."""

    group: str
    windows: list[Any]


def read_groups(file: str | None) -> Groups:
    """The groups of a TOML file: `[groups]` with a list of terms each, and perhaps `templates`.

    Raises:
        InputMissing: the file is not there.
        InputBroken: it has no two groups of terms.
    """
    path = FILE if file is None else Path(file)
    try:
        table = read_toml(path)
    except OSError as error:
        raise InputMissing(f"cannot read {quoted(path)}: {error.strerror}; check the path") from error
    groups, templates = table.get("groups"), table.get("templates", [])
    groups = groups if isinstance(groups, dict) else {}
    lists = [*groups.values(), templates]
    if len(lists) < 3 or not all(isinstance(one, list) and all(isinstance(term, str) for term in one) for one in lists):
        raise InputBroken(f'{quoted(path)} needs [groups] with two lists of terms at least: men = ["he", "John"]')
    if not all(lists[:-1]):
        raise InputBroken(f"{quoted(path)} has a group without terms; mend it")
    return Groups({name: tuple(terms) for name, terms in groups.items()}, tuple(templates))


class SwapTask(BatchTask):
    """One record is a template, or a text that names a term of some group."""

    def __init__(self, classifier: ClassificationPipeline, groups: Groups, label: str | None) -> None:
        self._classifier = classifier
        self._groups = groups
        self._weights = _weights(classifier.labels, label)
        terms = {term for words in groups.terms.values() for term in words}
        longest_first = sorted(terms, key=lambda term: (-len(term), term))
        self._term = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")

    def split(self, records: Sequence[Record]) -> list[Split]:
        """One unit for each group and term; the state is the groups."""
        return [self._split(record.text) for record in records]

    def _split(self, text: str) -> Split:
        named = self._term.search(text)
        if PLACE in text:
            place = re.compile(re.escape(PLACE))
        elif named is not None:
            place = re.compile(rf"(?<!\w){re.escape(named[0])}(?!\w)")
        else:
            error = InputBroken(f"it has no {PLACE} and none of the terms; write {PLACE} where a name can stand")
            return Split([Unit(1, error)])
        filled = [
            (group, term.join(place.split(text))) for group, terms in self._groups.terms.items() for term in terms
        ]
        windows_of = self._classifier.windows([one for _, one in filled])
        variants = [_Variant(group, windows) for (group, _), windows in zip(filled, windows_of, strict=True)]
        units = [Unit(sum(map(self._classifier.cost, variant.windows)), variant) for variant in variants]
        return Split(units, [variant.group for variant in variants])

    def run(self, units: Sequence[Unit]) -> Sequence[Any]:
        """The score of each text: the mean over its windows."""
        windows = [w for unit in units if isinstance(unit.payload, _Variant) for w in unit.payload.windows]
        numbers = iter(self._classifier.classify(windows) if windows else ())
        return [
            sum(float(next(numbers) @ self._weights) for _ in unit.payload.windows) / len(unit.payload.windows)
            if isinstance(unit.payload, _Variant)
            else unit.payload
            for unit in units
        ]

    def join(self, record: Record, state: list[str], outputs: Sequence[float]) -> dict[str, Any]:  # noqa: ARG002
        """The mean score of each group."""
        scores: dict[str, list[float]] = {}
        for group, score in zip(state, outputs, strict=True):
            scores.setdefault(group, []).append(score)
        return {"means": {group: sum(found) / len(found) for group, found in scores.items()}}

    def reduce(self, records: Iterator[Record]) -> Iterator[Record]:
        """A record for each group: its mean score, and how far that is from the mean of all groups, text by text."""
        texts: list[dict[str, float]] = []
        for record in records:
            if record.result is None:
                yield record
                continue
            texts.append(record.result["means"])
            last = record
        for group in self._groups.terms if texts else ():
            changes = [means[group] - sum(means.values()) / len(means) for means in texts]
            score = sum(means[group] for means in texts) / len(texts)
            change, interval = mean_with_interval(changes)
            row = {"texts": len(texts), "score": round(score, _DIGITS), "change": change, "interval": interval}
            yield replace(last, text=group, fields={}, result={"group": group, **row})


def mean_with_interval(values: Sequence[float]) -> tuple[float, list[float] | None]:
    """The mean and its 95 % interval (normal, over the values); no interval of one value."""
    mean = sum(values) / len(values)
    if len(values) == 1:
        return round(mean, _DIGITS), None
    deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
    reach = _Z * deviation / math.sqrt(len(values))
    return round(mean, _DIGITS), [round(mean - reach, _DIGITS), round(mean + reach, _DIGITS)]


def _weights(labels: Sequence[str], label: str | None) -> Any:
    """(labels,) what each probability counts: one label, or positive less negative."""
    import numpy as np

    from nlpcli.text.tone import tone_of

    if label is not None:
        if label not in labels:
            raise UsageError(f'the model has no label "{label}"; it has: {", ".join(labels)}')
        return np.array([float(name == label) for name in labels], np.float32)
    tones = [tone_of(name) for name in labels]
    if "positive" not in tones:
        raise UsageError(f"say whose probability is watched: --label, one of {', '.join(labels)}")
    return np.array([{"positive": 1.0, "negative": -1.0}.get(tone or "", 0.0) for tone in tones], np.float32)

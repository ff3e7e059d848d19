"""The Word-Embedding Association Test (Caliskan et al. 2017), and its form for sentences (SEAT, May et al. 2019)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from pathlib import Path
from typing import Any

import numpy as np

from nlpcli.errors import InputBroken, InputMissing, WordsUnknown, quoted
from nlpcli.settings import read_toml

Array = np.ndarray[Any, Any]

FILE = Path(__file__).with_name("weat.toml")
# Up to so many partitions are all counted; of more so many are drawn.
MOST_PARTITIONS = 100_000
_SEED = 0
_PARTITIONS_AT_A_TIME = 10_000
# Sums of the same numbers in another order differ by less.
_SAME = 1e-9
TEMPLATES = ("This is {}.", "That is {}.", "There is {}.", "Here is {}.", "{} is here.", "{} is there.")
"""What SEAT puts words into: sentences that say next to nothing. Ours; May et al. inflect theirs by the word."""


@dataclass(frozen=True, slots=True)
class WordSet:
    """Words with what they have in common."""

    name: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AssociationTest:
    """Whether the words of `x` rather than `y` are nearer to those of `a` than of `b`."""

    name: str
    title: str
    source: str
    x: WordSet
    y: WordSet
    a: WordSet
    b: WordSet


@dataclass(frozen=True, slots=True)
class Association:
    """`p_value`: one-sided, of as many `partitions` of the words of X and Y; `left_out`: words without a vector."""

    effect_size: float
    p_value: float
    statistic: float
    partitions: int
    left_out: tuple[str, ...]


def read_tests(file: Path) -> dict[str, AssociationTest]:
    """The tests of a TOML file by name.

    Raises:
        InputMissing: the file is not there.
        InputBroken: it is no TOML, or a test lacks a set of words.
    """
    try:
        tables = read_toml(file)
    except OSError as error:
        raise InputMissing(f"cannot read {quoted(file)}: {error.strerror}; check the path") from error
    if not tables:
        raise InputBroken(f"{quoted(file)} has no test; write [name] with x, y, a and b")
    return {name: _test(file, name, table) for name, table in tables.items()}


def _test(file: Path, name: str, table: Any) -> AssociationTest:
    if not isinstance(table, dict):
        raise InputBroken(f"{name} in {quoted(file)} is no table; write [{name}] with x, y, a and b")
    sets = (_word_set(file, name, table, key) for key in "xyab")
    return AssociationTest(name, str(table.get("title", "")), str(table.get("source", "")), *sets)


def _word_set(file: Path, name: str, table: dict[str, Any], key: str) -> WordSet:
    """`x = ["a", "b"]`, or `x.name` and `x.words`."""
    value = table.get(key)
    words = value.get("words") if isinstance(value, dict) else value
    title = str(value.get("name", key)) if isinstance(value, dict) else key
    least = 2 if key in "xy" else 1
    if not isinstance(words, list) or len(words) < least or not all(isinstance(word, str) for word in words):
        raise InputBroken(f'[{name}] in {quoted(file)} needs {key} = ["word", …], of at least {least}; mend it')
    return WordSet(title, tuple(words))


def association(test: AssociationTest, vector_of: Callable[[str], Array | None]) -> Association:
    """The effect size and p-value of a test; words without a vector are left out.

    Raises:
        WordsUnknown: too few words of a set have a vector.
    """
    units: dict[str, list[Array]] = {}
    left_out: list[str] = []
    for key in "xyab":
        words: WordSet = getattr(test, key)
        found = [(word, vector_of(word)) for word in words.words]
        left_out += [word for word, vector in found if vector is None]
        units[key] = [_unit(vector) for _, vector in found if vector is not None]
        if len(units[key]) < (2 if key in "xy" else 1):
            raise WordsUnknown(f"{test.name}: too few words of {words.name} are in the vocabulary")
    x, y, a, b = (np.stack(units[key]) for key in "xyab")
    associations = [(words @ a.T).mean(1) - (words @ b.T).mean(1) for words in (x, y)]
    effect = effect_size(*associations)
    p_value, partitions = permutation_p_value(*associations)
    statistic = float(associations[0].sum() - associations[1].sum())
    return Association(effect, p_value, statistic, partitions, tuple(dict.fromkeys(left_out)))


def _unit(vector: Array) -> Array:
    vector = np.asarray(vector, np.float64)
    return vector / max(float(np.linalg.norm(vector)), 1e-12)


def effect_size(x: Array, y: Array) -> float:
    """(mean of X − mean of Y) / standard deviation over both (with n − 1)."""
    deviation = float(np.concatenate([x, y]).std(ddof=1))
    return float(x.mean() - y.mean()) / deviation if deviation else 0.0


def permutation_p_value(x: Array, y: Array) -> tuple[float, int]:
    """How often another partition of X ∪ Y has a larger statistic, and of how many partitions that is.

    All partitions where they are few, else random ones, of which the p-value is (larger + 1) / (drawn + 1).
    """
    both, size = np.concatenate([x, y]), len(x)
    # The statistic grows with the sum over X alone: the sum over both is always the same.
    least = float(x.sum()) + _SAME
    count = comb(len(both), size)
    if count <= MOST_PARTITIONS:
        places = np.array(list(combinations(range(len(both)), size)))
        return float((both[places].sum(1) > least).mean()), count
    random = np.random.default_rng(_SEED)
    larger = 0
    for _ in range(MOST_PARTITIONS // _PARTITIONS_AT_A_TIME):
        drawn = random.permuted(np.broadcast_to(both, (_PARTITIONS_AT_A_TIME, len(both))), axis=1)
        larger += int((drawn[:, :size].sum(1) > least).sum())
    return (larger + 1) / (MOST_PARTITIONS + 1), MOST_PARTITIONS


def mean_of_sentences(word: str, embed: Callable[[Sequence[str]], Array]) -> Array:
    """The mean of the unit vectors of the sentences that a word makes."""
    vectors = embed([_capital(template.format(word)) for template in TEMPLATES])
    return np.mean([_unit(vector) for vector in vectors], 0)  # type: ignore[no-any-return]


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]

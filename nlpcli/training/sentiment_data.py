"""The rated texts of the VADER study (Hutto and Gilbert, ICWSM 2014) as examples of three classes."""

from __future__ import annotations

import csv
import hashlib
import math
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

LABELS = ("negative", "neutral", "positive")
NEGATIVE, NEUTRAL, POSITIVE = range(3)
# In tokens; what is longer is cut in training, and read in windows in use.
LONGEST_TEXT = 128
# On the raters' scale from -4 to 4.
BOUNDARY = 0.5
# Standard error of a mean of 20 ratings whose spread is about 1.1, as the study's own per-text deviations have it.
RATING_ERROR = 0.25

# Of reviews with stars: how good or bad most are, and how many say the opposite of their stars.
RATING_OF_A_REVIEW = 1.25
DOUBT = 0.08
# How many say neither: nobody was asked, but who writes a review seldom has no opinion.
LUKEWARM = 0.03

Part = Literal["train", "calibration", "test"]


@dataclass(frozen=True, slots=True)
class Example:
    """A text, its class (an index of LABELS), and where it comes from.

    `rating` is on the raters' scale from -4 to 4; `probabilities` are those of the classes given the rating's error.
    `poles_alone`: nobody was asked whether it is neutral.
    """

    text: str
    label: int
    rating: float
    probabilities: tuple[float, float, float]
    source: str = ""
    poles_alone: bool = False


def read_rated(path: Path) -> list[Example]:
    """The rows of `train.tsv` (rating, source, text)."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [_example(row["text"], float(row["rating"]), row["source"]) for row in rows]


def read_labelled(path: Path) -> list[Example]:
    """The rows of a file with the columns label and text, such as SST-2's."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [_certain(row["text"], LABELS.index(row["label"])) for row in rows]


def read_reviews(path: Path, source: str) -> list[Example]:
    """The rows of a file with the columns label and text, of which people said no more than good or bad."""
    return [
        Example(
            example.text,
            example.label,
            example.rating / 4 * RATING_OF_A_REVIEW,
            ((1 - DOUBT, 0.0, DOUBT) if example.label == NEGATIVE else (DOUBT, 0.0, 1 - DOUBT)),
            source,
            poles_alone=True,
        )
        for example in read_labelled(path)
    ]


def with_lukewarm(review: Example) -> Example:
    """A review of which it is said that it is hardly ever neutral, instead of nothing at all."""
    negative, neutral, positive = (probability * (1 - LUKEWARM) for probability in review.probabilities)
    return replace(review, probabilities=(negative, neutral + LUKEWARM, positive), poles_alone=False)


def _certain(text: str, label: int) -> Example:
    negative, neutral, positive = (float(label == index) for index in range(3))
    return Example(text, label, 4 * (positive - negative), (negative, neutral, positive))


def _example(text: str, rating: float, source: str) -> Example:
    return Example(text, label_of(rating), rating, class_probabilities(rating, RATING_ERROR), source)


def label_of(rating: float) -> int:
    """The class of a rating, as an index of LABELS."""
    return 0 if rating < -BOUNDARY else 2 if rating > BOUNDARY else 1


def class_probabilities(rating: float, error: float) -> tuple[float, float, float]:
    """How likely each class is where the rating has a standard error."""
    negative = _normal_cdf((-BOUNDARY - rating) / error)
    positive = _normal_cdf((rating - BOUNDARY) / error)
    return negative, 1 - negative - positive, positive


def _normal_cdf(value: float) -> float:
    return (1 + math.erf(value / math.sqrt(2))) / 2


def part_of(text: str) -> Part:
    """Where a text belongs: one tenth each is held back, chosen by a hash, so that everyone gets the same split."""
    digest = hashlib.sha256(" ".join(text.lower().split()).encode()).digest()
    tenth = digest[0] * 256 + digest[1]
    if tenth < 6554:
        return "test"
    return "calibration" if tenth < 13107 else "train"


def select(examples: Iterable[Example], part: Part) -> list[Example]:
    """The examples of one part."""
    return [example for example in examples if part_of(example.text) == part]


_NEGATION = re.compile(r"(?<=\w)n't\b")


def as_treebank(text: str) -> str:
    """A text as the Penn Treebank and its heirs write it: lower case, "n't" and punctuation apart.

    Texts in the wild come in both forms, and the tokenizer makes other tokens of "don't" than of "do n't".
    """
    apart = _NEGATION.sub(" n't", text.lower())
    apart = apart.replace("(", "-lrb-").replace(")", "-rrb-")
    return re.sub(r"\s+", " ", re.sub(r"([,;:.!?])(?=\s|$)", r" \1", apart)).strip()


def batches_by_length(lengths: Sequence[int], tokens: int, generator: random.Random) -> list[list[int]]:
    """Indices of `lengths` in batches of about `tokens` padded tokens, of similar length, in random order."""
    order = sorted(range(len(lengths)), key=lambda index: lengths[index] * generator.uniform(0.85, 1.15))
    batches = _cut(order, lengths, tokens)
    generator.shuffle(batches)
    return batches


def by_length(lengths: Sequence[int], tokens: int) -> list[list[int]]:
    """Indices of `lengths` in batches of about `tokens` padded tokens, the shortest first."""
    return _cut(sorted(range(len(lengths)), key=lambda index: lengths[index]), lengths, tokens)


def _cut(order: Sequence[int], lengths: Sequence[int], tokens: int) -> list[list[int]]:
    batches: list[list[int]] = [[]]
    longest = 0
    for index in order:
        longest = max(longest, lengths[index])
        if batches[-1] and longest * (len(batches[-1]) + 1) > tokens:
            batches.append([])
            longest = lengths[index]
        batches[-1].append(index)
    return batches

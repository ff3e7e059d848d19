"""What a model of sentiment is asked to say of a text, and how far off it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from nlpcli.training.sentiment_data import NEGATIVE, NEUTRAL, POSITIVE, Example, class_probabilities, label_of

# How far apart the logits of positive and negative are for each point of the raters' scale.
LOGITS_PER_POINT = 2.0
# About the spread of a teacher's ratings around those of people, in points.
TEACHER_ERROR = 0.6


class Targets(NamedTuple):
    """`probabilities` (examples, classes), `ratings` and `poles_alone` (examples,)."""

    probabilities: Tensor
    ratings: Tensor
    poles_alone: Tensor

    def of(self, indices: list[int]) -> Targets:
        """Those of some examples."""
        return Targets(self.probabilities[indices], self.ratings[indices], self.poles_alone[indices])


def targets_of(examples: Sequence[Example]) -> Targets:
    """What people, or a teacher, said of the examples."""
    return Targets(
        torch.tensor([example.probabilities for example in examples]),
        torch.tensor([example.rating for example in examples]),
        torch.tensor([example.poles_alone for example in examples]),
    )


def loss(logits: Tensor, targets: Targets, weight_of_rating: float) -> Tensor:
    """Cross-entropy to the probabilities of the classes, and how far the margin is from the rating.

    The rating tells a strong word from a weak one, which the classes do not.
    """
    logits = _among_the_known(logits, targets.poles_alone)
    of_classes = -(targets.probabilities * functional.log_softmax(logits, dim=-1)).sum(-1).mean()
    return of_classes + weight_of_rating * functional.smooth_l1_loss(_ratings(logits), targets.ratings)


def _among_the_known(logits: Tensor, poles_alone: Tensor) -> Tensor:
    """Nobody was asked whether these texts are neutral, so that they teach nothing of it."""
    unasked = torch.zeros_like(logits, dtype=torch.bool)
    unasked[:, NEUTRAL] = poles_alone
    return logits.masked_fill(unasked, -1e4)


def answered(texts: Sequence[str], logits: Tensor) -> list[Example]:
    """Texts with what a teacher says of them (texts, classes) as examples for another one.

    Its rating is believed, and the classes follow from it as from those of people: of whole reviews hardly any is
    neutral, so that by its own classes hardly any phrase would be.
    """
    return [
        Example(text, label_of(rating), rating, class_probabilities(rating, TEACHER_ERROR))
        for text, rating in zip(texts, _ratings(logits).tolist(), strict=True)
    ]


def agreed(of_people: Example, of_teacher: Example) -> Example:
    """One text as people and the teacher see it together: halfway between the two."""
    rating = (of_people.rating + of_teacher.rating) / 2
    pairs = zip(of_people.probabilities, of_teacher.probabilities, strict=True)
    negative, neutral, positive = ((one + other) / 2 for one, other in pairs)
    return Example(of_teacher.text, label_of(rating), rating, (negative, neutral, positive), of_people.source)


def _ratings(logits: Tensor) -> Tensor:
    return (logits[:, POSITIVE] - logits[:, NEGATIVE]) / LOGITS_PER_POINT

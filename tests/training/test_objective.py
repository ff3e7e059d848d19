import pytest
import torch

from nlpcli.training.objective import agreed, answered, loss, targets_of
from nlpcli.training.sentiment_data import Example

GOOD = Example("good", 2, 2.0, (0.0, 0.1, 0.9))
BAD = Example("bad", 0, -3.0, (1.0, 0.0, 0.0))


def test_what_says_the_same_as_the_raters_costs_least():
    right = torch.tensor([[-2.0, 0.0, 2.0], [6.0, 0.0, 0.0]])
    targets = targets_of([GOOD, BAD])
    assert loss(right, targets, 0.5) < loss(right.flip(0), targets, 0.5)


def test_the_rating_tells_strong_from_weak_where_the_classes_do_not():
    targets = targets_of([BAD])
    weak, strong = torch.tensor([[12.0, -8.0, 10.0]]), torch.tensor([[12.0, -8.0, 6.0]])
    assert float(loss(strong, targets, 0.0)) == pytest.approx(float(loss(weak, targets, 0.0)), abs=0.2)
    assert loss(strong, targets, 10.0) < loss(weak, targets, 10.0) - 10


def test_answers_of_a_teacher_are_examples_whose_classes_follow_from_its_rating():
    good, plain = answered(["good", "plain"], torch.tensor([[0.5, 1.0, 4.5], [2.0, 1.0, 1.6]]))
    assert (good.text, good.label, good.rating) == ("good", 2, pytest.approx(2.0))
    assert (plain.text, plain.label, plain.rating) == ("plain", 1, pytest.approx(-0.2))
    assert good.probabilities[2] > 0.99
    assert max(plain.probabilities) == plain.probabilities[1]
    assert sum(plain.probabilities) == pytest.approx(1)


def test_targets_of_a_batch_keep_its_order():
    targets = targets_of([GOOD, BAD]).of([1, 0])
    assert targets.ratings.tolist() == [-3.0, 2.0]
    assert targets.probabilities[0].tolist() == [1.0, 0.0, 0.0]


def test_people_and_the_teacher_meet_halfway():
    both = agreed(GOOD, Example("Good .", 1, 0.0, (0.1, 0.8, 0.1)))
    assert (both.text, both.label, both.rating) == ("Good .", 2, 1.0)
    assert both.probabilities == pytest.approx((0.05, 0.45, 0.5))


def test_who_was_not_asked_whether_a_text_is_neutral_says_nothing_of_it():
    review = Example("good", 2, 1.0, (0.0, 0.0, 1.0), poles_alone=True)
    targets, logits = targets_of([review]), torch.tensor([[-1.0, 3.0, 1.0]])
    louder = logits + torch.tensor([[0.0, 5.0, 0.0]])
    assert float(loss(logits, targets, 0.5)) == pytest.approx(float(loss(louder, targets, 0.5)))
    assert loss(logits.flip(1), targets, 0.5) > loss(logits, targets, 0.5)

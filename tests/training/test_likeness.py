import pytest
import torch

from nlpcli.training.likeness import Likeness

CHANCE = torch.Generator().manual_seed(0)
STATES = torch.randn(2, 5, 4, generator=CHANCE)
# Of another width, and of another scale in each dimension, but nothing that a linear map would not make.
OF_TEACHER = [(STATES[0, :5] @ torch.randn(4, 6, generator=CHANCE)) * torch.tensor([1, 1, 1, 1, 1, 900.0])]


def test_what_a_linear_map_can_make_becomes_alike():
    likeness = Likeness(4, OF_TEACHER, rate=0.05)
    first = likeness.loss(STATES[:1], OF_TEACHER).item()
    for _ in range(300):
        likeness.loss(STATES[:1], OF_TEACHER).backward()
        likeness.step(1.0)
    assert likeness.loss(STATES[:1], OF_TEACHER).item() < 0.02 * first


def test_padding_does_not_count():
    likeness = Likeness(4, OF_TEACHER, rate=0.05)
    short = OF_TEACHER[0][:3]
    changed = STATES[:1].clone()
    changed[:, 3:] = 7
    assert likeness.loss(STATES[:1], [short]).item() == pytest.approx(likeness.loss(changed, [short]).item())


def test_other_tokens_are_refused():
    with pytest.raises(ValueError, match="not those of the student"):
        Likeness(4, OF_TEACHER, rate=0.05).loss(STATES[:1, :3], OF_TEACHER)

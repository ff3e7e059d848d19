"""Changes of matrices as factors: exact where there is room, and where there is little, what the answers turn on."""

import pytest
import torch
from torch import nn

from nlpcli.training.truncation import Moments, truncated


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.words = nn.Embedding(20, 8)
        self.linear = nn.Linear(8, 6)

    def forward(self, ids):
        return self.linear(self.words(ids))


@pytest.fixture
def reader():
    return Reader()


def watched(reader, ids):
    moments = Moments(reader)
    reader(ids).square().sum().backward()
    moments.stop()
    return moments


@pytest.fixture
def changes():
    return {"words": torch.randn(20, 8), "linear": torch.randn(6, 8)}


IDS = torch.arange(20).repeat(4, 1)


def test_with_room_for_all_the_change_is_the_product(reader, changes):
    factors = truncated(changes, watched(reader, IDS), 10_000)
    for name, (left, right) in factors.items():
        torch.testing.assert_close(left @ right, changes[name], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("numbers", [30, 60, 100])
def test_the_factors_have_no_more_numbers_than_there_is_room_for(reader, changes, numbers):
    factors = truncated(changes, watched(reader, IDS), numbers)
    assert 0 < sum(part.numel() for factor in factors.values() for part in factor) <= numbers


def test_a_word_that_comes_often_is_kept_better_than_one_that_never_came(reader):
    ids = torch.tensor([[1, 1, 1, 1, 2, 2, 2, 3]])
    change = torch.randn(20, 8)
    left, right = truncated({"words": change}, watched(reader, ids), 2 * 28)["words"]
    errors = (left @ right - change).norm(dim=1) / change.norm(dim=1)
    assert errors[1] < errors[4:].min()


def test_who_has_stopped_watches_no_longer(reader):
    moments = watched(reader, IDS)
    seen = moments.of_columns["linear"].clone()
    reader(IDS).sum().backward()
    assert torch.equal(moments.of_columns["linear"], seen)

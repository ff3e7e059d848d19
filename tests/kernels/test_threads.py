import pytest
import torch
from torch import nn

from nlpcli.kernels.threads import threads_for, weights_of_a_product


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize(("bytes_read", "threads"), [(331_776, 1), (1 << 20, 1), (1_327_104, 2)])
def test_small_products_get_one_thread_for_as_long_as_they_take(bytes_read, threads):
    with threads_for(bytes_read):
        assert torch.get_num_threads() == threads
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("two_threads")
def test_what_fails_leaves_the_threads_as_they_were():
    with pytest.raises(ValueError, match="of it"), threads_for(1):
        raise ValueError("of it")
    assert torch.get_num_threads() == 2


def test_the_weights_of_a_product_are_the_median_layers_in_its_own_dtype():
    module = nn.Sequential(nn.Embedding(1000, 8), nn.Linear(8, 16, bias=False), nn.Linear(16, 16), nn.Linear(16, 1000))
    assert weights_of_a_product(module) == 4 * (16 * 16 + 16)
    assert weights_of_a_product(module.bfloat16()) == 2 * (16 * 16 + 16)
    assert weights_of_a_product(nn.Embedding(10, 8)) == 0

import pytest
import torch
from torch.nn import functional

from nlpcli.kernels.attention import plain_attention, plain_is_faster


@pytest.mark.parametrize("tokens", [5, 100])
@pytest.mark.parametrize("masked", [False, True])
def test_the_plain_formula_gives_what_the_fused_kernel_gives(tokens, masked):
    torch.manual_seed(0)
    query, key, value = (torch.randn(2, 4, tokens, 16).bfloat16() for _ in range(3))
    mask = torch.arange(tokens) < torch.tensor([tokens, 3])[:, None, None, None] if masked else None
    assert plain_is_faster(query, key, mask)
    expected = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask).transpose(1, 2)
    torch.testing.assert_close(plain_attention(query, key, value, mask), expected, atol=0.02, rtol=0.02)


def test_what_it_does_not_cover_is_fused():
    short, long = (torch.randn(1, 4, tokens, 16).bfloat16() for tokens in (8, 200))
    assert not plain_is_faster(short.float(), short.float(), None)
    assert not plain_is_faster(long, long, None)
    assert not plain_is_faster(short, short[:, :2], None)
    assert not plain_is_faster(short, short, torch.zeros(1, 1, 8, 8))

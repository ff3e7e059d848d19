import pytest
import torch
from transformers.models.t5.modeling_t5 import T5Attention

from nlpcli.pipelines.attention.position_bias import bucket


@pytest.mark.parametrize("two_sided", [True, False])
@pytest.mark.parametrize(("count", "longest"), [(32, 128), (8, 20)])
def test_buckets_are_those_of_t5(two_sided, count, longest):
    distances = torch.arange(-300, 301)
    expected = T5Attention._relative_position_bucket(distances, two_sided, count, longest)
    assert torch.equal(bucket(distances, two_sided, count, longest), expected)

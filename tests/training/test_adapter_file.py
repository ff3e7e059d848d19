import json

import torch
from safetensors import safe_open

from nlpcli.training.adapter_file import save_adapter


def test_a_file_has_the_tensors_in_float16_and_the_rest_as_metadata(tmp_path):
    path = tmp_path / "new" / "adapter.safetensors"
    save_adapter(path, {"classifier.bias": torch.tensor([0.5, 0.1])}, {"scale": 1.0, "config": {"labels": ["a"]}})
    with safe_open(path, "pt") as opened:
        assert torch.equal(opened.get_tensor("classifier.bias"), torch.tensor([0.5, 0.1]).half())
        recipe = {name: json.loads(value) for name, value in opened.metadata().items()}
    assert recipe == {"scale": 1.0, "config": {"labels": ["a"]}}

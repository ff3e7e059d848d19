"""Tiny models of every family, each loaded once, and one thread for them."""

import pytest
import torch
from tiny_attention import save_attention_model

from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.attention.pipeline import load_attention_pipeline
from nlpcli.runtime.device import Placement


@pytest.fixture(scope="package", autouse=True)
def one_thread():
    """Threads that wait for each other cost more than these models do."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="package")
def pipeline_of(tmp_path_factory):
    made = {}

    def pipeline(family):
        if family not in made:
            folder = save_attention_model(tmp_path_factory.mktemp("family"), family)
            made[family] = load_attention_pipeline(LocalModel(family, folder), Placement("cpu", "float32", "", ""))
        return made[family]

    return pipeline

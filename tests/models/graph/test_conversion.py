"""A model's graph is made once, and anew where the cache has lost a part of it."""

import logging
from pathlib import Path

import pytest

from nlpcli.models.graph.conversion import llama_graph
from nlpcli.models.graph.decoder import GraphDecoder
from nlpcli.models.llama.configuration import llama_config
from nlpcli.models.reference import LocalModel
from nlpcli.models.sources.graphs import graph_folder
from tests.tiny import LONGEST, save_causal_lm


def never(made):
    raise AssertionError("it was made already")


def cut(path):
    path.write_bytes(path.read_bytes()[:99])


@pytest.mark.parametrize(
    ("harm", "file"), [(cut, "step.onnx"), (cut, "step.json"), (cut, "weights.bin"), (Path.unlink, "step.onnx")]
)
def test_a_graph_that_is_damaged_is_made_anew_and_that_is_said_once(tmp_path, monkeypatch, caplog, file, harm):
    monkeypatch.setenv("NLPCLI_CACHE_DIR", str(tmp_path / "cache"))
    caplog.set_level(logging.WARNING, "nlpcli")
    model = LocalModel("tiny", save_causal_lm(tmp_path / "model", "llama", head_dim=16))
    config = llama_config(model.folder)

    def logits():
        decoder = GraphDecoder(llama_graph(model, config, 8).step, LONGEST)
        decoder.add([[1, 2, 3]])
        return decoder.step([4]).tobytes()

    before = logits()
    harm(graph_folder(model, [model.folder / "model.safetensors"], 8, never) / file)
    assert logits() == before
    assert logits() == before
    assert [record.getMessage() for record in caplog.records] == [
        "tiny: its graph in the cache was damaged, and is made anew"
    ]

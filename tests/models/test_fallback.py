"""A decoder that cannot be computed by ONNX Runtime is computed by torch, and that is said once, with the reason."""

import logging

import pytest

from nlpcli.models.llama.configuration import llama_config
from nlpcli.models.llama.weights import LlamaWeights
from nlpcli.models.loading import load_llama
from nlpcli.models.reference import LocalModel
from nlpcli.runtime import runs
from nlpcli.runtime.device import Placement
from tests.tiny import save_causal_lm

ASKED = {
    "auto": {"automatic": True},
    "int8": {"quantization": "int8"},
    "int4": {"quantization": "int4"},
}
# Why not → the sizes of heads, whether there is a wheel, whether the cache can be written; and what is said.
REASONS = {
    "no wheel": (16, False, True, "onnxruntime is not installed"),
    "heads": (8, True, True, "the size of its heads is no multiple of 16"),
    "cache": (16, True, False, "cannot write the cache folder"),
}


@pytest.fixture
def load(tmp_path, monkeypatch):
    def load(asked, head_dim=16, wheel=True, cache=True):
        kept = tmp_path / "cache"
        if not cache:
            kept.write_text("a file", encoding="utf-8")
        monkeypatch.setenv("NLPCLI_CACHE_DIR", str(kept))
        folder = tmp_path / "model"
        if not folder.exists():
            save_causal_lm(folder, "llama", head_dim=head_dim)
        kernels = frozenset({"blocks"} if wheel else ())
        placement = Placement("cpu", "float32", "", "", kernels=kernels, **ASKED.get(asked, {}))
        return load_llama(LocalModel("tiny", folder), llama_config(folder), placement)

    return load


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("reason", REASONS)
def test_torch_computes_instead_and_that_is_said_once(load, caplog, asked, reason):
    *given, words = REASONS[reason]
    assert isinstance(load(asked, *given), LlamaWeights)
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "tiny computes by torch in" in warnings[0]
    assert words in warnings[0]


def test_who_asks_for_float32_is_told_nothing(load, caplog):
    load("float32", 16, False)
    assert not caplog.records or max(record.levelno for record in caplog.records) < logging.WARNING


def test_the_first_conversion_is_told_to_who_waits_and_the_next_start_has_none(load):
    told = []
    with runs.telling(told.append):
        load("auto")
        load("auto")
    assert told == ["converting tiny (once)"]

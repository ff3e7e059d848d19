"""A `--dtype` that is asked for reaches the layers, whatever a model is loaded for."""

import pytest
from tiny import save_causal_lm, save_classifier, save_seq2seq
from torch import nn
from transformers.pytorch_utils import Conv1D

from nlpcli.errors import UsageError
from nlpcli.models import loading, preparing
from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.translation.loading import load_translation_model
from nlpcli.runtime.device import choose, describe_hardware


def for_translation(model, placement):
    return load_translation_model(model, placement)._module


LOADS = {
    "encoder": (save_classifier, loading.load_encoder),
    "classifier": (save_classifier, loading.load_classifier),
    "attention": (save_classifier, loading.load_attention_model),
    "decoder": (save_causal_lm, loading.load_causal_lm),
    "sequence to sequence": (save_seq2seq, loading.load_seq2seq),
    "translation by a language model": (save_causal_lm, for_translation),
}


READERS = ("encoder", "classifier", "attention")


@pytest.mark.parametrize("load", READERS)
def test_int4_of_what_writes_no_text_is_refused_with_what_to_take(load, tmp_path):
    save, load_module = LOADS[load]
    with pytest.raises(UsageError, match="int4 is for models that write text, which tiny does not here; take int8"):
        load_module(LocalModel("tiny", save(tmp_path)), choose(describe_hardware(), "cpu", "int4"))


@pytest.mark.parametrize(
    ("load", "asked"), [*((load, "int8") for load in LOADS), *((load, "int4") for load in LOADS if load not in READERS)]
)
def test_a_quantized_format_that_is_asked_for_is_the_format_of_layers(load, asked, tmp_path):
    save, load_module = LOADS[load]
    model = LocalModel("tiny", save(tmp_path))
    exact, quantized = (load_module(model, choose(describe_hardware(), "cpu", dtype)) for dtype in ("float32", asked))
    plain, left = (
        sum(isinstance(layer, nn.Linear | Conv1D) for layer in module.modules()) for module in (exact, quantized)
    )
    assert left < plain


def test_a_format_that_no_layer_can_take_is_said_not_to_have_been_taken(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(preparing, "replace_linears", lambda module, make: 0)
    loading.load_causal_lm(LocalModel("tiny", save_causal_lm(tmp_path)), choose(describe_hardware(), "cpu", "int8"))
    assert "tiny has no linear layers that nlpcli can quantize: it computes in" in caplog.text

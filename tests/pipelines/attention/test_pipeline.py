"""What the pipeline says of a model is what transformers' eager attention says, and what the formula gives."""

import re

import numpy as np
import pytest
import torch
from tiny_attention import DECODERS, ENCODER_DECODERS, FAMILIES, save_attention_model

from nlpcli.errors import ModelUnusable, OutOfMemory, UsageError
from nlpcli.pipelines.attention import formula, memory
from nlpcli.pipelines.attention.capture import Selection
from nlpcli.pipelines.attention.pipeline import Request, TextTooLong
from nlpcli.records.inspection import Kind
from nlpcli.runtime.device import Placement

TEXT = "a b c . d e a b c f"
TARGET = "x y z . u"
PLACEMENT = Placement("cpu", "float32", "", "")
NAMES = {Kind.SELF: "attentions", Kind.DECODER: "decoder_attentions", Kind.CROSS: "cross_attentions"}
EVERY_FAMILY = pytest.mark.parametrize("family", FAMILIES)


def arguments_of(pipeline, family):
    """The same input as the pipeline's, made by hand."""
    inputs = dict(pipeline.tokenizer(TEXT, return_tensors="pt"))
    if family in ENCODER_DECODERS:
        target = pipeline.tokenizer(text_target=TARGET, return_tensors="pt")["input_ids"]
        start = torch.tensor([[pipeline.model.config.decoder_start_token_id]])
        inputs["decoder_input_ids"] = torch.cat([start, target[:, :-1]], dim=1)
    return inputs


def request_of(family, **options):
    return Request(pair=TARGET if family in ENCODER_DECODERS else None, **options)


@EVERY_FAMILY
def test_weights_are_those_of_eager_attention_and_rows_sum_to_1(family, pipeline_of):
    pipeline = pipeline_of(family)
    inspection = pipeline.inspect(TEXT, request_of(family))
    with torch.no_grad():
        outputs = pipeline.model(**arguments_of(pipeline, family), output_attentions=True)
    names = {**NAMES, Kind.SELF: "encoder_attentions"} if family in ENCODER_DECODERS else NAMES
    kinds = {kind for kind, name in names.items() if outputs.get(name)}
    assert {map_.kind for map_ in inspection.maps} == kinds
    for map_ in inspection.maps:
        expected = torch.stack(outputs[names[map_.kind]])[:, 0].numpy()
        assert map_.weights.dtype == np.float32
        np.testing.assert_array_equal(map_.weights, expected)
        np.testing.assert_allclose(map_.weights.sum(-1), 1, atol=1e-5)
        causal = map_.kind is Kind.DECODER or family in DECODERS
        assert np.triu(map_.visible, 1).any() != causal
        assert not map_.weights[np.broadcast_to(~map_.visible[:, None], map_.weights.shape)].any()


@EVERY_FAMILY
def test_every_layer_computes_the_formula(family, pipeline_of):
    pipeline = pipeline_of(family)
    checks = pipeline.inspect(TEXT, request_of(family, verify=True)).checks
    assert {(check.kind, check.layer) for check in checks} == {
        (kind, layer) for kind, (layers, _) in pipeline.shapes.items() for layer in range(layers)
    }
    assert max(check.largest for check in checks) < 1e-5


@EVERY_FAMILY
def test_a_wrong_scale_is_found_in_its_layer(family, pipeline_of, monkeypatch):
    pipeline = pipeline_of(family)
    wrong = pipeline._layers[-1]
    monkeypatch.setattr(wrong.module, "scaling", 1.1 * wrong.module.scaling)
    checks = pipeline.inspect(TEXT, request_of(family, verify=True)).checks
    found = [check for check in checks if check.largest > 1e-4]
    assert [(check.kind, check.layer) for check in found] == [(wrong.kind, wrong.layer)]


@pytest.mark.parametrize(("family", "attribute", "wrong"), [("gemma2", "attn_logit_softcapping", 5.0)])
def test_a_wrong_softcap_is_found(family, attribute, wrong, pipeline_of, monkeypatch):
    pipeline = pipeline_of(family)
    monkeypatch.setattr(pipeline._layers[0].module, attribute, wrong)
    assert pipeline.inspect(TEXT, Request(verify=True)).checks[0].weights > 1e-4


@pytest.mark.parametrize("family", ["mistral", "gemma2", "gemma3_text", "qwen2"])
def test_a_model_that_ignores_its_window_is_found(family, pipeline_of, monkeypatch):
    pipeline = pipeline_of(family)
    monkeypatch.setattr(formula, "_declared", lambda layer, attended, config: torch.ones_like(attended.visible).tril())
    assert max(check.weights for check in pipeline.inspect(TEXT, Request(verify=True)).checks) > 1e-4


def test_wrong_output_weights_are_found_in_the_last_column_alone(pipeline_of, monkeypatch):
    pipeline = pipeline_of("bert")
    projection = pipeline.model.get_submodule("encoder.layer.0.attention.output.dense")
    monkeypatch.setattr(projection, "forward", lambda states: 1.01 * torch.nn.Linear.forward(projection, states))
    check = pipeline.inspect(TEXT, Request(verify=True)).checks[0]
    assert check.output > 1e-4 > check.heads


def test_a_family_that_adds_something_unknown_is_refused_by_verify_alone(pipeline_of, monkeypatch):
    monkeypatch.setattr(formula, "FAMILIES", frozenset())
    monkeypatch.setattr(formula, "scale", lambda *_: 0.1)
    with pytest.raises(ModelUnusable, match=r"no layer of llama computes .* as --verify knows it"):
        pipeline_of("llama").inspect(TEXT, Request(verify=True))
    assert pipeline_of("llama").inspect(TEXT).maps


def test_models_without_self_attention_in_the_decoder_show_what_they_have(pipeline_of):
    maps = pipeline_of("bergamot").inspect(TEXT).maps
    assert [map_.kind for map_ in maps] == [Kind.SELF, Kind.CROSS]


def test_only_the_chosen_layers_and_heads_are_held(pipeline_of):
    everything = pipeline_of("bert").inspect(TEXT).maps[0]
    (chosen,) = pipeline_of("bert").inspect(TEXT, Request(Selection((-1,), (0, 3)))).maps
    assert (chosen.layers, chosen.heads) == ((1,), (0, 3))
    np.testing.assert_array_equal(chosen.weights, everything.weights[[1]][:, [0, 3]])


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        (Selection(layers=(2,)), "--layer 2 is not there; the model has 0 to 1"),
        (Selection(heads=(-5,)), "--head -5 is not there; the model has 0 to 3"),
    ],
)
def test_a_layer_or_head_that_is_not_there_is_named_with_those_that_are(selection, message, pipeline_of):
    with pytest.raises(UsageError, match=re.escape(message)):
        pipeline_of("bert").inspect(TEXT, Request(selection))


def test_no_hook_stays_behind_whatever_happens(pipeline_of, monkeypatch):
    pipeline = pipeline_of("llama")
    modules = [module for module in pipeline.model.modules() if module._forward_hooks or module._forward_pre_hooks]
    monkeypatch.setattr(pipeline.model, "forward", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        pipeline.inspect(TEXT, Request(verify=True, method="gradient"))
    assert modules == [m for m in pipeline.model.modules() if m._forward_hooks or m._forward_pre_hooks]


def test_a_model_that_came_with_a_fused_kernel_shows_its_weights_all_the_same(tmp_path):
    from transformers import AutoModel, AutoTokenizer

    from nlpcli.pipelines.attention.pipeline import AttentionPipeline

    folder = save_attention_model(tmp_path)
    model = AutoModel.from_pretrained(folder, attn_implementation="sdpa")
    pipeline = AttentionPipeline(model=model, tokenizer=AutoTokenizer.from_pretrained(folder), device=-1)
    assert pipeline(TEXT).maps[0].weights.sum() > 0


def test_a_text_that_is_too_long_is_refused_with_its_length(pipeline_of):
    with pytest.raises(TextTooLong, match="32 tokens, and the model takes 24 at a time"):
        pipeline_of("bert").inspect("a " * 30)


def test_weights_that_do_not_fit_are_refused_before_anything_is_computed(pipeline_of, monkeypatch):
    pipeline = pipeline_of("bert")
    tokens = 12
    layer = 4 * tokens**2 * 4
    # Half of it may be used: one head of one layer, and a layer on its way.
    monkeypatch.setattr(memory, "free_memory", lambda: 2 * (3 * layer + layer // 4))
    monkeypatch.setattr(pipeline.model, "forward", lambda **_: pytest.fail("it was computed"))
    with pytest.raises(OutOfMemory, match=r"2 layers × 4 heads × 12 × 12 tokens × 4 bytes.*--layer and --head"):
        pipeline.inspect(TEXT)
    monkeypatch.undo()
    monkeypatch.setattr(memory, "free_memory", lambda: 2 * (3 * layer + layer // 4))
    assert pipeline.inspect(TEXT, Request(Selection((0,), (0,)))).maps[0].weights.shape == (1, 1, 12, 12)


def test_an_output_that_does_not_fit_is_refused_too(pipeline_of, monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: 2 * (2 * 4 * 12 * 12 * 4 + 3 * 4 * 12 * 12 * 4))
    with pytest.raises(OutOfMemory, match="× 7 × 12 tokens|× 12 × 12 tokens"):
        pipeline_of("bart").inspect(TEXT, Request(pair=TARGET))


@pytest.mark.parametrize("family", ["bert", "gpt2", "bart"])
@pytest.mark.parametrize("layers", [None, (0,)])
def test_rollout_is_that_of_the_paper(family, layers, pipeline_of):
    inspection = pipeline_of(family).inspect(TEXT, request_of(family, method="rollout"))
    weights = inspection.map_of(Kind.SELF).weights
    # Abnar and Zuidema 2020: A = 0.5 W + 0.5 I, and the product of all layers, the last one to the left.
    expected = np.eye(weights.shape[-1])
    for layer in range(2 if layers is None else 1):
        attention = 0.5 * weights[layer].mean(0) + 0.5 * np.eye(weights.shape[-1])
        expected = attention @ expected
    chosen = request_of(family, method="rollout", selection=Selection(layers))
    found = pipeline_of(family).inspect(TEXT, chosen).map_of(Kind.SELF).rollout
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(found.sum(-1), 1, atol=1e-5)


def test_rollout_does_not_need_all_heads_in_memory(pipeline_of):
    whole = pipeline_of("bert").inspect(TEXT, Request(method="rollout")).maps[0].rollout
    (one,) = pipeline_of("bert").inspect(TEXT, Request(Selection(heads=(2,)), method="rollout")).maps
    assert one.weights.shape[1] == 1
    np.testing.assert_array_equal(one.rollout, whole)


@pytest.mark.parametrize(
    ("family", "answer"),
    [
        ("bert", lambda outputs: outputs.last_hidden_state[0].mean(0).norm()),
        ("llama", lambda outputs: outputs.logits[0, -1].log_softmax(-1).max()),
    ],
)
def test_gradient_times_attention_is_what_autograd_gives(family, answer, pipeline_of):
    pipeline = pipeline_of(family)
    (map_,) = pipeline.inspect(TEXT, Request(method="gradient")).maps
    pipeline.model.requires_grad_(True)
    outputs = pipeline.model(**arguments_of(pipeline, family), output_attentions=True)
    gradients = torch.autograd.grad(answer(outputs), outputs.attentions)
    pipeline.model.requires_grad_(False)
    expected = [(w * g).clamp(min=0)[0].detach() for w, g in zip(outputs.attentions, gradients, strict=True)]
    np.testing.assert_allclose(map_.gradient, torch.stack(expected).numpy(), atol=1e-6)
    assert map_.gradient.max() > 1e-4


@pytest.mark.parametrize("family", ["bart", "t5", "bergamot"])
def test_gradients_reach_every_attention_of_an_encoder_decoder(family, pipeline_of):
    for map_ in pipeline_of(family).inspect(TEXT, request_of(family, method="gradient")).maps:
        assert map_.gradient.reshape(len(map_.layers), -1).max(1).min() > 0


def test_a_pair_is_the_second_segment_of_an_encoder(pipeline_of):
    inspection = pipeline_of("bert").inspect("a b", Request(pair="c"))
    assert [token.text for token in inspection.tokens] == ["[CLS]", "a", "b", "[SEP]", "c", "[SEP]"]
    assert [token.special for token in inspection.tokens] == [False, False, False, True, False, True]


def test_a_pair_is_the_output_of_an_encoder_decoder(pipeline_of):
    inspection = pipeline_of("bart").inspect("a b", Request(pair="x y"))
    produced = ["[CLS]", "x", "y", "[SEP]"]
    assert [token.text for token in inspection.output] == produced
    assert [token.text for token in inspection.map_of(Kind.CROSS).queries] == produced
    # What the decoder reads stands one place behind what it writes.
    assert [token.text for token in inspection.map_of(Kind.DECODER).keys] == ["[CLS]", *produced[:-1]]


def test_a_pair_means_nothing_to_a_decoder(pipeline_of):
    with pytest.raises(UsageError, match="--pair needs an encoder or an encoder-decoder model; llama is a decoder"):
        pipeline_of("llama").inspect("a b", Request(pair="c"))


def test_without_a_pair_an_encoder_decoder_writes_greedily(pipeline_of):
    pipeline = pipeline_of("bart")
    inputs = pipeline.tokenizer(TEXT, return_tensors="pt")
    limit = pipeline._longest_output(inputs)
    expected = pipeline.model.generate(**inputs, do_sample=False, num_beams=1, max_new_tokens=limit)[0, 1:]
    found = [token.text for token in pipeline.inspect(TEXT).output]
    assert found == pipeline.tokenizer.convert_ids_to_tokens(expected.tolist())


def test_an_output_without_an_end_is_told(pipeline_of, caplog, monkeypatch):
    pipeline = pipeline_of("bart")
    monkeypatch.setattr(pipeline, "_longest_output", lambda inputs: 3)
    assert len(pipeline.inspect(TEXT).output) == 3
    assert "the output had not ended after 3 tokens" in caplog.text


def test_a_text_of_no_tokens_gives_nothing(pipeline_of):
    inspection = pipeline_of("gpt2").inspect("")
    assert (inspection.tokens, inspection.maps, inspection.heads) == ((), (), ())

"""A head that is ablated gives nothing, whatever the family; what the model answers then (`answers`) is what it would
compute."""

import math

import pytest
import torch
from tiny import save_classifier
from tiny_attention import ENCODER_DECODERS, FAMILIES

from nlpcli.errors import UsageError
from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.attention.ablation import divergence, heads_of
from nlpcli.pipelines.attention.pipeline import Request, load_attention_pipeline
from nlpcli.records.inspection import Kind
from pipelines.attention.test_pipeline import PLACEMENT, TEXT, arguments_of, request_of

# What multiplies the heads of a layer, by the end of its name.
OUTPUTS = ("attention.output.dense", "o_proj", "out_proj", "attn.c_proj", "out_lin", "Attention.o")


def by_hand(pipeline, family, layer, head):
    """The outputs of a model in whose layer the input of W^O has zeros where the head is."""
    kinds = [own for own in pipeline._layers if own.layer == layer and own.kind is Kind.SELF]
    (attention,) = kinds
    names = [name for name, _ in pipeline._network.named_modules() if name.endswith(OUTPUTS)]
    stem = attention.name.removesuffix(".self").rsplit(".", 1)[0]
    (name,) = [name for name in names if name.startswith(stem + ".") and "cross" not in name.lower()][:1]
    module = pipeline._network.get_submodule(name)

    def silence(module, inputs):
        (states,) = inputs
        size = states.shape[-1] // attention.heads
        silent = states.clone()
        silent[..., head * size : (head + 1) * size] = 0
        return (silent,)

    handle = module.register_forward_pre_hook(silence)
    try:
        with torch.no_grad():
            return pipeline._network(**arguments_of(pipeline, family), use_cache=False)
    finally:
        handle.remove()


@pytest.mark.parametrize("family", sorted(set(FAMILIES) - {"distilbert"}))
def test_the_answer_without_a_head_is_that_of_a_model_whose_head_is_zero(family, pipeline_of):
    pipeline = pipeline_of(family)
    (ablation,) = pipeline.inspect(TEXT, request_of(family, ablate=(("self", 1, 2),))).ablations.without
    with torch.no_grad():
        before = pipeline._network(**arguments_of(pipeline, family))
    after = by_hand(pipeline, family, 1, 2)
    if "logits" not in before:
        first, second = (outputs.last_hidden_state[0].mean(0) for outputs in (before, after))
        assert ablation.number == pytest.approx(float(torch.cosine_similarity(first, second, dim=0)), abs=1e-5)
        assert ablation.number < 0.99999
        return
    last = slice(None) if family in ENCODER_DECODERS else slice(-1, None)
    p, q = (outputs.logits[0, last].double().log_softmax(-1) for outputs in (before, after))
    assert ablation.divergence == pytest.approx(float((p.exp() * (p - q)).sum(-1).mean()), rel=1e-3, abs=1e-7)
    assert ablation.divergence > 1e-6


@pytest.mark.parametrize("family", ["t5", "bergamot", "marian"])
def test_without_a_kind_each_attention_of_an_encoder_decoder_has_its_line_and_all_have_one(family, pipeline_of):
    pipeline = pipeline_of(family)
    ablations = pipeline.inspect(TEXT, Request(ablate=((None, 0, 1),))).ablations
    kinds = list(pipeline.numbers)
    assert [one.heads[0].kind for one in ablations.without[:-1]] == kinds
    assert len(ablations.without[-1].heads) == len(kinds)
    assert ablations.kind == "output"
    assert all(one.divergence > 0 for one in ablations.without)


def test_the_label_without_a_head_has_its_probability_before_and_after(tmp_path):
    save_classifier(tmp_path)
    pipeline = load_attention_pipeline(LocalModel("tiny", tmp_path), PLACEMENT)
    ablations = pipeline.inspect("a b c", Request(ablate=((None, -1, 0),))).ablations
    with torch.no_grad():
        scores = pipeline.model(**pipeline.tokenizer("a b c", return_tensors="pt")).logits[0].softmax(-1)
    assert ablations.kind == "label"
    assert ablations.before.text == pipeline.model.config.id2label[int(scores.argmax())]
    assert ablations.before.number == pytest.approx(float(scores.max()), abs=1e-6)
    assert 0 <= ablations.without[0].number <= 1
    assert ablations.without[0].number != pytest.approx(ablations.before.number, abs=1e-6)


def test_no_hook_stays_behind(pipeline_of):
    pipeline = pipeline_of("llama")
    before = pipeline.inspect(TEXT).maps[0].weights
    pipeline.inspect(TEXT, Request(ablate=((None, 0, 0), (None, 1, 1))))
    assert (pipeline.inspect(TEXT).maps[0].weights == before).all()


def test_a_head_that_is_not_there_is_refused_with_those_that_are():
    there = {Kind.SELF: ((0, 1), (0, 1, 2)), Kind.CROSS: ((0,), (0,))}
    with pytest.raises(
        UsageError, match=r"--ablate 2\.0 is not there; .* self: 0 to 1, each with 0 to 2; cross: 0 to 0"
    ):
        heads_of((None, 2, 0), there)
    with pytest.raises(UsageError, match="--ablate decoder:0.0 is not there"):
        heads_of(("decoder", 0, 0), there)
    assert [str(head) for head in heads_of((None, -1, -1), there)] == ["self 1.2", "cross 0.0"]


def test_a_word_that_can_never_be_said_moves_nothing_and_what_is_no_number_stays_none():
    before, after = torch.tensor([[1.0, 2.0, -torch.inf]]), torch.tensor([[2.0, 1.0, -torch.inf]])
    assert divergence(before, after) == pytest.approx(divergence(before[:, :2], after[:, :2]))
    assert math.isnan(divergence(before * torch.nan, after))

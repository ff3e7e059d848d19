"""Every family: its weights are transformers' own to the last bit, --verify agrees, and finds whatever is broken."""

from contextlib import ExitStack

import pytest
import torch
from tiny_families import DECODERS, FAMILIES, SPARSE, UNVERIFIED, family_input, family_model

from nlpcli.errors import ModelUnusable
from nlpcli.models import attention_sound
from nlpcli.models.attention_layers import attention_layers, layers_of, without_cache
from nlpcli.models.attention_sound import observing
from nlpcli.pipelines.attention.capture import WeightTap
from nlpcli.pipelines.attention.formula import FormulaCheck
from nlpcli.records.inspection import TOLERANCE, Kind

EVERY_FAMILY = pytest.mark.parametrize("family", FAMILIES)
OUTPUTS = {Kind.SELF: "attentions", Kind.DECODER: "decoder_attentions", Kind.CROSS: "cross_attentions"}
NOT_CAUSAL = {"llama that is not causal", "gemma3_text that looks ahead"}


def listen(model, arguments, verify=True, prepare=lambda model, layers: None):
    """What is heard of one pass, and the outcome of the check."""
    layers = attention_layers(model)
    chosen = {}
    for kind in Kind:
        if own := list(layers_of(layers, kind)):
            chosen[kind] = (tuple(layer.layer for layer in own), tuple(range(own[0].heads)))
    prepare(model, layers)
    tap = WeightTap(chosen, layers, rollout=False, keep_graph=False)
    check = FormulaCheck(model, layers, "tiny")

    def observe(attended):
        layer = tap.observe(attended)
        if verify and layer is not None:
            check.observe(layer, attended)

    with torch.no_grad(), ExitStack() as stack:
        stack.enter_context(observing(model, observe))
        if verify:
            stack.enter_context(check.on())
        outputs = model(**arguments, **without_cache(model))
    return layers, chosen, tap, check.checks(outputs) if verify else None


@pytest.mark.parametrize("family", [*FAMILIES, *UNVERIFIED])
def test_weights_are_those_of_transformers_to_the_last_bit(family):
    model = family_model(family)
    arguments = family_input(model)
    _, chosen, tap, _ = listen(model, arguments, verify=False)
    with torch.no_grad():
        outputs = model(**arguments, output_attentions=True)
    for kind in chosen:
        own = "encoder_attentions" if kind is Kind.SELF and model.config.is_encoder_decoder else OUTPUTS[kind]
        expected = [weights for weights in outputs[own] if weights is not None]
        assert torch.equal(torch.stack(expected)[:, 0], tap.weights(kind))
        hidden = ~tap.visible(kind)[:, None].expand_as(tap.weights(kind))
        assert not tap.weights(kind)[hidden].any()


@EVERY_FAMILY
@pytest.mark.parametrize("scale", [1.0, 1e-4])
def test_every_layer_computes_the_formula(family, scale):
    model = family_model(family)
    if scale != 1:
        for name, parameter in model.named_parameters():
            if parameter.dim() > 1 and "position" not in name:
                parameter.data.mul_(scale)
    layers, *_, checks = listen(model, family_input(model))
    assert [(check.kind, check.layer) for check in checks] == [(layer.kind, layer.layer) for layer in layers]
    assert max(check.largest for check in checks) < TOLERANCE / 5


@pytest.mark.parametrize("family", UNVERIFIED)
def test_what_verify_does_not_know_it_refuses(family):
    model = family_model(family)
    with pytest.raises(ModelUnusable, match=r"--verify (does not know how|knows it)"):
        listen(model, family_input(model))


@pytest.mark.parametrize("family", ["bert", "llama", "deberta-v2", "gpt_neox", "bloom", "gemma3_text", "t5"])
def test_long_texts_give_no_alarm(family):
    model = family_model(family)
    *_, checks = listen(model, family_input(model, 512))
    assert max(check.largest for check in checks) < TOLERANCE / 5


@pytest.mark.parametrize("family", DECODERS)
def test_a_decoder_looks_ahead_only_where_it_says_so(family):
    assert {layer.causal for layer in attention_layers(family_model(family))} == {family not in NOT_CAUSAL}


def test_layers_have_the_numbers_of_the_model():
    for family in ("qwen3_next", "jamba", "lfm2"):
        assert [layer.layer for layer in attention_layers(family_model(family))] == [1, 3]
    assert [layer.layer for layer in attention_layers(family_model("albert"))] == [0, 1]


@pytest.mark.parametrize("family", SPARSE)
def test_what_no_matrix_shows_is_refused_in_words(family):
    with pytest.raises(ModelUnusable, match="choose another model with -m"):
        attention_layers(family_model(family))


def heads_changed(change):
    """What attends gives other heads than it computed."""

    def broken(function):
        def attend(module, query, key, value, *more, **options):
            output, weights = function(module, query, key, value, *more, **options)
            return change(output), weights

        return attend

    return broken


def inputs_changed(change):
    """What attends is given other queries, keys, values, mask or scale."""

    def broken(function):
        def attend(module, query, key, value, mask, *more, **options):
            query, key, value, mask = change(query, key, value, mask)
            return function(module, query, key, value, mask, *more, **options)

        return attend

    return broken


def scaled(output):
    output = output.clone()
    output[:, :, 1] *= 1.05
    return output


SABOTAGES = {
    "one head is scaled": heads_changed(scaled),
    "heads are permuted": heads_changed(lambda output: output.roll(1, 2)),
    "heads are of another token": heads_changed(lambda output: output.roll(1, 1)),
    "queries and keys are swapped": inputs_changed(
        lambda q, k, v, m: (k.repeat_interleave(q.shape[1] // k.shape[1], 1), q[:, :: q.shape[1] // k.shape[1]], v, m)
    ),
    "the scale is another": inputs_changed(lambda q, k, v, m: (q * 1.05, k, v, m)),
    "nothing is masked": inputs_changed(lambda q, k, v, m: (q, k, v, torch.zeros_like(m))),
    "a token too many is masked": inputs_changed(
        lambda q, k, v, m: (q, k, v, m + torch.tensor([0.0] + [-1e9] * (m.shape[-1] - 1)))
    ),
    "keys of another head are read": inputs_changed(lambda q, k, v, m: (q, k.roll(1, 1), v, m)),
    "values of another head are read": inputs_changed(lambda q, k, v, m: (q, k, v.roll(1, 1), m)),
    "positions are off by one": inputs_changed(lambda q, k, v, m: (q, k.roll(1, 2), v, m)),
}
BROKEN = ["llama", "qwen3", "gpt_neox", "phi3", "mistral", "gemma3_text", "gpt_oss", "deepseek_v3", "gpt2", "opt"]


@pytest.mark.parametrize("sabotage", SABOTAGES)
@pytest.mark.parametrize("family", BROKEN)
@pytest.mark.parametrize("small", [False, True])
def test_what_is_broken_is_found(family, sabotage, small, monkeypatch):
    model = family_model(family)
    own = attention_sound._own_function
    if small:  # a layer whose output is next to nothing
        for name, parameter in model.named_parameters():
            if name.split(".")[-2] in {"v_proj", "o_proj", "out_proj", "dense"}:
                parameter.data.mul_(1e-4)

    def break_it(model, layers):
        monkeypatch.setattr(
            attention_sound,
            "_own_function",
            lambda module: SABOTAGES[sabotage](own(module)) if module is layers[-1].module else own(module),
        )

    *_, checks = listen(model, family_input(model), prepare=break_it)
    assert checks[0].largest <= TOLERANCE
    assert checks[-1].largest > 3 * TOLERANCE


@pytest.mark.parametrize(
    ("family", "part"),
    [
        ("bert", "encoder.layer.1.attention.output.dense"),
        ("opt", "model.decoder.layers.1.self_attn.out_proj"),
        ("gpt_neox", "gpt_neox.layers.1.attention.dense"),
        ("bloom", "transformer.h.1.self_attention.dense"),
        ("bart", "model.decoder.layers.2.encoder_attn.out_proj"),
    ],
)
def test_a_bias_that_is_dropped_is_found(family, part):
    model = family_model(family)
    linear = model.get_submodule(part)
    linear.register_forward_hook(lambda module, inputs, output: output - module.bias, prepend=True)
    *_, checks = listen(model, family_input(model))
    assert checks[-1].output > 3 * TOLERANCE


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
@pytest.mark.parametrize("part", ["q_proj", "k_proj", "v_proj", "o_proj", "up_proj"])
@pytest.mark.parametrize("layer", [0, 1])
def test_a_model_with_a_number_that_is_none_never_passes(number, part, layer):
    model = family_model("llama")
    for name, parameter in model.named_parameters():
        if f"layers.{layer}." in name and part in name:
            parameter.data[1, 2] = number
    with pytest.raises(ModelUnusable, match="NaN or infinite"):
        listen(model, family_input(model))


# What families compute by themselves, without transformers' registry: a number in the module, made another.
@pytest.mark.parametrize(
    ("family", "attribute"),
    [("bloom", "inv_norm_factor"), ("bloom", "beta"), ("mpt", "softmax_scale"), ("gptj", "scale_attn"),
     ("codegen", "scale_attn"), ("xglm", "scaling")],
)  # fmt: skip
def test_a_wrong_scale_of_their_own_is_found(family, attribute):
    model = family_model(family)
    layers = attention_layers(model)
    broken = layers[-1].module
    setattr(broken, attribute, 1.05 * getattr(broken, attribute))
    *_, checks = listen(model, family_input(model))
    assert checks[0].largest <= TOLERANCE
    assert checks[-1].largest > 3 * TOLERANCE


@pytest.mark.parametrize("family", ["bloom", "mpt", "gptj", "xglm", "mpnet", "deberta", "deberta-v2", "rembert"])
@pytest.mark.parametrize("change", ["scaled", "rolled"])
def test_heads_that_are_not_the_weights_times_v_are_found(family, change):
    model = family_model(family)
    last = attention_layers(model)[-1]
    output = next(
        module
        for name, module in reversed(list(model.named_modules()))
        if isinstance(module, torch.nn.Linear)
        and name.startswith(last.name.removesuffix(".self"))
        and name.rpartition(".")[2] in {"dense", "out_proj", "o"}
    )

    def break_it(module, inputs):
        heads = inputs[0].clone()
        heads[..., :8] *= 1.05
        return (heads if change == "scaled" else inputs[0].roll(8, -1),)

    output.register_forward_pre_hook(break_it)
    *_, checks = listen(model, family_input(model))
    assert checks[-1].heads > 3 * TOLERANCE

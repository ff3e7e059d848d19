"""Graphs for ONNX Runtime compute what torch computes with the same weights, each row as if it were alone."""

import os
import subprocess
import sys
import tracemalloc

import gguf
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from nlpcli.kernels.weight_blocks import WeightBlocks
from nlpcli.models.graph.conversion import NoGraph, llama_graph
from nlpcli.models.graph.decoder import GraphDecoder, spinning
from nlpcli.models.llama.configuration import llama_config
from nlpcli.models.llama.decoder import LlamaDecoder
from nlpcli.models.llama.weights import llama_weights
from nlpcli.models.reference import LocalModel
from tests.models.llama.test_weights import SHAPES
from tests.models.test_decoders import PROMPTS, rows_come_and_go
from tests.tiny import LONGEST, save_causal_lm

# Of the largest logit: activations are rounded to 8 bits for each block (measured: up to 0.02).
ROUNDED = 0.05


@pytest.fixture
def save(tmp_path, monkeypatch):
    monkeypatch.setenv("NLPCLI_CACHE_DIR", str(tmp_path / "cache"))
    return lambda kind="llama", **config: save_causal_lm(tmp_path / "model", kind, **{"head_dim": 16, **config})


def graph_decoder(folder, bits):
    graph = llama_graph(LocalModel("tiny", folder), llama_config(folder), bits)
    return GraphDecoder(graph.step, LONGEST)


def reference(folder, bits):
    """What torch computes with the weights that 4 bits stand for; 8 bits are as good as the model's own."""
    weights = llama_weights(folder, llama_config(folder), torch.float32)
    for layer in [weights.lm_head, *(part for part in weights.model.layers.modules())]:
        if bits == 4 and type(layer) is torch.nn.Linear and layer is not weights.lm_head:
            rounded = WeightBlocks.of(layer.weight, bits).weight(layer.in_features)
            layer.weight = torch.nn.Parameter(rounded, requires_grad=False)
    return LlamaDecoder(weights, LONGEST)


def logits(decoder):
    """Of rows that join at different times."""
    tokens = PROMPTS[2]
    decoder.add([tokens[:4], tokens[:2]])
    steps = [decoder.step([tokens[4], tokens[2]])]
    decoder.add([tokens[:0]])
    steps += [decoder.step([token, token, token]) for token in tokens[4:]]
    decoder.remove(0)
    steps += [decoder.step([token, token]) for token in tokens[2:5]]
    return torch.cat([torch.as_tensor(step) for step in steps])


def off_by(decoder, other):
    ours, theirs = logits(decoder), logits(other)
    return ((ours - theirs).abs().amax() / theirs.abs().amax()).item()


@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize(("kind", "config"), SHAPES)
@torch.inference_mode()
def test_the_logits_are_those_of_torch_with_the_same_weights(save, kind, config, bits):
    folder = save(kind, **config)
    assert off_by(graph_decoder(folder, bits), reference(folder, bits)) < ROUNDED


@torch.inference_mode()
def test_a_model_that_was_q4_0_is_computed_by_products_of_whole_numbers_alone(save):
    """A scale for each block, and 0 among its levels: no means of blocks are needed."""
    folder = save(hidden_size=64)
    weights = load_file(folder / "model.safetensors")
    for name, weight in weights.items():
        if name.endswith("_proj.weight"):
            blocks = weight.float().unflatten(1, (-1, 32))
            scale = blocks.abs().amax(2, keepdim=True) / 8
            levels = (blocks / scale).round().clamp(-8, 7)
            weights[name] = (levels * scale).flatten(1).bfloat16().float()
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    decoder = graph_decoder(folder, 4)
    assert off_by(decoder, reference(folder, 8)) < ROUNDED
    (made,) = (folder.parent / "cache" / "graphs").glob("*/step.onnx")
    assert b"AveragePool" not in made.read_bytes()


def k_quants(shape, kind, chance):
    """What a tensor of any bytes stands for in one of GGUF's kinds of 256 weights, with a standard deviation of 0.1."""
    dtype = gguf.GGMLQuantizationType[kind]
    size = gguf.GGML_QUANT_SIZES[dtype][1]
    blocks = chance.integers(0, 256, (shape[0], shape[1] // 256, size), dtype=np.uint8)
    scales = {"Q4_K": [(0, 0.01), (2, 0.06)], "Q6_K": [(208, 0.01)]}[kind]
    for place, scale in scales:
        blocks[:, :, place : place + 2] = np.float16(scale).reshape(1).view(np.uint8)
    weight = torch.from_numpy(gguf.quants.dequantize(blocks.reshape(shape[0], -1), dtype))
    return (weight * (0.1 / weight.std())).bfloat16().float()


@torch.inference_mode()
def test_what_a_file_of_k_quants_has_in_more_than_4_bits_stays_in_8(save):
    """As Q4_K_M: most in Q4_K, whose levels are kept, the values of heads and the inner units' weights in Q6_K."""
    folder = save(hidden_size=256, intermediate_size=512, num_attention_heads=4, num_key_value_heads=2, head_dim=64)
    weights, chance = load_file(folder / "model.safetensors"), np.random.default_rng(0)
    for name, weight in weights.items():
        if name.endswith("_proj.weight"):
            kind = "Q6_K" if "v_proj" in name or "down_proj" in name else "Q4_K"
            weights[name] = k_quants(weight.shape, kind, chance)
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    # With 4 bits for all of them it was 0.108, with these 0.053.
    assert off_by(graph_decoder(folder, 4), reference(folder, 8)) < 0.08


def test_a_row_is_the_same_to_the_bit_in_any_room(save):
    folder = save()
    growing, roomy = graph_decoder(folder, 8), graph_decoder(folder, 8)
    roomy.add([[1] * 600])
    roomy.remove(0)
    for decoder in (growing, roomy):
        decoder.add([[1, 2, 3]])
    for step in range(270):
        assert np.array_equal(growing.step([step % 7]), roomy.step([step % 7]))


def test_short_prompts_take_little_memory(save):
    decoder = graph_decoder(save(), 8)
    each = decoder._step.layers * 2 * decoder._step.key_heads * decoder._step.head_dim * 4
    decoder.add([[1] * 12])
    decoder.clear()
    tracemalloc.start()
    try:
        decoder.add([[number] * 12 for number in range(32)])
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < 32 * 100 * each


@torch.inference_mode()
def test_a_row_is_the_same_to_the_bit_whatever_stands_beside_it(save):
    folder = save()
    written = rows_come_and_go(graph_decoder(folder, 8))
    for number, prompt in enumerate(PROMPTS):
        alone = graph_decoder(folder, 8)
        alone.add([prompt[:-1]])
        tokens = [prompt[-1]]
        for _ in written[number]:
            tokens.append(int(alone.step(tokens[-1:]).argmax()))
        assert tokens[1:] == written[number]


@pytest.mark.parametrize("bits", [8, 4])
def test_the_logits_of_a_row_are_the_same_to_the_bit_beside_any_number_of_rows(save, bits):
    """In layers of several blocks: with 128 inputs each, ONNX Runtime 1.32 sums one row otherwise than several."""
    folder = save(hidden_size=320, intermediate_size=576, num_attention_heads=5, num_key_value_heads=1, head_dim=64)
    prompts = [PROMPTS[number % len(PROMPTS)] for number in range(7)]
    for count in (1, 2, 3, 7):
        many = graph_decoder(folder, bits)
        many.add([prompt[:-1] for prompt in prompts[:count]])
        together = many.step([prompt[-1] for prompt in prompts[:count]])
        for prompt, beside in zip(prompts, together, strict=False):
            alone = graph_decoder(folder, bits)
            alone.add([prompt[:-1]])
            assert np.array_equal(alone.step([prompt[-1]])[0], beside)


@pytest.mark.parametrize(("kind", "config"), SHAPES)
@torch.inference_mode()
def test_several_tokens_at_once_have_the_logits_that_they_have_one_by_one(save, kind, config):
    folder = save(kind, **config)
    tokens = PROMPTS[2]
    one, many = graph_decoder(folder, 8), graph_decoder(folder, 8)
    if not many.most_extended():
        pytest.skip("the products of this CPU differ for several rows, so that nothing is drafted")
    one.add([tokens[:2]])
    expected = np.concatenate([one.step([token]) for token in tokens[2:]])
    many.add([tokens[:2]])
    many.extend([1, 2, 3])
    many.shorten(3)
    assert np.array_equal(many.extend(tokens[2:]), expected)
    assert np.array_equal(many.step([5]), one.step([5]))


@pytest.mark.parametrize("count", [1, 2, 31, 32, 33, 64, 65])
@torch.inference_mode()
def test_a_prompt_that_is_read_in_parts_is_the_same_to_the_bit(save, count):
    """Attention takes blocks of twice the size of a head, and one token alone in one would be summed otherwise."""
    decoders = [graph_decoder(save(max_position_embeddings=128), 8) for _ in range(3)]
    if not decoders[0]._step.goes_on_alike:
        pytest.skip("the products of this CPU differ for several rows, so that no beginning is kept")
    prompt = [7 + number % 20 for number in range(count + 4)]
    decoders[0].read_prompt(prompt, 0)
    for decoder, cut in zip(decoders[1:], (count, 4), strict=True):
        decoder.read_prompt(prompt[:cut], 0)
        decoder.read_prompt(prompt, cut)
        assert (decoder.states(len(prompt)) == decoders[0].states(len(prompt))).all()


@torch.inference_mode()
def test_a_cpu_whose_products_differ_drafts_nothing_and_keeps_no_beginning(save, monkeypatch):
    decoder = graph_decoder(save(), 8)
    run = GraphDecoder._run

    def rounded_by_shape(self, binding, tokens, *arguments):
        self._kept[:, 0, :, 0] = tokens.shape[1]
        return run(self, binding, tokens, *arguments) + tokens.shape[1]

    monkeypatch.setattr(GraphDecoder, "_run", rounded_by_shape)
    assert (decoder.most_extended(), decoder._step.goes_on_alike) == (0, False)


@pytest.mark.parametrize(("version", "spins"), [("1.23.2", "0"), ("1.26.0", "0"), ("1.27.0", "1"), ("2.0.0rc1", "1")])
def test_threads_spin_only_where_that_can_be_brief(version, spins):
    found = spinning(version)
    assert (found["allow_spinning"], "spin_duration_us" in found) == (spins, spins == "1")


def test_a_graph_is_made_once_and_anew_when_the_model_changes(save, tmp_path):
    made = lambda: sorted(path.name for path in (tmp_path / "cache" / "graphs").glob("model-*"))  # noqa: E731
    graph_decoder(save(), 8)
    first = made()
    graph_decoder(tmp_path / "model", 8)
    assert made() == first
    graph_decoder(save(intermediate_size=32), 8)
    assert len(made()) == 2


def test_what_is_no_plain_model_gets_no_graph(save):
    folder = save()
    config = llama_config(folder)
    config.num_hidden_layers = 1
    with pytest.raises(NoGraph, match="not plainly whole"):
        llama_graph(LocalModel("tiny", folder), config, 8)
    folder = save(head_dim=8)
    with pytest.raises(NoGraph, match="multiple of 16"):
        llama_graph(LocalModel("tiny", folder), llama_config(folder), 8)


def test_onnx_runtime_keeps_no_number_of_the_device_and_sends_nothing(tmp_path):
    inherited = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    code = "import nlpcli.models, onnxruntime as ort; ort.InferenceSession; ort.get_available_providers()"
    home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", code], env={**inherited, **home}, check=True)
    assert list(tmp_path.rglob("*")) == []

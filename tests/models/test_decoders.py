"""Rows of different lengths that come and go write what `generate` writes for each alone."""

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from nlpcli.models.decoders.general import GeneralDecoder, shares_its_cache
from nlpcli.models.decoders.recomputing import RecomputingDecoder
from nlpcli.models.llama.decoder import LlamaDecoder, has_llama_shape
from nlpcli.models.loading import load_causal_lm
from nlpcli.models.reference import LocalModel
from nlpcli.runtime.device import Placement
from tests.tiny import CAUSAL, LONGEST, save_causal_lm

PROMPTS = [[7, 8, 9], [10], [11, 12, 13, 14, 15, 16, 17], [20, 21]]
CPU = Placement("cpu", "float32", "", "")


@pytest.fixture
def load(tmp_path):
    def load_module(kind, placement=CPU, **config):
        return load_causal_lm(LocalModel(kind, save_causal_lm(tmp_path / kind, kind, **config)), placement)

    return load_module


def greedy(module, prompt, count):
    tokens = module.generate(torch.tensor([prompt]), max_new_tokens=count, do_sample=False, eos_token_id=None)
    return tokens[0, len(prompt) :].tolist()


class Table:
    """Who sits in which row, and what each has written."""

    def __init__(self, decoder):
        self.decoder = decoder
        self.written = {}
        self._rows = []
        self._last = []

    def seat(self, *numbers):
        self.decoder.add([PROMPTS[number][:-1] for number in numbers])
        self._rows += numbers
        self._last += [PROMPTS[number][-1] for number in numbers]
        self.written |= {number: [] for number in numbers}

    def write(self, count):
        for _ in range(count):
            self._last = self.decoder.step(self._last).argmax(-1).tolist()
            for number, token in zip(self._rows, self._last, strict=True):
                self.written[number].append(token)

    def leave(self, number):
        row = self._rows.index(number)
        self.decoder.remove(row)
        for column in (self._rows, self._last):
            column[row] = column[-1]
            column.pop()


def rows_come_and_go(decoder):
    table = Table(decoder)
    table.seat(0, 1)
    table.write(3)
    table.seat(2)
    table.write(5)
    table.leave(0)
    table.seat(3)
    table.write(4)
    table.leave(2)
    table.leave(1)
    table.write(3)
    assert decoder.rows == 1
    return table.written


@pytest.mark.parametrize("kind", CAUSAL)
@pytest.mark.parametrize("decoder", [GeneralDecoder, RecomputingDecoder])
@torch.inference_mode()
def test_every_row_is_written_as_if_it_were_alone(load, kind, decoder):
    module = load(kind)
    assert shares_its_cache(module)
    written = rows_come_and_go(decoder(module, LONGEST))
    assert {number: len(tokens) for number, tokens in written.items()} == {0: 8, 1: 12, 2: 9, 3: 7}
    for number, tokens in written.items():
        assert tokens == greedy(module, PROMPTS[number], len(tokens))


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("llama", {}),
        ("llama", {"attention_bias": True, "mlp_bias": True}),
        ("llama", {"rope_parameters": {"rope_type": "linear", "factor": 2.0, "rope_theta": 10000.0}}),
        ("qwen2", {}),
        ("mistral", {"sliding_window": None}),
    ],
)
@torch.inference_mode()
def test_llamas_own_decoder_writes_what_its_modules_write(load, kind, config):
    module = load(kind, **config)
    expected = {number: greedy(module, prompt, 12) for number, prompt in enumerate(PROMPTS)}
    assert has_llama_shape(module.config)
    written = rows_come_and_go(LlamaDecoder(module, LONGEST))
    for number, tokens in written.items():
        assert tokens == expected[number][: len(tokens)]
    # Its weights are the module's own: that still writes the same.
    assert greedy(module, PROMPTS[0], 12) == expected[0]


def test_sliding_windows_and_other_families_keep_their_own_modules(load):
    assert not has_llama_shape(load("mistral").config)
    assert not has_llama_shape(load("gpt2").config)


@torch.inference_mode()
def test_gemmas_two_kinds_of_layers_see_what_each_sees():
    torch.manual_seed(0)
    config = AutoConfig.for_model(
        "gemma2", vocab_size=40, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
        head_dim=8, intermediate_size=64, sliding_window=4, max_position_embeddings=64,
    )  # fmt: skip
    module = AutoModelForCausalLM.from_config(config).eval()
    assert set(config.layer_types) == {"full_attention", "sliding_attention"}
    for number, tokens in rows_come_and_go(GeneralDecoder(module, 64)).items():
        assert tokens == greedy(module, PROMPTS[number], len(tokens))


def test_an_architecture_without_positions_as_an_argument_shares_no_cache():
    config = AutoConfig.for_model("bloom", vocab_size=40, hidden_size=32, n_layer=2, n_head=4)
    module = AutoModelForCausalLM.from_config(config).eval()
    assert not shares_its_cache(module)
    with torch.inference_mode():
        for number, tokens in rows_come_and_go(RecomputingDecoder(module, 64)).items():
            assert tokens == greedy(module, PROMPTS[number], len(tokens))


@pytest.mark.parametrize(("quantization", "least"), [("int8", 0.999), ("int4", 0.9)])
@pytest.mark.parametrize("kind", ["gpt2", "llama"])
@torch.inference_mode()
def test_weights_in_fewer_bits_give_nearly_the_same_logits(load, kind, quantization, least):
    tokens = torch.tensor([[7, 8, 9, 10, 11]])
    exact = load(kind)(tokens).logits[0]
    rough = load(kind, Placement("cpu", "float32", "", "", quantization))(tokens).logits[0]
    assert torch.cosine_similarity(exact, rough, dim=-1).min() > least
    assert not torch.equal(exact, rough)


@pytest.mark.parametrize("quantization", ["int8", "int4"])
@torch.inference_mode()
def test_weights_in_fewer_bits_are_written_the_same_by_both_decoders(load, quantization):
    module = load("llama", Placement("cpu", "float32", "", "", quantization))
    general, lean = (Table(decoder(module, LONGEST)) for decoder in (GeneralDecoder, LlamaDecoder))
    for table in (general, lean):
        table.seat(2)
        table.write(6)
    assert general.written == lean.written

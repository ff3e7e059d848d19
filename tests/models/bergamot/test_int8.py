"""Students in int8, and their translator (`pipelines/translation/bergamot`): what is quantized and what is exact."""

from contextlib import contextmanager
from copy import deepcopy

import pytest
import torch
from tiny_translation import save_bergamot, save_marian_binary, spm_of_marian
from transformers import AutoModelForSeq2SeqLM

from nlpcli.errors import UsageError
from nlpcli.kernels.int8_products import StaticInt8Linear
from nlpcli.kernels.linear import libraries
from nlpcli.models.bergamot.conversion import read_model
from nlpcli.models.reference import LocalModel
from nlpcli.models.students.greedy import GreedyTranslator
from nlpcli.models.students.int8_output import Int8Output
from nlpcli.models.students.linears import has_published_scales
from nlpcli.models.students.output import UnionOutput, shortlisted_output
from nlpcli.models.students.shortlist import SHORTLIST_FILE, Shortlist
from nlpcli.pipelines.translation.bergamot import load_bergamot
from nlpcli.runtime.decode_slots import DecodeSlots
from nlpcli.runtime.device import Hardware, choose
from nlpcli.runtime.precision import Kernel
from nlpcli.tasks.translate import TranslateOptions

needs_fbgemm = pytest.mark.skipif("fbgemm" not in libraries(), reason="this build of torch has no FBGEMM")
SOURCES = [[5, 9, 14, 22, 0], [7, 0], [31, 12, 8, 40, 17, 21, 33, 6, 0]]
MULTIPLIER = 12.0


def quantized_matrix(rows, columns, scale):
    return torch.randint(-127, 128, (rows, columns)).float().index_fill_(0, torch.tensor([0]), 127) * scale


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_bergamot(tmp_path_factory.mktemp("raw"))


@pytest.fixture(scope="module")
def model(folder):
    return AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=torch.float32).eval()


@needs_fbgemm
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_each_row_chooses_among_its_own_pieces(dtype):
    torch.manual_seed(0)
    weight, bias, hidden = quantized_matrix(300, 32, 0.01), torch.randn(300), torch.randn(4, 32).to(dtype)
    lists = [torch.randperm(300)[:count].sort().values for count in (1, 40, 96, 150)]
    output = Int8Output(weight.to(dtype), bias, 0.01).of(lists)
    exact = hidden.float()
    expected = [ids[(weight[ids] @ row + bias[ids]).argmax()].item() for ids, row in zip(lists, exact, strict=True)]
    assert output.best(hidden).tolist() == expected
    kept = torch.tensor([3, 1])
    assert output.rows(kept).best(hidden[kept]).tolist() == [expected[3], expected[1]]
    assert output.rows(kept).rows(torch.tensor([1])).best(hidden[1:2]).tolist() == [expected[1]]


@needs_fbgemm
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_what_was_published_in_int8_multiplies_with_the_pieces_of_each_row(model, dtype):
    scale, size = 0.01, model.lm_head.weight.shape
    published = quantized_matrix(*size, scale).to(dtype)
    assert isinstance(shortlisted_output(published, torch.zeros(size[0]), Kernel.PLAIN), Int8Output)
    trained_on = torch.randn(size).to(dtype)
    assert isinstance(shortlisted_output(trained_on, torch.zeros(size[0]), Kernel.PLAIN), UnionOutput)


@needs_fbgemm
def test_the_int8_loop_gives_the_same_in_any_batch(model, folder):
    for shortlist in (None, Shortlist(folder / SHORTLIST_FILE, shared=True)):
        translate = GreedyTranslator(model, shortlist, kernel=Kernel.INT8_STATIC)
        assert translate(SOURCES * 5) == [translate([source])[0] for source in SOURCES] * 5


@needs_fbgemm
@pytest.mark.parametrize("kernel", [Kernel.PLAIN, Kernel.INT8_STATIC])
def test_compiled_layers_give_the_same_as_python(model, folder, kernel):
    translate = GreedyTranslator(model, Shortlist(folder / SHORTLIST_FILE, shared=True), kernel)
    found = [translate(SOURCES) for _ in range(6)]
    assert isinstance(translate._decoder, torch.jit.ScriptModule)
    assert isinstance(translate._encoder, torch.jit.ScriptModule)
    assert found == [found[0]] * 6
    torch.testing.assert_close(*[[row.looked_at for row in rows] for rows in (found[0], found[-1])])


@needs_fbgemm
def test_a_batch_encodes_at_once_and_decodes_in_a_slot(model, monkeypatch):
    in_slot, order = [], []

    class Watched(DecodeSlots):
        @contextmanager
        def decoding(self):
            with super().decoding():
                in_slot.append(True)
                yield
                in_slot.pop()

    translate = GreedyTranslator(model, kernel=Kernel.INT8_STATIC)
    for name in ("_encode", "_decode"):
        method = getattr(translate, name)
        monkeypatch.setattr(
            translate,
            name,
            lambda *rows, name=name, method=method: order.append((name, bool(in_slot))) or method(*rows),
        )
    assert translate(SOURCES, slots=Watched()) == GreedyTranslator(model, kernel=Kernel.INT8_STATIC)(SOURCES)
    assert order == [("_encode", False), ("_decode", True)]


@needs_fbgemm
def test_the_int8_loop_quantizes_what_the_float32_loop_does_not(model):
    exact, rounded = GreedyTranslator(model), GreedyTranslator(model, kernel=Kernel.INT8_STATIC)
    with torch.inference_mode():
        hidden = [translate._encoded(SOURCES[:1], [len(SOURCES[0])]) for translate in (exact, rounded)]
    assert 1e-4 < (hidden[0] - hidden[1]).norm() / hidden[0].norm() < 0.2


def test_the_scales_of_the_file_are_those_of_the_layers(model, folder):
    multipliers = model.config.activation_multipliers
    layers = [name for name, layer in model.model.named_modules() if isinstance(layer, torch.nn.Linear)]
    assert multipliers == {f"model.{name}": MULTIPLIER for name in layers}
    assert has_published_scales(folder, model.config)


def test_a_file_without_scales_has_none(tmp_path):
    size = spm_of_marian(tmp_path / "vocab.spm").get_piece_size()
    save_marian_binary(tmp_path / "model.bin", size, scales=False)
    config, _ = read_model(tmp_path / "model.bin", ("en", "de"))
    assert config.activation_multipliers is None
    assert not has_published_scales(tmp_path, config)


def test_a_student_that_was_trained_further_has_no_published_scales(model, folder, tmp_path):
    module = deepcopy(model)
    module.model.encoder.layers[0].fc1.weight.data += 0.001 * torch.randn(
        module.model.encoder.layers[0].fc1.weight.shape
    )
    module.save_pretrained(tmp_path)
    assert not has_published_scales(tmp_path, model.config)


@needs_fbgemm
@pytest.mark.parametrize(
    ("flags", "asked", "dtype", "int8"),
    [
        ({"avx2"}, "auto", "float32", True),
        ({"avx2"}, "float32", "float32", False),
        ({"avx2", "avx512_bf16"}, "auto", "bfloat16", False),
        ({"avx2", "avx512_bf16"}, "int8", "float32", True),
    ],
)
def test_a_student_is_loaded_as_was_decided(folder, flags, asked, dtype, int8):
    loaded = load_bergamot(LocalModel("tiny", folder), placement(asked, flags))
    assert loaded.module.dtype == getattr(torch, dtype)
    assert any(isinstance(layer, StaticInt8Linear) for layer in loaded.greedy._encoder.modules()) == int8


def test_int4_is_refused(folder):
    with pytest.raises(UsageError, match="runs in int8, not in int4"):
        load_bergamot(LocalModel("tiny", folder), placement("int4"))


def test_int8_where_there_are_no_kernels_is_refused_with_a_way_out(folder):
    with pytest.raises(UsageError, match="with AVX2 alone.*models pull tiny"):
        load_bergamot(LocalModel("tiny", folder), placement("int8", flags=()))
    assert load_bergamot(LocalModel("tiny", folder), placement("auto", flags=()))


def placement(dtype, flags=("avx2",)):
    return choose(Hardware("cpu", frozenset(flags), 2), "cpu", dtype)


@pytest.mark.parametrize("shortlisted", [True, False])
def test_in_bfloat16_a_student_translates_without_int8(folder, shortlisted):
    model = LocalModel("tiny", folder, languages=("en",))
    translator = load_bergamot(model, placement("bfloat16")).translator(TranslateOptions(shortlist=shortlisted))
    assert all(found.text for found in translator.translate(["a cat", "dog tree house"], "en", False))


@needs_fbgemm
@pytest.mark.parametrize(("asked", "beams", "said"), [("int8", 2, True), ("int8", 1, False), ("auto", 2, False)])
def test_int8_with_beams_is_said_to_be_float32(folder, caplog, asked, beams, said):
    load_bergamot(LocalModel("tiny", folder), placement(asked)).translator(TranslateOptions(beams=beams))
    assert ("int8 is for --beams 1" in caplog.text) == said

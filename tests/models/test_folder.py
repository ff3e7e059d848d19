"""Models that lie in a folder or in one GGUF file."""

import io
import json
import os
import subprocess
import sys

import gguf
import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tokenizers import ByteLevelBPETokenizer
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast, Qwen2Config, Qwen2Model

from nlpcli.errors import ModelUnsafe, ModelUnusable
from nlpcli.kernels.weight_blocks import WeightBlocks, were_four_bits
from nlpcli.models.gguf import convert_file
from nlpcli.models.loading import load_encoder, load_tokenizer
from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.embedding import load_embedding_pipeline
from nlpcli.runtime.device import Placement

CPU = Placement("cpu", "float32", "", "")


def complaint(done):
    """The one line that a failed run says."""
    assert (done.returncode, done.stdout) == (1, b"")
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("nlpcli: ")
    return line


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (None, "no model at"),
        ([], "has no config.json"),
        (["config.json"], "has no weights"),
        (["config.json", "pytorch_model.bin"], "save_pretrained(FOLDER), then -m FOLDER"),
        (["config.json", "a.gguf"], "/folder/a.gguf"),
    ],
    ids=["no folder", "empty", "no weights", "pickle", "GGUF to choose from"],
)
def test_a_folder_that_is_no_model_is_one_line_that_says_what_to_do(nlpcli, tmp_path, files, words):
    folder = tmp_path / "folder"
    if files is not None:
        folder.mkdir()
        for file in files:
            (folder / file).write_text("{}")
    assert words in complaint(nlpcli("models", "path", folder))


def test_a_folder_has_no_revisions(nlpcli, tmp_path):
    done = nlpcli("models", "path", tmp_path, "--revision", "main")
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)


@pytest.fixture
def own_code(tmp_path):
    """A model with Python code beside it that leaves a trace wherever it is run."""
    folder = tmp_path / "own-code"
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    BertModel(BertConfig(vocab_size=300, **sizes)).save_pretrained(folder)
    trace = tmp_path / "trace"
    (folder / "code.py").write_text(f"open({str(trace)!r}, 'w').close()\n")
    classes = {
        "config.json": {"AutoConfig": "code.Config", "AutoModel": "code.Model"},
        "tokenizer_config.json": {"AutoTokenizer": ["code.Tokenizer", None]},
    }
    for file, auto_map in classes.items():
        path = folder / file
        settings = json.loads(path.read_text()) if path.is_file() else {"tokenizer_class": "Tokenizer"}
        path.write_text(json.dumps({**settings, "model_type": "of-its-own", "auto_map": auto_map}))
    return folder, trace


@pytest.mark.parametrize("load", [load_tokenizer, lambda model: load_encoder(model, CPU)], ids=["tokenizer", "model"])
def test_code_of_the_models_own_is_refused_without_asking(own_code, load, monkeypatch):
    folder, trace = own_code
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n" * 9))
    with pytest.raises(ModelUnsafe, match="Python code of its own"):
        load(LocalModel("own-code", folder))
    assert sys.stdin.read() == "y\n" * 9
    assert not trace.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_code_of_the_models_own_is_refused_on_a_terminal_too(own_code):
    folder, trace = own_code
    terminal, keyboard = os.openpty()
    os.write(terminal, b"y\n" * 9)
    command = [sys.executable, "-m", "nlpcli", "embed", "-m", folder, "some text"]
    done = subprocess.run(command, stdin=keyboard, capture_output=True, check=False, timeout=100)
    os.close(keyboard)
    os.close(terminal)
    assert "Python code of its own" in complaint(done)
    assert not trace.exists()


@pytest.fixture
def bpe():
    tokenizer = ByteLevelBPETokenizer()
    tokenizer.train_from_iterator(
        ["the cat sleeps and the dog barks"] * 3, vocab_size=280, special_tokens=["<end>"], show_progress=False
    )
    return tokenizer


@pytest.fixture
def qwen2(tmp_path, bpe):
    """A random Qwen2 in a folder of its own."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2}
    config = Qwen2Config(
        vocab_size=bpe.get_vocab_size(), intermediate_size=64, max_position_embeddings=128, bos_token_id=0,
        eos_token_id=0, **sizes,
    )  # fmt: skip
    folder = tmp_path / "qwen2"
    Qwen2Model(config).save_pretrained(folder)
    PreTrainedTokenizerFast(tokenizer_object=bpe._tokenizer, eos_token="<end>", pad_token="<end>").save_pretrained(
        folder
    )
    return folder


@pytest.fixture
def qwen2_gguf(tmp_path, qwen2, bpe):
    """The same model in the layout of llama.cpp."""
    return write_gguf(tmp_path / "qwen2.gguf", qwen2, bpe)


def write_gguf(path, qwen2, bpe, kind="F32"):
    """`kind`: the format of matrices."""
    model = Qwen2Model.from_pretrained(qwen2)
    config = model.config
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_name("tiny")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    vocabulary = sorted(bpe.get_vocab(), key=bpe.token_to_id)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(vocabulary)
    writer.add_token_types([gguf.TokenType.CONTROL, *[gguf.TokenType.NORMAL] * (len(vocabulary) - 1)])
    merges = json.loads(bpe.to_str())["model"]["merges"]
    writer.add_token_merges([" ".join(merge) for merge in merges])
    writer.add_eos_token_id(0)
    writer.add_pad_token_id(0)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.QWEN2, config.num_hidden_layers)
    for name, tensor in model.state_dict().items():
        dtype = gguf.GGMLQuantizationType[kind if tensor.dim() == 2 else "F32"]
        numbers = gguf.quants.quantize(tensor.float().numpy(), dtype)
        writer.add_tensor(names.get_name(f"model.{name}", (".weight", ".bias")), numbers, raw_dtype=dtype)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_a_gguf_file_embeds_as_the_model_that_it_was_made_from(nlpcli, qwen2, qwen2_gguf, tmp_path):
    command = ("embed", "-m", qwen2_gguf, "the dog sleeps", "--dtype", "float32", "--device", "cpu", "--offline")
    done = nlpcli(*command, NLPCLI_CACHE_DIR=str(tmp_path / "cache"))
    assert (done.returncode, done.stderr) == (0, b"")
    expected = load_embedding_pipeline(LocalModel("qwen2", qwen2), CPU)("the dog sleeps")
    assert np.allclose(np.array(done.stdout.split(), dtype=float), expected, atol=1e-4)


@pytest.mark.parametrize(("kind", "bits", "off"), [("Q4_0", 4, 0), ("Q4_1", 4, 1 / 16), ("Q8_0", 8, 1 / 2)])
def test_a_gguf_file_keeps_the_levels_that_it_has(tmp_path, qwen2, bpe, kind, bits, off):
    """But for bfloat16, in 4 bits also for the mean of a block, in 8 bits for half a level."""
    convert_file(write_gguf(tmp_path / "tiny.gguf", qwen2, bpe, kind), tmp_path / "made")
    dtype, loaded = gguf.GGMLQuantizationType[kind], load_file(tmp_path / "made" / "model.safetensors")
    for name, own in Qwen2Model.from_pretrained(qwen2).state_dict().items():
        if not name.endswith("_proj.weight"):
            continue
        held = torch.from_numpy(gguf.quants.dequantize(gguf.quants.quantize(own.float().numpy(), dtype), dtype))
        blocks = held.unflatten(1, (-1, 32))
        low, high = blocks.aminmax(dim=2, keepdim=True)
        scale = (high - low) / 15 if bits == 4 else blocks.abs().amax(2, keepdim=True) / 127
        made = loaded[f"model.{name}"]
        assert were_four_bits(made) is (bits == 4)
        computed = WeightBlocks.of(made, bits).weight(own.shape[1]).unflatten(1, (-1, 32))
        # A mean has a part of the largest rest of its row's blocks.
        allowed = off * scale.amax(1, keepdim=True) + blocks.abs().amax(2, keepdim=True) / 128
        assert ((computed - blocks).abs() <= allowed).all(), name


def test_a_file_that_is_no_gguf_is_one_line(nlpcli, tmp_path):
    (tmp_path / "a.gguf").write_bytes(b"no GGUF at all")
    assert "a.gguf" in complaint(nlpcli("embed", "-m", tmp_path / "a.gguf", "some text"))


def test_a_gguf_file_is_converted_once_and_anew_when_it_changes(nlpcli, qwen2_gguf, tmp_path):
    settings = {"NLPCLI_CACHE_DIR": str(tmp_path / "cache")}
    call = ("embed", "-m", qwen2_gguf, "the dog sleeps", "--device", "cpu", "--offline")
    assert nlpcli(*call, **settings).returncode == 0
    (folder,) = (tmp_path / "cache" / "gguf").glob("qwen2-*")
    weights = folder / "model.safetensors"
    made = weights.stat().st_mtime_ns
    assert nlpcli(*call, **settings).returncode == 0
    assert weights.stat().st_mtime_ns == made
    assert nlpcli("models", "list", **settings).stdout.decode().startswith(f"{qwen2_gguf}\t")
    assert nlpcli("models", "prune", "--yes", **settings).returncode == 0
    assert weights.is_file()
    os.utime(qwen2_gguf)
    assert nlpcli("models", "prune", "--yes", **settings).returncode == 0
    assert not folder.exists()


def rewritten(path, without=(), values=None):
    """The same file without some tensors, and with other values."""
    reader = gguf.GGUFReader(path)
    target = path.with_name("rewritten.gguf")
    writer = gguf.GGUFWriter(target, "qwen2")
    for key, field in reader.fields.items():
        if key.startswith("GGUF.") or key == "general.architecture":
            continue
        kind, sub = field.types[0], field.types[-1] if len(field.types) > 1 else None
        value = (values or {}).get(key, field.contents())
        writer.add_key_value(key, value, kind, sub)
    for key in (values or {}).keys() - reader.fields.keys():
        writer.add_uint16(key, values[key])
    for tensor in reader.tensors:
        if tensor.name not in without:
            writer.add_tensor(tensor.name, tensor.data)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target


@pytest.mark.parametrize(
    ("without", "values", "words"),
    [
        (["blk.1.ffn_up.weight"], {}, "lacks 1 weights of its own architecture"),
        (["token_embd.weight"], {}, "lacks"),
        ([], {"split.count": 2}, "one part of several"),
        ([], {"qwen2.block_count": 1_000_000_000}, "block_count = 1000000000"),
        ([], {"qwen2.block_count": 3}, "lacks"),
        ([], {"qwen2.embedding_length": 2**31}, "embedding_length"),
    ],
)
def test_a_gguf_file_that_is_not_whole_is_refused_and_nothing_is_kept(qwen2_gguf, tmp_path, without, values, words):
    with pytest.raises(ModelUnusable, match=words):
        convert_file(rewritten(qwen2_gguf, without, values), tmp_path / "made")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("cut", [4, 8, 20, 24, 100, 1000, -64])
def test_a_gguf_file_that_is_cut_off_is_refused(qwen2_gguf, tmp_path, cut):
    qwen2_gguf.write_bytes(qwen2_gguf.read_bytes()[:cut])
    with pytest.raises(ModelUnusable, match=r"qwen2\.gguf"):
        convert_file(qwen2_gguf, tmp_path / "made")

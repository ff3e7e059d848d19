"""Vectors of tiny random models against transformers' own forward pass."""

import json

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel, GPT2Config, GPT2Model, PreTrainedTokenizerFast

from nlpcli.errors import ModelUnsafe, ModelUnusable
from nlpcli.models.reference import LocalModel
from nlpcli.models.sources.folder import FolderSource
from nlpcli.pipelines.embedding import load_embedding_pipeline
from nlpcli.runtime.device import Placement

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"abcdefghijklmnop"]
TEXTS = ["a b c", "d", "e f g h i j k l m n o p a b c d", ""]


def save_tokenizer(folder, with_special_tokens):
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    if with_special_tokens:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]").save_pretrained(folder)


@pytest.fixture(params=["bert", "gpt2"])
def folder(request, tmp_path):
    torch.manual_seed(0)
    if request.param == "bert":
        sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
        model = BertModel(BertConfig(vocab_size=len(WORDS), max_position_embeddings=32, **sizes))
    else:
        model = GPT2Model(GPT2Config(vocab_size=len(WORDS), n_embd=32, n_layer=2, n_head=4, n_positions=32))
    model.save_pretrained(tmp_path)
    save_tokenizer(tmp_path, request.param == "bert")
    return tmp_path


def load(folder, dtype="float32"):
    return load_embedding_pipeline(LocalModel("tiny", folder), Placement("cpu", dtype, "", ""))


def reference(folder, windows, pool):
    """One text at a time, without padding, masks or packing."""
    from transformers import AutoModel

    model = AutoModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    with torch.no_grad():
        return torch.stack([pool(model(torch.tensor([window])).last_hidden_state[0]) for window in windows])


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("bfloat16", 5e-2)])
def test_a_padded_batch_gives_what_each_text_gives_alone(folder, dtype, tolerance):
    pipeline = load(folder, dtype)
    windows = [window for windows in pipeline.windows(TEXTS) for window in windows]
    vectors = torch.from_numpy(pipeline.encode(windows))
    assert torch.allclose(vectors, reference(folder, windows, lambda states: states.mean(0)), atol=tolerance)


@pytest.mark.parametrize(
    ("mode", "pool"),
    [
        ("cls", lambda states: states[0]),
        ("lasttoken", lambda states: states[-1]),
        ("max", lambda states: states.amax(0)),
        ("mean_sqrt_len_tokens", lambda states: states.sum(0) / len(states) ** 0.5),
    ],
)
def test_pooling_is_read_from_the_models_own_configuration(folder, mode, pool):
    modules = [("", "Transformer"), ("1_Pooling", "Pooling")]
    rows = [{"path": path, "type": f"sentence_transformers.models.{kind}"} for path, kind in modules]
    (folder / "modules.json").write_text(json.dumps(rows))
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode": mode}))
    pipeline = load(folder)
    assert not pipeline.sentence_config.normalize
    windows = [window for windows in pipeline.windows(TEXTS) for window in windows]
    assert torch.allclose(torch.from_numpy(pipeline.encode(windows)), reference(folder, windows, pool), atol=1e-5)


def test_a_long_text_is_cut_into_windows_that_lose_nothing(folder):
    pipeline = load(folder)
    text = " ".join("abcdefghijklmnop"[number * 7 % 16] for number in range(100))
    (windows,) = pipeline.windows([text])
    assert all(len(window) <= 32 for window in windows)
    special = {2, 3} if windows[0][0] == 2 else set()
    kept = [token for window in windows for token in window if token not in special]
    assert kept == [WORDS.index(word) for word in text.split()]


def test_the_pipeline_by_itself_takes_a_text_and_gives_its_vector(folder):
    vector = load(folder)("a b c")
    assert len(vector) == 32
    assert sum(number * number for number in vector) == pytest.approx(1, abs=1e-4)


def test_pickled_weights_and_missing_weights_are_refused(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelUnsafe, match="convert it once"):
        FolderSource().resolve(str(folder), None, True, lambda text, fraction=None: None)
    (folder / "pytorch_model.bin").unlink()
    with pytest.raises(ModelUnusable, match="no weights"):
        FolderSource().resolve(str(folder), None, True, lambda text, fraction=None: None)

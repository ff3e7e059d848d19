"""Vectors of texts by static vectors; model2vec's against its own arithmetic."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, pre_tokenizers

import nlpcli
from nlpcli.errors import NlpcliError, UsageError
from nlpcli.models.reference import LocalModel
from nlpcli.models.static.store import vectors_of
from nlpcli.pipelines.static import StaticPipeline, load_static_pipeline

DATA = Path(__file__).parents[1] / "data" / "static"
TOKENS = ["[PAD]", "[UNK]", "a", "b", "c", "##d"]


def potion(folder, weights=True, mapping=True, normalize=True, dtype=np.float32, module=None):
    """A folder as model2vec 0.10 saves it, or as sentence-transformers does."""
    inner = folder / (module or ".")
    inner.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(0)
    tensors = {
        "embedding.weight" if module else "embeddings": random.normal(size=(4 if mapping else 6, 3)).astype(dtype)
    }
    if weights:
        tensors["weights"] = random.random(6).astype(np.float64)
    if mapping:
        tensors["mapping"] = np.array([0, 1, 2, 3, 2, 1], np.int64)
    save_file(tensors, inner / "model.safetensors")
    tokenizer = Tokenizer(models.WordPiece({token: number for number, token in enumerate(TOKENS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.enable_truncation(2)
    tokenizer.save(str(inner / "tokenizer.json"))
    if module:
        modules = [{"type": "sentence_transformers.models.StaticEmbedding", "path": module}]
        modules += [{"type": "sentence_transformers.models.Normalize", "path": "1_Normalize"}] if normalize else []
        (folder / "modules.json").write_text(json.dumps(modules))
    else:
        (folder / "config.json").write_text(json.dumps({"model_type": "model2vec", "normalize": normalize}))
    return tensors


def load(folder):
    return load_static_pipeline(LocalModel("tiny", folder), None)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int8])
@pytest.mark.parametrize("mapping", [True, False])
@pytest.mark.parametrize("weights", [True, False])
def test_the_vectors_are_those_of_model2vec(weights, mapping, dtype, tmp_path):
    tensors = potion(tmp_path, weights, mapping, dtype=dtype)
    ids = [2, 3, 5, 4]  # a b ##d c; [UNK] is left out, and the text is longer than the tokenizer's truncation
    rows = tensors["embeddings"][tensors["mapping"][ids] if mapping else ids].astype(np.float64)
    expected = (rows * tensors["weights"][ids][:, None] if weights else rows).mean(0)
    pipeline = load(tmp_path)
    assert np.allclose(pipeline.encode(pipeline.windows(["a zzz bd c"])[0])[0], expected, atol=1e-6)
    assert pipeline.sentence_config.normalize


def test_a_static_embedding_of_sentence_transformers_is_read_where_its_module_lies(tmp_path):
    tensors = potion(tmp_path, False, False, normalize=False, module="0_StaticEmbedding")
    pipeline = load(tmp_path)
    assert np.allclose(pipeline.encode([[2, 4]])[0], tensors["embedding.weight"][[2, 4]].mean(0))
    assert not pipeline.sentence_config.normalize


WRITTEN = json.loads((DATA / "expected.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", [name for name in WRITTEN["vectors"] if not name.endswith("dense")])
def test_what_the_libraries_wrote_gives_the_vectors_that_they_compute(name):
    """model2vec and sentence-transformers; a text of which they make a zero vector has an error."""
    rows = nlpcli.load("embed", str(DATA / name))(WRITTEN["texts"])
    computed = [row.get("embedding", np.zeros(6)) for row in rows]
    tolerance = 2e-3 if name.endswith("float16") else 5e-6
    assert np.allclose(computed, WRITTEN["vectors"][name], atol=tolerance)


def test_a_module_behind_static_vectors_that_is_not_computed_is_said():
    with pytest.raises(NlpcliError, match="has a module Dense behind its static vectors"):
        load(DATA / "sentence-transformers-dense")


@pytest.mark.parametrize("file", ["tokenizer.json", "model.safetensors"])
@pytest.mark.parametrize("content", [b"", b"{}", b"\xff" * 50])
def test_a_damaged_file_of_a_folder_is_said(file, content, tmp_path):
    potion(tmp_path)
    (tmp_path / file).write_bytes(content)
    with pytest.raises(NlpcliError, match="tiny|damaged"):
        load(tmp_path)


@pytest.fixture
def words():
    return StaticPipeline(vectors_of("tiny", ["the", "cat", "sat"], np.eye(3, dtype=np.float32)))


def encode(pipeline, text, pooling="auto"):
    return pipeline.encode(
        [window for windows in pipeline.windows_at_sentence_ends([text]) for window in windows], None, pooling
    )[0]


def test_a_text_is_the_mean_of_its_words_and_unknown_ones_count_for_nothing(words):
    assert encode(words, "The cat, the zebra").tolist() == np.array([2 / 3, 1 / 3, 0], np.float32).tolist()
    assert encode(words, "zebra").tolist() == [0, 0, 0]


def test_sif_weighs_words_by_their_rank(words):
    shares = np.array([1, 1 / 2, 1 / 3]) / (1 + 1 / 2 + 1 / 3)
    weights = 1e-3 / (1e-3 + shares)
    assert np.allclose(encode(words, "the cat sat", "sif"), weights / 3)


@pytest.mark.parametrize("pooling", ["cls", "last"])
def test_static_vectors_have_no_first_or_last_state(words, pooling):
    with pytest.raises(UsageError, match="take mean or sif"):
        encode(words, "cat", pooling)


def test_pieces_have_no_ranks_for_sif(tmp_path):
    potion(tmp_path)
    with pytest.raises(UsageError, match="leave --pooling sif out"):
        load(tmp_path).encode([[2]], None, "sif")


def test_a_long_text_has_overlapping_chunks(words):
    text = "The cat sat. " * 100
    chunks = words.chunks([text])[0]
    assert len(chunks) > 2
    assert all(len(chunk.token_ids) <= 96 for chunk in chunks)
    assert (chunks[0].start, chunks[-1].end) == (0, len(text.rstrip()))

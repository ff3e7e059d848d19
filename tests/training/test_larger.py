"""The command that makes the larger adapters, as a whole, over tiny encoders and texts of letters: its stages chain."""

import json
import random
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from transformers import BertConfig, BertModel, MPNetConfig, MPNetModel
from typer.testing import CliRunner

from nlpcli.models.reference import LocalModel
from nlpcli.training import larger, sentiment
from nlpcli.training.calibration import expected_calibration_error, fitted_temperature
from nlpcli.training.sentiment_data import part_of
from tests.tiny import WORDS, save_tokenizer

SIZES = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 64}
STAGES = ["large", "rating", "multilingual-upper", "multilingual", "multilingual-last"]


def texts(count, chance):
    found: set[str] = set()
    while len(found) < count:
        found.add(" ".join(chance.choice("abcdefghijklmnopqrstuvwxy") for _ in range(chance.randrange(6, 20))))
    return sorted(found)


def table(path, header, rows):
    path.write_text("\n".join(["\t".join(header), *("\t".join(map(str, row)) for row in rows)]) + "\n")


def polarity(text):
    return "positive" if text.count("a") + text.count("e") > len(text.split()) / 12 else "negative"


@pytest.fixture
def data(tmp_path):
    chance = random.Random(0)
    folder = tmp_path / "data"
    folder.mkdir()
    rated = texts(300, chance)
    sources = ["movieReviewSnippets", "nytEditorialSnippets", "tweets"]
    ratings = [3.0 if polarity(text) == "positive" else -3.0 for text in rated]
    rows = [(rating, sources[place % 3], text) for place, (rating, text) in enumerate(zip(ratings, rated, strict=True))]
    table(folder / "train.tsv", ["rating", "source", "text"], rows)
    for name, count in (("sst2-dev", 20), ("zh-train", 200), ("zh-dev", 20)):
        labelled = [(polarity(text), text) for text in texts(count, chance)]
        table(folder / f"{name}.tsv", ["label", "text"], labelled)
    assert {part_of(text) for text in rated} == {"train", "calibration", "test"}
    return folder


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Encoders and lessons of a thousandth of the size."""
    folders = {}
    for name, model, config in (
        (sentiment.MULTILINGUAL_BASE, BertModel, BertConfig),
        (sentiment.LARGE_BASE, MPNetModel, MPNetConfig),
    ):
        torch.manual_seed(0)
        folders[name] = tmp_path / model.__name__
        sized = config(vocab_size=len(WORDS), max_position_embeddings=140, pad_token_id=0, **SIZES)
        model(sized).save_pretrained(folders[name])
        save_tokenizer(folders[name], segments=False)
    monkeypatch.setattr(sentiment, "resolve", lambda name, *_: LocalModel(name, folders[name]))
    for name in ("LARGE", "UPPER_HALF", "ALL_LAYERS", "ONCE_MORE"):
        recipe = getattr(larger, name)
        frozen, rank = min(recipe.frozen_layers, 1), 3 if name == "ONCE_MORE" else 2
        monkeypatch.setattr(
            larger, name, replace(recipe, frozen_layers=frozen, rank=rank, alpha=2 * rank, batch_tokens=256)
        )
    monkeypatch.setattr(larger, "_CHINESE_AT_FIRST", 50)
    monkeypatch.setattr(larger, "_TRANSLATED", 20)
    monkeypatch.setattr(larger, "_THEN", {"english": 20, "portuguese": 10, "phrases": 10})
    monkeypatch.setattr(larger, "_LAST", {"english": 20, "portuguese": 10, "phrases": 10})


def train(*arguments):
    done = CliRunner().invoke(sentiment.app, ["train", *map(str, arguments)])
    assert done.exit_code == 0, done.output + repr(done.exception)


def test_one_command_makes_the_adapter_and_its_card_and_goes_on_where_it_was_stopped(data, small, tmp_path):
    work, output = tmp_path / "work", tmp_path / "out"
    work.mkdir()
    # What the command line would translate, by a model that has words.
    (work / "portuguese.txt").write_text("".join(f"{text}\n" for text in texts(20, random.Random(5))))
    arguments = ("--only", sentiment.MULTILINGUAL, "--data", data, "--work", work, "--output", output)
    train(*arguments)
    assert list(json.loads((work / "minutes.json").read_text())) == STAGES
    card = (output / "sentiment-multilingual.md").read_text(encoding="utf-8")
    assert "{" not in card
    assert all(f"| {stage} |" in card for stage in STAGES)
    adapter = load_file(output / "sentiment-multilingual.safetensors")
    assert max(len(tensor) for name, tensor in adapter.items() if name.endswith(".lora_A")) == 3
    made = {file: file.stat().st_mtime_ns for file in work.iterdir()}
    (work / "multilingual-last.safetensors").unlink()
    train(*arguments)
    changed = {file.name for file, time in made.items() if file.stat().st_mtime_ns != time}
    assert changed == {"multilingual-last.safetensors", "minutes.json"}
    again = load_file(output / "sentiment-multilingual.safetensors")
    assert all(torch.equal(again[name], tensor) for name, tensor in adapter.items())


def test_an_average_is_the_mean_of_what_both_change_cut_to_its_rank():
    torch.manual_seed(0)
    one, other = (
        {"l.lora_A": torch.randn(rank, 6), "l.lora_B": torch.randn(5, rank), "head.weight": torch.randn(2, 3)}
        for rank in (2, 3)
    )
    mean = (one["l.lora_B"] @ one["l.lora_A"] + other["l.lora_B"] @ other["l.lora_A"]) / 2
    made = larger.averaged(one, other, 5)
    assert torch.allclose(made["l.lora_B"] @ made["l.lora_A"], mean, atol=1e-5)
    assert torch.equal(made["head.weight"], (one["head.weight"] + other["head.weight"]) / 2)
    left, values, right = torch.linalg.svd(mean, full_matrices=False)
    cut = larger.averaged(one, other, 2)
    assert torch.allclose(cut["l.lora_B"] @ cut["l.lora_A"], left[:, :2] * values[:2] @ right[:2], atol=1e-5)


def test_fitted_scales_calibrate_on_every_set_what_a_temperature_cannot():
    torch.manual_seed(0)
    wanted = larger.Scales(0.5, 0.8, -1.5, 0.1, 0.1)
    sets = []
    for spread in (1.5, 3.0):
        logits = torch.randn(4000, 3) * spread
        sets.append((logits, torch.multinomial(wanted.of(logits).softmax(-1), 1).squeeze(1)))
    made = larger.fitted_scales(sets)

    def errors(scales):
        return [expected_calibration_error(scales.of(logits).softmax(-1), labels) for logits, labels in sets]

    temperature = fitted_temperature(*(torch.cat(parts) for parts in zip(*sets, strict=True)))
    assert min(errors(larger.Scales())) > 0.1
    assert max(errors(made)) < 0.02 < max(errors(larger.Scales(1 / temperature, 1 / temperature)))


def test_scales_move_the_poles_apart_and_neutral_by_itself():
    torch.manual_seed(0)
    trained = {"classifier.weight": torch.randn(3, 4), "classifier.bias": torch.randn(3), "other": torch.randn(2)}
    states = torch.randn(5, 4)

    def logits(weights):
        found = states @ weights["classifier.weight"].T + weights["classifier.bias"]
        return (found[:, 2] - found[:, 0]) / 2, found[:, 1] - (found[:, 2] + found[:, 0]) / 2

    scales = larger.Scales(1.3, 1.1, 0.4, 0.2, -0.3)
    made = larger.scaled(trained, scales)
    (poles, neutral), (poles_made, neutral_made) = logits(trained), logits(made)
    assert torch.allclose(poles_made, 1.3 * poles + 0.2 * neutral - 0.3, atol=1e-5)
    assert torch.allclose(neutral_made, 1.1 * neutral + 0.4, atol=1e-5)
    assert made["other"] is trained["other"]
    before = states @ trained["classifier.weight"].T + trained["classifier.bias"]
    after = states @ made["classifier.weight"].T + made["classifier.bias"]
    assert torch.allclose(scales.of(before), after, atol=1e-5)

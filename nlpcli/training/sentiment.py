"""How `starter/sentiment` was made.

    python -m nlpcli.training.sentiment train --data ../shared/data/sentiment
    python -m nlpcli.training.sentiment evaluate --data ../shared/data/sentiment

`train` needs `nlpcli[train]`, `train.tsv` and `sst2-dev.tsv` in the folder, 2 CPU cores and about half an hour; it
writes the adapter and its model card. `evaluate` measures the model that is installed.
"""

from __future__ import annotations

import hashlib
import random
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import torch
import typer
from torch import Tensor
from torch.nn import functional

from nlpcli.device import choose, describe_hardware
from nlpcli.models.cache import resolve
from nlpcli.models.catalog import Adapter
from nlpcli.models.reference import LocalModel
from nlpcli.models.sources import adapter as adapters
from nlpcli.models.sources.hashing import sha256_of
from nlpcli.pipelines.classification import load_classification_pipeline
from nlpcli.pipelines.windows import pad
from nlpcli.training.calibration import expected_calibration_error, fitted_temperature
from nlpcli.training.sentiment_data import (
    LABELS,
    Example,
    as_treebank,
    batches_by_length,
    read_labelled,
    read_rated,
    select,
)

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

BASE = "starter/minilm"
MODEL = "starter/sentiment"
LONGEST_TEXT = 128
# How far apart the logits of positive and negative are for each point of the raters' scale.
LOGITS_PER_POINT = 2.0
_NEGATIVE, _, _POSITIVE = range(3)

app = typer.Typer(add_completion=False, help=__doc__)
Data = Annotated[Path, typer.Option(help="The folder with train.tsv and sst2-dev.tsv.")]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that training depends on beside the data."""

    seed: int = 0
    rank: int = 16
    alpha: int = 32
    epochs: int = 4
    batch_tokens: int = 1024
    rate_of_a: float = 1e-3
    rate_of_b: float = 1e-3
    rate_of_head: float = 3e-4
    weight_decay: float = 0.01
    averaging: float = 0.998
    dropout: float = 0.1
    # What the rating counts beside the classes: it tells a strong word from a weak one.
    weight_of_rating: float = 0.5
    # Shown twice in each epoch, as written and as the treebank writes: whole opinions in one sentence.
    twice: str = "movieReviewSnippets"
    treebank_share: float = 0.3


@dataclass(frozen=True, slots=True)
class Metrics:
    """What the model card says."""

    sst2_accuracy: float
    accuracy: float
    calibration_error: float


@app.command()
def train(
    data: Data,
    output: Annotated[Path, typer.Option(help="The adapter; the card goes beside it.")] = (
        adapters.FOLDER / "sentiment.safetensors"
    ),
) -> None:
    """Train the adapter, fit its temperature on held-back data, measure it, and write it with its card."""
    started = time.monotonic()
    recipe = Recipe()
    examples = read_rated(data / "train.tsv")
    base = resolve(BASE, None, False, _say).folder
    trained = _Trainer(recipe, base).train(select(examples, "train"))
    made_of = _ingredients(recipe, temperature=1.0)
    _write(output, trained, made_of)
    calibration = select(examples, "calibration")
    logits = _predicted(_merged(output, base), calibration).log()
    made_of["temperature"] = fitted_temperature(logits, _labels(calibration))
    _write(output, trained, made_of)
    metrics = measure(_merged(output, base), data)
    minutes = (time.monotonic() - started) / 60
    output.with_suffix(".md").write_text(_card(recipe, metrics, made_of["temperature"], minutes, data))
    typer.echo(f"{output}: {output.stat().st_size} bytes, SHA-256 {sha256_of(output)}")
    _show(metrics)


@app.command()
def evaluate(data: Data) -> None:
    """Measure the installed starter/sentiment in float32."""
    _show(measure(resolve(MODEL, None, False, _say), data))


def measure(model: LocalModel, data: Path, dtype: str = "float32") -> Metrics:
    """The figures of the card: two classes on SST-2's dev set, three on the tenth of train.tsv that was held back."""
    sst2 = read_labelled(data / "sst2-dev.tsv")
    test = select(read_rated(data / "train.tsv"), "test")
    of_sst2, of_test = _predicted(model, sst2, dtype), _predicted(model, test, dtype)
    says_positive = of_sst2[:, _POSITIVE] > of_sst2[:, _NEGATIVE]
    return Metrics(
        sst2_accuracy=float((says_positive == (_labels(sst2) == _POSITIVE)).float().mean()),
        accuracy=float((of_test.argmax(-1) == _labels(test)).float().mean()),
        calibration_error=expected_calibration_error(of_test, _labels(test)),
    )


def _show(metrics: Metrics) -> None:
    for name, value in asdict(metrics).items():
        typer.echo(f"{name}\t{value:.4f}")


def _say(text: str, fraction: float | None = None) -> None:
    if not fraction:
        typer.echo(text, err=True)


def _labels(examples: Sequence[Example]) -> Tensor:
    return torch.tensor([example.label for example in examples])


def _predicted(model: LocalModel, examples: Sequence[Example], dtype: str = "float32") -> Tensor:
    """(examples, classes): probabilities, by the pipeline that users run."""
    pipeline = load_classification_pipeline(model, choose(describe_hardware(), "cpu", dtype))
    windows = [windows[0] for windows in pipeline.windows([example.text for example in examples])]
    order = sorted(range(len(windows)), key=lambda index: len(windows[index]))
    probabilities = torch.zeros(len(windows), len(LABELS))
    for start in range(0, len(order), 32):
        batch = order[start : start + 32]
        probabilities[batch] = torch.from_numpy(pipeline.classify([windows[index] for index in batch]))
    return probabilities


def _merged(path: Path, base: Path) -> LocalModel:
    """The model that `path` makes, in a temporary folder."""
    folder = Path(tempfile.mkdtemp(prefix="nlpcli-training-")) / "model"
    path.with_suffix(".md").touch()
    adapters.merge_adapter(Adapter(BASE, "0", str(path.resolve()), sha256_of(path), 0), base, folder)
    return LocalModel(str(path), folder)


def _ingredients(recipe: Recipe, temperature: float) -> dict[str, Any]:
    names = dict(enumerate(LABELS))
    return {
        "prefix": "bert.",
        "scale": recipe.alpha / recipe.rank,
        "temperature": temperature,
        "config": {
            "architectures": ["BertForSequenceClassification"],
            "problem_type": "single_label_classification",
            "id2label": names,
            "label2id": {name: index for index, name in names.items()},
        },
        "tokenizer_config": {"model_max_length": LONGEST_TEXT},
    }


def _write(path: Path, trained: dict[str, Tensor], made_of: dict[str, Any]) -> None:
    from nlpcli.training.adapter_file import save_adapter

    save_adapter(path, trained, made_of)


class _Trainer:
    """Goes over the examples and leaves trained tensors."""

    def __init__(self, recipe: Recipe, base: Path) -> None:
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        from nlpcli.training.low_rank import MasterWeights, Rates, with_adapters

        torch.manual_seed(recipe.seed)
        self._recipe = recipe
        self._chance = random.Random(recipe.seed)
        self._tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(base)
        model: PreTrainedModel = AutoModelForSequenceClassification.from_pretrained(
            base,
            num_labels=len(LABELS),
            dtype=torch.bfloat16,
            # The fused kernels are slower here, forth and back, on texts of this length.
            attn_implementation="eager",
            hidden_dropout_prob=recipe.dropout,
            attention_probs_dropout_prob=0.0,
        )
        self._model = with_adapters(model, recipe.rank, recipe.alpha)
        self._weights = MasterWeights(
            self._model,
            Rates(recipe.rate_of_a, recipe.rate_of_b, recipe.rate_of_head),
            recipe.weight_decay,
            recipe.averaging,
        )

    def train(self, examples: Sequence[Example]) -> dict[str, Tensor]:
        """The trained tensors by PEFT's names: the running average over the steps."""
        texts = [example.text for example in examples]
        spellings = [self._token_ids(texts), self._token_ids([as_treebank(text) for text in texts])]
        targets = _Targets(
            torch.tensor([example.probabilities for example in examples]),
            torch.tensor([example.rating for example in examples]),
        )
        again = [index for index, example in enumerate(examples) if example.source == self._recipe.twice]
        self._model.train()
        for epoch in range(self._recipe.epochs):
            spelling = [self._chance.random() < self._recipe.treebank_share for _ in examples]
            shown = [(index, spellings[spelling[index]][index]) for index in range(len(examples))]
            shown += [(index, spellings[not spelling[index]][index]) for index in again]
            self._epoch(epoch, shown, targets)
        return dict(self._weights.use_average())

    def _epoch(self, epoch: int, shown: list[tuple[int, list[int]]], targets: _Targets) -> None:
        from nlpcli.training.low_rank import warm_up_and_down

        batches = batches_by_length([len(row) for _, row in shown], self._recipe.batch_tokens, self._chance)
        for number, batch in enumerate(batches):
            indices = [shown[place][0] for place in batch]
            loss = self._loss([shown[place][1] for place in batch], targets.of(indices))
            loss.backward()
            # Every epoch has its own number of batches; the schedule follows the share of the work that is done.
            self._weights.step(warm_up_and_down(epoch * len(batches) + number, self._recipe.epochs * len(batches)))
            if number % 100 == 0:
                _say(f"epoch {epoch + 1}, batch {number} of {len(batches)}: loss {float(loss):.3f}")

    def _token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        encoded = self._tokenizer(list(texts), truncation=True, max_length=LONGEST_TEXT)
        return encoded["input_ids"]  # type: ignore[no-any-return]

    def _loss(self, rows: list[list[int]], targets: _Targets) -> Tensor:
        """Cross-entropy to the probabilities of the classes, and how far the margin is from the rating."""
        inputs = pad(rows, self._tokenizer.pad_token_id, torch.device("cpu"))
        logits = self._model(**inputs).logits.float()
        of_classes = -(targets.probabilities * functional.log_softmax(logits, dim=-1)).sum(-1).mean()
        margin = (logits[:, _POSITIVE] - logits[:, _NEGATIVE]) / LOGITS_PER_POINT
        return of_classes + self._recipe.weight_of_rating * functional.smooth_l1_loss(margin, targets.ratings)


class _Targets(NamedTuple):
    """(examples, classes) and (examples,)."""

    probabilities: Tensor
    ratings: Tensor

    def of(self, indices: list[int]) -> _Targets:
        """Those of some examples."""
        return _Targets(self.probabilities[indices], self.ratings[indices])


def _card(recipe: Recipe, metrics: Metrics, temperature: float, minutes: float, data: Path) -> str:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)  # noqa: S607
    template = Path(__file__).with_name("sentiment_card.md").read_text(encoding="utf-8")
    settings = "\n".join(f"- {name}: {value}" for name, value in asdict(recipe).items())
    return template.format(
        date=datetime.now(UTC).date().isoformat(),
        commit=commit.stdout.strip() or "unknown",
        sha256=hashlib.sha256((data / "train.tsv").read_bytes()).hexdigest(),
        temperature=f"{temperature:.3f}",
        minutes=f"{minutes:.0f}",
        settings=settings,
        **{name: f"{value:.4f}" for name, value in asdict(metrics).items()},
    )


if __name__ == "__main__":
    app()

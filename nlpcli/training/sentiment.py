"""How `starter/sentiment` was made.

    python -m nlpcli.training.sentiment train --data ../shared/data/sentiment --work FOLDER
    python -m nlpcli.training.sentiment evaluate --data ../shared/data/sentiment

`train` needs `nlpcli[train]`, `train.tsv` and `sst2-dev.tsv` in the folder, 2 CPU cores and about
35 minutes; it writes the adapter and its model card. `evaluate` measures the model that is installed.
"""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from torch import Tensor

from nlpcli.models.cache import resolve
from nlpcli.models.catalog import Adapter
from nlpcli.models.reference import LocalModel
from nlpcli.models.sources import adapter as adapters
from nlpcli.models.sources.hashing import sha256_of
from nlpcli.pipelines.classification import load_classification_pipeline
from nlpcli.runtime.device import choose, describe_hardware
from nlpcli.training.calibration import expected_calibration_error, fitted_temperature
from nlpcli.training.sentiment_data import (
    LABELS,
    LONGEST_TEXT,
    NEGATIVE,
    POSITIVE,
    Example,
    read_labelled,
    read_rated,
    select,
)

BASE = "starter/minilm"
MODEL = "starter/sentiment"

app = typer.Typer(add_completion=False, help=__doc__)
Data = Annotated[Path, typer.Option(help="The folder with train.tsv and sst2-dev.tsv.")]


@dataclass(frozen=True, slots=True)
class Metrics:
    """What the model card says."""

    sst2_accuracy: float
    accuracy: float
    calibration_error: float


@app.command()
def train(
    data: Data,
    work: Annotated[Path, typer.Option(help="For the teacher and what it says; what lies there is not made again.")],
    output: Annotated[Path, typer.Option(help="The adapter; the card goes beside it.")] = (
        adapters.FOLDER / "sentiment.safetensors"
    ),
) -> None:
    """Train a teacher, then the adapter; fit its temperature on held-back data, measure it, and write its card."""
    from nlpcli.training.adapter_file import save_adapter
    from nlpcli.training.distillation import Stages, taught_texts, trained_student
    from nlpcli.training.phrases import PhrasesRecipe
    from nlpcli.training.student import Student, StudentRecipe
    from nlpcli.training.teacher import TeacherRecipe

    of_teacher, of_phrases, of_student = TeacherRecipe(), PhrasesRecipe(), StudentRecipe()
    stages = Stages(work)
    examples = read_rated(data / "train.tsv")
    learnt = select(examples, "train")
    taught = taught_texts(learnt, stages, of_teacher, of_phrases, _progress)
    base = resolve(BASE, None, False, _progress).folder
    # Of the texts that the teacher rates, what people said is part of what is taught.
    others = [example for example in learnt if example.source != of_phrases.source]
    trained = trained_student(Student(base, of_student, _progress), others, taught, stages)
    made_of = _ingredients(of_student.alpha / of_student.rank, temperature=1.0)
    save_adapter(output, trained, made_of)
    calibration = select(examples, "calibration")
    logits = _predicted(_merged(output, base), calibration).log()
    made_of["temperature"] = fitted_temperature(logits, _labels(calibration))
    save_adapter(output, trained, made_of)
    metrics = measure(_merged(output, base), data)
    card = _card(metrics, made_of["temperature"], stages.minutes, _settings(of_teacher, of_phrases, of_student), data)
    output.with_suffix(".md").write_text(card, encoding="utf-8")
    typer.echo(f"{output}: {output.stat().st_size} bytes, SHA-256 {sha256_of(output)}")
    _show(metrics)


@app.command()
def evaluate(data: Data, dtype: Annotated[str, typer.Option(help="As that of nlpcli sentiment.")] = "float32") -> None:
    """Measure the installed starter/sentiment."""
    _show(measure(resolve(MODEL, None, False, _progress), data, dtype))


def measure(model: LocalModel, data: Path, dtype: str = "float32") -> Metrics:
    """The figures of the card: two classes on SST-2's dev set, three on the tenth of train.tsv that was held back."""
    sst2 = read_labelled(data / "sst2-dev.tsv")
    test = select(read_rated(data / "train.tsv"), "test")
    of_sst2, of_test = _predicted(model, sst2, dtype), _predicted(model, test, dtype)
    says_positive = of_sst2[:, POSITIVE] > of_sst2[:, NEGATIVE]
    return Metrics(
        sst2_accuracy=float((says_positive == (_labels(sst2) == POSITIVE)).float().mean()),
        accuracy=float((of_test.argmax(-1) == _labels(test)).float().mean()),
        calibration_error=expected_calibration_error(of_test, _labels(test)),
    )


def _show(metrics: Metrics) -> None:
    for name, value in asdict(metrics).items():
        typer.echo(f"{name}\t{value:.4f}")


def _progress(text: str, fraction: float | None = None) -> None:
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


def _ingredients(scale: float, temperature: float) -> dict[str, Any]:
    names = dict(enumerate(LABELS))
    return {
        "prefix": "bert.",
        "scale": scale,
        "temperature": temperature,
        "config": {
            "architectures": ["BertForSequenceClassification"],
            "problem_type": "single_label_classification",
            "id2label": names,
            "label2id": {name: index for index, name in names.items()},
        },
        "tokenizer_config": {"model_max_length": LONGEST_TEXT},
    }


def _settings(*recipes: Any) -> str:
    rows = [f"- {type(recipe).__name__}: {_listed(asdict(recipe))}" for recipe in recipes]
    return "\n".join(rows)


def _listed(settings: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())


def _card(metrics: Metrics, temperature: float, minutes: dict[str, dict[str, float]], settings: str, data: Path) -> str:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)  # noqa: S607
    template = Path(__file__).with_name("sentiment_card.md").read_text(encoding="utf-8")
    stages = [f"| {name} | {taken['wall']:.1f} | {taken['cpu']:.1f} |" for name, taken in minutes.items()]
    wall, cpu = (sum(taken[kind] for taken in minutes.values()) for kind in ("wall", "cpu"))
    return template.format(
        date=datetime.now(UTC).date().isoformat(),
        commit=commit.stdout.strip() or "unknown",
        sha256=hashlib.sha256((data / "train.tsv").read_bytes()).hexdigest(),
        temperature=f"{temperature:.3f}",
        minutes="\n".join([*stages, f"| all | {wall:.1f} | {cpu:.1f} |"]),
        settings=settings,
        **{name: f"{value:.4f}" for name, value in asdict(metrics).items()},
    )


if __name__ == "__main__":
    app()

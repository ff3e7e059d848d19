"""How `starter/sentiment`, `starter/sentiment-large` and `starter/sentiment-multilingual` were made.

    python -m nlpcli.training.sentiment train --data ../shared/data/sentiment --work FOLDER
    python -m nlpcli.training.sentiment evaluate --data ../shared/data/sentiment

`train` needs `nlpcli[train]`, `train.tsv`, `sst2-dev.tsv`, `zh-train.tsv` and `zh-dev.tsv` in the folder, 2 CPU cores
and about an hour and a half; it writes the adapters and their model cards. `--only NAME` makes one. `evaluate` measures
a model that is installed.
"""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    read_reviews,
    select,
)

if TYPE_CHECKING:
    from nlpcli.training.distillation import Stages

BASE = "starter/minilm"
MODEL = "starter/sentiment"
LARGE, LARGE_BASE = "starter/sentiment-large", "starter/mpnet"
MULTILINGUAL, MULTILINGUAL_BASE = "starter/sentiment-multilingual", "starter/e5"

app = typer.Typer(add_completion=False, help=__doc__)
Data = Annotated[Path, typer.Option(help="The folder with train.tsv and sst2-dev.tsv.")]


@dataclass(frozen=True, slots=True)
class Metrics:
    """What the model card says."""

    sst2_accuracy: float
    accuracy: float
    calibration_error: float
    chinese_accuracy: float | None = None
    chinese_calibration_error: float | None = None


@app.command()
def train(
    data: Data,
    work: Annotated[Path, typer.Option(help="For what the stages make; what lies there is not made again.")],
    output: Annotated[Path, typer.Option(help="The folder for the adapters and their cards.")] = adapters.FOLDER,
    only: Annotated[str | None, typer.Option(help="The name of the one to make.")] = None,
) -> None:
    """Train the adapters; fit their temperatures on held-back data, measure them, and write their cards."""
    from nlpcli.training.distillation import Stages

    stages = Stages(work)
    for name, make in ((MODEL, _make_small), (LARGE, _make_large), (MULTILINGUAL, _make_multilingual)):
        if only in {None, name}:
            make(data, stages, output / f"{name.removeprefix('starter/')}.safetensors")


def _make_large(data: Path, stages: Stages, output: Path) -> None:
    from nlpcli.training.larger import LARGE as RECIPE
    from nlpcli.training.larger import learn_large

    base = resolve(LARGE_BASE, None, False, _progress).folder
    trained = learn_large(base, data, stages, _progress)
    made_of = _ingredients(RECIPE.alpha / RECIPE.rank, "mpnet.", "MPNetForSequenceClassification")
    calibration = select(read_rated(data / "train.tsv"), "calibration")
    _write(output, trained, made_of, base, calibration, data, stages, [RECIPE])


def _make_multilingual(data: Path, stages: Stages, output: Path) -> None:
    from nlpcli.training.adapter_file import save_named
    from nlpcli.training.larger import (
        ALL_LAYERS,
        ONCE_MORE,
        UPPER_HALF,
        fitted_scales,
        learn_large,
        learn_multilingual,
        scaled,
    )

    base, large_base = (resolve(name, None, False, _progress).folder for name in (MULTILINGUAL_BASE, LARGE_BASE))
    learn_large(large_base, data, stages, _progress)
    trained = learn_multilingual(base, large_base, data, stages, _progress)
    made_of = _ingredients(ONCE_MORE.alpha / ONCE_MORE.rank)
    # Four fifths of all numbers, and nothing that a probability shows.
    made_of["halves"] = ["bert.embeddings.word_embeddings.weight"]
    save_named(output, trained, made_of)
    made = _merged(output, base)
    tenths = [
        select(examples, "calibration")
        for examples in (read_rated(data / "train.tsv"), read_reviews(data / "zh-train.tsv", "zh"))
    ]
    scales = fitted_scales([(_predicted(made, tenth).log(), _labels(tenth)) for tenth in tenths])
    # Calibrated by these, not by a temperature.
    recipes = [UPPER_HALF, ALL_LAYERS, ONCE_MORE, scales]
    _write(output, scaled(trained, scales), made_of, base, [], data, stages, recipes)


def _write(
    output: Path,
    trained: Mapping[str, Tensor],
    made_of: dict[str, Any],
    base: Path,
    calibration: Sequence[Example],
    data: Path,
    stages: Stages,
    recipes: Sequence[Any],
) -> None:
    """The adapter with its temperature, where it is to have one, and its card with what it was measured to be."""
    from nlpcli.training.adapter_file import save_named

    save_named(output, trained, made_of)
    if calibration:
        logits = _predicted(_merged(output, base), calibration).log()
        made_of["temperature"] = fitted_temperature(logits, _labels(calibration))
        save_named(output, trained, made_of)
    metrics = measure(_merged(output, base), data)
    settings = _settings(*recipes)
    card = _card(metrics, made_of["temperature"], stages.minutes, settings, data, f"{output.stem}_card.md")
    output.with_suffix(".md").write_text(card, encoding="utf-8")
    _show_made(output, metrics)


def _show_made(output: Path, metrics: Metrics) -> None:
    typer.echo(f"{output}: {output.stat().st_size} bytes, SHA-256 {sha256_of(output)}")
    _show(metrics)


def _make_small(data: Path, stages: Stages, output: Path) -> None:
    from nlpcli.training.adapter_file import save_adapter
    from nlpcli.training.distillation import taught_texts, trained_student
    from nlpcli.training.phrases import PhrasesRecipe
    from nlpcli.training.student import Student, StudentRecipe
    from nlpcli.training.teacher import TeacherRecipe

    of_teacher, of_phrases, of_student = TeacherRecipe(), PhrasesRecipe(), StudentRecipe()
    examples = read_rated(data / "train.tsv")
    learnt = select(examples, "train")
    taught = taught_texts(learnt, stages, of_teacher, of_phrases, _progress)
    base = resolve(BASE, None, False, _progress).folder
    # Of the texts that the teacher rates, what people said is part of what is taught.
    others = [example for example in learnt if example.source != of_phrases.source]
    trained = trained_student(Student(base, of_student, _progress), others, taught, stages)
    made_of = _ingredients(of_student.alpha / of_student.rank)
    save_adapter(output, trained, made_of)
    calibration = select(examples, "calibration")
    logits = _predicted(_merged(output, base), calibration).log()
    made_of["temperature"] = fitted_temperature(logits, _labels(calibration))
    save_adapter(output, trained, made_of)
    metrics = measure(_merged(output, base), data)
    card = _card(metrics, made_of["temperature"], stages.minutes, _settings(of_teacher, of_phrases, of_student), data)
    output.with_suffix(".md").write_text(card, encoding="utf-8")
    _show_made(output, metrics)


@app.command()
def evaluate(
    data: Data,
    dtype: Annotated[str, typer.Option(help="As that of nlpcli sentiment.")] = "float32",
    model: Annotated[str, typer.Option(help="The name of the one to measure.")] = MODEL,
) -> None:
    """Measure an installed starter model."""
    _show(measure(resolve(model, None, False, _progress), data, dtype))


def measure(model: LocalModel, data: Path, dtype: str = "float32") -> Metrics:
    """The figures of the card: two classes on SST-2's dev set, three on the tenth of train.tsv that was held back."""
    sst2 = read_labelled(data / "sst2-dev.tsv")
    test = select(read_rated(data / "train.tsv"), "test")
    of_sst2, of_test = _predicted(model, sst2, dtype), _predicted(model, test, dtype)
    metrics = Metrics(
        sst2_accuracy=_accuracy_of_poles(of_sst2, sst2),
        accuracy=float((of_test.argmax(-1) == _labels(test)).float().mean()),
        calibration_error=expected_calibration_error(of_test, _labels(test)),
    )
    if "multilingual" not in model.name:
        return metrics
    chinese = read_labelled(data / "zh-dev.tsv")
    of_chinese = _predicted(model, chinese, dtype)
    return replace(
        metrics,
        chinese_accuracy=_accuracy_of_poles(of_chinese, chinese),
        chinese_calibration_error=expected_calibration_error(of_chinese, _labels(chinese)),
    )


def _accuracy_of_poles(probabilities: Tensor, examples: Sequence[Example]) -> float:
    """How often the likelier of positive and negative is the right one."""
    says_positive = probabilities[:, POSITIVE] > probabilities[:, NEGATIVE]
    return float((says_positive == (_labels(examples) == POSITIVE)).float().mean())


def _show(metrics: Metrics) -> None:
    for name, value in asdict(metrics).items():
        if value is not None:
            typer.echo(f"{name}\t{value:.4f}")


def _progress(text: str, fraction: float | None = None) -> None:
    if not fraction:
        typer.echo(text, err=True)


def _labels(examples: Sequence[Example]) -> Tensor:
    return torch.tensor([example.label for example in examples])


def _predicted(model: LocalModel, examples: Sequence[Example], dtype: str = "float32") -> Tensor:
    """(examples, classes): probabilities, by the pipeline that users run."""
    pipeline = load_classification_pipeline(model, choose(describe_hardware(), "cpu", dtype))
    of_texts = pipeline.windows([example.text for example in examples])
    windows = [(place, window) for place, several in enumerate(of_texts) for window in several]
    windows.sort(key=lambda one: len(one[1]))
    sums, lengths = torch.zeros(len(examples), len(LABELS)), torch.zeros(len(examples), 1)
    for start in range(0, len(windows), 32):
        places, batch = zip(*windows[start : start + 32], strict=True)
        weights = torch.tensor([[float(len(window))] for window in batch])
        sums.index_add_(0, torch.tensor(places), torch.from_numpy(pipeline.classify(batch)) * weights)
        lengths.index_add_(0, torch.tensor(places), weights)
    return sums / lengths


def _merged(path: Path, base: Path) -> LocalModel:
    """The model that `path` makes, in a temporary folder."""
    folder = Path(tempfile.mkdtemp(prefix="nlpcli-training-")) / "model"
    path.with_suffix(".md").touch()
    adapters.merge_adapter(Adapter(BASE, "0", str(path.resolve()), sha256_of(path), 0), base, folder)
    return LocalModel(str(path), folder)


def _ingredients(
    scale: float, prefix: str = "bert.", architecture: str = "BertForSequenceClassification"
) -> dict[str, Any]:
    names = dict(enumerate(LABELS))
    return {
        "prefix": prefix,
        "scale": scale,
        "temperature": 1.0,
        "config": {
            "architectures": [architecture],
            "problem_type": "single_label_classification",
            "id2label": names,
            "label2id": {name: index for index, name in names.items()},
        },
        "tokenizer_config": {"model_max_length": LONGEST_TEXT},
    }


def _settings(*recipes: Any) -> str:
    rows = [f"- {type(recipe).__name__}: {_listed(_named(recipe))}" for recipe in recipes]
    return "\n".join(rows)


def _named(recipe: Any) -> dict[str, Any]:
    if not isinstance(recipe, tuple):
        return asdict(recipe)
    return {name: round(value, 4) for name, value in recipe._asdict().items()}  # type: ignore[attr-defined]


def _listed(settings: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())


def _card(
    metrics: Metrics,
    temperature: float,
    minutes: dict[str, dict[str, float]],
    settings: str,
    data: Path,
    template_file: str = "sentiment_card.md",
) -> str:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)  # noqa: S607
    template = Path(__file__).with_name(template_file).read_text(encoding="utf-8")
    stages = [f"| {name} | {taken['wall']:.1f} | {taken['cpu']:.1f} |" for name, taken in minutes.items()]
    wall, cpu = (sum(taken[kind] for taken in minutes.values()) for kind in ("wall", "cpu"))
    return template.format(
        date=datetime.now(UTC).date().isoformat(),
        commit=commit.stdout.strip() or "unknown",
        sha256=hashlib.sha256((data / "train.tsv").read_bytes()).hexdigest(),
        temperature=f"{temperature:.3f}",
        minutes="\n".join([*stages, f"| all | {wall:.1f} | {cpu:.1f} |"]),
        settings=settings,
        **{name: f"{value:.4f}" for name, value in asdict(metrics).items() if value is not None},
    )


if __name__ == "__main__":
    app()

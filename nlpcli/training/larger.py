"""How `starter/sentiment-large` and `starter/sentiment-multilingual` learn; `sentiment` measures and writes them.

The large one learns from the raters, and then rates phrases for the multilingual one. That learns from the raters, from
these phrases, from translations into Portuguese by `starter/en-pt`, and from Chinese reviews of which people said good
or bad: its upper half first, then all layers, with more Chinese, twice; what ships is the average of these two.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from nlpcli.models.reference import ProgressCallback
from nlpcli.training.calibration import expected_calibration_error
from nlpcli.training.distillation import Stages
from nlpcli.training.objective import answered
from nlpcli.training.phrases import PhrasesRecipe, phrases
from nlpcli.training.sentiment_data import Example, as_treebank, read_rated, read_reviews, select, with_lukewarm
from nlpcli.training.upper_layers import UpperLayers, UpperRecipe


class Scales(NamedTuple):
    """An affine map of the logits of three classes: of half the distance of the poles, and of neutral above their mean.

    Both are multiplied (`poles`, `neutral`); added are `bias` to neutral, and to the poles `lean` times
    neutral, and `tilt`.
    """

    poles: float = 1.0
    neutral: float = 1.0
    bias: float = 0.0
    lean: float = 0.0
    tilt: float = 0.0

    def of(self, logits: Tensor) -> Tensor:
        """The logits (texts, classes) mapped."""
        matrix, bias = self.affine()
        return logits @ matrix.T + bias

    def affine(self) -> tuple[Tensor, Tensor]:
        """The matrix, and what is added."""
        poles = torch.tensor([-self.poles - self.lean, 2 * self.lean, self.poles - self.lean]) / 2
        neutral = torch.tensor([-0.5, 1.0, -0.5]) * self.neutral
        return torch.stack([-poles, neutral, poles]), torch.tensor([-self.tilt, self.bias, self.tilt])


LARGE = UpperRecipe()
UPPER_HALF = UpperRecipe(rank=32, alpha=64, epochs=2, averaging=0.995)
ALL_LAYERS = UpperRecipe(
    frozen_layers=0, rank=32, alpha=64, rate_of_adapters=4e-4, rate_of_head=1e-4, last_rate=0.0, warm_up=0.06
)
# Adapters of rank 44 in float16 are 7.6 MB.
ONCE_MORE = replace(ALL_LAYERS, rank=44, alpha=88, rate_of_adapters=3e-4, left_out=0.1)
# An error of calibration jumps with the edges of its bins: the mean over several numbers of bins hardly does.
_BINS = range(10, 21)
_STEPS = Scales(0.2, 0.2, 0.2, 0.1, 0.1)
_FINEST = 0.05
# Editorials are long and hardly ever anything but neutral.
_SHARE = {"nytEditorialSnippets": 0.35}
_FILMS = "movieReviewSnippets"
_CHINESE_AT_FIRST = 8000
_TRANSLATED = 3500
_THEN = {"english": 7000, "portuguese": 2000, "phrases": 5000}
_LAST = {"english": 3000, "portuguese": 800, "phrases": 1500}


def learn_large(base: Path, data: Path, stages: Stages, progress: ProgressCallback) -> dict[str, Tensor]:
    """The trained tensors of the large one by their names in its classifier."""
    generator = random.Random(0)
    chosen = _some(select(read_rated(data / "train.tsv"), "train"), generator)
    examples = [replace(e, text=as_treebank(e.text) if generator.random() < 0.5 else e.text) for e in chosen]
    model = UpperLayers(base, LARGE, progress)
    return _learnt(model, examples, stages, "large")


def learn_multilingual(
    base: Path, large_base: Path, data: Path, stages: Stages, progress: ProgressCallback
) -> dict[str, Tensor]:
    """The trained tensors of the multilingual one by their names in its classifier, not yet calibrated.

    `learn_large` comes before, `fitted_scales` and `scaled` after.
    """
    rated = select(read_rated(data / "train.tsv"), "train")
    generator = random.Random(0)
    english = [
        replace(e, text=as_treebank(e.text)) if e.source == _FILMS and generator.random() < 0.4 else e
        for e in _some(rated, generator)
    ]
    chinese = select(read_reviews(data / "zh-train.tsv", "zh"), "train")
    portuguese = _translated(rated, stages, progress)
    taught = _taught(phrases(rated, PhrasesRecipe()), large_base, stages, progress)
    first = [*random.Random(0).sample(chinese, _CHINESE_AT_FIRST), *english, *portuguese, *taught]
    _learnt(UpperLayers(base, UPPER_HALF, progress), first, stages, "multilingual-upper")
    then = [*chinese, *chinese, *_sample(_THEN, random.Random(2), english, portuguese, taught)]
    model = UpperLayers(base, ALL_LAYERS, progress)
    model.begin_from(_file(stages, "multilingual-upper"), UPPER_HALF.frozen_layers)
    before = _learnt(model, then, stages, "multilingual")
    reviews = [with_lukewarm(review) for review in chinese]
    last = [*reviews, *_sample(_LAST, random.Random(3), english, portuguese, taught)]
    model = UpperLayers(base, ONCE_MORE, progress)
    model.begin_from(_file(stages, "multilingual"), ALL_LAYERS.frozen_layers)
    return averaged(before, _learnt(model, last, stages, "multilingual-last"), ONCE_MORE.rank)


def scaled(trained: Mapping[str, Tensor], scales: Scales) -> dict[str, Tensor]:
    """The classifier with its logits mapped by its last layer."""
    matrix, bias = scales.affine()
    return {
        **trained,
        "classifier.weight": matrix @ trained["classifier.weight"],
        "classifier.bias": matrix @ trained["classifier.bias"] + bias,
    }


def fitted_scales(tenths: Sequence[tuple[Tensor, Tensor]]) -> Scales:
    """Those by which the expected calibration error, averaged over sets of (logits, labels), is least.

    No one temperature is right for reviews of which nobody was asked whether they are neutral, and for texts of which
    people were. One constant at a time is moved, by ever smaller steps, as long as that helps.
    """
    best, least, share = Scales(), _error(Scales(), tenths), 1.0
    while share > _FINEST:
        before = best
        for place, step in enumerate(_STEPS):
            for move in (step * share, -step * share):
                tried = Scales(*(value + move * (at == place) for at, value in enumerate(best)))
                error = _error(tried, tenths)
                if error < least - 1e-6:
                    best, least = tried, error
        if best == before:
            share /= 2
    return best


def _error(scales: Scales, tenths: Sequence[tuple[Tensor, Tensor]]) -> float:
    errors = [
        expected_calibration_error(scales.of(logits).softmax(-1), labels, bins)
        for logits, labels in tenths
        for bins in _BINS
    ]
    return sum(errors) / len(errors)


def averaged(one: Mapping[str, Tensor], other: Mapping[str, Tensor], rank: int) -> dict[str, Tensor]:
    """The mean of two trainings (Wortsman et al. 2022, "Model soups"): of each layer the mean change, cut to `rank`.

    Both have the names of the classifier, and the same scale.
    """
    made = {}
    for name, tensor in one.items():
        layer = name.removesuffix(".lora_A")
        if name.endswith(".lora_B"):
            continue
        if layer == name:
            made[name] = (tensor + other[name]) / 2
            continue
        downs = torch.cat([tensor, other[name]])
        ups = torch.cat([one[f"{layer}.lora_B"], other[f"{layer}.lora_B"]], dim=1) / 2
        left, of_left = torch.linalg.qr(ups)
        right, of_right = torch.linalg.qr(downs.T)
        first, values, second = torch.linalg.svd(of_left @ of_right.T)
        roots = values[:rank].sqrt()
        made[f"{layer}.lora_B"] = left @ first[:, :rank] * roots
        made[name] = (right @ second.T[:, :rank] * roots).T
    return made


def _sample(
    sizes: dict[str, int], some: random.Random, english: list[Example], portuguese: list[Example], taught: list[Example]
) -> list[Example]:
    chosen = some.sample(english, sizes["english"])
    chosen += some.sample(portuguese, sizes["portuguese"])
    return chosen + some.sample(taught, sizes["phrases"])


def _learnt(model: UpperLayers, examples: Sequence[Example], stages: Stages, name: str) -> dict[str, Tensor]:
    if not _file(stages, name).exists():
        with stages.timed(name):
            states = model.lower_states([e.text for e in examples], stages.work / f"{name}-states.safetensors")
            model.learn(examples, states, _file(stages, name))
    return model.named_as_classifier(load_file(_file(stages, name)))


def _file(stages: Stages, name: str) -> Path:
    return stages.work / f"{name}.safetensors"


def _some(examples: Sequence[Example], generator: random.Random) -> list[Example]:
    return [example for example in examples if generator.random() < _SHARE.get(example.source, 1.0)]


def _taught(texts: list[str], base: Path, stages: Stages, progress: ProgressCallback) -> list[Example]:
    """What the large one says of texts."""
    path = _file(stages, "phrases")
    if not path.exists():
        with stages.timed("rating"):
            large = UpperLayers(base, LARGE, progress)
            large.recall(_file(stages, "large"))
            save_file({"logits": large.logits(texts)}, path)
    return answered(texts, load_file(path)["logits"])


def _translated(rated: Sequence[Example], stages: Stages, progress: ProgressCallback) -> list[Example]:
    """Some of the texts in Portuguese, by the command line as users have it."""
    some = random.Random(1).sample([e for e in rated if e.source != "nytEditorialSnippets"], _TRANSLATED)
    source, target = stages.work / "english.txt", stages.work / "portuguese.txt"
    if not target.exists():
        progress("translating")
        source.write_text("".join(f"{' '.join(e.text.split())}\n" for e in some), encoding="utf-8")
        command = [sys.executable, "-m", "nlpcli", "translate", "--from", "en", "--to", "pt"]
        with stages.timed("translation"):
            subprocess.run([*command, "-i", str(source), "-o", str(target)], check=True)
    lines = target.read_text(encoding="utf-8").splitlines()
    return [replace(example, text=line) for example, line in zip(some, lines, strict=True)]

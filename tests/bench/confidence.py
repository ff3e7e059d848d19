"""What `--scores` is calibrated by: python tests/bench/confidence.py FOLDER (with dev.en and dev.pt of FLORES).

Translates each line, fits a logistic curve from the mean log-probability of its translation to the chrF that this has, and
prints the two constants that `calibration` in catalog.toml holds, with what the curve says beside what was reached.
"""

import sys
from pathlib import Path

import numpy as np
import sacrebleu
import torch
from contest import run_task, task_of

from nlpcli.models.cache import resolve
from nlpcli.pipelines.translation import confidence
from nlpcli.pipelines.translation.confidence import Calibration
from nlpcli.runtime.device import choose, describe_hardware
from nlpcli.tasks.translate import TranslateOptions

PAIRS = {("en", "pt"): "starter/en-pt", ("pt", "en"): "starter/pt-en"}


def fitted(roots, reached):
    """The curve with the least squares of what it says and what was reached."""
    curve = np.array([1.0, 1.0])
    for _ in range(100):
        said = 1 / (1 + np.exp(-(curve[0] * roots + curve[1])))
        slopes = (said * (1 - said))[:, None] * np.stack([roots, np.ones_like(roots)], 1)
        curve += np.linalg.lstsq(slopes, reached - said, rcond=None)[0]
    return Calibration(*(float(value) for value in curve.round(3)))


def main():
    folder = Path(sys.argv[1])
    hardware = describe_hardware()
    placement = choose(hardware)
    torch.set_num_threads(hardware.cores)
    confidence.DIGITS = 12
    everything = []
    for (source, target), name in PAIRS.items():
        model = resolve(name, None, False, lambda text, fraction=None: None)
        task = task_of("translate", TranslateOptions(source=source, scores=True), model, placement)
        task._calibration = (1.0, 0.0)
        lines, references = (
            (folder / f"dev.{language}").read_text(encoding="utf-8").splitlines() for language in (source, target)
        )
        results = [record.result for record in run_task(task, lines, None, placement, hardware)]
        said = np.array([result["confidence"] for result in results])
        roots = -np.log((1 - said) / said)
        reached = np.array(
            [
                sacrebleu.sentence_chrf(result["translation"], [reference]).score / 100
                for result, reference in zip(results, references, strict=True)
            ]
        )
        everything.append((roots, reached))
        report(name, roots, reached)
    report("both", *(np.concatenate(parts) for parts in zip(*everything, strict=True)))


def report(name, roots, reached):
    curve = fitted(roots, reached)
    order = roots.argsort()
    print(f"{name}: slope {curve.slope}, offset {curve.offset}; correlation {np.corrcoef(roots, reached)[0, 1]:.2f}")
    for part in np.array_split(order, 10):
        said = 1 / (1 + np.exp(-(curve.slope * roots[part] + curve.offset)))
        print(f"  says {said.mean():.2f}, chrF {reached[part].mean():.2f}")


if __name__ == "__main__":
    main()

"""How fast `sentiment` is beside a loop over transformers' pipeline with the same weights:
python tests/bench/sentiment.py SENTENCES.txt (AVX2=1: as on a CPU with AVX2 alone)
"""

import sys

from contest import compare, lines_of, run_task, task_of, this_hardware  # first: it says how threads wait

# isort: split

import torch
from transformers import pipeline

from nlpcli.__main__ import collect_garbage_rarely
from nlpcli.models.cache import resolve
from nlpcli.runtime.device import choose
from nlpcli.tasks.sentiment import SentimentOptions


def main():
    collect_garbage_rarely()
    lines = lines_of(sys.argv)
    model = resolve("starter/sentiment", None, False, lambda text, fraction=None: None)
    hardware = this_hardware()
    placement = choose(hardware)

    def ours(dtype, **how):
        placed = choose(hardware, "auto", dtype)
        task = task_of("sentiment", SentimentOptions(), model, placed)
        return lambda: run_task(task, lines, None, placed, hardware, **how)

    classify = pipeline("sentiment-analysis", model=str(model.folder), device=placement.device, dtype=torch.float32)
    contestants = {
        "nlpcli": ours("auto"),
        **{f"nlpcli, --dtype {dtype}": ours(dtype) for dtype in ("int8", "float32")},
        "nlpcli, --exact": ours("auto", exact=True),
        "nlpcli, --threads 1": ours("auto", threads=1),
        "pipeline, batch_size=32": lambda: classify(lines, batch_size=32, truncation=True),
        "loop over the pipeline": lambda: [classify(line, truncation=True) for line in lines],
    }
    compare(contestants, "nlpcli", lines, placement, hardware)


if __name__ == "__main__":
    main()

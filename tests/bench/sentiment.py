"""How fast `sentiment` is beside a loop over transformers' pipeline with the same weights:
python tests/bench/sentiment.py SENTENCES.txt
"""

import sys

import torch
from contest import compare, lines_of, run_task, task_of
from transformers import pipeline

from nlpcli.models.cache import resolve
from nlpcli.runtime.device import choose, describe_hardware, padded_tokens_per_batch
from nlpcli.tasks.sentiment import SentimentOptions


def main():
    lines = lines_of(sys.argv)
    model = resolve("starter/sentiment", None, False, lambda text, fraction=None: None)
    hardware = describe_hardware()
    placement = choose(hardware)

    def nlpcli(dtype):
        chosen = choose(hardware, "auto", dtype)
        task = task_of("sentiment", SentimentOptions(), model, chosen)
        budget = padded_tokens_per_batch(hardware, chosen)
        return lambda: run_task(task, lines, budget, chosen, hardware)

    classify = pipeline("sentiment-analysis", model=str(model.folder), device=placement.device, dtype=torch.float32)
    contestants = {
        "nlpcli": nlpcli("auto"),
        **{f"nlpcli, --dtype {dtype}": nlpcli(dtype) for dtype in ("int8", "float32")},
        "pipeline, batch_size=32": lambda: classify(lines, batch_size=32, truncation=True),
        "loop over the pipeline": lambda: [classify(line, truncation=True) for line in lines],
    }
    compare(contestants, "nlpcli", lines, placement, hardware)


if __name__ == "__main__":
    main()

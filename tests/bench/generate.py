"""How fast `generate` is beside its peers, and what weights in fewer bits cost: python tests/bench/generate.py TEXT.txt

Tokens a second of one prompt and of 32, all contestants in turn, medians; the perplexity of the file's first 2,000
tokens in each dtype; and what the first token of a new process waits for. llama.cpp takes part where `llama_cpp` can be
imported and a `.gguf` file is named behind the text.
"""

import math
import statistics
import subprocess
import sys
import time
from pathlib import Path

import torch

from nlpcli.device import choose, describe_hardware
from nlpcli.models.cache import ready_to_load, resolve
from nlpcli.models.loading import load_causal_lm, load_tokenizer
from nlpcli.pipelines.generation import load_generation_pipeline

ROUNDS = 3
MANY = 32
# Short prompts: reading them is another matter than writing.
PROMPT_TOKENS = 12
TOKENS = {1: 64, MANY: 32}
DTYPES = ("float32", "bfloat16", "int8", "int4")
REFERENCE = "transformers bfloat16"
PERPLEXITY_TOKENS, WINDOW = 2000, 500
COLD_START = """
import time; start = time.perf_counter()
def lap(what):
    print(f"  {what:34} {time.perf_counter() - start:6.2f} s since the start", flush=True)
from nlpcli.device import choose, describe_hardware
from nlpcli.models.cache import ready_to_load, resolve
from nlpcli.pipelines.generation import load_generation_pipeline
import torch
placement = choose(describe_hardware()); lap("imports")
quiet = lambda text, fraction=None: None
model = ready_to_load(resolve("starter/smollm2", None, True, quiet), quiet)
pipeline = load_generation_pipeline(model, placement); lap("model and tokenizer loaded")
prompt = pipeline.prompt_of_messages([{"role": "user", "content": "What is the capital of France?"}])
pipeline.complete([prompt], 1); lap("first token")
"""


def quietly(text, fraction=None):
    pass


def ours(model, dtype, hardware):
    pipeline = load_generation_pipeline(model, choose(hardware, "cpu", dtype))
    pipeline.ends = frozenset()  # every contestant writes as many tokens
    return lambda prompts, count: pipeline.complete(prompts, count)


def transformers_own(model, dtype):
    from nlpcli.device import Placement

    module = load_causal_lm(model, Placement("cpu", dtype, "", ""))

    def generate(prompts, count):
        longest = max(map(len, prompts))
        padded = torch.tensor([[0] * (longest - len(prompt)) + prompt for prompt in prompts])
        mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
        with torch.inference_mode():
            module.generate(
                padded, attention_mask=mask, do_sample=False, max_new_tokens=count, min_new_tokens=count, pad_token_id=0
            )

    return generate


def transformers_continuous(model, dtype):
    from transformers import GenerationConfig

    from nlpcli.device import Placement

    module = load_causal_lm(model, Placement("cpu", dtype, "", ""))

    def generate(prompts, count):
        config = GenerationConfig(max_new_tokens=count, do_sample=False, eos_token_id=-1, pad_token_id=0)
        module.generate_batch(prompts, generation_config=config, progress_bar=False)

    return generate


def llama_cpp(file, hardware):
    from llama_cpp import Llama

    llama = Llama(str(file), n_ctx=1024, n_threads=hardware.cores, verbose=False, logits_all=False)

    def generate(prompts, count):
        for prompt in prompts:
            llama.reset()
            for written, _ in enumerate(llama.generate(prompt, temp=0), start=1):
                if written == count:
                    break

    return generate


def prompts_of(lines, tokenizer, count):
    chosen = [line for line in lines if len(line) > 40][:count]
    return [tokenizer(line)["input_ids"][:PROMPT_TOKENS] for line in chosen]


def rates(contestants, prompts, count):
    """Name → median tokens a second."""
    times = {name: [] for name in contestants}
    for _ in range(ROUNDS):
        for name, generate in contestants.items():
            start = time.perf_counter()
            generate(prompts, count)
            times[name].append(time.perf_counter() - start)
    return {name: len(prompts) * count / statistics.median(runs) for name, runs in times.items()}


def perplexity(model, dtype, hardware, text):
    """exp of the mean negative log-likelihood, in windows that start anew."""
    pipeline = load_generation_pipeline(model, choose(hardware, "cpu", dtype))
    tokens = pipeline.tokenizer(text)["input_ids"][:PERPLEXITY_TOKENS]
    windows = torch.tensor(tokens[: len(tokens) // WINDOW * WINDOW]).view(-1, WINDOW)
    losses = []
    with torch.inference_mode():
        for window in windows:
            logits = pipeline.model(input_ids=window[None]).logits[0].float()
            losses.append(torch.nn.functional.cross_entropy(logits[:-1], window[1:]).item())
    return math.exp(statistics.mean(losses))


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(f"usage: python {sys.argv[0]} TEXT.txt [MODEL.gguf]")
    text = Path(sys.argv[1]).read_text(encoding="utf-8")
    model = ready_to_load(resolve("starter/smollm2", None, False, quietly), quietly)
    hardware = describe_hardware()
    torch.set_num_threads(hardware.cores)
    prompts = prompts_of(text.splitlines(), load_tokenizer(model), MANY)
    contestants = {
        REFERENCE: transformers_own(model, "bfloat16"),
        "transformers float32": transformers_own(model, "float32"),
        **{f"nlpcli {dtype}": ours(model, dtype, hardware) for dtype in DTYPES},
    }
    if len(sys.argv) == 3:
        contestants["llama.cpp"] = llama_cpp(Path(sys.argv[2]), hardware)
    one = rates(contestants, prompts[:1], TOKENS[1])
    contestants["transformers generate_batch float32"] = transformers_continuous(model, "float32")
    many = rates(contestants, prompts, TOKENS[MANY])
    print(f"{hardware.cpu_name}, {hardware.cores} cores; tokens a second, median of {ROUNDS}")
    print(f"{'':36} {'1 prompt':>9} {'ratio':>6} {f'{MANY} prompts':>11} {'ratio':>6} {f'{MANY} to 1':>8}")
    for name, rate in many.items():
        alone = f"{one[name]:9.1f} {one[name] / one[REFERENCE]:6.2f}" if name in one else f"{'':16}"
        scale = f"{rate / one[name]:8.1f}" if name in one else ""
        print(f"{name:36} {alone} {rate:11.1f} {rate / many[REFERENCE]:6.2f} {scale}")
    print(f"perplexity of {PERPLEXITY_TOKENS} tokens of {sys.argv[1]}, in windows of {WINDOW}")
    for dtype in DTYPES:
        print(f"  {dtype:10} {perplexity(model, dtype, hardware, text):8.3f}", flush=True)
    print("a new process, until its first token", flush=True)
    subprocess.run([sys.executable, "-c", COLD_START], check=True)


if __name__ == "__main__":
    main()

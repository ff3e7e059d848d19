"""Which clauses of long sentences a starter model loses: python tests/bench/clauses.py [--whole] [--each N].

Constructed sentences of 40 to 200 tokens, in both directions, as `nlpcli translate` translates them; with `--whole` as the
model translates them uncut, up to 127 tokens, and how many of the losses the check for omissions sees. And on FLORES
dev, where it is (--flores FOLDER): how many lines the check marks.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

import torch
from contest import run_task, task_of

sys.path.insert(0, str(Path(__file__).parent.parent))
from clauses import sentences_of_lengths

from nlpcli.models.cache import resolve
from nlpcli.runtime.device import choose, describe_hardware
from nlpcli.tasks.translate import TranslateOptions

MODELS = {"en": "starter/en-pt", "pt": "starter/pt-en"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--each", type=int, default=12)
    parser.add_argument("--flores", type=Path)
    arguments = parser.parse_args()
    hardware = describe_hardware()
    placement = choose(hardware)
    torch.set_num_threads(hardware.cores)
    for language, name in MODELS.items():
        model = resolve(name, None, False, lambda text, fraction=None: None)
        task = task_of("translate", TranslateOptions(source=language), model, placement)
        if arguments.flores:
            lines = (arguments.flores / f"dev.{language}").read_text(encoding="utf-8").splitlines()
            results = [record.result for record in run_task(task, lines, None, placement, hardware)]
            print(f"{name}: {sum('warning' in result for result in results)} of {len(lines)} lines are marked")
        elif arguments.whole:
            whole(task._translator, language, name, arguments.each)
        else:
            in_parts(task, language, name, arguments.each, placement, hardware)


def in_parts(task, language, name, each, placement, hardware):
    made = sentences_of_lengths(language, lambda text: task._translator.cost(text, language), range(40, 210, 10), each)
    found = run_task(task, [clauses.text for _, clauses in made], None, placement, hardware)
    losing, marked = Counter(), 0
    for (start, clauses), record in zip(made, found, strict=True):
        lost = clauses.lost(record.result["translation"])
        losing[start] += bool(lost)
        marked += "warning" in record.result
        if lost:
            print(f"  {start}: {', '.join(lost)} ({record.result.get('warning')}): {record.result['translation']}")
    print(f"{name}: of {each} sentences a bin, lose a clause: {dict(losing)}; {marked} are marked")


def whole(translator, language, name, each):
    made = sentences_of_lengths(language, lambda text: translator.cost(text, language), range(40, 130, 10), each)
    losing, seen, false = Counter(), 0, 0
    for place in range(0, len(made), 32):
        batch = made[place : place + 32]
        found = translator.translate([clauses.text for _, clauses in batch], language, False)
        for (start, clauses), translation in zip(batch, found, strict=True):
            lost = bool(clauses.lost(translation.text))
            losing[start] += lost
            seen += lost and bool(translation.left_out or not translation.complete)
            false += bool(translation.left_out) and not lost
    print(f"{name}: of {each} sentences a bin, lose a clause: {dict(losing)}; {seen} seen, {false} false alarms")


if __name__ == "__main__":
    main()

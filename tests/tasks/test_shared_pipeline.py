"""What stays loaded knows nothing of a run: two runs over one pipeline, side by side, give what each gives alone."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from tiny import save_causal_lm, save_classifier, save_seq2seq, save_token_classifier
from tiny_translation import save_bergamot

from nlpcli.engines.job import Job, ModelSpec
from nlpcli.engines.local import Execution, run_loaded
from nlpcli.models.reference import LocalModel
from nlpcli.records.inputs import InputSpec
from nlpcli.records.record import Origin, Record
from nlpcli.records.writers import encode_json
from nlpcli.runtime.arrivals import ReadAhead
from nlpcli.runtime.device import Hardware, Placement
from nlpcli.tasks.base import load
from nlpcli.tasks.registry import TASKS

HARDWARE = Hardware("test", frozenset(), 2)
FLOAT32 = Placement("cpu", "float32", "", "")
TEXTS = ["a b c", "d", "e f g h i j. k l m n! o p", "q r s t u"] * 3
# Where a name can stand; and fewer and shorter, because what a tiny model translates is searched for anew, with more beams.
TEXTS_OF = {"bias": ["{} a b c", "d {}"] * 3, "translate": ["a b", "d", "e", "q r"]}
# Task → the maker of its model, the options of both runs. A second row of a task: another of its pipelines.
CASES = [
    ("attention-inspect", save_classifier, {"layers": (0,)}, {"method": "rollout", "top": 2}),
    ("embed", save_classifier, {"pooling": "cls", "dimension": 4}, {"pooling": "mean", "precision": "int8"}),
    ("embed", save_classifier, {"result": "search", "query": "a b"}, {"normalize": False, "prompt": "c "}),
    ("extract", save_token_classifier, {"offsets": "bytes"}, {"count": True}),
    ("generate", save_causal_lm, {"seed": 3, "count": 2, "max_tokens": 6}, {"greedy": True, "max_tokens": 5}),
    ("sentiment", save_classifier, {"all_scores": True}, {"result": "aggregate"}),
    ("sentiment", save_causal_lm, {"labels": ("a", "b")}, {"labels": ("c", "d", "e"), "hypothesis": "f {}"}),
    ("summarize", save_seq2seq, {"max_words": 3}, {"length": "long", "bullets": True}),
    ("summarize", save_classifier, {"method": "extractive"}, {"method": "extractive", "max_words": 2}),
    ("words", save_classifier, {"top": 3}, {"result": "analogy", "method": "mul"}),
    ("bias", save_classifier, {"result": "swap"}, {"result": "swap", "label": "neutral"}),
    ("translate", save_bergamot, {"source": "en", "shortlist": False}, {"source": "en", "glossary": (("d", "z"),)}),
]


def run(name, options, loaded, gate=None):
    """The results of one run as bytes."""
    job = Job(name, TASKS[name].load_module().OPTIONS(**options), InputSpec(), ModelSpec("tiny"))
    records = [Record(text, {}, Origin("x", number)) for number, text in enumerate(TEXTS_OF.get(name, TEXTS), start=1)]
    if gate:
        gate.wait()
    done = run_loaded(job, loaded, ReadAhead(records), Execution(HARDWARE, threads=2, budget=64))
    return [(record.error, encode_json(record.result)) for record in done]


def test_every_task_has_a_case():
    assert {name for name, *_ in CASES} == TASKS.keys()


@pytest.mark.parametrize(("name", "save", "first", "second"), CASES)
def test_two_runs_side_by_side_give_what_each_gives_alone(name, save, first, second, tmp_path):
    model = LocalModel("tiny", save(tmp_path))

    def loaded():
        return load(name, TASKS[name].load_module().OPTIONS(**first), model, FLOAT32)

    expected = [run(name, options, loaded()) for options in (first, second)]
    assert expected[0] != expected[1]
    shared, gate = loaded(), Barrier(2)
    with ThreadPoolExecutor(2) as threads:
        for _ in range(2):
            assert list(threads.map(lambda options: run(name, options, shared, gate), (first, second))) == expected

"""`--exact`: vectors and labels are the same bit for bit whatever stands beside a text."""

import random

import numpy as np
import pytest
import torch
from tiny import save_causal_lm, save_classifier
from transformers import AutoModel, AutoTokenizer, BertConfig, BertForSequenceClassification

from nlpcli.engines import local
from nlpcli.engines.exact import one_at_a_time
from nlpcli.engines.host import Host
from nlpcli.engines.job import ComputeSpec, Job, ModelSpec
from nlpcli.engines.worker_pool import WorkerPool
from nlpcli.errors import OutOfMemory
from nlpcli.records.inputs import InputSpec
from nlpcli.records.record import Origin, Record
from nlpcli.runtime.arrivals import ReadAhead
from nlpcli.runtime.batching import Unit
from nlpcli.tasks.embed import EmbedOptions
from nlpcli.tasks.generate import GenerateOptions
from nlpcli.tasks.sentiment import SentimentOptions

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
OPTIONS = {
    "embed": EmbedOptions(),
    "sentiment": SentimentOptions(all_scores=True),
    "labels": SentimentOptions(labels=("a b", "c", "d e f"), all_scores=True),
}


def texts():
    """Of every length, two windows too."""
    chance = random.Random(0)
    return [" ".join(chance.choices(_LETTERS, k=chance.randint(1, 40))) for _ in range(48)]


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    """Wide enough that products of different shapes differ in their last bits."""
    folder = save_classifier(tmp_path_factory.mktemp("wide"))
    torch.manual_seed(0)
    config = BertConfig.from_pretrained(folder)
    config.update({"hidden_size": 192, "intermediate_size": 384, "num_attention_heads": 4})
    model = BertForSequenceClassification(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def encoder(classifier, tmp_path_factory):
    """The same without its head, whose vectors decide between labels of the user's own."""
    folder = tmp_path_factory.mktemp("encoder")
    AutoModel.from_pretrained(classifier).save_pretrained(folder)
    AutoTokenizer.from_pretrained(classifier).save_pretrained(folder)
    return folder


@pytest.fixture
def folder_of(classifier, encoder):
    return {"embed": encoder, "sentiment": classifier, "labels": encoder}


def results(run, folder, task, records, **compute):
    """Text → the numbers of its result, as bytes."""
    job = Job(
        "embed" if task == "embed" else "sentiment",
        OPTIONS[task],
        InputSpec(),
        ModelSpec(str(folder)),
        ComputeSpec("cpu", **compute),
    )
    found = {}
    for record in run(job, [Record(text, {}, Origin("t", n)) for n, text in enumerate(records)]):
        assert record.error is None, record.error
        numbers = record.result["embedding"] if task == "embed" else list(record.result["scores"].values())
        found[record.text] = np.asarray(numbers).tobytes()
    return found


def run_here(job, records):
    return local.run(job, records, local.no_progress)


def run_in_host(job, records):
    return Host(1 << 30).run(job, ReadAhead(records))


@pytest.mark.parametrize("task", OPTIONS)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int8"])
def test_a_text_is_the_same_in_any_order_batch_and_number_of_threads(task, dtype, folder_of):
    given, folder = texts(), folder_of[task]
    expected = results(run_here, folder, task, given, dtype=dtype, threads=1, batch_tokens=64, exact=True)
    for seed, (threads, budget) in enumerate([(2, 32), (3, 1000), (2, None)]):
        shuffled = random.Random(seed).sample(given, len(given))
        found = results(run_here, folder, task, shuffled, dtype=dtype, threads=threads, batch_tokens=budget, exact=True)
        assert found == expected
    for text in given[:5]:
        assert results(run_here, folder, task, [text], dtype=dtype, exact=True)[text] == expected[text]


def test_without_it_last_bits_differ(encoder):
    """Else the test above would prove nothing."""
    given = texts()
    one, other = (
        results(run_here, encoder, "embed", given, dtype="float32", batch_tokens=budget) for budget in (16, 1000)
    )
    assert one != other


def test_the_worker_gives_what_a_run_here_gives(encoder):
    given = texts()[:12]
    here, there = (
        results(run, encoder, "embed", given, dtype="float32", exact=True) for run in (run_here, run_in_host)
    )
    assert here == there


def test_a_text_that_does_not_fit_is_an_error_in_its_place():
    def run(units):
        return OutOfMemory("too long") if units[0].cost > 3 else [units[0].cost]

    batches = [[Unit(5, None), Unit(2, None)], [Unit(1, None)]]
    outcomes = list(one_at_a_time(WorkerPool("cpu", 2))(run, batches))
    assert isinstance(outcomes[0][0], OutOfMemory)
    assert (outcomes[0][1], outcomes[1]) == (2, [1])


def completions(run, folder, prompts, **options):
    """Prompt → its completion, by the decoder that `auto` takes on a CPU."""
    job = Job(
        "generate",
        GenerateOptions(max_tokens=16, seed=0, **options),
        InputSpec(),
        ModelSpec(str(folder)),
        ComputeSpec("cpu", exact=True),
    )
    records = list(run(job, [Record(text, {}, Origin("t", n)) for n, text in enumerate(prompts)]))
    assert all(record.error is None for record in records)
    return {record.text: record.result["completion"] for record in records}


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_completion_is_the_same_alone_and_beside_others(tmp_path, monkeypatch, temperature):
    """Beside prompts that begin alike, too, whose beginning is computed once, and those of which drafts come."""
    monkeypatch.setenv("NLPCLI_CACHE_DIR", str(tmp_path / "cache"))
    folder = save_causal_lm(tmp_path / "model", "llama", head_dim=16, max_position_embeddings=128)
    shared = " ".join("abcdefghijklmnopqrstuvwxyz")
    prompts = [f"{shared} {end}" for end in ("a b", "c", "d e f")] + ["a b c " * 8, "x y", "q"]
    alone = {}
    for prompt in prompts:
        alone |= completions(run_here, folder, [prompt], temperature=temperature)
    assert len(set(alone.values())) > 1
    assert completions(run_here, folder, prompts, temperature=temperature) == alone
    assert completions(run_here, folder, prompts[::-1], temperature=temperature) == alone
    assert completions(run_in_host, folder, prompts, temperature=temperature) == alone

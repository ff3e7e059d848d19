"""The public Python API."""

import inspect
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from tiny import save_classifier, save_seq2seq

import nlpcli
from nlpcli.errors import UsageError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return str(save_classifier(tmp_path_factory.mktemp("tiny")))


def test_what_is_exported():
    assert nlpcli.__all__ == [
        "LoadedTask",
        "SummarizationPipeline",
        "Text2TextGenerationPipeline",
        "TranslationPipeline",
        "__version__",
        "load",
    ]
    assert all(getattr(nlpcli, name) is not None for name in nlpcli.__all__)


def test_an_unknown_name_is_answered_with_those_that_exist():
    with pytest.raises(AttributeError, match="has no attribute 'lod'; it has: .*load"):
        _ = nlpcli.lod


def test_importing_the_package_imports_nothing_else():
    script = "import sys, nlpcli; print([name for name in sys.modules if name.startswith('nlpcli')])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['nlpcli']"


def test_a_loaded_task_maps_texts_to_results_and_takes_options_by_call(folder):
    embed = nlpcli.load("embed", folder, dtype="float32")
    first, second = embed(["a b", "c"])
    assert first["embedding"].shape == second["embedding"].shape == (32,)
    (short,) = embed(["a b"], dimension=4, normalize=False)
    assert short["embedding"].shape == (4,)
    assert np.array_equal(embed(["a b"])[0]["embedding"], first["embedding"])


def test_results_stream(folder):
    embed = nlpcli.load("embed", folder)

    def endless():
        while True:
            yield "a b c"

    results = embed.stream(endless())
    assert all("embedding" in next(results) for _ in range(3))


def test_what_cannot_be_processed_is_an_error_in_its_place(folder):
    inspect = nlpcli.load("attention-inspect", folder)
    whole, long = inspect(["a b", "a b c d " * 40])
    assert whole["tokens"] == ["[CLS]", "a", "b", "[SEP]"]
    assert list(long) == ["error"]


def test_threads_share_a_loaded_task(folder):
    classify = nlpcli.load("sentiment", folder, dtype="float32", all_scores=True)
    texts = ["a b c", "d e", "f"]
    expected = classify(texts)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: classify(texts), range(8))) == [expected] * 8


def test_wrong_names_are_refused_with_the_nearest_one(folder):
    with pytest.raises(UsageError, match="sentiment"):
        nlpcli.load("sentimant", folder)
    with pytest.raises(UsageError, match="dimension"):
        nlpcli.load("embed", folder, dimensions=4)
    with pytest.raises(UsageError, match="normalize"):
        nlpcli.load("embed", folder)(["a"], normalise=True)


def test_the_pipelines_of_v4_are_public(tmp_path):
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    folder = save_seq2seq(tmp_path, "bart")
    summarize = nlpcli.SummarizationPipeline(
        model=AutoModelForSeq2SeqLM.from_pretrained(folder), tokenizer=AutoTokenizer.from_pretrained(folder)
    )
    assert "summary_text" in summarize("a b c d", max_new_tokens=4)[0]


def test_the_documentation_shows_the_arguments_of_load():
    page = (Path(__file__).parents[1] / "docs" / "python.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"`load\((.*?)\)`", page, re.DOTALL)
    takes = inspect.signature(nlpcli.load)
    bare = [each.replace(annotation=inspect.Parameter.empty) for each in takes.parameters.values()]
    assert " ".join(shown.split()).replace('"', "'") == str(inspect.Signature(bare)).strip("()")

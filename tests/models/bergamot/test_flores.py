"""Sentences of the real world: what a batch gives is what each of them gives alone, in float32 and in int8."""

from pathlib import Path

import pytest
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

import nlpcli.models.bergamot  # noqa: F401 - makes transformers know these models
from nlpcli.kernels.linear import libraries
from nlpcli.models.students.greedy import GreedyTranslator
from nlpcli.models.students.shortlist import SHORTLIST_FILE, Shortlist
from nlpcli.runtime.precision import Kernel

pytestmark = pytest.mark.starter
SENTENCES = Path(__file__).resolve().parents[4] / "shared" / "data" / "flores" / "dev.en"
# Every so many lines: short and long ones, 40 of 997.
STRIDE = 25


@pytest.fixture(scope="module")
def sources(en_pt):
    if not SENTENCES.is_file():
        pytest.skip("FLORES is not there: it is looked for in shared/data/flores beside the repository")
    lines = SENTENCES.read_text(encoding="utf-8").splitlines()[::STRIDE]
    return AutoTokenizer.from_pretrained(en_pt)(lines)["input_ids"]


@pytest.mark.parametrize(("shortlisted", "int8"), [(False, False), (True, False), (True, True)])
def test_a_batch_gives_what_each_sentence_gives_alone(sources, en_pt, shortlisted, int8):
    if int8 and "fbgemm" not in libraries():
        pytest.skip("this CPU or build of torch has no FBGEMM")
    model = AutoModelForSeq2SeqLM.from_pretrained(en_pt, dtype="float32")
    shortlist = Shortlist(en_pt / SHORTLIST_FILE, shared=True) if shortlisted else None
    translate = GreedyTranslator(model, shortlist, Kernel.INT8_STATIC if int8 else Kernel.PLAIN)
    together = translate(sources)
    assert together == [translate([source])[0] for source in sources]
    assert all(translation.complete for translation in together)

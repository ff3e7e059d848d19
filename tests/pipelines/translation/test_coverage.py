"""What a translation leaves out is noticed by the attention of the model."""

from pathlib import Path

import pytest
import torch

from nlpcli.models.loading import load_seq2seq, load_tokenizer
from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.translation.coverage import left_out, may_leave_out
from nlpcli.pipelines.translation.translators import BergamotModel, Translated
from nlpcli.runtime.device import choose, describe_hardware
from nlpcli.tasks.translate import TranslateOptions

SENTENCE = (
    "The old bridge over the river was closed this morning, because the engineers of the city had found deep"
    " cracks in two of its pillars, and the buses will take another road until the end of the summer."
)


def test_the_longest_stretch_that_nothing_looked_at_is_named_by_its_place_in_the_text() -> None:
    looked_at = [0.01] * 14
    looked_at[1] = looked_at[12] = looked_at[13] = 0.9
    offsets = [(place * 2, place * 2 + 1) for place in range(14)]

    assert left_out(looked_at, offsets) == (4, 23)


def test_a_short_stretch_is_no_omission() -> None:
    looked_at = [0.01] * 14
    looked_at[5] = looked_at[0] = 0.9

    assert left_out(looked_at, [(place, place + 1) for place in range(14)]) is None


def test_only_a_translation_that_is_short_for_its_source_is_looked_into() -> None:
    assert may_leave_out(40, 20)
    assert not may_leave_out(40, 36)
    assert not may_leave_out(8, 1)


@pytest.mark.starter
def test_a_starter_translation_that_loses_its_clauses_is_noticed_and_a_whole_one_is_not(en_pt: Path) -> None:
    model = LocalModel("starter/en-pt", en_pt)
    tokenizer = load_tokenizer(model)
    module = load_seq2seq(model, choose(describe_hardware(), "cpu", "float32"))
    translator = BergamotModel(module, tokenizer, None).translator(TranslateOptions())
    rows = tokenizer([SENTENCE])["input_ids"]
    (whole,) = translator._greedy(rows)
    assert whole.looked_at is not None
    assert torch.allclose(whole.looked_at, translator._looked_at(rows[0], whole.token_ids), atol=1e-3)
    cut = Translated(whole.token_ids[: len(whole.token_ids) // 2], complete=True)

    assert translator.translate([SENTENCE], "en", False)[0].left_out == ""
    assert translator._left_out([SENTENCE], rows, [whole]) == {}
    assert translator._left_out([SENTENCE], rows, [cut])[0].endswith("end of the summer.")

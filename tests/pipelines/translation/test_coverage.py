"""What a translation leaves out is noticed by the attention of the model."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from nlpcli.models.loading import load_seq2seq, load_tokenizer
from nlpcli.models.reference import LocalModel
from nlpcli.models.students.loading import Student
from nlpcli.pipelines.translation.bergamot import BergamotModel, Translated
from nlpcli.pipelines.translation.coverage import Source, left_out, may_leave_out, said_twice
from nlpcli.runtime.device import choose, describe_hardware
from nlpcli.runtime.precision import FLOAT32
from nlpcli.tasks.translate import TranslateOptions

SENTENCE = (
    "The old bridge over the river was closed this morning, because the engineers of the city had found deep"
    " cracks in two of its pillars, and the buses will take another road until the end of the summer."
)


TEXT = "Anna bought a red car, Boris sold the old house, and Clara wrote a very long letter."


def source_of(text: str, looked_at: list[float]) -> Source:
    offsets = [match.span() for match in re.finditer(r"[\w'.]+|,", text)]
    return Source(text, "en", offsets, np.array([*looked_at, *[0.9] * (len(offsets) - len(looked_at))], np.float32))


def test_a_clause_that_nothing_looked_at_is_named() -> None:
    source = source_of(TEXT, [0.9] * 6 + [0.1] * 5)
    translation = "Anna comprou um carro vermelho e Clara escreveu uma carta muito longa."
    assert may_leave_out(source.text, translation, source.looked_at)
    assert left_out(source, translation) == "Boris sold the old house"


def test_a_few_words_that_nothing_looked_at_are_no_omission() -> None:
    assert left_out(source_of(TEXT, [0.9, 0.0, 0.0, 0.9, 0.9, 0.9, 0.9, 0.0]), TEXT) == ""


def test_a_long_stretch_of_a_clause_is_an_omission() -> None:
    text = "Anna bought a red car from the man who owned the shop that sold such things to the rich people of the town"
    assert left_out(source_of(text, [0.9] * 5 + [0.02] * 9), text).startswith("from the man")


def test_a_name_that_is_missing_and_was_not_looked_at_is_an_omission() -> None:
    looked_at = [0.9] * 6 + [0.05]
    assert left_out(source_of(TEXT, looked_at), "Anna comprou um carro, vendeu a casa, e Clara escreveu.") == "Boris"
    assert left_out(source_of(TEXT, looked_at), "Anna comprou um carro, Bóris vendeu a casa, e Clara escreveu.") == ""
    assert left_out(source_of(TEXT, [0.9] * 7), "Anna comprou um carro, vendeu a casa, e Clara escreveu.") == ""


def test_of_a_long_sentence_a_name_can_get_lost_that_was_looked_at() -> None:
    text = "Anna sang, Boris slept, " + "and they all went on to do the same thing again " * 5
    looked_at = [0.9] * 3 + [0.7]
    assert left_out(source_of(text, looked_at), "Anna cantou, dormiu") == "Boris"
    assert left_out(source_of(text[:40], looked_at), "Anna cantou, dormiu") == ""


def test_a_word_of_several_pieces_was_looked_at_where_one_of_them_was() -> None:
    text = "They were calm, blissful, and glad."
    offsets = [(0, 4), (5, 9), (10, 14), (14, 15), (16, 18), (18, 20), (20, 21), (21, 24), (24, 25)]
    for most, expected in ((0.6, ""), (0.1, "blissful")):
        looked_at = np.array([0.9, 0.9, 0.9, 0.9, most, 0.2, 0.0, 0.1, 0.1], np.float32)
        assert left_out(Source(text, "en", offsets, looked_at), "Eles estavam calmos, felizes e contentes.") == expected


def test_a_common_word_with_a_capital_is_translated_and_no_name_that_is_missing() -> None:
    text = "It is a World Heritage Site of Boris today."
    offsets = [match.span() for match in re.finditer(r"[\w]+|\.", text)]
    source = Source(text, "en", offsets, np.array([0.9] * 5 + [0.05, 0.9, 0.9, 0.9, 0.9], np.float32), str.islower)
    assert left_out(source, "É hoje um Patrimônio Mundial de Boris.") == ""


def test_a_translation_that_looked_at_everything_is_not_searched() -> None:
    source = source_of(TEXT, [])
    assert not may_leave_out(source.text, TEXT, source.looked_at)


@pytest.mark.parametrize(
    ("text", "translation", "twice"),
    [
        ("Eu li o livro.", "I read the book that I read the book that day", "i read the book that"),
        ("a b c d e f a b c d e", "v w x y z f v w x y z", ""),
        # More words than in the source, which says the same twice.
        ("a b c d e f a b c d e", "u v w x y z f u v w x y z", ""),
        ("a b c d e f a b c d e", "v w x y z v w x y z v w x y z v w x y z", "v w x y z"),
        ("Não sei.", "I do not know.", ""),
        ("", "", ""),
    ],
)
def test_words_are_said_twice_only_where_the_source_has_nothing_twice(text: str, translation: str, twice: str) -> None:
    assert said_twice(text, translation) == twice


@pytest.mark.starter
def test_a_starter_translation_that_loses_its_clauses_is_noticed_and_a_whole_one_is_not(en_pt: Path) -> None:
    model = LocalModel("starter/en-pt", en_pt)
    tokenizer = load_tokenizer(model)
    module = load_seq2seq(model, choose(describe_hardware(), "cpu", "float32"))
    translator = BergamotModel(Student(module, lambda: module, FLOAT32), tokenizer, None).translator(TranslateOptions())
    rows = tokenizer([SENTENCE])["input_ids"]
    (whole,) = translator._greedy(rows)
    assert whole.looked_at is not None
    without = Translated(whole.token_ids, complete=True)
    assert torch.allclose(whole.looked_at, translator._looked_at(rows, [without])[0], atol=1e-3)
    cut = Translated(whole.token_ids[: len(whole.token_ids) // 2], complete=True)

    assert translator.translate([SENTENCE], "en", False)[0].left_out == ""
    for found, expected in ((whole, ""), (cut, "and the buses will take another road until the end of the summer.")):
        (decoded,) = tokenizer.batch_decode([found.token_ids])
        assert translator._left_out([SENTENCE], "en", rows, [found], [decoded]) == [expected]

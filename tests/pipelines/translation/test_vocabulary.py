"""What a tokenizer lacks is found by asking it, whatever its kind."""

import pytest
from tiny_translation import FAMILIES, save_bergamot
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from nlpcli.models.loading import load_tokenizer
from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.translation.vocabulary import BothVocabularies, Vocabulary


@pytest.fixture(scope="module")
def bergamot(tmp_path_factory):
    folder = save_bergamot(tmp_path_factory.mktemp("bergamot"))
    return Vocabulary(load_tokenizer(LocalModel("tiny", folder)))


def test_characters_that_become_unknown_or_others_are_lacking(bergamot):
    assert bergamot.lacks("a cat, dog!") == set()
    assert bergamot.lacks("£5 ½ cat²“x”") >= set("£½²“”")


@pytest.mark.parametrize("kind", ["m2m100", "nllb", "mbart50", "marian"])
def test_each_family_says_what_it_lacks(kind, tmp_path):
    vocabulary = Vocabulary(AutoTokenizer.from_pretrained(FAMILIES[kind](tmp_path)))
    assert vocabulary.lacks("a dog£") == {"£"}


def test_bytes_make_up_for_characters():
    alphabet = {piece: number for number, piece in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    tokenizer = Tokenizer(models.BPE(alphabet, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel()
    tokenizer.decoder = decoders.ByteLevel()
    vocabulary = Vocabulary(PreTrainedTokenizerFast(tokenizer_object=tokenizer))
    assert vocabulary.lacks("£ 😀 “x”") == set()


def test_two_models_in_a_row_lack_what_either_lacks(bergamot):
    class Other:
        def lacks(self, text):
            return {"c"} & set(text)

    assert BothVocabularies(bergamot, Other()).lacks("c£") == {"c", "£"}

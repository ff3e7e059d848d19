import pytest
from tiny import save_tokenizer
from transformers import AutoTokenizer

from nlpcli.pipelines.emoji import emoji_namer


@pytest.fixture
def name_emoji(tmp_path):
    save_tokenizer(tmp_path)
    return emoji_namer(AutoTokenizer.from_pretrained(tmp_path))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("so 😡", "so  pouting face "),
        ("👍🏽", " thumbs up sign "),
        ("❤️ it", " heavy black heart  it"),
        ("plain text", "plain text"),
        ("很好。", "很好。"),
        ("caf\u00e9 – “quoted” €5", "caf\u00e9 – “quoted” €5"),
    ],
)
def test_an_unknown_emoji_becomes_its_name(name_emoji, text, named):
    assert name_emoji(text) == named


def test_a_tokenizer_that_knows_every_byte_keeps_them(tmp_path):
    class Bytes:
        unk_token_id = None

        def __call__(self, text, add_special_tokens):
            return {"input_ids": list(text.encode())}

    assert emoji_namer(Bytes())("so 😡") == "so 😡"

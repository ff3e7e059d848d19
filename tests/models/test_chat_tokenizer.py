"""What reads a decoder's tokens without transformers reads them as transformers does."""

import shutil

import pytest

from nlpcli.models.cache import ready_to_load, resolve
from nlpcli.models.chat_tokenizer import chat_tokenizer
from nlpcli.models.reference import LocalModel

TEXTS = [
    "",
    " ",
    "What is the capital of France?",
    "Ünïcödé, 日本語 🙂\n\ttabs",
    "<|im_start|>user\n<file_sep> 12,345.67",
]
# Templates, and whether they need nothing of transformers.
TEMPLATES = {
    "{% for message in messages %}\n  {{ message.role }}: {{ message['content'] }}\n{% endfor %}x": True,
    "{{ bos_token }}{{ messages[0].content }}": False,
    "{{ messages | tojson }}": False,
    "{% generation %}{{ messages[0].content }}{% endgeneration %}": False,
    "{% set ns = namespace(a=1) %}{{ ns.a }}": False,
}


def quiet(text, fraction=None):
    """Nothing is told."""


@pytest.fixture
def model(starter, tmp_path):
    """The tokenizer's files of the starter that writes, to be changed."""
    found = ready_to_load(resolve("starter/smollm2", None, True, quiet), quiet)
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copy(found.folder / name, tmp_path)
    return LocalModel("smollm2", tmp_path)


def conversation(text):
    return [{"role": "system", "content": text}, {"role": "user", "content": "And now?"}]


@pytest.mark.starter
def test_texts_and_conversations_have_the_tokens_that_transformers_gives_them(model):
    plain = chat_tokenizer(model)
    for text in TEXTS:
        tokens = plain(text, return_attention_mask=False)["input_ids"]
        assert tokens == plain.whole(text)["input_ids"]
        options = {"skip_special_tokens": True, "clean_up_tokenization_spaces": False}
        assert plain.decode(tokens, **options) == plain.whole.decode(tokens, **options)
        ours, theirs = (
            each.apply_chat_template(conversation(text), add_generation_prompt=True, return_dict=True)["input_ids"]
            for each in (plain, plain.whole)
        )
        assert ours == theirs
    assert plain._template is not None
    assert len(plain) == len(plain.whole)
    for role in ("bos_token_id", "eos_token_id", "pad_token_id", "chat_template"):
        assert getattr(plain, role) == getattr(plain.whole, role)


@pytest.mark.starter
def test_a_template_that_needs_more_is_left_to_transformers(model):
    for template, is_plain in TEMPLATES.items():
        (model.folder / "chat_template.jinja").write_text(template, encoding="utf-8")
        plain = chat_tokenizer(model)
        assert (plain._template is not None) == is_plain, template
        ours, theirs = (
            each.apply_chat_template(conversation("Hi"), add_generation_prompt=True, return_dict=True)["input_ids"]
            for each in (plain, plain.whole)
        )
        assert ours == theirs
    (model.folder / "chat_template.jinja").write_bytes(b"\xff")
    assert chat_tokenizer(model) is None

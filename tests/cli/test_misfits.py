"""Tokenizers and templates that do not fit their model: one line that names it, in every task, and nothing else."""

import json
import shutil

import pytest

from tests.tiny import WORDS, save_causal_lm, save_classifier, save_seq2seq
from tests.tiny_translation import save_t5

TEXT = "a zz c. d e f. " * 4
ENCODERS = [
    ("sentiment",),
    ("sentiment", "--labels", "good,bad"),
    ("embed",),
    ("embed", "--search", "a"),
    ("attention-inspect",),
    ("attention-inspect", "--verify"),
    ("summarize", "--method", "extractive", "--length", "short"),
]
DECODERS = [
    ("generate", "--greedy", "--max-tokens", "3"),
    ("generate", "--raw", "--max-tokens", "3"),
    ("translate", "--from", "en", "--to", "de"),
    ("summarize", "--length", "short"),
    ("attention-inspect",),
]
WRITERS = [("generate", "--greedy", "--max-tokens", "3"), ("summarize", "--length", "short"), ("attention-inspect",)]
KINDS = {"encoder": ENCODERS, "decoder": DECODERS, "writer": WRITERS, "translator": [DECODERS[2]]}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    template = "{% for m in messages %}{{ m.content }} {% endfor %}"
    return {
        "encoder": save_classifier(folder / "encoder"),
        "decoder": save_causal_lm(folder / "decoder", "llama", chat_template=template, max_position_embeddings=4096),
        "writer": save_seq2seq(folder / "writer", max_position_embeddings=256),
        "translator": save_t5(_made(folder / "translator")),
    }


def _made(folder):
    folder.mkdir()
    return folder


def change(folder, file, how):
    stated = json.loads((folder / file).read_text())
    how(stated)
    (folder / file).write_text(json.dumps(stated))


def _larger_vocabulary(stated):
    vocabulary = stated["model"]["vocab"]
    for number in range(500):
        word = f"w{number}"
        vocabulary.append([word, -9.0]) if isinstance(vocabulary, list) else vocabulary.setdefault(
            word, len(vocabulary)
        )


def _words_beyond(stated):
    vocabulary = stated["model"]["vocab"]
    if isinstance(vocabulary, list):
        vocabulary[:0] = [[f"w{number}", -99.0] for number in range(500)]
        return
    for word in WORDS[7:]:
        vocabulary[word] = 10_000 + vocabulary[word]


def _token_beyond(stated):
    last = 10_000
    stated["added_tokens"].append({
        "id": last, "content": "zz", "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
        "special": False,
    })  # fmt: skip


def _unknown_property(stated):
    for token in stated["added_tokens"]:
        token["\x1b]0;owned\x07"] = 1


def _no_special_tokens(stated):
    for key in ("pad_token", "eos_token", "unk_token", "bos_token", "cls_token", "sep_token"):
        stated.pop(key, None)


MISFITS = {
    "vocabulary of another model": ("tokenizer.json", _larger_vocabulary),
    "words beyond the embedding": ("tokenizer.json", _words_beyond),
    "token beyond the embedding": ("tokenizer.json", _token_beyond),
    "token with an unknown property": ("tokenizer.json", _unknown_property),
    "no special tokens": ("tokenizer_config.json", _no_special_tokens),
}


@pytest.mark.parametrize("misfit", MISFITS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_tokenizer_that_does_not_fit_is_said_of_its_model(call, models, tmp_path, kind, misfit):
    file, how = MISFITS[misfit]
    folder = shutil.copytree(models[kind], tmp_path / "misfit")
    change(folder, file, how)
    for command, *options in KINDS[kind]:
        done = call(command, "-m", folder, *options, TEXT, "zz b")
        lines = done.complaints.decode().splitlines()
        assert not any(words in done.complaints for words in (b"Traceback", b"mistake of nlpcli")), (command, lines)
        if misfit == "no special tokens":
            assert done.status in (0, 1, 3), lines
        else:
            # 3 where not every record is lost to it.
            assert done.status in (1, 3), (command, done)
            assert "misfit" in lines[-1], lines


def test_no_property_of_a_token_is_printed_among_the_results(nlpcli, models, tmp_path):
    folder = shutil.copytree(models["encoder"], tmp_path / "misfit")
    change(folder, *MISFITS["token with an unknown property"])
    done = nlpcli("embed", "-m", folder, "a")
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"\x1b" not in done.stderr
    assert b"of a token" in done.stderr


@pytest.mark.parametrize("value", [[], {}, "x", True])
@pytest.mark.parametrize("key", ["rms_norm_eps", "rope_theta", "head_dim", "hidden_act", "eos_token_id"])
def test_a_configuration_that_nobody_can_compute_with_is_said_of_its_model(call, models, tmp_path, key, value):
    folder = shutil.copytree(models["decoder"], tmp_path / "misfit")
    change(folder, "config.json", lambda stated: stated.update({key: value}))
    done = call("generate", "-m", folder, "--greedy", "--max-tokens", "2", "a b")
    assert done.status in (0, 1)
    assert b"mistake of nlpcli" not in done.complaints


TEMPLATES = [
    "{{ nobody.knows.this }}",
    "{{ raise_exception('no') }}",
    "{{ 1 / 0 }}",
    "{{ messages[7].content }}",
    "{{ messages + 1 }}",
    "{% for x in range(10**9) %}a{% endfor %}",
    "{{ ''.__class__.__mro__ }}",
    "{% if %}",
    "{% include 'x' %}",
    " ",
    7,
]


@pytest.mark.parametrize("template", TEMPLATES, ids=str)
def test_a_chat_template_that_fails_is_said_of_its_model(call, models, tmp_path, template):
    folder = shutil.copytree(models["decoder"], tmp_path / "misfit")
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    change(folder, "tokenizer_config.json", lambda stated: stated.update(chat_template=template))
    for command, *options in (DECODERS[0], *DECODERS[2:4]):
        done = call(command, "-m", folder, *options, TEXT)
        lines = done.complaints.decode().splitlines()
        assert done.status in (1, 3), (command, lines)
        assert ("misfit" in lines[-1], "mistake of nlpcli" in lines[-1]) == (True, False), (command, lines)

"""The teacher, with a tiny random MPNet in its place."""

import pytest
import torch
from transformers import MPNetConfig, MPNetModel

from nlpcli.training.sentiment_data import Example
from nlpcli.training.teacher import Teacher, TeacherRecipe
from tests.tiny import WORDS, save_tokenizer

RECIPE = TeacherRecipe(frozen_layers=1, rank=2, alpha=4, sources=("films", "tweets"), epochs=2, averaging=0.5,
                       batch_tokens=32, rate_of_adapters=0.01, rate_of_head=0.01)  # fmt: skip
EXAMPLES = [
    Example(text, 2 if "a" in text else 0, 3.0 if "a" in text else -3.0, (0, 0, 1) if "a" in text else (1, 0, 0), source)
    for text in ("a b c", "d e f", "a a", "e", "x y a z", "x y z")
    for source in ("films", "tweets", "editorials")
    for _ in range(8)
]  # fmt: skip


def quiet(text, fraction=None):
    pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mpnet")
    torch.manual_seed(0)
    config = MPNetConfig(vocab_size=len(WORDS), hidden_size=32, num_hidden_layers=3, num_attention_heads=4,
                         intermediate_size=64, max_position_embeddings=140, pad_token_id=0)  # fmt: skip
    MPNetModel(config).save_pretrained(folder)
    save_tokenizer(folder, segments=False)
    return folder


@pytest.fixture(scope="module")
def taught(folder, tmp_path_factory):
    teacher = Teacher(folder, RECIPE, quiet)
    path = tmp_path_factory.mktemp("taught") / "teacher.safetensors"
    teacher.learn(EXAMPLES, path)
    return teacher, path


def test_it_learns_what_the_raters_said(taught):
    teacher, _ = taught
    answers = teacher.answers(["a b c", "d e f"])
    assert answers.logits.argmax(-1).tolist() == [2, 0]


def test_what_it_learnt_can_be_taken_up_again(taught, folder):
    teacher, path = taught
    another = Teacher(folder, RECIPE, quiet)
    another.recall(path)
    assert torch.allclose(another.answers(["x y a", "e"]).logits, teacher.answers(["x y a", "e"]).logits, atol=1e-5)


def test_padding_changes_no_answer(taught):
    teacher, _ = taught
    together = teacher.answers(["a", "x y a z e f b c d"])
    alone = [teacher.answers(["a"]), teacher.answers(["x y a z e f b c d"])]
    assert torch.allclose(together.logits, torch.cat([answers.logits for answers in alone]), atol=1e-5)
    for state, answers in zip(together.states, alone, strict=True):
        assert torch.allclose(state, answers.states[0], atol=1e-3)


def test_there_is_a_state_for_every_token(taught):
    teacher, _ = taught
    texts = ["x y a z", "e"]
    lengths = [len(state) for state in teacher.answers(texts).states]
    assert lengths == [len(row) for row in teacher._token_ids(texts)]


def test_its_layers_are_those_of_the_whole_encoder(folder):
    teacher = Teacher(folder, RECIPE, quiet)
    row = teacher._token_ids(["a b x"])[0]
    hidden, mask = teacher._through_lower([row])
    upper = teacher._upper.base_model.model
    expected = MPNetModel.from_pretrained(folder).eval()(torch.tensor([row])).last_hidden_state.mean(1)
    with torch.no_grad():
        assert torch.allclose(teacher._upper.eval()(hidden, mask), upper.head(expected), atol=1e-5)

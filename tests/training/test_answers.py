import torch

from nlpcli.training.answers import Answers


def test_what_was_written_is_read_again(tmp_path):
    answers = Answers(["a b", "你好"], torch.randn(2, 3), [torch.randn(4, 5).half(), torch.randn(2, 5).half()])
    answers.save(tmp_path / "rated.safetensors")
    again = Answers.load(tmp_path / "rated.safetensors")
    assert again.texts == answers.texts
    assert torch.equal(again.logits, answers.logits)
    assert all(torch.equal(one, other) for one, other in zip(again.states, answers.states, strict=True))
    assert [path.name for path in tmp_path.iterdir()] == ["rated.safetensors"]

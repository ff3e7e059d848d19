"""What becomes of texts that the pipeline cannot take."""

import pytest

from nlpcli.errors import InputBroken, ModelUnusable, OutOfMemory
from nlpcli.runtime.batching import Unit
from nlpcli.tasks.attention import AttentionOptions, AttentionTask


class Pipeline:
    def __init__(self, error):
        self.error = error

    def inspect(self, text, request):
        raise self.error


def run(error):
    (outcome,) = AttentionTask(AttentionOptions(), Pipeline(error)).run([Unit(1, "a")])
    return outcome


@pytest.mark.parametrize("error", [InputBroken("too long"), OutOfMemory("too large")])
def test_an_error_of_one_text_stands_in_its_place(error):
    assert run(error) is error


def test_a_machine_that_runs_out_of_memory_says_what_to_do():
    outcome = run(RuntimeError("DefaultCPUAllocator: can't allocate memory"))
    assert isinstance(outcome, OutOfMemory)
    assert "--layer and --head" in str(outcome)


@pytest.mark.parametrize("error", [ModelUnusable("no weights"), RuntimeError("a bug"), ZeroDivisionError()])
def test_what_is_wrong_with_the_model_ends_the_run(error):
    with pytest.raises(type(error)):
        run(error)


def test_fields_depend_on_what_was_asked_for():
    assert list(AttentionOptions().fields) == ["tokens", "heads"]
    assert list(AttentionOptions(verify=True).fields) == ["tokens", "heads", "verification"]

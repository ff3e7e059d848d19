"""What many rows write at once is what `model.generate` writes for each prompt by hand."""

from contextlib import closing

import pytest
import torch

from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.chat import Refused
from nlpcli.pipelines.generation.continuous import Ending
from nlpcli.pipelines.generation.pipeline import load_generation_pipeline
from nlpcli.pipelines.generation.sampling import Sampling
from nlpcli.runtime.device import Placement
from tests.tiny import CAUSAL, LONGEST, save_causal_lm

CPU = Placement("cpu", "float32", "", "")
TEXTS = ["a b c", "d", "e f g h i j k l", "m n", "o p q r s", "a b c d e f g h i j k l m n"]
DRAWN = Sampling(temperature=1.5)
CHAT = "{% for m in messages %}{{ m.role[0] }} {{ m.content }} {% endfor %}{% if add_generation_prompt %}a{% endif %}"
NO_SYSTEM = "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}x"


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    loaded = {}

    def load_pipeline(kind, chat_template=None):
        key = (kind, chat_template)
        if key not in loaded:
            folder = save_causal_lm(tmp_path_factory.mktemp(kind), kind, chat_template)
            loaded[key] = load_generation_pipeline(LocalModel(kind, folder), CPU)
        return loaded[key]

    return load_pipeline


def by_hand(pipeline, prompt, max_tokens):
    tokens = pipeline.model.generate(torch.tensor([prompt]), max_new_tokens=max_tokens, do_sample=False)
    return pipeline.tokenizer.decode(tokens[0, len(prompt) :], skip_special_tokens=True).strip()


def finished(batch, requests):
    """Owner → the last event of its text; the batch is left."""
    batch.submit(requests)
    last = {}
    with closing(batch), torch.inference_mode():
        while not batch.is_idle:
            last |= {event.request.owner: event for event in batch.advance()}
    return last


@pytest.mark.parametrize("kind", CAUSAL)
@pytest.mark.parametrize("rows", [1, 2, 32])
def test_greedy_texts_are_those_of_generate_however_many_rows_there_are(load, monkeypatch, kind, rows):
    monkeypatch.setattr("nlpcli.pipelines.generation.completer._CPU_ROWS", rows)
    pipeline = load(kind)
    prompts = [pipeline.prompt_of_text(text) for text in TEXTS]
    expected = [by_hand(pipeline, prompt, 9) for prompt in prompts]
    assert [text.strip() for text in pipeline.complete(prompts, 9)] == expected
    assert len(set(expected)) > 2


def test_what_is_drawn_with_a_seed_is_the_same_alone_and_beside_others(load):
    pipeline = load("llama")
    prompts = [pipeline.prompt_of_text(text) for text in TEXTS]
    together = pipeline.complete(prompts, 8, DRAWN, seed=3)
    assert [pipeline.complete([prompt], 8, DRAWN, seed=3)[0] for prompt in prompts] == together
    assert pipeline.complete(prompts, 8, DRAWN, seed=4) != together


def test_the_budget_bounds_the_rows_and_changes_no_text(load):
    pipeline = load("gpt2")
    prompts = [pipeline.prompt_of_text(text) for text in TEXTS]
    batch = pipeline.batch(pipeline.greedy(), budget=25)
    most = 0
    batch.submit(pipeline.request(number, prompt, 8) for number, prompt in enumerate(prompts))
    texts = {}
    with torch.inference_mode():
        while not batch.is_idle:
            events = batch.advance()
            most = max(most, len(events))
            texts |= {event.request.owner: event.text for event in events}
    assert [texts[number] for number in range(len(prompts))] == pipeline.complete(prompts, 8)
    assert 1 < most < len(prompts)


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_memory_that_runs_out_starts_over_with_fewer_rows_and_the_same_texts(load, monkeypatch, caplog, kind):
    pipeline = load(kind)
    prompts = [pipeline.prompt_of_text(text) for text in TEXTS]
    expected = pipeline.complete(prompts, 8)
    decoder = pipeline._decoder()
    step = decoder.step

    def step_of_few(tokens):
        if len(tokens) > 2 and decoder._cache.slots.longest > 6:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return step(tokens)

    monkeypatch.setattr(decoder, "step", step_of_few)
    monkeypatch.setattr(pipeline, "_decoder", lambda: decoder)
    assert pipeline.complete(prompts, 8) == expected
    assert "going on with at most 3 texts at a time" in caplog.text


def test_buffers_are_given_back_before_starting_over(load):
    decoder = load("llama")._decoder()
    with torch.inference_mode():
        decoder.add([[7, 8], [9, 10]])
        decoder.step([11, 12])
        decoder.clear()
    assert decoder.rows == 0
    assert not any(layer.is_initialized for layer in decoder._cache.layers)


def test_a_prompt_that_never_fits_into_memory_is_said_to(load, monkeypatch):
    pipeline = load("gpt2")
    decoder = pipeline._decoder()

    def fail(tokens):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(decoder, "step", fail)
    monkeypatch.setattr(pipeline, "_decoder", lambda: decoder)
    batch = pipeline.batch(pipeline.greedy())
    endings = finished(batch, [pipeline.request(number, [7, 8], 4) for number in range(3)])
    assert {event.ending for event in endings.values()} == {Ending.MEMORY}


def failing_at(pipeline, monkeypatch, poison, after=0):
    """A decoder that raises at prompts which hold a token, after so many steps of theirs."""
    decoder = pipeline._decoder()
    add, step, clear, remove = decoder.add, decoder.step, decoder.clear, decoder.remove
    poisoned = []

    def add_noted(prompts):
        add(prompts)
        poisoned.extend([after if poison in prompt else None for prompt in prompts])

    def step_or_fail(tokens):
        if 0 in poisoned:
            raise IndexError("index out of range in self")
        poisoned[:] = [left if left is None else left - 1 for left in poisoned]
        return step(tokens)

    def clear_noted():
        poisoned.clear()
        clear()

    def remove_noted(number):
        last = poisoned.pop()
        if number < len(poisoned):
            poisoned[number] = last
        remove(number)

    for name, function in (
        ("add", add_noted),
        ("step", step_or_fail),
        ("clear", clear_noted),
        ("remove", remove_noted),
    ):
        monkeypatch.setattr(decoder, name, function)
    monkeypatch.setattr(pipeline, "_decoder", lambda: decoder)


@pytest.mark.parametrize("bad", [{0}, {3}, {5}, {1, 2}, {0, 2, 4}])
@pytest.mark.parametrize("after", [0, 3])
def test_what_the_model_fails_at_ends_alone_and_the_others_write_what_they_would(load, monkeypatch, bad, after):
    pipeline = load("llama")
    good = [pipeline.prompt_of_text(text) for text in TEXTS]
    expected = pipeline.complete(good, 8)
    poison = pipeline.prompt_of_text("z")[-1]
    assert not any(poison in prompt for prompt in good)
    prompts = [[poison, *prompt] if number in bad else prompt for number, prompt in enumerate(good)]
    failing_at(pipeline, monkeypatch, poison, after)
    batch = pipeline.batch(pipeline.greedy())
    found = finished(batch, [pipeline.request(number, prompt, 8) for number, prompt in enumerate(prompts)])
    assert {number for number, event in found.items() if event.ending is Ending.FAILED} == bad
    assert all(isinstance(found[number].error, IndexError) for number in bad)
    assert all(found[number].text == expected[number] for number in range(len(TEXTS)) if number not in bad)


@pytest.mark.parametrize("count", [1, 3, 30])
def test_a_model_that_fails_at_everything_ends_the_run(load, monkeypatch, count):
    pipeline = load("gpt2")
    failing_at(pipeline, monkeypatch, 7)
    batch = pipeline.batch(pipeline.greedy())
    with pytest.raises(IndexError, match="out of range"):
        finished(batch, [pipeline.request(number, [7, 7, 8], 4) for number in range(count)])


def test_a_prompt_that_cannot_even_begin_ends_alone(load):
    pipeline = load("gpt2")

    def fails():
        raise ValueError("no such state")

    requests = [pipeline.request(number, [7, 8], 4) for number in range(5)]
    requests[3].matcher = fails
    found = finished(pipeline.batch(pipeline.greedy()), requests)
    assert [found[number].ending is Ending.FAILED for number in range(5)] == [False, False, False, True, False]


def test_each_text_says_why_it_ended(load):
    pipeline = load("gpt2")
    prompt = pipeline.prompt_of_text("a b c")
    words = by_hand(pipeline, prompt, 6).split()
    ends = {
        "most": pipeline.request("most", prompt, 4),
        "stop": pipeline.request("stop", prompt, 6, stop=(words[2],)),
        "context": pipeline.request("context", prompt, 400),
    }
    monkey_ends, pipeline.ends = pipeline.ends, frozenset()
    try:
        last = finished(pipeline.batch(pipeline.greedy()), ends.values())
    finally:
        pipeline.ends = monkey_ends
    assert last["most"].ending is Ending.MAX_TOKENS
    assert last["most"].text.split() == by_hand(pipeline, prompt, 4).split()
    assert (last["stop"].ending, last["stop"].text.split()) == (Ending.STOP, words[: words.index(words[2])])
    assert last["context"].ending is Ending.CONTEXT
    pipeline.ends = frozenset({pipeline.tokenizer.convert_tokens_to_ids(words[0])})
    try:
        ended = finished(pipeline.batch(pipeline.greedy()), [pipeline.request("end", prompt, 6)])["end"]
    finally:
        pipeline.ends = monkey_ends
    assert (ended.ending, ended.text) == (Ending.END, "")


def test_a_text_may_fill_the_context_and_goes_no_further(load):
    pipeline = load("gpt2")
    batch = pipeline.batch(pipeline.greedy())
    batch._ends = frozenset()
    (event,) = finished(batch, [pipeline.request(0, [7] * (LONGEST - 2), 400)]).values()
    assert event.ending is Ending.CONTEXT
    assert len(event.text.split()) <= 2


def test_a_chat_template_makes_the_prompt(load):
    pipeline = load("llama", CHAT)
    assert pipeline.is_chat
    messages = [{"role": "system", "content": "x"}, {"role": "user", "content": "b c"}]
    assert pipeline.prompt_of_messages(messages) == pipeline.prompt_of_text("s x u b c a")
    assert not load("llama").is_chat


def test_a_template_that_refuses_a_system_message_says_so(load):
    pipeline = load("llama", NO_SYSTEM)
    with pytest.raises(Refused, match="the chat template of .*: System role not supported"):
        pipeline.prompt_of_messages([{"role": "system", "content": "a"}])


def test_an_empty_text_begins_with_the_token_that_begins_texts(load):
    assert load("gpt2").prompt_of_text("") == [2]


def test_what_is_not_asked_for_is_drawn_as_the_model_says_else_as_transformers_does(load):
    pipeline = load("gpt2")
    assert pipeline.sampling() == Sampling(0.7, 1.0, 50)
    assert pipeline.sampling(0.2, 0.9, 3) == Sampling(0.2, 0.9, 3)
    config = pipeline.model.generation_config
    before = (config.do_sample, config.temperature, config.top_k)
    config.do_sample, config.temperature, config.top_k = True, 0.3, 7
    try:
        assert pipeline.sampling() == Sampling(0.3, 1.0, 7)
        assert pipeline.sampling(top_k=0) == Sampling(0.3, 1.0, 0)
    finally:
        config.do_sample, config.temperature, config.top_k = before

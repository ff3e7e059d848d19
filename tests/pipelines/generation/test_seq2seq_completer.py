"""What an encoder-decoder model writes for many prompts at once is what `model.generate` writes for each by hand."""

import pytest
import torch

from nlpcli.errors import UsageError
from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.generation.continuous import Ending
from nlpcli.pipelines.generation.loading import load_completer
from nlpcli.pipelines.generation.sampling import Sampling
from nlpcli.runtime.device import Placement
from tests.tiny import LONGEST, SEQ2SEQ, save_seq2seq

CPU = Placement("cpu", "float32", "", "")
TEXTS = ["a b c", "d", "e f g h i j k l", "m n", "o p q r s", "a b c d e f g h i j k l m n"]
# A random model whose output is its embedding says one thing for ever.
UNTIED = {"tie_word_embeddings": False}
DRAWN = Sampling(temperature=1.5)


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    loaded = {}

    def load_one(kind, **config):
        key = (kind, *config.items())
        if key not in loaded:
            folder = save_seq2seq(tmp_path_factory.mktemp(kind), kind, **UNTIED, **config)
            loaded[key] = sharpened(load_completer(LocalModel(kind, folder), CPU))
        return loaded[key]

    return load_one


def sharpened(completer):
    """With weights so large that what is read decides what is written."""
    torch.manual_seed(1)
    for name, parameter in completer.model.named_parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=1.0)
        else:
            torch.nn.init.constant_(parameter, float(name.endswith("weight")))
    return completer


def by_hand(completer, text, max_tokens):
    source = completer.tokenizer(text, return_tensors="pt")["input_ids"]
    tokens = completer.model.generate(source, max_new_tokens=max_tokens, do_sample=False, num_beams=1)
    return completer.tokenizer.decode(tokens[0], skip_special_tokens=True).strip()


@pytest.mark.parametrize("kind", SEQ2SEQ)
@pytest.mark.parametrize("rows", [1, 2, 32])
def test_greedy_texts_are_those_of_generate_however_many_rows_there_are(load, monkeypatch, kind, rows):
    monkeypatch.setattr("nlpcli.pipelines.generation.completer._CPU_ROWS", rows)
    completer = load(kind)
    prompts = [completer.prompt_of_text(text) for text in TEXTS]
    expected = [by_hand(completer, text, 9) for text in TEXTS]
    assert [text.strip() for text in completer.complete(prompts, 9)] == expected
    assert len(set(expected)) > 2


def test_texts_begin_with_the_token_that_the_model_forces(load, monkeypatch):
    completer = load("bart")
    free = by_hand(completer, "a b c", 6)
    monkeypatch.setattr(completer.model.generation_config, "forced_bos_token_id", 20)
    expected = by_hand(completer, "a b c", 6)
    assert completer.complete([completer.prompt_of_text("a b c")], 6) == [expected]
    assert expected.startswith(completer.tokenizer.decode([20]))
    assert not free.startswith(completer.tokenizer.decode([20]))


@pytest.mark.parametrize("kind", ["bart", "t5"])
def test_what_is_drawn_with_a_seed_is_the_same_alone_and_beside_others(load, kind):
    completer = load(kind)
    prompts = [completer.prompt_of_text(text) for text in TEXTS]
    together = completer.complete(prompts, 8, DRAWN, seed=3)
    assert [completer.complete([prompt], 8, DRAWN, seed=3)[0] for prompt in prompts] == together
    assert completer.complete(prompts, 8, DRAWN, seed=4) != together


def test_rows_that_leave_and_rows_that_join_change_no_text(load, monkeypatch):
    completer = load("t5")
    prompts = [completer.prompt_of_text(text) for text in TEXTS * 2]
    lengths = [3, 9, 5, 7, 2, 8] * 2
    expected = [completer.complete([prompt], most)[0] for prompt, most in zip(prompts, lengths, strict=True)]
    monkeypatch.setattr("nlpcli.pipelines.generation.completer._CPU_ROWS", 4)
    batch = completer.batch(completer.greedy())
    batch.submit(
        completer.request(n, prompt, most) for n, (prompt, most) in enumerate(zip(prompts, lengths, strict=True))
    )
    texts, rows = {}, set()
    with torch.inference_mode():
        while not batch.is_idle:
            events = batch.advance()
            rows.add(len(events))
            texts |= {event.request.owner: event.text for event in events if event.ending}
    assert [texts[number] for number in range(len(prompts))] == expected
    assert max(rows) == 4


def test_the_models_own_prefix_stands_before_a_prompt(load):
    plain, prefixed = load("t5"), load("t5", prefix="x y ")
    assert prefixed.prompt_of_text("a") == plain.prompt_of_text("x y a")


def test_a_repetition_is_penalised_in_the_text_alone_as_generate_does(load):
    completer = load("bart")
    prompt = completer.prompt_of_text("a b c d")
    source = torch.tensor([prompt[:-1]])
    tokens = completer.model.generate(source, max_new_tokens=9, do_sample=False, num_beams=1, repetition_penalty=2.0)
    expected = completer.tokenizer.decode(tokens[0], skip_special_tokens=True)
    assert completer.complete([prompt], 9, Sampling(repetition_penalty=2.0)) == [expected]


def test_a_text_may_fill_the_decoder_whatever_the_source_has(load):
    completer = load("bart")
    completer_ends, completer.ends = completer.ends, frozenset()
    try:
        batch = completer.batch(completer.greedy())
        batch.submit([completer.request(0, completer.prompt_of_text(text), 400) for text in TEXTS[-1:]])
        with torch.inference_mode():
            last = [event for _ in range(LONGEST) if not batch.is_idle for event in batch.advance()][-1]
    finally:
        completer.ends = completer_ends
    assert last.ending is Ending.CONTEXT


def test_a_source_that_the_encoder_has_no_room_for_is_said_to_be_too_long(load):
    completer = load("bart")
    assert completer.too_long(completer.prompt_of_text("a " * (LONGEST - 2))) is None
    assert f"reads {LONGEST}" in completer.too_long(completer.prompt_of_text("a " * LONGEST))


def test_a_schema_is_refused(load):
    with pytest.raises(UsageError, match="--schema needs a model that continues text"):
        load("t5").constraint("{}")

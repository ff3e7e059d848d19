"""What a schema guides is valid, whatever the model would rather write: here one of random weights, byte by byte."""

import json

import pytest
import torch
from tokenizers import ByteLevelBPETokenizer
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from nlpcli.errors import ModelUnusable, UsageError
from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.generation.constraint import Constraint
from nlpcli.pipelines.generation.pipeline import load_generation_pipeline
from nlpcli.pipelines.generation.sampling import Sampling
from nlpcli.records.schema import Schema
from nlpcli.runtime.device import Placement
from tests.tiny import save_causal_lm

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 8},
        "born": {"type": "integer", "minimum": 1, "maximum": 2100},
        "kind": {"enum": ["人", "cat"]},
        "tags": {"type": "array", "items": {"type": "boolean"}, "minItems": 1, "maxItems": 2},
    },
    "required": ["name", "born", "kind", "tags"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bytes")
    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator([""], vocab_size=257, special_tokens=["<end>"], show_progress=False)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe._tokenizer, eos_token="<end>")
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    end = tokenizer.eos_token_id
    config = GPT2Config(
        vocab_size=260, n_embd=32, n_layer=1, n_head=2, n_positions=512, eos_token_id=end, bos_token_id=end
    )
    GPT2LMHeadModel(config).save_pretrained(folder)
    return load_generation_pipeline(LocalModel("bytes", folder), Placement("cpu", "float32", "", ""))


def events(pipeline, schema, sampling, count, max_tokens=200, closing=0):
    constraint = pipeline.constraint(json.dumps(schema))
    batch = pipeline.batch(sampling)
    prompt = pipeline.prompt_of_text("x")
    batch.submit(
        pipeline.request(n, prompt, max_tokens, 1, n, constraint=constraint, closing=closing) for n in range(count)
    )
    ended = []
    with torch.inference_mode():
        while not batch.is_idle:
            ended += [event for event in batch.advance() if event.ending]
    return ended


@pytest.mark.parametrize("temperature", [0.0, 1.0, 3.0])
def test_every_text_is_valid_against_its_schema(pipeline, temperature):
    found = events(pipeline, PERSON, Sampling(temperature), 1 if temperature == 0 else 12)
    for event in found:
        person = json.loads(event.text)
        assert event.valid
        assert list(person) == ["name", "born", "kind", "tags"]
        assert len(person["name"]) <= 8
        assert 1 <= person["born"] <= 2100
        assert person["kind"] in ("人", "cat")
        assert 1 <= len(person["tags"]) <= 2
        assert all(isinstance(tag, bool) for tag in person["tags"])


def test_a_text_that_is_cut_short_is_not_called_valid(pipeline):
    (event,) = events(pipeline, PERSON, Sampling(1.0), 1, max_tokens=5)
    assert not event.valid


@pytest.mark.parametrize(
    ("schema", "said"),
    [({"not": {"type": "string"}}, "not"), ({"type": "nonsense"}, "nonsense"), ({"$ref": "http://x/y"}, "http://x/y")],
)
def test_a_schema_that_cannot_be_kept_is_one_line(pipeline, schema, said):
    with pytest.raises(UsageError) as caught:
        pipeline.constraint(json.dumps(schema))
    assert said in str(caught.value)
    assert str(caught.value).startswith("--schema: ")
    assert "\n" not in str(caught.value)


def test_a_tokenizer_that_knows_no_bytes_is_said_to(tmp_path):
    folder = save_causal_lm(tmp_path / "letters")
    letters = load_generation_pipeline(LocalModel("letters", folder), Placement("cpu", "float32", "", ""))
    with pytest.raises(ModelUnusable, match="--schema"):
        Constraint('{"type": "integer"}', letters.tokenizer, sorted(letters.ends))


LONG = {
    "type": "object",
    "properties": {
        "notes": {"type": "array", "items": {"type": "string"}},
        "people": {"type": "array", "items": {**PERSON, "required": ["name"]}},
        "size": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "sent": {"type": "string", "format": "date-time"},
        "mood": {"enum": ["good", "bad"]},
    },
    "required": ["notes", "size", "sent", "mood"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("max_tokens", [128, 160, 200])
@pytest.mark.parametrize("temperature", [0.0, 2.0])
def test_a_text_that_would_be_cut_off_comes_to_a_valid_end(pipeline, max_tokens, temperature):
    schema = Schema(json.dumps(LONG))
    ended = events(pipeline, LONG, Sampling(temperature=temperature), 3, max_tokens, closing=120)
    assert [schema.problem_of(event.text) for event in ended] == [None] * 3
    assert all(event.valid for event in ended)


def test_a_oneof_whose_parts_hold_at_a_time_is_refused_with_what_to_write(pipeline):
    with pytest.raises(UsageError, match="anyOf"):
        pipeline.constraint('{"oneOf": [{"type": "integer"}, {"type": "number"}]}')

"""`/v1/embeddings`: as OpenAI's interface has it, with the vectors of `nlpcli embed`."""

import base64
import json

import numpy as np
import pytest
from openai import BadRequestError, NotFoundError, OpenAI

TEXTS = ["The cat sleeps.", "Stocks fell on Monday.", "", "a b c " * 300, "Wo ist der Bahnhof?"]


@pytest.fixture(scope="session")
def openai(starters):
    return OpenAI(base_url=f"{starters.url}/v1", api_key="none", max_retries=0)


def test_the_unmodified_client_of_openai_gets_the_vectors_of_the_command(starters, openai):
    done = starters.nlpcli("embed", "--no-server", "--input-format", "jsonl", "-F", "jsonl",
                           stdin="".join(json.dumps({"text": text}) + "\n" for text in TEXTS).encode())  # fmt: skip
    wanted = np.array([json.loads(line)["embedding"] for line in done.stdout.splitlines()], "f4")
    answer = openai.embeddings.create(model="starter/minilm", input=TEXTS)
    assert [item.index for item in answer.data] == [0, 1, 2, 3, 4]
    assert np.array([item.embedding for item in answer.data], "f4").tobytes() == wanted.tobytes()
    assert answer.model == "starter/minilm"
    assert answer.usage.prompt_tokens == answer.usage.total_tokens > 300


def test_the_numbers_are_written_as_the_command_writes_them(starters):
    text = "The cat sleeps."
    done = starters.nlpcli("embed", "--no-server", "-F", "jsonl", text)
    answer = starters.post("/v1/embeddings", {"model": "starter/minilm", "input": text})
    inside = done.stdout[done.stdout.index(b'"embedding"') : done.stdout.rindex(b"}")]
    assert inside in answer.content


def test_base64_is_the_same_vector(server, models):
    asked = {"model": str(models["classifier"]), "input": "a b c", "dimensions": 4}
    floats = server.post("/v1/embeddings", asked).json()["data"][0]["embedding"]
    coded = server.post("/v1/embeddings", {**asked, "encoding_format": "base64"}).json()["data"][0]["embedding"]
    assert np.frombuffer(base64.b64decode(coded), "<f4").tolist() == np.array(floats, "f4").tolist()
    assert len(floats) == 4


def test_tokens_of_the_model_stand_for_their_text(starters):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(
        starters.nlpcli("models", "path", "starter/minilm").stdout.decode().strip()
    )
    texts = ["the cat sleeps", "stocks fell"]
    tokens = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]

    def ask(given):
        return starters.post("/v1/embeddings", {"model": "starter/minilm", "input": given}).json()["data"]

    assert ask(tokens) == ask(texts)
    assert ask(tokens[0]) == ask(texts[0])


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"input": []}, "input"),
        ({"input": None}, "input"),
        ({"input": {"text": "a"}}, "input"),
        ({"input": ["a", 3]}, "input"),
        ({"input": [3, [4]]}, "input"),
        ({"input": [[-1]]}, "input"),
        ({"input": [10**9]}, "input"),
        ({"input": [2**70]}, "input"),
        ({"input": "a", "dimensions": 0}, "dimensions"),
        ({"input": "a", "dimensions": 10**6}, "dimensions"),
        ({}, "input"),
        ({"input": "a", "encoding_format": "float16"}, "encoding_format"),
        ({"input": "a", "model": 3}, "model"),
    ],
)
def test_a_wrong_request_says_what_is_wrong(server, models, wrong, field):
    answer = server.post("/v1/embeddings", {"model": str(models["classifier"]), **wrong})
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert error["message"]
    assert field is None or error["param"].startswith(field)


def test_the_client_of_openai_raises_its_own_errors(openai):
    with pytest.raises(NotFoundError, match="not served here"):
        openai.embeddings.create(model="text-embedding-3-small", input="a")
    with pytest.raises(BadRequestError, match="dimension|numbers"):
        openai.embeddings.create(model="starter/minilm", input="a", dimensions=100_000)


@pytest.mark.parametrize(
    "name", ["/etc", "../models", "gpt2", "firefox:en-de", "https://example.org/x", "", "x" * 9999, "\n"]
)
def test_no_client_makes_the_server_read_or_fetch_anything_else(starters, name):
    answer = starters.post("/v1/embeddings", {"model": name or " ", "input": "a"})
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "model_not_found"


def test_the_models_of_the_server_are_listed(server, starters, models, openai):
    assert {item["id"] for item in server.get("/v1/models").json()["data"]} == {str(path) for path in models.values()}
    assert "starter/minilm" in [model.id for model in openai.models.list()]
    assert openai.models.retrieve("starter/minilm").id == "starter/minilm"
    with pytest.raises(NotFoundError):
        openai.models.retrieve("gpt-4")

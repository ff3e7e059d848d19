"""`/v1/chat/completions` and `/v1/completions`: as OpenAI's interface has them, with the texts of `nlpcli generate`."""

import json
import socket
import time

import pytest
from openai import APIStatusError, BadRequestError, OpenAI
from pydantic import BaseModel

PROMPT = "What is the capital of France?"
MODEL = "starter/smollm2"


@pytest.fixture(scope="session")
def openai(starters, pull_starter):
    pull_starter(MODEL)
    return OpenAI(base_url=f"{starters.url}/v1", api_key="none", max_retries=0)


@pytest.fixture(scope="session")
def wanted(starters, openai):
    """What the command writes."""
    done = starters.nlpcli("generate", "--no-server", "--greedy", "--max-tokens", "12", "-F", "jsonl", PROMPT)
    return json.loads(done.stdout)["completion"]


def test_a_conversation_goes_on_as_the_command_does(openai, wanted):
    answer = openai.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": PROMPT}], temperature=0, max_completion_tokens=12
    )
    assert answer.choices[0].message.content == wanted
    assert answer.choices[0].finish_reason in {"stop", "length"}
    assert 0 < answer.usage.completion_tokens <= 12 < answer.usage.prompt_tokens
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_a_streamed_conversation_is_the_same(openai, wanted):
    chunks = list(
        openai.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": [{"type": "text", "text": PROMPT}]}], temperature=0,
            max_tokens=12, stream=True, stream_options={"include_usage": True},
        )
    )  # fmt: skip
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks[:-1]) == wanted
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in chunks[:-1]][-1] in {"stop", "length"}
    assert len(chunks) > 3
    assert chunks[-1].choices == []
    assert chunks[-1].usage.completion_tokens <= 12


class Person(BaseModel):
    name: str
    born: int


def test_an_answer_follows_a_schema(openai):
    asked = [{"role": "user", "content": "Ada Lovelace was born in London in 1815."}]
    answer = openai.chat.completions.parse(
        model=MODEL, messages=asked, response_format=Person, temperature=0, max_tokens=200
    )
    assert isinstance(answer.choices[0].message.parsed, Person)
    plain = openai.chat.completions.create(
        model=MODEL, messages=asked, response_format={"type": "json_object"}, temperature=0, max_tokens=200
    )
    if plain.choices[0].finish_reason == "stop":
        assert isinstance(json.loads(plain.choices[0].message.content), dict)
    cut = openai.chat.completions.create(
        model=MODEL, messages=asked, temperature=0, max_tokens=3,
        response_format={"type": "json_schema", "json_schema": {"name": "p", "schema": Person.model_json_schema()}},
    )  # fmt: skip
    assert cut.choices[0].finish_reason == "length"


def test_the_rest_of_a_conversation_counts(openai):
    def ask(*messages):
        answer = openai.chat.completions.create(model=MODEL, messages=list(messages), temperature=0, max_tokens=8)
        return answer.usage.prompt_tokens

    alone = ask({"role": "user", "content": "Hello"})
    assert ask({"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Hello"}) != alone
    assert ask(
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi, what can I do for you?"},
        {"role": "user", "content": "Hello"},
    ) > alone  # fmt: skip


def test_texts_go_on_as_those_of_the_command(server, models):
    done = server.nlpcli("generate", "--no-server", "--raw", "-m", models["decoder"], "--seed", "3", "--n", "3",
                         "--max-tokens", "6", "-F", "jsonl", "a b c")  # fmt: skip
    wanted = json.loads(done.stdout)["completions"]
    asked = {"model": str(models["decoder"]), "prompt": "a b c", "seed": 3, "n": 3, "max_tokens": 6}
    answer = server.post("/v1/completions", asked).json()
    assert [choice["text"] for choice in answer["choices"]] == wanted
    assert [choice["index"] for choice in answer["choices"]] == [0, 1, 2]
    events = _events(server.post("/v1/completions", {**asked, "stream": True}).text)
    texts = ["", "", ""]
    for event in events:
        texts[event["choices"][0]["index"]] += event["choices"][0]["text"]
    assert texts == wanted
    two = server.post("/v1/completions", {**asked, "prompt": ["a b c", "d"], "n": 1}).json()
    assert two["choices"][0]["text"] == wanted[0]
    assert len(two["choices"]) == 2


def _events(text):
    lines = [line.removeprefix("data: ") for line in text.split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def test_a_stop_ends_a_text(server, models):
    asked = {"model": str(models["decoder"]), "prompt": "a b c", "temperature": 0, "max_tokens": 20}
    whole = server.post("/v1/completions", asked).json()["choices"][0]["text"]
    stop = whole[3:6]
    cut = server.post("/v1/completions", {**asked, "stop": [stop]}).json()["choices"][0]
    assert cut["text"] == whole[: whole.index(stop)]
    assert cut["finish_reason"] == "stop"


def test_tokens_stand_for_their_text(server, models):
    from transformers import AutoTokenizer

    tokens = AutoTokenizer.from_pretrained(models["decoder"])("a b c")["input_ids"]
    asked = {"model": str(models["decoder"]), "temperature": 0, "max_tokens": 5}
    answers = [server.post("/v1/completions", {**asked, "prompt": given}) for given in ("a b c", tokens, [tokens])]
    assert len({answer.json()["choices"][0]["text"] for answer in answers}) == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "wizard", "content": "a"}]}, "messages"),
        ({"messages": [{"role": "tool", "content": "a"}]}, "messages"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]}, "messages"),
        ({"temperature": -1}, "temperature"),
        ({"top_p": 2}, "top_p"),
        ({"n": 0}, "n"),
        ({"n": 129}, "n"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"stop": ""}, "stop"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"logprobs": True}, "logprobs"),
        ({"logprobs": 0}, "logprobs"),
        ({"logit_bias": {"3": 1}}, "logit_bias"),
        ({"frequency_penalty": 1}, "frequency_penalty"),
        ({"response_format": {"type": "json_schema"}}, "response_format"),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": 3}}}}, None),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": [1]}}}, None),
        ({"response_format": {"type": "json_object"}, "stop": "a"}, "stop"),
    ],
)
def test_a_wrong_request_says_what_is_wrong(starters, openai, wrong, field):
    asked = {"model": MODEL, "messages": [{"role": "user", "content": "a"}], "max_tokens": 1, **wrong}
    answer = starters.post("/v1/chat/completions", asked)
    assert answer.status_code == 400, answer.text
    assert field is None or answer.json()["error"]["param"].startswith(field)
    streamed = starters.post("/v1/chat/completions", {**asked, "stream": True})
    assert streamed.status_code == 400
    assert streamed.json() == answer.json()


def test_what_asks_for_nothing_is_no_mistake(openai):
    asked = {"frequency_penalty": 0, "presence_penalty": 0.0, "logit_bias": {}, "logprobs": False, "n": 1}
    answer = openai.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "a"}], max_tokens=1, user="me", seed=-5, top_p=1, **asked
    )
    assert answer.choices[0].message.role == "assistant"


def test_models_that_cannot_do_it_are_refused(server, models, openai):
    with pytest.raises(BadRequestError):
        openai.chat.completions.create(model="starter/minilm", messages=[{"role": "user", "content": "a"}])
    asked = {"model": str(models["decoder"]), "messages": [{"role": "user", "content": "a"}]}
    answer = server.post("/v1/chat/completions", asked)
    assert answer.status_code == 400
    assert "no template" in answer.json()["error"]["message"]


LONG = {
    "model": MODEL,
    "messages": [{"role": "user", "content": "Count to ten thousand."}],
    "max_tokens": 7000,
    "n": 64,
}


def _request(url, body):
    """A connection over which a request was sent."""
    host, port = url.removeprefix("http://").split(":")
    content = json.dumps(body).encode()
    connection = socket.create_connection((host, int(port)))
    connection.sendall(
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        + f"Content-Length: {len(content)}\r\n\r\n".encode() + content
    )  # fmt: skip
    return connection


def _wait_until(holds, seconds=20):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_hangs_up_ends_its_work(starters, openai, stream):
    connection = _request(starters.url, {**LONG, "stream": stream})
    if stream:
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
    else:
        _wait_until(lambda: starters.metric("nlpcli_running") == 1)
        time.sleep(0.3)
    connection.close()
    began = time.monotonic()
    _wait_until(lambda: starters.metric("nlpcli_running") == 0)
    assert time.monotonic() - began < 5
    assert "Traceback" not in starters.printed


def test_too_much_at_a_time_and_too_long_are_refused(serve, pull_starter):
    pull_starter(MODEL)
    limits = ["--max-running", "1", "--max-waiting", "1", "--max-time", "2s"]
    server = serve("-m", MODEL, *limits).wait_until_ready()
    connections = [_request(server.url, {**LONG, "stream": stream}) for stream in (True, False)]
    _wait_until(lambda: server.metric("nlpcli_waiting") == 1)
    refused = server.post("/v1/chat/completions", LONG)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1
    assert refused.json()["error"]["type"] == "rate_limit_error"
    streamed, whole = (connection.makefile("rb").read1 for connection in connections)
    text = b""
    while piece := streamed(65536):
        text += piece
        if b"timeout" in text or text.endswith(b"\r\n0\r\n\r\n"):
            break
    assert b"timeout" in text
    assert b"[DONE]" not in text
    answer = whole(65536)
    assert answer.startswith(b"HTTP/1.1 504"), answer
    _wait_until(lambda: server.metric("nlpcli_running") == 0)
    ended = OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0)
    with pytest.raises(APIStatusError):
        ended.chat.completions.create(**LONG)
    for connection in connections:
        connection.close()


@pytest.mark.parametrize("is_soon", [True, False])
def test_a_server_that_is_ended_answers_what_is_under_way(serve, pull_starter, is_soon):
    """In full where that is soon, else with 503, or in the middle of a stream with an error; nothing is cut."""
    pull_starter(MODEL)
    server = serve("-m", MODEL, "--max-running", "2").wait_until_ready()
    asked = {**LONG, "max_tokens": 3, "n": 1} if is_soon else LONG
    # The last of them waits for its turn.
    connections = [_request(server.url, {**asked, "stream": stream}) for stream in (True, False, False)]
    # Those that are soon done may be: they are to be answered in any case.
    _wait_until(lambda: is_soon or server.metric("nlpcli_waiting") == 1)
    assert connections[0].recv(15) == b"HTTP/1.1 200 OK"
    began = time.monotonic()
    server.process.terminate()
    streamed, *whole = (b"".join(iter(lambda one=one: one.recv(65536), b"")) for one in connections)
    assert server.process.wait(20) == 143
    assert time.monotonic() - began < 15
    assert streamed.endswith(b"\r\n0\r\n\r\n")
    for answer in whole:
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200" if is_soon else b"HTTP/1.1 503"), answer
        found = json.loads(body)
        assert found["choices"] if is_soon else found["error"]["code"] == "ending"
    assert b"[DONE]" in streamed if is_soon else b'"ending"' in streamed
    assert "Traceback" not in server.printed
    for connection in connections:
        connection.close()

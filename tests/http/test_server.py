"""The server: who may ask, how much at a time, and what it says of itself."""

import json
import os
import socket
import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

JSON = {"content-type": "application/json"}


def _ask(models, text="a b c"):
    return {"model": str(models["classifier"]), "input": text}


def test_commands_and_clients_share_the_loaded_models(server, models):
    server.post("/v1/embeddings", _ask(models))
    before = len(json.loads(server.nlpcli("serve", "status", "--json").stdout)["models"])
    done = server.nlpcli("embed", "-m", models["classifier"], "a b c")
    after = json.loads(server.nlpcli("serve", "status", "--json").stdout)
    assert done.returncode == 0
    assert len(after["models"]) == before
    assert after["http"] == server.url


def test_a_server_is_not_ended_for_a_command_that_means_something_else(server, models):
    server.nlpcli("embed", "--keep-warm", "10m", "-m", models["classifier"], "a", OMP_NUM_THREADS="1")
    refused = server.nlpcli("embed", "--server", "-m", models["classifier"], "a", OMP_NUM_THREADS="1")
    assert refused.returncode == 1
    assert b"OMP_NUM_THREADS" in refused.stderr
    assert server.get("/health").json()["status"] == "ok"
    again = server.nlpcli("serve", "run", "--http", "127.0.0.1:0")
    assert again.returncode == 1
    assert b"nlpcli serve stop" in again.stderr


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": "Bearer wrong"}, 401),
        ({"authorization": "Bearer secret2"}, 401),
        ({"authorization": "Basic secret"}, 401),
        ({"authorization": "Bearer ü".encode("latin-1")}, 401),
        ({"x-api-key": "secret"}, 200),
        ({"authorization": "bearer secret"}, 200),
    ],
)
def test_a_key_is_asked_for(strict, headers, status):
    import httpx

    with httpx.Client(base_url=strict.url) as client:
        answer = client.get("/v1/models", headers=headers)
        assert answer.status_code == status
        if status == 401:
            assert answer.json()["error"]["code"] == "invalid_api_key"
            assert answer.headers["www-authenticate"] == "Bearer"
        assert client.get("/health").status_code == 200
    assert "secret" not in strict.printed


@pytest.mark.parametrize(
    "address", ["0.0.0.0:0", "[::]:0", ":::8080", "127.0.0.1", "127.0.0.1:99999", "no such host:1"]
)
def test_only_this_machine_connects_unless_there_is_a_key(nlpcli, address):
    done = nlpcli("serve", "run", "--http", address)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1


def test_a_port_that_is_taken_is_said(nlpcli):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = nlpcli("serve", "run", "--http", f"127.0.0.1:{taken.getsockname()[1]}")
    assert done.returncode == 2
    assert b"choose another port" in done.stderr


def test_a_model_that_cannot_be_had_ends_the_server(nlpcli, tmp_path):
    done = nlpcli("serve", "run", "--http", "127.0.0.1:0", "-m", tmp_path / "none")
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b"none" in done.stderr


def test_keys_come_from_a_file_too(serve, models, tmp_path):
    (tmp_path / "keys").write_text("first\n\nsecond\n")
    server = serve("-m", models["classifier"], "--api-key-file", tmp_path / "keys").wait_until_ready()
    for key in ("first", "second"):
        assert server.get("/v1/models", headers={"authorization": f"Bearer {key}"}).status_code == 200
    assert server.get("/v1/models", headers={"authorization": "Bearer"}).status_code == 401


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "[", "localhost.evil"]
)
def test_a_page_whose_name_points_here_is_refused(server, models, host):
    answer = server.post("/v1/embeddings", _ask(models), headers={"host": host, "origin": f"http://{host}"})
    assert answer.status_code in {400, 403}


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"])
def test_this_machine_is_asked_by_any_of_its_names(server, name):
    assert server.get("/health", headers={"host": f"{name}:8080"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example", **JSON},
        {"origin": "null", **JSON},
        {"origin": "http://127.0.0.1:1", **JSON},
        {"sec-fetch-site": "cross-site", **JSON},
        {"origin": "https://evil.example", "content-type": "text/plain"},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {},
    ],
)
def test_a_page_of_another_origin_makes_no_work(server, models, headers):
    before = server.metric("nlpcli_tokens_total", kind="read")
    answer = server.post("/v1/embeddings", content=json.dumps(_ask(models)), headers=headers)
    assert answer.status_code in {403, 415}
    assert "access-control-allow-origin" not in answer.headers
    assert server.metric("nlpcli_tokens_total", kind="read") == before


def test_no_page_may_read_unless_it_is_allowed(server, serve, models):
    asks = {"origin": "https://a.example", "access-control-request-method": "POST"}
    answer = server.client.options("/v1/embeddings", headers=asks)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers
    allowed = serve("-m", models["classifier"], "--cors", "https://a.example", NLPCLI_API_KEY="k").wait_until_ready()
    answer = allowed.client.options("/v1/embeddings", headers=asks)
    assert answer.headers["access-control-allow-origin"] == "https://a.example"
    own = {"origin": "https://a.example", "authorization": "Bearer k"}
    answer = allowed.post("/v1/embeddings", _ask(models), headers=own)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://a.example"
    assert (
        allowed.post("/v1/embeddings", _ask(models), headers=own | {"origin": "https://b.example"}).status_code == 403
    )


def test_an_origin_that_is_none_is_a_foreign_one(server, models):
    assert server.post("/v1/embeddings", _ask(models), headers={"origin": "http://["}).status_code == 403


def test_a_page_of_the_server_itself_may_ask(server, models):
    assert server.post("/v1/embeddings", _ask(models), headers={"origin": server.url}).status_code == 200


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body_is_refused(strict, models, chunked):
    body = json.dumps(_ask(models, "a " * 2000)).encode()
    content = iter([body[:1000], body[1000:]]) if chunked else body
    answer = strict.post("/v1/embeddings", content=content, headers=JSON)
    assert answer.status_code == 413
    assert "2,048" in answer.json()["error"]["message"]


def test_what_there_is_no_path_for_is_said(server):
    assert server.get("/v2/nothing").status_code == 404
    assert server.get("/v2/nothing").json()["error"]["message"]
    wrong = server.get("/v1/embeddings")
    assert wrong.status_code == 405
    assert wrong.headers["allow"] == "POST"


def test_metrics_are_read_by_prometheus(server, models):
    labels = {"path": "/v1/embeddings", "status": "200"}
    before = server.metric("nlpcli_requests_total", **labels) or 0
    batches = server.metric("nlpcli_batch_texts_count") or 0
    tokens = server.metric("nlpcli_tokens_total", kind="read", model=str(models["classifier"])) or 0
    answer = server.post("/v1/embeddings", _ask(models))
    assert server.metric("nlpcli_requests_total", **labels) == before + 1
    assert server.metric("nlpcli_batch_texts_count") == batches + 1
    used = answer.json()["usage"]["prompt_tokens"]
    assert server.metric("nlpcli_tokens_total", kind="read", model=str(models["classifier"])) == tokens + used
    assert server.metric("nlpcli_request_seconds_count", path="/v1/embeddings") >= before + 1
    assert server.metric("nlpcli_running") == server.metric("nlpcli_waiting") == 0
    assert server.metric("nlpcli_model_bytes", model=str(models["classifier"])) > 0
    server.get("/some/path/of/a/scanner")
    assert server.metric("nlpcli_requests_total", path="/some/path/of/a/scanner") is None


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


_TEXTS = [
    "model",
    "max_tokens",
    "temperature",
    "top_p",
    "n",
    "stop",
    "seed",
    "stream",
    "stream_options",
    "response_format",
    "logit_bias",
]
_TASK = {"input": "a"}
_STARTERS = [
    ("/v1/rerank", {"query": "a", "documents": ["a"]}, ["query", "documents", "top_n", "rank_fields", "model"]),
    (
        "/v1/translate",
        {**_TASK, "target": "pt"},
        ["input", "source", "target", "markup", "glossary", "scores", "model"],
    ),
    ("/v1/classify", _TASK, ["input", "labels", "all_scores", "threshold", "model"]),
    ("/v1/summarize", _TASK, ["input", "length", "max_words", "method", "bullets", "markup", "model"]),
    ("/v1/extract", _TASK, ["input", "types", "mask", "kinds", "keyphrases", "top", "model"]),
    ("/translate", {"q": "a", "target": "pt"}, ["q", "source", "target", "format", "alternatives"]),
    ("/detect", {"q": "a"}, ["q"]),
]
_BODIES = [
    ("/v1/embeddings", {"input": "a"}, ["input", "model", "encoding_format", "dimensions", "prompt"]),
    ("/v1/completions", {"prompt": "a", "max_tokens": 2}, ["prompt", "echo", "suffix", *_TEXTS]),
    ("/v1/chat/completions", {"messages": [{"role": "user", "content": "a"}]}, ["messages", "tools", *_TEXTS]),
]


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_no_body_makes_a_mistake_of_ours(server, models, data):
    path, needed, names = data.draw(st.sampled_from(_BODIES))
    model = {"model": str(models["decoder" if "completions" in path else "classifier"])}
    body = data.draw(
        st.binary(max_size=60)
        | _VALUES.map(lambda value: json.dumps(value).encode())
        | st.dictionaries(st.sampled_from(names), _VALUES, max_size=5).map(
            lambda own: json.dumps({**model, **needed, **own}).encode()
        )
    )
    answer = server.post(path, content=body, headers=JSON)
    assert answer.status_code in {200, 400, 404}, (body, answer.text)
    assert "Traceback" not in answer.text
    assert answer.text.startswith("data: ") or answer.json()


@pytest.mark.parametrize(
    "body", [b'{"x": ' + b"[" * 100_000, b'{"input": "\\ud800"}', b'{"input": "\xff"}', b"\xef\xbb\xbf{}", b""]
)
def test_what_is_no_json_is_said(server, body):
    answer = server.post("/v1/embeddings", content=body, headers=JSON)
    assert answer.status_code == 400
    assert "not JSON" in answer.json()["error"]["message"]


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_no_body_of_a_task_makes_a_mistake_of_ours(starters, data):
    path, needed, names = data.draw(st.sampled_from(_STARTERS))
    body = data.draw(st.dictionaries(st.sampled_from(names), _VALUES, max_size=4))
    answer = starters.post(path, content=json.dumps({**needed, **body}).encode(), headers=JSON)
    assert answer.status_code in {200, 400, 404}, (path, body, answer.text)
    assert "Traceback" not in answer.text + starters.printed


def test_until_all_is_loaded_clients_are_told_to_come_back(serve, models):
    server = serve("-m", models["classifier"], fresh=True)
    answer = server.post("/v1/embeddings", _ask(models))
    assert answer.status_code == 503  # torch alone takes seconds to import
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json()["error"]["type"] == "server_error"
    server.wait_until_ready()
    assert server.post("/v1/embeddings", _ask(models)).status_code == 200


def test_nothing_unexpected_was_printed(server):
    """The last of this file: what the tests above asked for was no mistake of ours."""
    assert "Traceback" not in server.printed


def test_the_server_does_not_start_without_its_libraries(tmp_path):
    (tmp_path / "starlette.py").write_text("raise ImportError")
    done = subprocess.run(
        [sys.executable, "-m", "nlpcli", "serve", "run", "--http", "127.0.0.1:0"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)}, capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 1
    assert b"nlpcli[serve]" in done.stderr


def test_a_client_that_says_nothing_does_not_hold_up_others(server):
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as silent:
        silent.sendall(b"POST /v1/embeddings HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n")
        time.sleep(0.1)
        assert server.get("/health").status_code == 200


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", "{}"),
        ("multipart/form-data; boundary=", "{}"),
        ("multipart/form-data; boundary=x", "{}"),
        ("multipart/form-data; boundary=x", "--x\r\nno header\r\n\r\na\r\n--x--"),
        (
            "multipart/form-data; boundary=x; charset=undefined",
            '--x\r\nContent-Disposition: form-data; name="q"\r\n\r\na\r\n--x--',
        ),
        ("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--"),
    ],
)
def test_a_form_that_is_none_is_the_mistake_of_who_sent_it(server, kind, body):
    answer = server.post("/translate", content=body, headers={"content-type": kind})
    assert answer.status_code == 400
    assert answer.json()["error"] == "the body is no form as its header Content-Type says"

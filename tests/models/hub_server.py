"""A hub on this machine: the calls that huggingface_hub makes to fetch a model, and a log of them."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event
from urllib.parse import unquote, urlsplit

LARGE_FILES = (".safetensors", ".gguf", ".bin", ".onnx")
# A small model as it lies on the hub, and a newer version of it.
FILES = {
    "README.md": b"---\nlicense: mit\n---\n",
    "config.json": b"{}",
    "1_Pooling/config.json": b'{"pooling_mode": "cls"}',
    "model.safetensors": b"weights " * 1000,
    "pytorch_model.bin": b"pickle",
    "onnx/model.onnx": b"graph",
    "onnx/config.json": b"{}",
}
NEWER = {**FILES, "model.safetensors": b"better weights " * 1000}


@dataclass
class Repository:
    """`revisions` maps branches and tags to files; `refusal` is the status and error code of every answer.

    `served` replaces the content of files, but not what the hub says of them; `moved_to` is the repository's new name.
    `headers` and `described` replace what is said of files and of the repository; `listed` are more files of its tree.
    """

    revisions: dict[str, dict[str, bytes]] = field(default_factory=dict)
    gated: bool = False
    refusal: tuple[int, str] | None = None
    served: dict[str, bytes] = field(default_factory=dict)
    moved_to: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    described: dict[str, object] = field(default_factory=dict)
    listed: list[object] = field(default_factory=list)

    def find(self, revision: str) -> tuple[str, dict[str, bytes]] | None:
        """Commit and files of a branch, a tag or a commit."""
        for name, files in self.revisions.items():
            if revision in {name, commit(files)}:
                return commit(files), files
        return None


def commit(files: dict[str, bytes]) -> str:
    return hashlib.sha1(repr(sorted(files.items())).encode()).hexdigest()


def blob_name(file: str, content: bytes) -> str:
    """As the hub names blobs: SHA-256 for what it keeps in LFS, git's SHA-1 otherwise."""
    if file.endswith(LARGE_FILES):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class HubServer(ThreadingHTTPServer):
    """`requests` holds "METHOD /path" of everything that was asked for, `ranges` the files that were taken up again.

    Half of the file `stall_in` is sent, and the rest when `released`; half of `break_in`, and then the line is dead,
    once. `delay` is waited before each answer; `after_listing` is called, once, when a repository was described.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.repositories: dict[str, Repository] = {}
        self.requests: list[str] = []
        self.ranges: list[str] = []
        self.delay = 0.0
        self.after_listing: Callable[[], None] | None = None
        self.break_in: str | None = None
        self.stall_in: str | None = None
        self.stalled = Event()
        self.released = Event()

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: who is killed in the middle of a download says no goodbye."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def downloads(self) -> set[str]:
        """The files whose content was sent, or begun to be sent."""
        sent = [line for line in self.requests if line.startswith("GET ") and "/resolve/" in line]
        return {line.split("/resolve/")[1].split("/", 1)[1] for line in sent}


class _Answer(BaseHTTPRequestHandler):
    server: HubServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.server.requests.append(f"{self.command} {path}")
        time.sleep(self.server.delay)
        if self._has_moved(path):
            return
        if path.startswith("/api/models/"):
            self._describe(path.removeprefix("/api/models/"))
        else:
            name, _, place = path.removeprefix("/").partition("/resolve/")
            revision, _, file = place.partition("/")
            self._send_file(name, revision, file)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _has_moved(self, path: str) -> bool:
        """As the hub answers to an old name: a relative redirect to the same path under the new one."""
        for name, repository in self.server.repositories.items():
            if repository.moved_to and f"/{name}/" in f"{path}/":
                self._send(307, b"", {"Location": self.path.replace(name, repository.moved_to, 1)})
                return True
        return False

    def _describe(self, path: str) -> None:
        owner, name, kind, revision = [*path.split("/", 3), "revision", "main"][:4]
        if (found := self._find(f"{owner}/{name}", revision)) is None:
            return
        sha, files = found
        if kind == "tree":
            repository = self.server.repositories[f"{owner}/{name}"]
            self._send_json([*(_tree_entry(file, content) for file, content in files.items()), *repository.listed])
        else:
            siblings = [{"rfilename": file} for file in files]
            described = self.server.repositories[f"{owner}/{name}"].described
            self._send_json({"id": f"{owner}/{name}", "sha": sha, "siblings": siblings, **described})
            if self.server.after_listing:
                self.server.after_listing, then = None, self.server.after_listing
                then()

    def _send_file(self, name: str, revision: str, file: str) -> None:
        if (found := self._find(name, revision)) is None:
            return
        sha, files = found
        if self.server.repositories[name].gated:
            self._refuse(403, "GatedRepo")
        elif file not in files:
            self._refuse(404, "EntryNotFound")
        else:
            etag = f'"{blob_name(file, files[file])}"'
            headers = {"ETag": etag, "X-Repo-Commit": sha, "X-Linked-Size": str(len(files[file]))}
            headers |= self.server.repositories[name].headers
            self._send(200, self.server.repositories[name].served.get(file, files[file]), headers, file)

    def _find(self, name: str, revision: str) -> tuple[str, dict[str, bytes]] | None:
        repository = self.server.repositories.get(name)
        if repository is None:
            # What the hub answers to a visitor without a token, so that nobody learns which private models exist.
            self._refuse(401, "RepoNotFound")
        elif repository.refusal:
            self._refuse(*repository.refusal)
        elif found := repository.find(revision):
            return found
        else:
            self._refuse(404, "RevisionNotFound")
        return None

    def _refuse(self, status: int, code: str) -> None:
        self._send(status, b"", {"X-Error-Code": code} if code else {})

    def _send_json(self, value: object) -> None:
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, content: bytes, headers: dict[str, str], file: str = "") -> None:
        if wanted := self.headers["Range"]:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            self.server.ranges.append(file)
            headers = {**headers, "Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
            status, content = 206, content[start:]
        self.send_response(status)
        for header, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(header, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        half = len(content) // 2
        self.wfile.write(content[:half])
        if file and file == self.server.break_in:
            self.server.break_in = None
            self.close_connection = True
            return
        if file and file == self.server.stall_in:
            self.server.stall_in = None
            self.server.stalled.set()
            self.server.released.wait(30)
        with suppress(ConnectionError):
            self.wfile.write(content[half:])

    def log_message(self, *arguments: object) -> None:
        """Nothing: the log is `HubServer.requests`."""


def _tree_entry(file: str, content: bytes) -> dict[str, object]:
    large = {"lfs": {"oid": blob_name(file, content), "size": len(content), "pointerSize": 130}}
    oid = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    entry = {"type": "file", "path": file, "size": len(content), "oid": oid}
    return entry | large if file.endswith(LARGE_FILES) else entry

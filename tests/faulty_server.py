"""A web server for tests that does what servers do on a bad day."""

from __future__ import annotations

import re
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FaultyServer:
    """`files` are what it has, by path. `faults` of a path are what goes wrong with the next answers, one each:

    a status; `break N`: it hangs up after N bytes; `slow`: in pieces, with pauses. `habits` of a path stay: `whole`, it
    sends no parts; `endless`, it does not say how long an answer is; `untagged`, no version; `size X`: it says that the size
    is X.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, list[str]] = defaultdict(list)
        self.habits: dict[str, set[str]] = defaultdict(set)
        self.versions: dict[str, int] = defaultdict(int)
        self.asked: list[tuple[str, str | None]] = []
        self.headers: list[dict[str, str]] = []
        self.address = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        path = handler.path
        part = handler.headers.get("Range")
        self.asked.append((path, part))
        self.headers.append(dict(handler.headers))
        fault = self.faults[path].pop(0) if self.faults[path] else ""
        if fault.isdecimal():
            handler.send_response(int(fault), "\x1b[31mno\x9b")
            if fault.startswith("3"):
                handler.send_header("Location", next(iter(self.habits[path])))
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        data, habits = self.files.get(path), self.habits[path]
        if data is None:
            handler.send_error(404)
            return
        body, status = data, 200
        said = next((habit.removeprefix("size ") for habit in habits if habit.startswith("size ")), None)
        if part and "whole" not in habits:
            start, stop = (int(number) for number in re.fullmatch(r"bytes=(\d+)-(\d+)", part).groups())
            status = 206 if start < len(data) else 416
            body = data[start : stop + 1]
        handler.send_response(status)
        if status != 200:
            span = f"{start}-{start + len(body) - 1}" if body else "*"
            handler.send_header("Content-Range", f"bytes {span}/{said or len(data)}")
        if "untagged" not in habits:
            handler.send_header("ETag", f'"{self.versions[path]}"')
        if "endless" not in habits:
            handler.send_header("Content-Length", said if said and status == 200 else str(len(body)))
        handler.end_headers()
        if fault.startswith("break"):
            body = body[: int(fault.split()[1])]
        for start in range(0, len(body), size := len(body) // 4 + 1 if fault == "slow" else len(body) or 1):
            handler.wfile.write(body[start : start + size])
            time.sleep(0.02 if fault == "slow" else 0)
        handler.close_connection = True


@contextmanager
def faulty_server() -> Iterator[FaultyServer]:
    """Within, it answers at `address`."""
    server = FaultyServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.answer(self)

        do_HEAD = do_PUT = do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None: ...

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None: ...  # whoever asked went away

    with Server(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        server.address = f"http://127.0.0.1:{http.server_port}"
        try:
            yield server
        finally:  # else a test that fails never ends
            http.shutdown()
            thread.join()

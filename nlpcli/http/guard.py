"""Who may ask at all: keys, and pages in a browser of somebody who would not know that they ask."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nlpcli.http.failures import LIBRETRANSLATE, Failure
from nlpcli.http.metrics import Metrics
from nlpcli.http.options import ServerOptions

# What a server's monitor asks without a key.
OPEN = frozenset({"/health"})
# Of a request that has shown no key yet.
AWAITS_KEY = "nlpcli.awaits_key"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_ALL = "*"

Answer = Callable[[Scope, Failure], Response]


def guarded(
    app: ASGIApp, options: ServerOptions, metrics: Metrics, answer: Answer, path_of: Callable[[str], str]
) -> ASGIApp:
    """An application that only those reach who may; what it answers is counted. `answer` puts a failure into words,
    `path_of` is the label of a path."""
    inner: ASGIApp = _Keys(app, options, answer) if options.keys else app
    if options.origins:
        inner = CORSMiddleware(
            inner,
            allow_origins=options.origins,
            allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type", "x-api-key"],
            expose_headers=["retry-after"],
        )
    return _Counted(_Pages(inner, options, answer), metrics, path_of)


class _Counted:
    """Counts requests and measures how long they take."""

    def __init__(self, app: ASGIApp, metrics: Metrics, path_of: Callable[[str], str]) -> None:
        self._app = app
        self._metrics = metrics
        self._path_of = path_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        began, status = time.perf_counter(), 499

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            self._metrics.count_request(self._path_of(scope["path"]), status, time.perf_counter() - began)


class _Pages:
    """Refuses pages of other origins, which a browser lets ask but not read.

    Without a key the name of the server has to be one of this machine: a page can have a name of its own point here
    (DNS rebinding), and would then be of the same origin.
    """

    def __init__(self, app: ASGIApp, options: ServerOptions, answer: Answer) -> None:
        self._app = app
        self._answer = answer
        self._origins = frozenset(options.origins)
        names = _LOOPBACK_NAMES | {options.address.host.lower()}
        self._names = None if options.keys else names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        failure = self._failure(scope["method"], Headers(scope=scope))
        app = self._app if failure is None else self._answer(scope, failure)
        await app(scope, receive, send)

    def _failure(self, method: str, headers: Headers) -> Failure | None:
        host = headers.get("host", "")
        if self._names is not None and _name_of(host) not in self._names:
            return Failure(403, "the Host of the request is not this machine; ask 127.0.0.1 or localhost", "wrong_host")
        origin = headers.get("origin")
        if origin is None:
            is_foreign = headers.get("sec-fetch-site", "none") not in {"none", "same-origin"} and method not in _SAFE
        else:
            is_foreign = not (self._origins & {origin, _ALL}) and _place_of(origin) != host.lower()
        if is_foreign:
            return Failure(403, "pages of another origin may not ask; allow one: --cors ORIGIN", "wrong_origin")
        return None


def _place_of(origin: str) -> str | None:
    """Name and port in an `Origin` header; None where it is none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None


def _name_of(host: str) -> str:
    """The name in a `Host` header, without its port; empty where it is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


class _Keys:
    """Asks for a key. LibreTranslate's clients send it as a field, which is looked at when the body is read."""

    def __init__(self, app: ASGIApp, options: ServerOptions, answer: Answer) -> None:
        self._app = app
        self._answer = answer
        self._options = options

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_known = is_key(self._options, _key_of(Headers(scope=scope)))
        scope[AWAITS_KEY] = not is_known
        if is_known or scope["path"] in OPEN or scope["path"] in LIBRETRANSLATE:
            await self._app(scope, receive, send)
            return
        failure = Failure(401, "a key is missing or wrong; send it as: Authorization: Bearer KEY", "invalid_api_key")
        await self._answer(scope, failure)(scope, receive, send)


def _key_of(headers: Headers) -> str:
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return (key if scheme.lower() == "bearer" else headers.get("x-api-key", "")).strip()


def is_key(options: ServerOptions, key: str) -> bool:
    """Whether a client may ask that shows this key."""
    shown = key.encode("utf-8", "replace")
    # All of them are compared, so that the time says nothing.
    return not options.keys or sum(hmac.compare_digest(shown, known.encode()) for known in options.keys) > 0

"""The routes of the server, and what is common to all of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from nlpcli import __version__
from nlpcli.errors import NlpcliError
from nlpcli.http import completions, embeddings, libretranslate, rerank, tasks
from nlpcli.http.body import gone, with_body
from nlpcli.http.failures import RETRY_SECONDS, Failure, ending, failure_of, mistake, shape_of
from nlpcli.http.guard import guarded
from nlpcli.http.metrics import CONTENT_TYPE
from nlpcli.http.service import Service
from nlpcli.records.json_text import encode_json

log = logging.getLogger(__name__)

Endpoint = Callable[[Service, Request], Coroutine[Any, Any, Any]]
_MODELS = "/v1/models/"
_MODEL = _MODELS + "{name}"
_SECONDS_UNWATCHED = 0.05


async def health(service: Service, request: Request) -> Any:  # noqa: ARG001
    """Whether the server can work."""
    if not service.runner.is_ready:
        raise Failure(503, "loading", "loading", retry=RETRY_SECONDS)
    return {"status": "ok", "version": __version__}


async def metrics(service: Service, request: Request) -> Any:  # noqa: ARG001
    """For Prometheus."""
    return Response(service.metrics.exposition(), media_type=CONTENT_TYPE)


async def models(service: Service, request: Request) -> Any:  # noqa: ARG001
    """The models that may be asked for."""
    return {"object": "list", "data": [_model(service, name) for name in await _offers(service)]}


async def model(service: Service, request: Request) -> Any:
    """One of them."""
    name = request.scope["path"].removeprefix(_MODELS)
    if name not in await _offers(service):
        raise Failure(
            404, "the model is not served here; GET /v1/models lists those that are", "model_not_found", "model"
        )
    return _model(service, name)


async def _offers(service: Service) -> Mapping[str, Any]:
    return await asyncio.get_running_loop().run_in_executor(None, service.models.offers)


def _model(service: Service, name: str) -> dict[str, Any]:
    task = service.models.offers()[name].task
    return {"id": name, "object": "model", "created": service.began, "owned_by": "nlpcli", "task": task or None}


ENDPOINTS: dict[str, tuple[str, Endpoint]] = {
    "/health": ("GET", health),
    "/metrics": ("GET", metrics),
    "/v1/models": ("GET", models),
    _MODEL: ("GET", model),
    "/v1/embeddings": ("POST", embeddings.embeddings),
    "/v1/chat/completions": ("POST", completions.chat),
    "/v1/completions": ("POST", completions.completions),
    "/v1/rerank": ("POST", rerank.rerank),
    "/v2/rerank": ("POST", rerank.rerank),
    "/v1/translate": ("POST", tasks.translate),
    "/v1/summarize": ("POST", tasks.summarize),
    "/v1/classify": ("POST", tasks.classify),
    "/v1/extract": ("POST", tasks.extract),
    "/translate": ("POST", libretranslate.translate),
    "/detect": ("POST", libretranslate.detect),
    "/languages": ("GET", libretranslate.languages),
    "/frontend/settings": ("GET", libretranslate.settings),
}
"""Path → method, and what answers it: with a response, or with what becomes JSON."""


def application(service: Service) -> ASGIApp:
    """The server as an ASGI application."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        task = asyncio.current_task()
        assert task is not None
        try:
            with service.runner.until_given_up(task.cancel):
                found = await _answered(service, request)
            response = found if isinstance(found, Response) else json_response(found)
        except asyncio.CancelledError:
            if not service.runner.has_given_up:
                raise
            task.uncancel()
            response = _answer(scope, ending())
        except Failure as failure:
            response = _answer(scope, failure)
        except NlpcliError as error:
            response = _answer(scope, failure_of(error))
        except Exception:  # what it was is the server's business
            log.exception("%s", _label(scope["path"]))
            response = _answer(scope, mistake())
        await response(scope, receive, send)

    return guarded(app, service.options, service.metrics, _answer, _label)


async def _answered(service: Service, request: Request) -> Any:
    found = ENDPOINTS.get(_label(request.scope["path"]))
    if found is None:
        raise Failure(404, "there is no such path; docs/serve.md lists those that there are", "not_found")
    method, endpoint = found
    if request.method not in {method, "HEAD" if method == "GET" else method}:
        raise Failure(405, f"this path takes {method}", "wrong_method", allow=method)
    read = await with_body(request, service.options.limits)
    return await _unless_gone(read, endpoint(service, read))


async def _unless_gone(request: Request, work: Coroutine[Any, Any, Any]) -> Any:
    """What comes of `work`, which is cancelled when the client hangs up."""
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    watching: list[asyncio.Task[None]] = []
    is_gone = False

    async def watch() -> None:
        nonlocal is_gone
        while (await request.receive())["type"] != "http.disconnect":
            pass
        is_gone = True
        task.cancel()

    # Most answers are there before it is worth watching.
    timer = loop.call_later(_SECONDS_UNWATCHED, lambda: watching.append(loop.create_task(watch())))
    try:
        return await work
    except asyncio.CancelledError:
        if is_gone:
            task.uncancel()
            raise gone() from None
        raise
    finally:
        timer.cancel()
        for one in watching:
            one.cancel()


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON; arrays in the digits that `nlpcli -F jsonl` writes."""
    return Response(encode_json(value), status, headers, "application/json")


def _answer(scope: Scope, failure: Failure) -> Response:
    return json_response(shape_of(scope["path"])(failure), failure.status, failure.headers)


def _label(path: str) -> str:
    """The path of an endpoint and of a metric: one of those that there are."""
    if path in ENDPOINTS:
        return path
    return _MODEL if path.startswith(_MODELS) else "other"

"""The routes of the server, and what is common to all of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Scope

from nlpcli import __version__
from nlpcli.errors import NlpcliError
from nlpcli.http import completions, embeddings, libretranslate, rerank, tasks
from nlpcli.http.body import gone, with_body
from nlpcli.http.failures import RETRY_SECONDS, Failure, failure_of, mistake, shape_of
from nlpcli.http.guard import guarded
from nlpcli.http.metrics import CONTENT_TYPE
from nlpcli.http.service import Service
from nlpcli.records.json_text import encode_json

log = logging.getLogger(__name__)

Endpoint = Callable[[Service, Request], Coroutine[Any, Any, Any]]
_MODEL = "/v1/models/{name:path}"


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
    name = request.path_params["name"]
    if name not in await _offers(service):
        raise Failure(404, "the model is not served here; GET /v1/models lists those that are", "model_not_found")
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
    routes = [
        Route(path, _answering(service, endpoint), methods=[method]) for path, (method, endpoint) in ENDPOINTS.items()
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _of_framework})
    return guarded(app, service.options, service.metrics, _answer, _label)


def _answering(service: Service, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint whose work ends when its client is gone, and whose failures are answers."""

    async def answer(request: Request) -> Response:
        try:
            read = await with_body(request, service.options.limits)
            found = await _unless_gone(read, endpoint(service, read))
        except Failure as failure:
            return _answer(request.scope, failure)
        except NlpcliError as error:
            return _answer(request.scope, failure_of(error))
        except Exception:  # what it was is the server's business
            log.exception("%s", request.url.path)
            return _answer(request.scope, mistake())
        return found if isinstance(found, Response) else json_response(found)

    return answer


async def _unless_gone(request: Request, work: Coroutine[Any, Any, Any]) -> Any:
    """What comes of `work`, which is cancelled when the client hangs up."""
    task = asyncio.ensure_future(work)
    is_gone = False

    async def watch() -> None:
        nonlocal is_gone
        while (await request.receive())["type"] != "http.disconnect":
            pass
        is_gone = True
        task.cancel()

    watching = asyncio.ensure_future(watch())
    try:
        return await task
    except asyncio.CancelledError:
        if is_gone:
            raise gone() from None
        raise
    finally:
        watching.cancel()


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """JSON; arrays in the digits that `nlpcli -F jsonl` writes."""
    return Response(encode_json(value), status, headers, "application/json")


def _answer(scope: Scope, failure: Failure) -> Response:
    return json_response(shape_of(scope["path"])(failure), failure.status, failure.headers)


async def _of_framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = {404: "there is no such path", 405: "this path takes another method"}.get(error.status_code, error.detail)
    response = _answer(request.scope, Failure(error.status_code, f"{message}; see docs/serve.md"))
    response.headers.update(error.headers or {})
    return response


def _label(path: str) -> str:
    """The path of a metric: one of those that there are."""
    if path in ENDPOINTS:
        return path
    return _MODEL.replace(":path", "") if path.startswith("/v1/models/") else "other"

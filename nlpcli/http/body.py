"""The body of a request: read up to a size, and checked against a type."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from nlpcli.http.failures import Failure
from nlpcli.http.options import Limits

T = TypeVar("T")
_MISSING = re.compile(r"Object missing required field `(.+)`")
_SECONDS = 60.0


async def with_body(request: Request, limits: Limits) -> Request:
    """The request with its body read.

    Raises:
        Failure: the body is too large, or comes too slowly.
    """
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > limits.body:
        raise _too_large(limits)
    size = 0

    async def receive() -> Message:
        nonlocal size
        message = await request.receive()
        size += len(message.get("body", b""))
        if size > limits.body:
            raise _too_large(limits)
        return message

    read = Request(request.scope, receive)
    try:
        async with asyncio.timeout(min(_SECONDS, limits.seconds)):
            await read.body()
    except TimeoutError:
        raise Failure(408, "the body of the request did not come in time") from None
    except ClientDisconnect:
        raise gone() from None
    return read


def gone() -> Failure:
    """Nobody reads it."""
    return Failure(499, "the client is gone")


def _too_large(limits: Limits) -> Failure:
    return Failure(413, f"the body is larger than the {limits.body:,} bytes that are taken here; send less at a time")


async def read_json(request: Request, kind: type[T]) -> T:
    """A body in JSON as a value of that type; what the type does not name is left out.

    Raises:
        Failure: it is no JSON, or does not fit the type.
    """
    check_is_json(request)
    return decoded(await request.body(), kind)


def check_is_json(request: Request) -> None:
    """A page of another origin may send forms and plain text without asking, but not this type (Fetch: safelisted).

    Raises:
        Failure: the request does not say that its body is JSON.
    """
    if media_type(request) != "application/json":
        raise Failure(415, "the body has to be JSON; send it with the header Content-Type: application/json")


def media_type(request: Request) -> str:
    """What the body is, as the request says."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def decoded(body: bytes, kind: type[T]) -> T:
    """JSON as a value of a type. Raises Failure where it is none."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise _misfit(error) from error
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Failure(400, f"the body is not JSON: {error}", "invalid_json") from error


def fitting(fields: Mapping[str, Any], kind: type[T]) -> T:
    """Fields of a form, which are texts, as a value of a type. Raises Failure where they are none."""
    try:
        return msgspec.convert(fields, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _misfit(error) from error


def _misfit(error: msgspec.ValidationError) -> Failure:
    message, _, place = str(error).partition(" - at ")
    field = place.strip("`").removeprefix("$").removeprefix(".") or None
    if missing := _MISSING.fullmatch(message):
        field, message = f"{field}.{missing[1]}" if field else missing[1], "it is missing"
    return Failure(400, f"{field or 'the body'}: {message}", "invalid_value", field)

"""Answers that come bit by bit: server-sent events (HTML standard), as OpenAI's clients read them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any

from starlette.responses import StreamingResponse

from nlpcli.http.failures import Failure, openai_shape
from nlpcli.records.json_text import encode_json

_DONE = b"data: [DONE]\n\n"
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}

Events = AsyncGenerator[Mapping[str, Any], None]


async def streamed(events: Events) -> StreamingResponse:
    """A response of events. What goes wrong before the first one is raised; later it is an event itself.

    Raises:
        Failure: there is no first event.
    """
    first = await anext(events)

    async def written() -> AsyncGenerator[bytes, None]:
        try:
            yield _written(first)
            async for event in events:
                yield _written(event)
            yield _DONE
        except Failure as failure:
            yield _written(openai_shape(failure))
        finally:
            await events.aclose()

    return StreamingResponse(written(), media_type="text/event-stream", headers=_HEADERS)


def _written(event: Mapping[str, Any]) -> bytes:
    return b"data: " + encode_json(event) + b"\n\n"

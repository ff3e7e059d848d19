"""`/v1/embeddings`, as OpenAI's interface has it."""

from __future__ import annotations

import base64
from typing import Annotated, Any, Literal

import msgspec
from starlette.requests import Request

from nlpcli.http.body import read_json
from nlpcli.http.failures import Failure
from nlpcli.http.runner import job_of, number_of, records_of
from nlpcli.http.service import Service
from nlpcli.http.tokens import Given, texts_of
from nlpcli.tasks.embed import EmbedOptions

_Positive = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class EmbeddingRequest(msgspec.Struct):
    """`prompt` is ours: a prompt of the model by name, or a text put before each."""

    input: Given
    model: str | None = None
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: _Positive | None = None
    prompt: str | None = None


async def embeddings(service: Service, request: Request) -> Any:
    """A vector of each text."""
    asked = await read_json(request, EmbeddingRequest)
    spec = service.models.spec(asked.model, "embed")
    job = job_of("embed", EmbedOptions(dimension=asked.dimensions, prompt=asked.prompt), spec)
    texts = await texts_of(service, job, asked.input, "input")
    try:
        outcome = await service.runner.run(job, records_of(texts))
    except Failure as failure:
        # Said of the command's option.
        if failure.message.startswith("--dim "):
            failure.message, failure.field = f"dimensions: {failure.message.removeprefix('--dim ')}", "dimensions"
        raise
    for record in outcome.records:
        if record.result is None:
            raise Failure(400, f"input[{number_of(record)}]: {record.error}", "invalid_value", "input")
    vectors = [(record.result or {})["embedding"] for record in outcome.records]
    if asked.encoding_format == "base64":
        vectors = [base64.b64encode(vector.astype("<f4").tobytes()).decode() for vector in vectors]
    read = outcome.usage.read
    return {
        "object": "list",
        "data": [{"object": "embedding", "index": index, "embedding": one} for index, one in enumerate(vectors)],
        "model": spec.name,
        "usage": {"prompt_tokens": read, "total_tokens": read},
    } | ({"warnings": outcome.warnings} if outcome.warnings else {})

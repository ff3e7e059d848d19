"""`/v1/embeddings`, as OpenAI's interface has it."""

from __future__ import annotations

import base64
from typing import Annotated, Any, Literal

import msgspec
from starlette.requests import Request

from nlpcli.engines.host import Host
from nlpcli.engines.job import Job
from nlpcli.http.body import read_json
from nlpcli.http.failures import Failure
from nlpcli.http.runner import job_of, records_of
from nlpcli.http.service import Service
from nlpcli.tasks.embed import EmbedOptions

_Positive = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class EmbeddingRequest(msgspec.Struct):
    """`prompt` is ours: a prompt of the model by name, or a text put before each."""

    input: str | list[str | int | list[int]]
    model: str | None = None
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: _Positive | None = None
    prompt: str | None = None


async def embeddings(service: Service, request: Request) -> Any:
    """A vector of each text."""
    asked = await read_json(request, EmbeddingRequest)
    spec = service.models.spec(asked.model, "embed")
    job = job_of("embed", EmbedOptions(dimension=asked.dimensions, prompt=asked.prompt), spec)
    outcome = await service.runner.run(job, records_of(await _texts(service, job, asked.input)))
    for record in outcome.records:
        if record.result is None:
            raise Failure(400, f"input[{record.origin.line - 1}]: {record.error}", "invalid_input", "input")
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


async def _texts(service: Service, job: Job, given: str | list[str | int | list[int]]) -> list[str]:
    """The texts that were given, as such or as the model's tokens."""
    if isinstance(given, str):
        return [given]
    if not given:
        raise Failure(400, "input: an empty list holds nothing to embed", "invalid_input", "input")
    if all(isinstance(item, str) for item in given):
        return [item for item in given if isinstance(item, str)]
    rows: Any = [given] if all(isinstance(item, int) for item in given) else given
    if not all(isinstance(row, list) for row in rows):
        raise Failure(400, "input: texts and tokens are mixed; send one or the other", "invalid_input", "input")
    texts: list[str] = await service.runner.call(lambda host: decoded_tokens(host, job, rows))
    return texts


def decoded_tokens(host: Host, job: Job, rows: Any) -> list[str]:
    """The texts that tokens of a job's model stand for. Raises Failure where they are none."""
    with host.holding(job) as loaded:
        tokenizer = loaded.pipeline.tokenizer
        size = len(tokenizer)
        if any(not 0 <= token < size for row in rows for token in row):
            raise Failure(
                400, f"input: tokens of this model are numbers from 0 to {size - 1}", "invalid_input", "input"
            )
        return [str(tokenizer.decode(row, skip_special_tokens=True)) for row in rows]

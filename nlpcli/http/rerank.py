"""`/v1/rerank` as Jina's interface has it and Cohere's, and `/v2/rerank`: documents by their nearness to a query."""

from __future__ import annotations

import secrets
from typing import Annotated, Any

import msgspec
from starlette.requests import Request

from nlpcli.http.body import read_json
from nlpcli.http.failures import Failure
from nlpcli.http.runner import job_of, number_of, records_of
from nlpcli.http.service import Service
from nlpcli.tasks.embed import EmbedOptions


class RerankRequest(msgspec.Struct):
    """`rank_fields`: those of a document that is an object; Jina's are objects with a text."""

    query: str | dict[str, Any]
    documents: Annotated[list[str | dict[str, Any]], msgspec.Meta(min_length=1)]
    model: str | None = None
    top_n: Annotated[int, msgspec.Meta(ge=1)] | None = None
    return_documents: bool | None = None
    rank_fields: Annotated[list[str], msgspec.Meta(min_length=1)] | None = None


async def rerank(service: Service, request: Request) -> Any:
    """The nearest documents, the nearest first."""
    asked = await read_json(request, RerankRequest)
    query = _text(asked.query, None, "query")
    if not query.strip():
        raise Failure(400, "query: it is empty", "invalid_value", "query")
    texts = [
        _text(document, asked.rank_fields, f"documents[{number}]") for number, document in enumerate(asked.documents)
    ]
    spec = service.models.spec(asked.model, "embed")
    options = EmbedOptions(result="search", query=query, top=len(texts))
    outcome = await service.runner.run(job_of("embed", options, spec), records_of(texts))
    if failed := next((record for record in outcome.records if record.result is None), None):
        raise Failure(400, f"documents[{number_of(failed)}]: {failed.error}")
    # Jina's documents come back unless told otherwise; the second version of Cohere's interface has none.
    with_documents = asked.return_documents if asked.return_documents is not None else "/v2/" not in request.url.path
    results = [
        {"index": number_of(record), "relevance_score": (record.result or {})["score"]}
        | ({"document": _shown(asked.documents[number_of(record)])} if with_documents else {})
        for record in outcome.records[: asked.top_n]
    ]
    read = outcome.usage.read
    return {
        "id": secrets.token_hex(16),
        "object": "list",
        "model": spec.name,
        "results": results,
        "usage": {"prompt_tokens": read, "total_tokens": read},
        "meta": {"api_version": {"version": "2" if "/v2/" in request.url.path else "1"}},
    } | ({"warnings": outcome.warnings} if outcome.warnings else {})


def _text(document: str | dict[str, Any], fields: list[str] | None, place: str) -> str:
    if isinstance(document, str):
        return document
    found = [document.get(field) for field in fields or ("text",)]
    texts = [str(value) for value in found if isinstance(value, str | int | float)]
    if not texts:
        raise Failure(400, f"{place}: an object needs a text, or one of rank_fields", "invalid_value", place)
    return "\n".join(texts)


def _shown(document: str | dict[str, Any]) -> dict[str, Any]:
    return {"text": document} if isinstance(document, str) else document

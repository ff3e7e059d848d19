"""`/v1/translate`, `/v1/summarize`, `/v1/classify` and `/v1/extract`: the commands, with the fields of their JSONL."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from starlette.requests import Request

from nlpcli.engines.job import ModelSpec
from nlpcli.http.body import read_json
from nlpcli.http.failures import Failure
from nlpcli.http.runner import Outcome, job_of, number_of, records_of
from nlpcli.http.service import Service
from nlpcli.http.translation import translation
from nlpcli.models.reference import NO_MODEL
from nlpcli.records.record import Record
from nlpcli.tasks.extraction import ExtractOptions, chosen_kinds
from nlpcli.tasks.registry import needs_model
from nlpcli.tasks.sentiment import SentimentOptions
from nlpcli.tasks.summary import Length, Method, SummarizeOptions
from nlpcli.tasks.translate import TranslateOptions
from nlpcli.text.main_content import Markup as PageMarkup
from nlpcli.text.markup import Markup

_Positive = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class TaskRequest(msgspec.Struct, kw_only=True):
    """A text or several, and the model where it is not the task's own."""

    input: str | list[str]
    model: str | None = None

    @property
    def records(self) -> list[Record]:
        """A record of each text."""
        return records_of([self.input] if isinstance(self.input, str) else self.input)


class TranslateRequest(TaskRequest, kw_only=True):
    """As the options of `nlpcli translate`."""

    target: str | None = None
    source: str | None = None
    markup: Markup = "none"
    glossary: dict[str, str] = {}
    scores: bool = False


class SummarizeRequest(TaskRequest, kw_only=True):
    """As the options of `nlpcli summarize`."""

    length: Length = "medium"
    max_words: _Positive | None = None
    method: Method = "auto"
    bullets: bool = False
    markup: PageMarkup = "none"


class ClassifyRequest(TaskRequest, kw_only=True):
    """As the options of `nlpcli sentiment`: the model's own labels, or those that are given."""

    labels: list[str] = []
    all_scores: bool = False
    threshold: _Share | None = None


class ExtractRequest(TaskRequest, kw_only=True):
    """As the options of `nlpcli extract`: entities, or one of the others."""

    types: list[str] = []
    schema: msgspec.Raw | None = None
    grounded_only: bool = False
    keyphrases: bool = False
    top: _Positive | None = None
    method: Literal["embedding", "yake"] = "embedding"
    mask: bool = False
    kinds: tuple[str, ...] = ("all",)

    def options(self) -> ExtractOptions:
        """For the task. Raises Failure where two things are asked for."""
        if [self.schema is not None, self.keyphrases, self.mask, bool(self.types)].count(True) > 1:
            raise Failure(400, "types, schema, keyphrases and mask exclude each other; choose one", "invalid_value")
        if self.mask:
            return ExtractOptions("masked", kinds=chosen_kinds(self.kinds))
        if self.keyphrases:
            return ExtractOptions("keyphrases", top=self.top or 10, method=self.method)
        if self.schema is not None:
            schema = bytes(self.schema).decode()
            return ExtractOptions("fields", schema=schema, grounded_only=self.grounded_only)
        return ExtractOptions(types=tuple(dict.fromkeys(self.types)))


async def translate(service: Service, request: Request) -> Any:
    """Texts in another language."""
    asked = await read_json(request, TranslateRequest)
    options = TranslateOptions(
        asked.source,
        asked.target,
        asked.markup,
        tuple(asked.glossary.items()),
        scores=asked.scores,
    )
    job = await translation(service, options, asked.model, asked.records)
    return _answer(job.model, await service.runner.run(job, asked.records))


async def summarize(service: Service, request: Request) -> Any:
    """Short forms of texts."""
    asked = await read_json(request, SummarizeRequest)
    options = SummarizeOptions(asked.length, asked.max_words, asked.method, asked.bullets, asked.markup)
    return await _done(service, "summarize", options, options.role, asked)


async def classify(service: Service, request: Request) -> Any:
    """Labels of texts."""
    asked = await read_json(request, ClassifyRequest)
    labels = tuple(dict.fromkeys(label for label in map(str.strip, asked.labels) if label))
    if asked.labels and len(labels) < 2:
        raise Failure(400, "labels: at least two are needed to choose from", "invalid_value", "labels")
    options = SentimentOptions(all_scores=asked.all_scores, threshold=asked.threshold, labels=labels)
    return await _done(service, "sentiment", options, options.role, asked)


async def extract(service: Service, request: Request) -> Any:
    """What stands in texts, and where."""
    asked = await read_json(request, ExtractRequest)
    options = asked.options()
    return await _done(service, "extract", options, options.role, asked)


async def _done(service: Service, task: str, options: Any, role: str, asked: TaskRequest) -> Any:
    spec = service.models.spec(asked.model, role) if needs_model(options) else ModelSpec(NO_MODEL)
    return _answer(spec, await service.runner.run(job_of(task, options, spec), asked.records))


def _answer(model: ModelSpec, outcome: Outcome) -> dict[str, Any]:
    """The result fields of each text, or its error."""
    data = [
        {"index": number_of(record)} | ({"error": record.error} if record.result is None else record.result)
        for record in outcome.records
    ]
    read, written = outcome.usage.read, outcome.usage.written
    usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    warnings = {"warnings": outcome.warnings} if outcome.warnings else {}
    name = None if model.name == NO_MODEL else model.name
    return {"object": "list", "data": data, "model": name, "usage": usage} | warnings

"""`/v1/chat/completions` and `/v1/completions`, as OpenAI's interface has them."""

from __future__ import annotations

import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import msgspec
from starlette.requests import Request

from nlpcli import __version__
from nlpcli.engines.job import Job
from nlpcli.http.body import read_json
from nlpcli.http.events import Events, streamed
from nlpcli.http.failures import Failure
from nlpcli.http.runner import Outcome, Piece, job_of, number_of, records_of
from nlpcli.http.service import Service
from nlpcli.http.tokens import Given, texts_of
from nlpcli.records.record import Record
from nlpcli.tasks.generate import GenerateOptions

_Positive = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
_MOST_CHOICES = 128
# Below that a token is drawn as if it were 0.
_LEAST_TEMPERATURE = 0.001
_LARGEST_SEED = 2**63 - 1
_ENDS = {"end": "stop", "stop": "stop", "most tokens": "length", "context": "length"}
_ANY_OBJECT = b'{"type":"object"}'


class _SchemaOfName(msgspec.Struct):
    schema: msgspec.Raw
    name: str = ""


class ResponseFormat(msgspec.Struct):
    """What an answer has to be."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: _SchemaOfName | None = None

    def schema(self) -> str | None:
        """The JSON Schema of answers."""
        if self.type == "text":
            return None
        if self.type == "json_object":
            return _ANY_OBJECT.decode()
        if self.json_schema is None:
            raise Failure(400, "response_format: json_schema is missing", "invalid_value", "response_format")
        return bytes(self.json_schema.schema).decode()


class _StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class GenerationRequest(msgspec.Struct, kw_only=True):
    """What both have in common. What is refused is named, so that nobody believes that it was done."""

    model: str | None = None
    n: Annotated[int, msgspec.Meta(ge=1, le=_MOST_CHOICES)] | None = None
    max_tokens: _Positive | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=100)] | None = None
    top_p: _Share | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    response_format: ResponseFormat | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    logit_bias: Any = None
    logprobs: Any = None

    def options(self) -> GenerateOptions:
        """For the task. Raises Failure for what it cannot do."""
        for name in self.refused:
            asked = getattr(self, name)
            # `logprobs: 0` of a text asks for those of the tokens that were written.
            if asked or (name == "logprobs" and asked is not None and asked is not False):
                raise Failure(400, f"{name}: not done here; leave it out", "unsupported_parameter", name)
        stop = (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())
        if "" in stop:
            raise Failure(400, "stop: an empty text would end an answer before it begins", "invalid_value", "stop")
        schema = self.response_format.schema() if self.response_format else None
        if schema is not None and stop:
            raise Failure(400, "stop: it would end an answer before it is valid against the schema", None, "stop")
        greedy = self.temperature is not None and self.temperature < _LEAST_TEMPERATURE
        return GenerateOptions(
            max_tokens=self.max_tokens,
            temperature=None if greedy else self.temperature,
            top_p=None if greedy else self.top_p,
            greedy=greedy,
            stop=stop,
            schema=schema,
            seed=None if self.seed is None else self.seed & _LARGEST_SEED,
            ending=True,
        )

    @property
    def refused(self) -> Sequence[str]:
        """Fields that may not ask for anything."""
        return ("frequency_penalty", "presence_penalty", "logit_bias", "logprobs")


class _Part(msgspec.Struct):
    type: str
    text: str | None = None


class Message(msgspec.Struct):
    """A message of a conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[_Part] | None = None

    def pair(self, number: int) -> tuple[str, str]:
        """Role and content, as chat templates know them."""
        place = f"messages[{number}]"
        if self.role in {"tool", "function"}:
            raise Failure(400, f"{place}.role: {self.role} is not known here", "invalid_value", f"{place}.role")
        if isinstance(self.content, list):
            if any(part.type not in {"text", "refusal"} for part in self.content):
                raise Failure(400, f"{place}.content: only text is read here", "invalid_value", f"{place}.content")
            return self._role, "".join(part.text or "" for part in self.content)
        return self._role, self.content or ""

    @property
    def _role(self) -> str:
        return "system" if self.role == "developer" else self.role


class ChatRequest(GenerationRequest, kw_only=True):
    """A conversation that is to go on."""

    messages: Annotated[list[Message], msgspec.Meta(min_length=1)]
    max_completion_tokens: _Positive | None = None
    tools: Any = None
    functions: Any = None
    top_logprobs: Any = None
    audio: Any = None
    web_search_options: Any = None

    @property
    def refused(self) -> Sequence[str]:
        """Those of all, and what only conversations have."""
        return (
            *GenerationRequest.refused.fget(self),  # type: ignore[attr-defined]
            *("tools", "functions", "top_logprobs", "audio", "web_search_options"),
        )


class CompletionRequest(GenerationRequest, kw_only=True):
    """Texts that are to go on, as such or as the model's tokens."""

    prompt: Given
    best_of: int | None = None
    echo: bool | None = None
    suffix: str | None = None

    @property
    def refused(self) -> Sequence[str]:
        """Those of all, and what only texts have."""
        return (*GenerationRequest.refused.fget(self), "echo", "suffix")  # type: ignore[attr-defined]


async def chat(service: Service, request: Request) -> Any:
    """The next message of a conversation."""
    asked = await read_json(request, ChatRequest)
    messages = tuple(message.pair(number) for number, message in enumerate(asked.messages))
    options = replace(asked.options(), messages=messages)
    if asked.max_completion_tokens is not None:
        options = replace(options, max_tokens=asked.max_completion_tokens)
    return await _answered(service, asked, _Chat, options, [messages[-1][1]])


async def completions(service: Service, request: Request) -> Any:
    """How texts go on."""
    asked = await read_json(request, CompletionRequest)
    if asked.best_of is not None and asked.best_of != (asked.n or 1):
        raise Failure(400, "best_of: not done here; leave it out", "unsupported_parameter", "best_of")
    options = replace(asked.options(), raw=True)
    job = job_of("generate", options, service.models.spec(asked.model, "generate"))
    return await _answered(service, asked, _Text, options, await texts_of(service, job, asked.prompt, "prompt"))


@dataclass(frozen=True, slots=True)
class _Form(ABC):
    """How an answer is written: the words that it begins with, and its choices, whole or piece by piece."""

    model: str
    id: str
    created: int
    kind = ""
    streamed_kind = ""

    def head(self, kind: str) -> dict[str, Any]:
        """What every answer begins with."""
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "system_fingerprint": f"nlpcli-{__version__}",
        }

    @abstractmethod
    def whole(self, text: str) -> Mapping[str, Any]:
        """A choice."""

    @abstractmethod
    def piece(self, text: str | None, is_first: bool) -> Mapping[str, Any]:
        """A piece of a choice; None where it ends."""


class _Chat(_Form):
    kind, streamed_kind, prefix = "chat.completion", "chat.completion.chunk", "chatcmpl"

    def whole(self, text: str) -> Mapping[str, Any]:
        return {"message": {"role": "assistant", "content": text, "refusal": None}}

    def piece(self, text: str | None, is_first: bool) -> Mapping[str, Any]:
        role = {"role": "assistant"} if is_first else {}
        return {"delta": role | ({} if text is None else {"content": text})}


class _Text(_Form):
    kind, streamed_kind, prefix = "text_completion", "text_completion", "cmpl"

    def whole(self, text: str) -> Mapping[str, Any]:
        return {"text": text}

    def piece(self, text: str | None, is_first: bool) -> Mapping[str, Any]:  # noqa: ARG002
        return {"text": text or ""}


async def _answered(
    service: Service, asked: GenerationRequest, form: type[_Chat | _Text], options: GenerateOptions, texts: list[str]
) -> Any:
    count = asked.n or 1
    job = job_of("generate", options, service.models.spec(asked.model, "generate"))
    answer = form(job.model.name, f"{form.prefix}-{secrets.token_hex(12)}", int(time.time()))
    # The same text again is drawn anew, as `nlpcli generate --n` does.
    records = records_of([text for text in texts for _ in range(count)])
    if asked.stream:
        has_usage = bool(asked.stream_options and asked.stream_options.include_usage)
        return await streamed(_events(service, job, records, answer, has_usage, count))
    outcome = await service.runner.run(job, records)
    choices = [
        {"index": number, **answer.whole(_text(record)), "logprobs": None, "finish_reason": _end(record)}
        for number, record in enumerate(outcome.records)
    ]
    warnings = {"warnings": outcome.warnings} if outcome.warnings else {}
    return answer.head(answer.kind) | {"choices": choices, "usage": _usage(outcome, count)} | warnings


async def _events(
    service: Service, job: Job, records: list[Record], answer: _Form, has_usage: bool, count: int
) -> Events:
    """The pieces of the choices, each choice after the one before; at the end what it took."""
    outcome = Outcome()
    begun: set[int] = set()

    def event(number: int, text: str | None, end: str | None) -> Mapping[str, Any]:
        choice = {"index": number, **answer.piece(text, number not in begun), "logprobs": None, "finish_reason": end}
        begun.add(number)
        return answer.head(answer.streamed_kind) | {"choices": [choice]} | ({"usage": None} if has_usage else {})

    async with aclosing(service.runner.stream(job, records, outcome)) as events:
        async for found in events:
            if isinstance(found, Piece):
                yield event(found.number, found.text, None)
            else:
                yield event(number_of(found), None if _text(found) else "", _end(found))
    if has_usage:
        yield answer.head(answer.streamed_kind) | {"choices": [], "usage": _usage(outcome, count)}


def _text(record: Record) -> str:
    """What was written. Raises Failure where nothing could be."""
    if record.result is None:
        raise Failure(400, record.error or "", "invalid_value")
    text: str = record.result["completion"]
    return text


def _end(record: Record) -> str:
    return _ENDS[(record.result or {})["ending"][0]]


def _usage(outcome: Outcome, count: int) -> dict[str, int]:
    # A prompt counts once, however many choices it has.
    read, written = outcome.usage.read // count, outcome.usage.written
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}

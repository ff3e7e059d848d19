"""Fields: texts → the values of a JSON Schema, by any decoder, each looked up in its text."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from nlpcli.errors import NlpcliError, UsageError
from nlpcli.records.finite import NOT_A_NUMBER
from nlpcli.records.record import Record
from nlpcli.records.schema import Schema
from nlpcli.records.splitting import without_surrogates
from nlpcli.runtime.arrivals import Arrivals
from nlpcli.runtime.runs import count
from nlpcli.tasks.base import ContinuousTask, TextCallback
from nlpcli.tasks.extraction import ExtractOptions, as_objects, in_offsets, outgoing
from nlpcli.tasks.field_values import (
    SchemaNodes,
    Value,
    bounded,
    grounded,
    least_sizes,
    merged,
    salvaged,
    without_repetition,
    without_ungrounded,
)
from nlpcli.text.grounding import Folded
from nlpcli.text.sentences import passages
from nlpcli.text.spans import Span

if TYPE_CHECKING:
    from nlpcli.pipelines.generation.completer import Completer
    from nlpcli.pipelines.generation.continuous import Event, Request
    from nlpcli.pipelines.generation.shared import Share

DEFAULT_MAX_TOKENS = 512
# A small model loses the thread in longer texts.
_MOST_TOKENS_OF_TEXT = 1024
_FEWEST_TOKENS_OF_TEXT = 16
_ASK = "Extract data from the text as JSON. Copy values word for word from the text."


class _Answer(NamedTuple):
    """An object that is valid against the schema, or what is wrong."""

    fields: dict[str, Any] | None
    problem: str | None = None


@dataclass(slots=True)
class _Draft:
    """A record, the prompts of the parts of its text, and the answers that are there."""

    record: Record
    prompts: list[list[int]]
    answers: dict[int, _Answer] = field(default_factory=dict)
    problem: str | None = None

    @property
    def is_finished(self) -> bool:
        return self.problem is not None or len(self.answers) == len(self.prompts)


class FieldsTask(ContinuousTask):
    """Keeps as many rows busy as the device has room for; records leave in the order in which they came."""

    def __init__(
        self, options: ExtractOptions, completer: Completer, watch: Callable[[Sequence[Record]], None]
    ) -> None:
        self._options = options
        self._watch = watch
        self._completer = completer
        schema = options.schema or schema_of_types(options.types)
        self._schema = Schema(schema)
        self._nodes = SchemaNodes(json.loads(schema))
        self._constraint = completer.constraint(json.dumps(bounded(json.loads(schema)), ensure_ascii=False))
        self._closing = self._tokens_to_close()
        self._max_tokens = max(1, min(DEFAULT_MAX_TOKENS + self._closing, completer.longest // 2))
        self._room = min(_MOST_TOKENS_OF_TEXT, completer.longest - self._max_tokens - len(self._prompt("a")))
        if self._room < _FEWEST_TOKENS_OF_TEXT:
            raise UsageError(
                "the schema and the examples leave no room for a text in the model's context; shorten them"
            )

    def process(self, source: Arrivals, budget: int | None, on_text: TextCallback) -> Iterator[Record]:  # noqa: ARG002
        """Every record of `source`, in order, with its fields or its error."""
        with closing(self._completer.batch(self._completer.greedy(), budget)) as batch:
            yield from self._fill(source, batch)

    def _fill(self, source: Arrivals, batch: Share) -> Iterator[Record]:
        import torch

        drafts: deque[_Draft] = deque()
        while True:
            records = source.take_what_is_there(batch.room) if drafts else source.take(max(1, batch.room))
            if not records and not drafts:
                return
            self._watch(records)
            for record in records:
                draft = self._begin(record)
                drafts.append(draft)
                batch.submit(self._request(draft, place, prompt) for place, prompt in enumerate(draft.prompts))
            with self.computing(), torch.inference_mode():
                events = batch.advance()
            for event in events:
                self._note(event)
            while drafts and drafts[0].is_finished:
                yield self._finished(drafts.popleft())

    def reduce(self, records: Iterator[Record]) -> Iterator[Record]:
        """The records, or how often each value was found."""
        return outgoing(self._options, records)

    def _begin(self, record: Record) -> _Draft:
        text = without_surrogates(record.text)
        count(records=1)
        if record.error is not None or not text.strip():
            return _Draft(record, [], problem=record.error)
        try:
            return _Draft(record, [self._prompt(part.text) for part in passages(text, self._count, self._room)])
        except NlpcliError as error:
            return _Draft(record, [], problem=str(error))

    def _count(self, texts: Sequence[str]) -> list[int]:
        return [len(self._completer.prompt_of_text(text)) for text in texts]

    def _prompt(self, text: str) -> list[int]:
        schema = json.dumps(self._nodes.root, ensure_ascii=False, separators=(",", ":"))
        ask = f"{_ASK} JSON Schema: {schema}"
        if not self._completer.is_chat:
            shown = "".join(f"Text: {one}\nJSON: {answer}\n\n" for one, answer in self._options.examples)
            return self._completer.prompt_of_text(f"{ask}\n\n{shown}Text: {text}\nJSON: ")
        from nlpcli.pipelines.chat import Refused

        shots = [
            {"role": role, "content": content}
            for one, answer in self._options.examples
            for role, content in (("user", f"Text: {one}"), ("assistant", answer))
        ]
        last = {"role": "user", "content": f"Text: {text}"}
        try:
            return self._completer.prompt_of_messages([{"role": "system", "content": ask}, *shots, last])
        except Refused:  # some templates have no place for a system message
            first = (shots or [last])[0]
            first["content"] = f"{ask}\n\n{first['content']}"
            return self._completer.prompt_of_messages([*shots, last])

    def _request(self, draft: _Draft, place: int, prompt: list[int]) -> Request:
        closing = min(self._closing, self._max_tokens // 2)
        return self._completer.request(
            (draft, place), prompt, self._max_tokens, constraint=self._constraint, closing=closing
        )

    def _tokens_to_close(self) -> int:
        """As many as an answer needs at the most whose strings and lists end as soon as they may."""
        schema = json.dumps(self._nodes.root, ensure_ascii=False, separators=(",", ":"))
        items, characters = least_sizes(self._nodes.root)
        return len(self._completer.prompt_of_text(schema)) * max(1, items) + characters

    def _note(self, event: Event) -> None:
        from nlpcli.pipelines.generation.continuous import Ending

        if event.ending is None:
            return
        count(written=len(event.tokens))
        draft, place = event.request.owner
        if event.ending is Ending.MEMORY:
            draft.problem = "the text does not fit into memory; use --device cpu"
        elif event.ending is Ending.FAILED:
            draft.problem = self.words_of(event.error)
        elif event.ending is Ending.NOT_A_NUMBER:
            draft.problem = NOT_A_NUMBER
        else:
            answer = draft.answers[place] = self._answer(event.text, event.valid)
            draft.problem = draft.problem or answer.problem

    def _answer(self, text: str, valid: bool) -> _Answer:
        """What was written, without repetitions, also of names; of what is too long as much as is valid."""
        problem = None if valid else "it did not end within the tokens that an answer has"
        for candidate in [text] if valid else salvaged(text):
            fields = json.loads(candidate)
            for each in (without_repetition(fields), fields):
                wrong = self._schema.problem_of(json.dumps(each))
                if wrong is None:
                    return _Answer(each) if isinstance(each, dict) else _Answer({"value": each})
                problem = problem or wrong
        return _Answer(None, f"the answer is not valid against --schema: {problem}; shorten the schema or the text")

    def _finished(self, draft: _Draft) -> Record:
        record = draft.record
        if draft.problem is not None:
            record.error = draft.problem
            return record
        text = without_surrogates(record.text)
        folded = Folded(text)
        answers = [draft.answers[place].fields or {} for place in range(len(draft.prompts))]
        fields = self._merged(answers, text, folded)
        values = grounded(fields, self._nodes, text, folded) if answers else []
        if self._options.result == "entities":
            record.result = {"entities": as_objects(self._options, text, _entities(text, fields, values))}
            return record
        if self._options.grounded_only:
            missing = frozenset(value.path for value in values if value.place is None)
            fields = without_ungrounded(fields, self._nodes, missing)
            values = grounded(fields, self._nodes, text, folded)
        record.result = {"fields": fields if answers else None, "values": self._objects(text, values)}
        return record

    def _merged(self, answers: Sequence[dict[str, Any]], text: str, folded: Folded) -> dict[str, Any]:
        """One object; where the parts make none that is valid, the first of them."""
        if len(answers) < 2:
            return answers[0] if answers else {}
        parts = [
            (one, frozenset(v.path for v in grounded(one, self._nodes, text, folded) if v.place is not None))
            for one in answers
        ]
        whole = merged(parts, self._nodes)
        return whole if self._schema.problem_of(json.dumps(whole)) is None else answers[0]

    def _objects(self, text: str, values: Sequence[Value]) -> list[dict[str, Any]]:
        places = [place for value in values if value.place is not None for place in value.place]
        counted = in_offsets(self._options.offsets, text, places)
        return [
            {
                "path": value.path,
                "value": value.value,
                "text": None if value.place is None else text[value.place.start : value.place.end],
                "start": None if value.place is None else counted[value.place.start],
                "end": None if value.place is None else counted[value.place.end],
                "grounded": value.place is not None,
            }
            for value in values
        ]


def _entities(text: str, fields: Mapping[str, Any], values: Sequence[Value]) -> list[Span]:
    """What the text has of an answer to `schema_of_types`."""
    found = {value.path: value.place for value in values}
    return list(
        {
            Span(place.start, place.end, text[place.start : place.end], one["type"])
            for number, one in enumerate(fields.get("entities", []))
            if (place := found.get(f"entities[{number}].text")) is not None
        }
    )


def schema_of_types(types: Sequence[str]) -> str:
    """The schema that asks for entities of the user's own types."""
    entity = {
        "type": "object",
        "properties": {"type": {"enum": list(types)}, "text": {"type": "string", "maxLength": 60}},
        "required": ["type", "text"],
        "additionalProperties": False,
    }
    return json.dumps(
        {
            "type": "object",
            "properties": {"entities": {"type": "array", "items": entity}},
            "required": ["entities"],
            "additionalProperties": False,
        },
        ensure_ascii=False,
    )

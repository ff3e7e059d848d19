"""Many prompts at once, each ending when it ends: continuous batching (Yu et al. 2022, Orca).

A row that is finished leaves, and the next prompt takes its place, so that no row waits for the longest. Rows have
lengths of their own (`models.decoders`): nothing is padded but the prompts that are read together.

Where a step fails, its rows start over in halves until the one is found that it fails at, and the others go on.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from nlpcli.errors import NlpcliError
from nlpcli.models.decoders.base import Decoder, ExtendableDecoder, Logits
from nlpcli.pipelines.generation.lookup import Lookup
from nlpcli.pipelines.generation.sampling import (
    RandomGenerator,
    Sampling,
    are_numbers,
    forbid,
    next_tokens,
    penalise_repetition,
)
from nlpcli.pipelines.generation.text_stream import TextStream
from nlpcli.runtime.device import is_out_of_memory
from nlpcli.runtime.runs import Cancelled

if TYPE_CHECKING:
    from nlpcli.pipelines.generation.constraint import Matcher

log = logging.getLogger(__name__)

# Prompts that are read in one pass: so many padded tokens at the most.
_PADDED_TOKENS = 4096
# So many tokens have to be guessed before what reads several at once is loaded, which takes the time of some 20 steps.
_HITS = 8
# So many prompts that fail in turn, each alone, are no accident of theirs: the model fails.
_MOST_FAILING = 8


class Ending(StrEnum):
    """Why a text ended."""

    END = "end"
    STOP = "stop"
    MAX_TOKENS = "most tokens"
    CONTEXT = "context"
    MEMORY = "memory"
    NOT_A_NUMBER = "not a number"
    FAILED = "failed"
    BROKEN = "broken"
    """The model fails at whatever it is given."""


@dataclass(slots=True)
class Request:
    """A prompt, and the state of the text that it becomes. `owner` is whatever the caller knows it by.

    The first `source` tokens of the prompt are what an encoder reads: no part of the text, and no part of the context.
    """

    owner: Any
    prompt: list[int]
    max_tokens: int
    generator: Callable[[], RandomGenerator]
    stream: Callable[[], TextStream]
    matcher: Callable[[], Matcher | None] = lambda: None
    source: int = 0
    closing: int = 0
    """So many of the last tokens bring a text with a matcher to its end."""
    share: object = None
    """Whose it is, where several use one batch (`shared`)."""


class Event(NamedTuple):
    """`text` is what is written so far, and certain; `ending` is set when it is all. `valid`: the schema holds."""

    request: Request
    text: str
    ending: Ending | None
    valid: bool
    tokens: Sequence[int] = ()
    """What was written, where it is all."""
    error: Exception | None = None
    """What the model failed with, where the ending is FAILED or BROKEN."""


@dataclass(slots=True)
class _Row:
    request: Request
    tokens: list[int]
    generator: RandomGenerator | None
    stream: TextStream
    matcher: Matcher | None
    written: int = field(default=0)
    lookup: Lookup = field(default_factory=Lookup)

    @property
    def has_to_close(self) -> bool:
        """Whether a text that has to be whole must come to its end now."""
        return self.request.max_tokens - self.written <= self.request.closing

    @property
    def text_tokens(self) -> list[int]:
        return self.tokens[self.request.source :]


class ContinuousBatch:
    """Rows of one decoder. `submit` prompts, `advance` until nothing is left."""

    def __init__(
        self,
        decoder: Decoder,
        sampling: Sampling,
        ends: frozenset[int],
        most_rows: int,
        budget: int,
        admission: int = _PADDED_TOKENS,
    ) -> None:
        """`budget`: tokens in all rows together, were each as long as it may become; one row is always allowed.
        `admission`: padded tokens of prompts that are taken up in one step, for which all rows wait; one prompt always.
        """
        self._decoder = decoder
        self._sampling = sampling
        self._ends = ends
        self._most_rows = most_rows
        self._budget = budget
        self._admission = admission
        self._waiting: deque[Request] = deque()
        self._rows: list[_Row] = []
        # Prompts among which a step failed, to be taken up group by group, and those that it fails at.
        self._suspects: list[list[Request]] = []
        self._failed: list[Event] = []
        self._has_worked = False
        self._drafts_pay = False
        self._said = False

    @property
    def room(self) -> int:
        """How many more prompts it could use now."""
        return max(0, self._most_rows - len(self._rows) - len(self._waiting))

    def forget(self, share: object) -> None:
        """Take out what belongs to one of those that use the batch."""
        self._waiting = deque(request for request in self._waiting if request.share is not share)
        self._suspects = [[request for request in group if request.share is not share] for group in self._suspects]
        self._suspects = [group for group in self._suspects if group]
        self._failed = [event for event in self._failed if event.request.share is not share]
        self._drop([number for number, row in enumerate(self._rows) if row.request.share is share])

    @property
    def most_rows(self) -> int:
        """How many rows it has at a time."""
        return self._most_rows

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left to do."""
        return not self._rows and not self._waiting and not self._suspects and not self._failed

    def submit(self, requests: Iterable[Request]) -> None:
        """Prompts to be taken up in this order. Each has fewer tokens than the decoder's context."""
        self._waiting.extend(requests)

    def advance(self) -> list[Event]:
        """One more token for every row; what became of each."""
        admitted: list[Request] = []
        try:
            self._admit(admitted)
            events = self._step()
        except (NlpcliError, Cancelled):
            raise
        except Exception as error:  # noqa: BLE001 - whatever a library raises at a prompt
            under_way = [*(row.request for row in self._rows), *admitted]
            self._decoder.clear()
            self._rows = []
            if is_out_of_memory(error):
                return self._start_over_with_fewer(under_way)
            self._start_over_in_halves(under_way, error)
            events = []
        return [*events, *self._certainly_failed()]

    def _admit(self, admitted: list[Request]) -> None:
        """Take up what fits; `admitted` holds it until it has rows."""
        if self._suspects:
            admitted += [] if self._rows else self._suspects.pop()
        else:
            while self._waiting and self._fits(admitted, self._waiting[place := self._next(admitted)]):
                admitted.append(self._waiting[place])
                del self._waiting[place]
        # Prompts of about one length are read together; which row a text has changes nothing in it.
        admitted.sort(key=lambda request: len(request.prompt))
        groups = _groups(admitted)
        self._rows += [self._row(request) for request in admitted]
        admitted.clear()
        for group in groups:
            self._decoder.add([request.prompt[:-1] for request in group])

    def _next(self, admitted: Sequence[Request]) -> int:
        """The place of the prompt whose turn it is: who shares the batch and has no row in it comes first."""
        busy = self._shares(admitted)
        return next((place for place, request in enumerate(self._waiting) if request.share not in busy), 0)

    def _shares(self, admitted: Sequence[Request]) -> set[object]:
        return {request.share for request in (*(row.request for row in self._rows), *admitted)}

    def _row(self, request: Request) -> _Row:
        generator = None if self._sampling.is_greedy else request.generator()
        return _Row(request, list(request.prompt), generator, request.stream(), request.matcher())

    def _fits(self, admitted: Sequence[Request], request: Request) -> bool:
        rows = [row.request for row in self._rows] + list(admitted)
        if request.share is not None and all(row.share is not request.share for row in rows):
            return True  # nobody waits for the rows of others
        # Where several share the batch, no one waits long for the prompts of the others.
        most = self._admission // 4 if len(self._shares(admitted)) > 1 else self._admission
        longest = max(len(one.prompt) for one in (*admitted, request))
        if admitted and longest * (len(admitted) + 1) > most:
            return False
        tokens = sum(map(_max_tokens, rows)) + _max_tokens(request)
        return not rows or (len(rows) < self._most_rows and tokens <= self._budget)

    def _step(self) -> list[Event]:
        if not self._rows:
            return []
        if len(self._rows) == 1 and isinstance(self._decoder, ExtendableDecoder):
            events = [self._look_up(self._decoder, *self._rows)]
        else:
            events = self._choose(self._rows, self._decoder.step([row.tokens[-1] for row in self._rows]))
        self._drop([number for number, event in enumerate(events) if event.ending is not None])
        self._has_worked = True
        return events

    def _look_up(self, decoder: ExtendableDecoder, row: _Row) -> Event:
        """One token for the only row, or several where a draft of them holds: the same that it gets one by one."""
        left = min(row.request.max_tokens - row.written, decoder.longest - len(row.tokens)) - 1
        draft = row.lookup.draft(row.tokens, left)
        self._drafts_pay = self._drafts_pay or row.lookup.hits >= _HITS
        draft = draft[: max(0, decoder.most_extended() - 1)] if draft and self._drafts_pay else []
        if not draft:
            return self._choose([row], decoder.step(row.tokens[-1:]))[0]
        logits = decoder.extend([row.tokens[-1], *draft])
        for number in range(len(logits)):
            (event,) = self._choose([row], logits[number : number + 1])
            if event.ending is not None or number == len(draft) or row.tokens[-1] != draft[number]:
                break
        row.lookup.note(number)
        decoder.shorten(len(draft) - number)
        return event

    def _choose(self, rows: Sequence[_Row], logits: Logits) -> list[Event]:
        """The next token of each of `rows`."""
        numbers = are_numbers(logits)
        for number, row in enumerate(rows):
            if self._sampling.repetition_penalty != 1:
                penalise_repetition(logits, number, row.text_tokens, self._sampling.repetition_penalty)
            if row.matcher is not None:
                forbid(logits, number, row.matcher.allowed(row.has_to_close))
        generators = [row.generator for row in rows if row.generator is not None]
        return self._taken(rows, next_tokens(logits, self._sampling, generators), numbers)

    def _taken(self, rows: Sequence[_Row], tokens: Sequence[int], are_numbers: Sequence[bool]) -> list[Event]:
        return [
            self._take(row, token) if is_number else self._event(row, Ending.NOT_A_NUMBER)
            for row, token, is_number in zip(rows, tokens, are_numbers, strict=True)
        ]

    def _take(self, row: _Row, token: int) -> Event:
        row.written += 1
        row.tokens.append(token)
        if row.matcher is not None:
            row.matcher.take(token)
        if token in self._ends:
            return self._event(row, Ending.END)
        row.stream.push(token)
        if row.stream.stopped:
            return self._event(row, Ending.STOP)
        if row.matcher is not None and row.matcher.is_complete:
            return self._event(row, Ending.END)
        if row.written >= row.request.max_tokens:
            return self._event(row, Ending.MAX_TOKENS)
        if len(row.tokens) - row.request.source >= self._decoder.longest:
            return self._event(row, Ending.CONTEXT)
        return self._event(row, None)

    def _event(self, row: _Row, ending: Ending | None) -> Event:
        if ending is not None:
            row.stream.finish()
        valid = row.matcher is None or row.matcher.is_valid
        tokens = () if ending is None else row.tokens[len(row.request.prompt) :]
        return Event(row.request, row.stream.text, ending, valid, tokens)

    def _drop(self, numbers: list[int]) -> None:
        for number in sorted(numbers, reverse=True):
            self._decoder.remove(number)
            last = self._rows.pop()
            if number < len(self._rows):
                self._rows[number] = last

    def _start_over_with_fewer(self, again: list[Request]) -> list[Event]:
        """Memory ran out: half as many rows, each from its start. A text draws the same again."""
        if len(again) <= 1:
            return [Event(request, "", Ending.MEMORY, valid=False) for request in again]
        self._most_rows = len(again) // 2
        self._waiting.extendleft(reversed(again))
        said = log.info if self._said else log.warning
        said("out of memory: going on with at most %d texts at a time", self._most_rows)
        self._said = True
        return []

    def _start_over_in_halves(self, again: list[Request], error: Exception) -> None:
        """A step failed, at one of them or at all: half of them at a time, each from its start."""
        if len(again) == 1:
            self._failed.append(Event(again[0], "", Ending.FAILED, valid=False, error=error))
            return
        half = len(again) // 2
        self._suspects += [group for group in (again[half:], again[:half]) if group]

    def _certainly_failed(self) -> list[Event]:
        """The prompts that a model fails at which does not fail at all of them."""
        is_over = not self._rows and not self._waiting and not self._suspects
        if not self._failed or not (self._has_worked or is_over or len(self._failed) >= _MOST_FAILING):
            return []
        failed, self._failed = self._failed, []
        return failed if self._has_worked else [event._replace(ending=Ending.BROKEN) for event in failed]


def _max_tokens(request: Request) -> int:
    return len(request.prompt) + request.max_tokens


def _groups(requests: Sequence[Request]) -> list[list[Request]]:
    groups: list[list[Request]] = []
    for request in requests:
        # Sorted by length: the one that comes is the longest of its group.
        if not groups or len(request.prompt) * (len(groups[-1]) + 1) > _PADDED_TOKENS:
            groups.append([])
        groups[-1].append(request)
    return groups

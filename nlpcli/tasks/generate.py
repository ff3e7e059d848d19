"""Generate: prompts → completions, by any decoder."""

from __future__ import annotations

import logging
import secrets
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nlpcli.errors import UsageError, quoted
from nlpcli.models.reference import LocalModel
from nlpcli.records.finite import NOT_A_NUMBER
from nlpcli.records.record import Record
from nlpcli.records.schema import Schema
from nlpcli.records.table import ANY_JSON
from nlpcli.records.template import NotRendered, render
from nlpcli.runtime import runs
from nlpcli.runtime.arrivals import Arrivals
from nlpcli.runtime.device import Placement, without_gradients
from nlpcli.runtime.runs import no_text
from nlpcli.tasks.base import ContinuousTask, Loaded, Loader, TextCallback

if TYPE_CHECKING:
    from nlpcli.pipelines.generation.completer import Completer
    from nlpcli.pipelines.generation.constraint import Constraint
    from nlpcli.pipelines.generation.continuous import Event
    from nlpcli.pipelines.generation.shared import Share

log = logging.getLogger(__name__)

DEFAULT_MAX_TOKENS = 256
_INVALID = "the answer is not valid against --schema"
# Why an answer that a schema guides is not whole, by the name of its ending.
_CUT_SHORT = {
    "most tokens": "it did not end within --max-tokens; raise that, or limit lengths in the schema",
    "context": "it did not end within the model's context; shorten the prompt, or limit lengths in the schema",
    "end": "the schema is too complex to be followed; simplify it",
}


@dataclass(frozen=True, slots=True)
class GenerateOptions:
    """What `nlpcli generate` was asked for; `None` leaves a number to the model.

    `messages`: a conversation, as pairs of role and content, in the place of the text. `ending`: results say how each
    text ended (an `Ending`), and one that ends before it is valid against the schema is no error.
    """

    system: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    greedy: bool = False
    stop: tuple[str, ...] = ()
    count: int = 1
    raw: bool = False
    schema: str | None = None
    template: str | None = None
    seed: int | None = None
    why: bool = False
    messages: tuple[tuple[str, str], ...] = ()
    ending: bool = False

    @property
    def fields(self) -> Mapping[str, str]:
        """Result fields and their types."""
        why = {"why": ANY_JSON} if self.why else {}
        ending = {"ending": "list<string>"} if self.ending else {}
        return ({"completion": "string"} if self.count == 1 else {"completions": "list<string>"}) | why | ending


@dataclass(slots=True)
class _Draft:
    """A record whose texts are being written."""

    record: Record
    texts: list[str | None]
    written: str = ""
    heard: int = 0
    problem: str | None = None
    asked: str = ""
    whys: list[dict[str, Any]] | None = None
    endings: dict[int, str] = field(default_factory=dict)

    @property
    def is_finished(self) -> bool:
        return self.problem is not None or None not in self.texts


class GenerateTask(ContinuousTask):
    """Keeps as many rows busy as the device has room for; records leave in the order in which they came."""

    def __init__(
        self,
        options: GenerateOptions,
        completer: Completer,
        constraint: Constraint | None,
        exact: Completer | None = None,
    ) -> None:
        self._exact = exact
        self._options = options
        self._completer = completer
        self._constraint = constraint
        self._schema = None if options.schema is None else Schema(options.schema)
        self._sampling = (
            completer.greedy()
            if options.greedy
            else completer.sampling(options.temperature, options.top_p, options.top_k)
        )
        self._max_tokens = options.max_tokens or DEFAULT_MAX_TOKENS
        # Without a seed each run draws anew.
        self._seed = secrets.randbits(63) if options.seed is None else options.seed
        # Texts of the same prompt are drawn apart, by how often it came before. Hashes: prompts may be long and many.
        self._seen: Counter[int] = Counter()

    def process(self, source: Arrivals, budget: int | None, on_text: TextCallback) -> Iterator[Record]:
        """Every record of `source`, in order, with its completion or its error."""
        drafts: deque[_Draft] = deque()
        with self.computing():
            shared = self._completer.batch(self._sampling, budget)
        with closing(shared) as batch:
            yield from self._write(source, batch, drafts, on_text)

    def _write(self, source: Arrivals, batch: Share, drafts: deque[_Draft], on_text: TextCallback) -> Iterator[Record]:
        while True:
            records = source.take_what_is_there(batch.room) if drafts else source.take(batch.room)
            if not records and not drafts:
                return
            with self.computing(), without_gradients():
                drafts.extend(self._begin(record, batch) for record in records)
                events = batch.advance()
            for event in events:
                self._note(event)
            # Several texts of one record cannot be told apart piece by piece.
            heard = on_text if self._options.count == 1 else no_text
            yield from _leaving(drafts, heard, self._options.ending)

    def _begin(self, record: Record, batch: Share) -> _Draft:
        draft = _Draft(record, [None] * self._options.count)
        if record.error is not None:
            draft.problem = record.error
            return draft
        from nlpcli.pipelines.chat import Refused

        try:
            draft.asked = self._asked(record)
            prompt = self._prompt(draft.asked)
        except NotRendered as error:
            draft.problem = str(error)
            return draft
        except Refused as error:
            draft.problem = f"{error}; --raw leaves it off"
            return draft
        if (problem := self._completer.too_long(prompt)) is not None:
            draft.problem = problem
            return draft
        runs.count(read=len(prompt), records=1)
        first = self._times_seen(prompt)
        batch.submit(
            self._completer.request(
                (draft, place),
                prompt,
                self._max_tokens,
                self._seed,
                first + place,
                self._options.stop,
                self._constraint,
            )
            for place in range(self._options.count)
        )
        return draft

    def _times_seen(self, prompt: list[int]) -> int:
        """How many texts were drawn for this prompt before; those of now are counted."""
        if self._options.greedy:
            return 0
        key = hash(tuple(prompt))
        seen = self._seen[key]
        self._seen[key] += self._options.count
        return seen

    def _asked(self, record: Record) -> str:
        return record.text if self._options.template is None else render(self._options.template, record)

    def _prompt(self, text: str) -> list[int]:
        if self._options.messages:
            return self._completer.prompt_of_messages(
                [{"role": role, "content": content} for role, content in self._options.messages]
            )
        if self._options.raw or not self._completer.is_chat:
            return self._completer.prompt_of_text(text)
        system = [] if self._options.system is None else [{"role": "system", "content": self._options.system}]
        return self._completer.prompt_of_messages([*system, {"role": "user", "content": text}])

    def _note(self, event: Event) -> None:
        draft, place = event.request.owner
        draft.written = event.text
        if event.ending is None:
            return
        draft.texts[place] = event.text
        draft.endings[place] = event.ending.value
        runs.count(written=len(event.tokens))
        draft.problem = self._problem_of(event) or draft.problem
        if draft.problem is None and not self._options.ending:
            self._tell_of_ending(draft.record, event)
        if self._exact is not None and draft.problem is None:
            draft.whys = draft.whys or [{}] * len(draft.texts)
            draft.whys[place] = self._why(self._exact, draft, event)

    def _problem_of(self, event: Event) -> str | None:
        """Why a text that has ended is no result."""
        from nlpcli.pipelines.generation.continuous import Ending

        assert event.ending is not None
        if event.ending is Ending.MEMORY:
            return "the prompt does not fit into memory; shorten it, or use --device cpu"
        if event.ending is Ending.FAILED:
            return self.words_of(event.error)
        if event.ending is Ending.NOT_A_NUMBER:
            return NOT_A_NUMBER
        if self._options.ending and event.ending in (Ending.MAX_TOKENS, Ending.CONTEXT):
            return None
        if not event.valid:
            return f"{_INVALID}: {_CUT_SHORT[event.ending]}"
        problem = None if self._schema is None else self._schema.problem_of(event.text)
        return None if problem is None else f"{_INVALID}: {problem}"

    def _tell_of_ending(self, record: Record, event: Event) -> None:
        from nlpcli.pipelines.generation.continuous import Ending

        if event.ending is Ending.CONTEXT:
            log.warning(
                "%s: the text ends at the model's context of %d tokens; a model of a longer context goes on",
                record.origin,
                self._completer.longest,
            )
        elif event.ending is Ending.MAX_TOKENS and self._options.max_tokens is None and self._completer.is_chat:
            log.warning("answers end at %d tokens; --max-tokens lets them be longer", self._max_tokens)

    def _why(self, exact: Completer, draft: _Draft, event: Event) -> dict[str, Any]:
        from nlpcli.pipelines.generation.reasons import reasons_of
        from nlpcli.tasks.why import why_of_erasure

        asked, request, text = draft.asked, event.request, draft.record.text
        found = reasons_of(exact, asked, request.prompt, request.source, event.tokens, event.text)
        if asked == text:
            groups: list[tuple[int, int] | None] = list(found.groups)
        else:  # of a template: what of it is the text of the record
            start = asked.find(text) if text else -1
            inside = [start >= 0 and first >= start and last <= start + len(text) for first, last in found.groups]
            groups = [
                (first - start, last - start) if own else None
                for (first, last), own in zip(found.groups, inside, strict=True)
            ]
        names = [asked[first:last] for first, last in found.groups]
        target = "log-probability of the completion"
        return why_of_erasure(text, groups, found.log_probabilities, found.lost, found.words, target, names)


def _leaving(drafts: deque[_Draft], on_text: TextCallback, says_endings: bool) -> Iterator[Record]:
    """The records at the head that are finished; of the first that is not, what is written so far is heard."""
    while drafts:
        draft = drafts[0]
        if draft.problem is None and len(draft.written) > draft.heard:
            on_text(draft.record, draft.written[draft.heard :])
            draft.heard = len(draft.written)
        if not draft.is_finished:
            return
        drafts.popleft()
        if draft.problem is not None:
            draft.record.error = draft.problem
        else:
            draft.record.result = (
                {"completion": draft.texts[0]} if len(draft.texts) == 1 else {"completions": draft.texts}
            )
            if draft.whys is not None:
                draft.record.result["why"] = draft.whys[0] if len(draft.texts) == 1 else draft.whys
            if says_endings:
                draft.record.result["ending"] = [draft.endings[place] for place in range(len(draft.texts))]
        yield draft.record


OPTIONS = GenerateOptions


def loader(options: GenerateOptions, model: LocalModel, placement: Placement) -> Loader:  # noqa: ARG001
    """Loads a `Completer`."""
    from nlpcli.pipelines.generation.loading import load_completer

    if options.why:
        from nlpcli.pipelines.attribution.loading import WithExplanations
        from nlpcli.pipelines.generation.reasons import load_exact_completer

        return WithExplanations(load_completer, load_exact_completer)
    return load_completer


def make_task(options: GenerateOptions, loaded: Loaded[Any]) -> GenerateTask:
    """The task of one run."""
    completer, exact = (loaded.pipeline.pipeline, loaded.pipeline.exact) if options.why else (loaded.pipeline, None)
    constraint = None if options.schema is None else completer.constraint(options.schema)
    if options.messages and not completer.is_chat:
        raise UsageError(f"{quoted(loaded.model.name)} has no template for conversations; give it a text to go on with")
    if options.system is not None and (options.raw or not completer.is_chat):
        why = "--raw leaves off" if options.raw else f"{loaded.model.name} lacks"
        log.warning("--system has no effect: it goes into the chat template, which %s", why)
    return GenerateTask(options, completer, constraint, exact)

"""Embed: texts → vectors, or what lies nearest to a query, or how similar the texts are."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from nlpcli.errors import UsageError, WordsUnknown, quoted
from nlpcli.models.reference import LocalModel
from nlpcli.models.static.kinds import is_static
from nlpcli.records.record import Record
from nlpcli.records.table import ANY_JSON
from nlpcli.runtime.batching import Split, Unit
from nlpcli.runtime.device import Placement
from nlpcli.tasks.base import BatchTask, Loaded, Loader
from nlpcli.tasks.language_watch import LanguageWatch
from nlpcli.tasks.unknown_words import UnknownWords
from nlpcli.tasks.window_notice import WindowNotice

if TYPE_CHECKING:
    import numpy as np

    from nlpcli.pipelines.attribution.similarity import Similarity
    from nlpcli.pipelines.chunks import Chunk
    from nlpcli.pipelines.embedding import EmbeddingPipeline
    from nlpcli.pipelines.static import StaticPipeline

    Vector = np.ndarray[Any, Any]

Spans = list[tuple[int, int]]
"""Start and end of each chunk in its text, in code points."""

Precision = Literal["float32", "float16", "int8", "binary"]
Result = Literal["vectors", "chunks", "search", "similarity"]
_ITEM_TYPES = {"float32": "float32", "float16": "float16", "int8": "int8", "binary": "uint8"}
# The names under which models keep the prompts for the two sides of a search.
_QUERY_PROMPTS = ("query",)
_DOCUMENT_PROMPTS = ("document", "passage", "corpus")
# What could be the name of a prompt; a prompt itself ends in a space or a mark.
_NAME = re.compile(r"[\w.-]+")


@dataclass(frozen=True, slots=True)
class EmbedOptions:
    """What `nlpcli embed` was asked for. `top` limits a search or a ranking (None: all)."""

    result: Result = "vectors"
    pooling: Literal["auto", "mean", "cls", "last", "sif"] = "auto"
    normalize: bool | None = None
    dimension: int | None = None
    precision: Precision = "float32"
    prompt: str | None = None
    query: str | None = None
    top: int | None = None
    why: bool = False

    @property
    def fields(self) -> Mapping[str, str]:
        """Result fields and their types."""
        items = _ITEM_TYPES[self.precision]
        if self.result == "vectors":
            return {"embedding": f"list<{items}>"}
        if self.result == "chunks":
            return {"chunks": f"chunks<{items}>"}
        if self.result == "search":
            place = {"file": "string", "line": "int64", "start": "int64", "end": "int64"}
            return {"score": "float64"} | place | ({"why": ANY_JSON} if self.why else {})
        return {"score": "float64"}


class _Window(NamedTuple):
    """A window's token ids, and how many at its start the pooling leaves out."""

    token_ids: list[int]
    unpooled: int


class EmbedTask(BatchTask):
    """Texts in, vectors out, in batches."""

    def __init__(
        self,
        options: EmbedOptions,
        pipeline: EmbeddingPipeline | StaticPipeline,
        watch: Callable[[Sequence[Record]], None],
        name: str = "the model",
        exact: EmbeddingPipeline | None = None,
    ) -> None:
        self._options = options
        self._exact = exact
        self._pipeline = pipeline
        self._watch = watch
        config = pipeline.sentence_config
        self._normalize = config.normalize if options.normalize is None else options.normalize
        if options.prompt is not None:
            _check_prompt(options.prompt, config.prompts, name)
        self._query_prompt, self._prompt = _prompts(options, config.prompts, config.prompt)
        self._prompt_length = self._count_prompt_tokens(self._prompt)
        self._unknown = UnknownWords(pipeline.unknown, name)
        self._tell_of_windows = WindowNotice(
            pipeline.longest_input,
            "embedded in windows whose vectors are averaged, nothing is cut away",
        )

    @property
    def batches_with(self) -> Hashable:
        return (self._options.pooling,)

    def split(self, records: Sequence[Record]) -> list[Split]:
        """One unit per window of the model's length, or per chunk; the state is where each chunk stands."""
        self._watch(records)
        if self._options.result in ("chunks", "search"):
            return [_split_chunks(chunks, self._prompt_length) for chunks in self._chunks(records)]
        windows_of = self._pipeline.windows([self._prompt + record.text for record in records])
        self._tell_of_windows(records, windows_of)
        for windows in windows_of:
            self._unknown.count(windows)
        return [Split([Unit(len(w.token_ids), w) for w in self._windows(windows)]) for windows in windows_of]

    def _chunks(self, records: Sequence[Record]) -> list[list[Chunk]]:
        found = self._pipeline.chunks([record.text for record in records], self._prompt)
        for chunks in found:
            self._unknown.count(chunk.token_ids for chunk in chunks)
        return found

    def _windows(self, windows: Sequence[list[int]]) -> list[_Window]:
        """The prompt stands only in the first window of a text."""
        return [_Window(ids, 0 if number else self._prompt_length) for number, ids in enumerate(windows)]

    def run(self, units: Sequence[Unit]) -> Sequence[Vector]:
        """The vector of each window."""
        windows: list[_Window] = [unit.payload for unit in units]
        return list(self._encode([w.token_ids for w in windows], [w.unpooled for w in windows]))

    def join(self, record: Record, state: Spans | None, outputs: Sequence[Vector]) -> dict[str, Any]:  # noqa: ARG002
        """The vector of the text or those of its chunks, in full precision where more is to be computed with them."""
        options = self._options
        if self._pipeline.has_closed_vocabulary and not any(output.any() for output in outputs):
            raise self._unknown.error()
        if state is not None:
            vectors = [self._finish([output]) for output in outputs] or [self._finish([])]
            if options.result == "search":
                return {"spans": state, "vectors": vectors}
            return {
                "chunks": [
                    {"start": start, "end": end, "embedding": with_precision(vector, options.precision)}
                    for (start, end), vector in zip(state, vectors, strict=True)
                ]
            }
        vector = self._finish(outputs)
        return {"embedding": with_precision(vector, options.precision) if options.result == "vectors" else vector}

    def reduce(self, records: Iterator[Record]) -> Iterator[Record]:
        """The records with their vectors, or the outcome of a search or a ranking over all of them."""
        from nlpcli.tasks import ranking

        options, records = self._options, self._unknown.watching(records)
        if options.result == "search":
            with self.computing():
                query = self._embed_query()
            again = None if self._exact is None else partial(self._scores, self._exact)
            found = ranking.nearest(records, query, options.top, again)
            return self._explained(found, self._exact) if options.why and self._exact else found
        if options.result == "similarity":
            return ranking.pairs(records, options.top)
        return records

    def _scores(self, exact: EmbeddingPipeline, records: Sequence[Record]) -> list[float]:
        """How near the windows that were found in records are to the query, in float32."""
        with self.computing():
            query = self._embed_query(exact)
            windows = [self._found_window(exact, record) for record in records]
            return [_cosine(query, self._vector(exact, window)) if window else 0.0 for window in windows]

    def _vector(self, exact: EmbeddingPipeline, window: list[int]) -> Vector:
        return self._finish(list(exact.encode([window], [self._prompt_length], self._options.pooling)))

    def _found_window(self, exact: EmbeddingPipeline, record: Record) -> list[int]:
        """The token ids of what was found in a record."""
        found = record.result or {}
        chunks = exact.chunks([record.text], self._prompt)[0]
        return next(chunk.token_ids for chunk in chunks if (chunk.start, chunk.end) == (found["start"], found["end"]))

    def _explained(self, records: Iterator[Record], exact: EmbeddingPipeline) -> Iterator[Record]:
        """What was found, with the tokens of the query and of the text that made them similar."""
        from nlpcli.pipelines.attribution.similarity import Similarity

        similarity = Similarity(exact, self._options.pooling, self._options.dimension)
        for record in records:
            if record.result is not None:
                with self.computing():
                    record.result["why"] = self._why(record, record.result, exact, similarity)
            yield record

    def _why(
        self, record: Record, result: dict[str, Any], exact: EmbeddingPipeline, similarity: Similarity
    ) -> dict[str, Any] | None:
        from nlpcli.tasks.why import why_of_windows
        from nlpcli.text.origins import Origins

        start, end, query = result["start"], result["end"], self._options.query or ""
        chunks = exact.chunks([record.text], self._prompt)[0]
        window = next((chunk.token_ids for chunk in chunks if (chunk.start, chunk.end) == (start, end)), [])
        (asked,) = exact.windows([self._query_prompt + query])
        if not window or len(asked) != 1:  # a query of several windows has a vector that is none of theirs
            return None
        sides = []
        for text, prompt, ids, unpooled in (
            (record.text[start:end], self._prompt, window, self._prompt_length),
            (query, self._query_prompt, asked[0], 0),
        ):
            (places,) = exact.places(prompt + text, [ids])
            own = [_behind(place, len(prompt)) for place in places]
            sides.append((text, ids, unpooled, own))
        vectors = [similarity.vector(ids, unpooled) for _, ids, unpooled, _ in sides]
        whys = []
        for (text, ids, unpooled, places), other in zip(sides, reversed(vectors), strict=True):
            integral = similarity.reasons(ids, unpooled, [place is not None for place in places], other)
            whys.append(why_of_windows("similarity", text, Origins(text, text), [integral], [places], [1]))
        found, asking = whys
        for token in found["tokens"]:
            token["start"], token["end"] = token["start"] + start, token["end"] + start
        return found | {"query_text": query, "query": asking["tokens"], "query_error": asking["error"]}

    def _embed_query(self, exact: EmbeddingPipeline | None = None) -> Vector:
        pipeline = exact or self._pipeline
        (windows,) = pipeline.windows([self._query_prompt + (self._options.query or "")])
        vectors = [pipeline.encode([window], None, self._options.pooling)[0] for window in windows]
        if self._pipeline.has_closed_vocabulary and not any(vector.any() for vector in vectors):
            raise WordsUnknown(f'--search "{self._options.query}": {self._unknown.error()}')
        return self._finish(vectors)

    def _finish(self, outputs: Sequence[Vector]) -> Vector:
        vector = self._average(outputs)
        dimension = self._options.dimension
        if dimension is not None and dimension > len(vector):
            raise UsageError(f"--dim {dimension} is more than the model's {len(vector)} numbers; choose fewer")
        vector = vector[:dimension]
        return _unit_length(vector) if self._normalize else vector

    def _average(self, outputs: Sequence[Vector]) -> Vector:
        import numpy as np

        if not outputs:  # an empty text, of which the tokenizer makes nothing at all
            return np.zeros(self._pipeline.dimension, np.float32)
        # Windows of one text are of equal length (to a token), so their plain average weighs every token alike.
        return outputs[0] if len(outputs) == 1 else np.stack(outputs).mean(0)

    def _encode(self, windows: Sequence[list[int]], unpooled: Sequence[int] | None = None) -> Vector:
        return self._pipeline.encode(windows, unpooled, self._options.pooling)

    def _count_prompt_tokens(self, prompt: str) -> int:
        if not prompt or self._pipeline.sentence_config.include_prompt:
            return 0
        # As sentence-transformers counts it: the prompt by itself, without the token that would end it.
        (windows,) = self._pipeline.windows([prompt])
        ends_with_special = windows[0][-1] in self._pipeline.special_ids
        return len(windows[0]) - int(ends_with_special)


OPTIONS = EmbedOptions


def loader(options: EmbedOptions, model: LocalModel, placement: Placement) -> Loader:  # noqa: ARG001
    """Loads an `EmbeddingPipeline`, or a `StaticPipeline`."""
    if is_static(model.folder) and options.why:
        raise UsageError("--why explains what a model makes of words together; static vectors do not, leave it out")
    if is_static(model.folder):
        from nlpcli.pipelines.static import load_static_pipeline

        return load_static_pipeline
    from nlpcli.pipelines.embedding import load_embedding_pipeline

    if options.result == "search":
        from nlpcli.pipelines.attribution.loading import WithExplanations, WithSecondLook

        return (WithExplanations if options.why else WithSecondLook)(load_embedding_pipeline)
    return load_embedding_pipeline


def make_task(options: EmbedOptions, loaded: Loaded[Any]) -> EmbedTask:
    """The task of one run."""
    from nlpcli.pipelines.attribution.loading import Explained

    two = loaded.pipeline if isinstance(loaded.pipeline, Explained) else Explained(loaded.pipeline, None)
    pipeline, exact = two.pipeline, two.exact
    return EmbedTask(options, pipeline, LanguageWatch(loaded.model, "embed"), loaded.model.name, exact)


def _behind(place: tuple[int, int] | None, prompt: int) -> tuple[int, int] | None:
    """The place of a token in a text that stands behind a prompt, of which it is no part."""
    return None if place is None or place[1] <= prompt else (max(0, place[0] - prompt), place[1] - prompt)


def _split_chunks(chunks: Sequence[Chunk], unpooled: int) -> Split:
    """The prompt stands in every chunk."""
    units = [Unit(len(chunk.token_ids), _Window(chunk.token_ids, unpooled)) for chunk in chunks if chunk.token_ids]
    return Split(units, [(chunk.start, chunk.end) for chunk in chunks])


def _check_prompt(prompt: str, prompts: Mapping[str, str], name: str) -> None:
    """Raises UsageError where a prompt is one word and names none: a typing error, or a forgotten space."""
    if prompt in prompts or not _NAME.fullmatch(prompt):
        return
    known = f"it has: {', '.join(prompts)}" if prompts else "it has none by name"
    raise UsageError(
        f'{quoted(name)} has no prompt "{prompt}"; {known}. A text to put before each record ends in a space or a mark:'
        f' --prompt "{prompt}: "'
    )


def _prompts(options: EmbedOptions, prompts: Mapping[str, str], fallback: str) -> tuple[str, str]:
    """What stands before a query, and before a record: what was asked for, else what the model has for it."""
    if options.prompt is not None:
        chosen = prompts.get(options.prompt, options.prompt)
        return chosen, chosen
    if options.result != "search":
        return fallback, fallback
    query = next((prompts[name] for name in _QUERY_PROMPTS if name in prompts), fallback)
    document = next((prompts[name] for name in _DOCUMENT_PROMPTS if name in prompts), fallback)
    return query, document


def _cosine(one: Vector, other: Vector) -> float:
    import numpy as np

    lengths = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / lengths if lengths else 0.0


def _unit_length(vector: Vector) -> Vector:
    import numpy as np

    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if length else vector


def with_precision(vector: Vector, precision: Precision) -> Vector:
    """A float32 vector in fewer bits.

    int8 is scaled by the vector's own largest number, which cosine similarity does not see; binary keeps the signs,
    eight to a byte (uint8, first number in the highest bit, as numpy.packbits and FAISS have it).
    """
    import numpy as np

    # What is no number stays so, for bits and integers have no NaN: it is an error of the record (see records.finite).
    if precision == "float32" or not np.isfinite(vector).all():
        return vector
    if precision == "float16":
        with np.errstate(over="ignore"):  # an infinity is an error of the record (see records.finite)
            return vector.astype(np.float16)
    if precision == "binary":
        return np.packbits(vector > 0)
    largest = float(np.abs(vector).max(initial=0.0)) or 1.0
    return np.rint(vector * (127 / largest)).astype(np.int8)

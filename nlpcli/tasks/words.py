"""Words: what is near, analogies, the odd one, similarity, projection on an axis, a map, and measuring all that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from nlpcli.errors import InputBroken, NlpcliError, WordsUnknown, quoted
from nlpcli.models.reference import LocalModel
from nlpcli.records.record import Record
from nlpcli.runtime.batching import Split, Unit
from nlpcli.runtime.device import Placement
from nlpcli.tasks.base import BatchTask, Loaded, Loader

if TYPE_CHECKING:
    from nlpcli.pipelines.words import WordSpace

Result = Literal["nearest", "analogy", "odd", "compare", "axis", "map", "evaluate"]
DEFAULT_TOP = {"nearest": 10, "analogy": 5}
_DIGITS = 6
_NUMBERS = {"nearest": None, "analogy": 3, "compare": 2}
_ROW = {"word": "string", "score": "float64"}
_FIELDS: dict[Result, dict[str, str]] = {
    "nearest": _ROW,
    "analogy": _ROW,
    "odd": _ROW,
    "compare": {"score": "float64"},
    "axis": {"score": "float64"},
    "map": {"x": "float64", "y": "float64"},
    "evaluate": {
        "section": "string",
        "kind": "string",
        "score": "float64",
        "correct": "int64",
        "total": "int64",
        "left_out": "int64",
        "pearson": "float64",
        "file": "string",
    },
}


@dataclass(frozen=True, slots=True)
class WordsOptions:
    """What `nlpcli words` was asked for; `poles` of an axis; `vocabulary`: the most frequent words (None: all)."""

    result: Result = "nearest"
    top: int | None = None
    method: Literal["add", "mul"] = "add"
    vocabulary: int | None = None
    poles: tuple[str, str] = ("", "")
    keeps_vectors: bool = False

    @property
    def fields(self) -> Mapping[str, str]:
        """Result fields and their types."""
        return {"embedding": "list<float32>"} if self.keeps_vectors else _FIELDS[self.result]


class WordsTask(BatchTask):
    """One record is a word; of analogies, pairs and odd ones the words of one question."""

    def __init__(self, options: WordsOptions, space: WordSpace) -> None:
        self._options = options
        self._space = space
        self._axis = self._direction() if options.result == "axis" else None

    def _direction(self) -> Any:
        """From the second pole to the first, at unit length; a pole may be several words with commas between."""
        import numpy as np

        first, second = (
            np.mean([self._space.vector(word)[0] for word in pole.split(",")], 0) for pole in self._options.poles
        )
        direction = first - second
        length = float(np.linalg.norm(direction))
        if not length:
            raise WordsUnknown(f"{self._options.poles[0]} and {self._options.poles[1]} have one vector; name two poles")
        return direction / length

    def split(self, records: Sequence[Record]) -> list[Split]:
        """One unit per record."""
        return [Split([Unit(1, record.text)]) for record in records]

    def run(self, units: Sequence[Unit]) -> Sequence[Any]:
        """The answer to each, or its error."""
        if self._options.result == "evaluate":
            return [unit.payload for unit in units]
        return [self._answer_or_error(unit.payload) for unit in units]

    def join(self, record: Record, state: None, outputs: Sequence[Any]) -> dict[str, Any]:  # noqa: ARG002
        """The answer; several rows of one record are taken apart by `reduce`."""
        answer: dict[str, Any] = outputs[0] if self._options.result != "evaluate" else {"line": outputs[0]}
        return answer

    def reduce(self, records: Iterator[Record]) -> Iterator[Record]:
        """A record for each row of an answer; the coordinates of a map; or what was measured."""
        if self._options.result == "evaluate":
            from nlpcli.tasks.words_evaluation import evaluate

            return evaluate(records, self._space, self._options.vocabulary, self._options.method)
        if self._options.result == "map" and not self._options.keeps_vectors:
            return _coordinates(records)
        return (row for record in records for row in _rows(record))

    def _answer_or_error(self, text: str) -> dict[str, Any] | NlpcliError:
        try:
            return self._answer(text)
        except NlpcliError as error:
            return error

    def _answer(self, text: str) -> dict[str, Any]:
        import numpy as np

        options, space = self._options, self._space
        if options.result == "odd":
            return self._odd(_words(text))
        if options.result in ("analogy", "compare"):
            words = _words(text)
            if len(words) != (wanted := _NUMBERS[options.result]):
                raise InputBroken(
                    f"{quoted(text)} has {len(words)} words, and this wants {wanted}, a line each question"
                )
            if options.result == "compare":
                (first, _), (second, _) = map(space.vector, words)
                return {"score": round(float(first @ second), _DIGITS)}
            found = space.analogy(words, options.top or DEFAULT_TOP["analogy"], options.method, options.vocabulary)
            return _found(found)
        vector, rows = space.vector(text)
        if options.result == "axis":
            return {"score": round(float(vector @ self._axis), _DIGITS)}
        if options.result == "map":
            return {"embedding": np.asarray(vector)}
        return _found(space.nearest(vector, rows, options.top or DEFAULT_TOP["nearest"], options.vocabulary))

    def _odd(self, words: list[str]) -> dict[str, Any]:
        """The word that is farthest from the mean of all."""
        import numpy as np

        if len(words) < 3:
            raise InputBroken(f"{len(words)} words have no odd one; give at least three")
        vectors = np.stack([self._space.vector(word)[0] for word in words])
        mean = vectors.mean(0)
        scores = vectors @ (mean / (np.linalg.norm(mean) or 1))
        place = int(scores.argmin())
        return {"word": words[place], "score": round(float(scores[place]), _DIGITS)}


def _words(text: str) -> list[str]:
    """Words with tabs between, where there are any, else with spaces."""
    return [word.strip() for word in text.split("\t") if word.strip()] if "\t" in text else text.split()


def _found(found: Sequence[tuple[str, float]]) -> dict[str, Any]:
    return {"rows": [{"word": word, "score": round(score, _DIGITS)} for word, score in found]}


def _rows(record: Record) -> Iterator[Record]:
    if record.result is None or "rows" not in record.result:
        yield record
        return
    for row in record.result["rows"]:
        yield replace(record, result=row)


def _coordinates(records: Iterator[Record]) -> Iterator[Record]:
    """The records with their place on the map of all (see `views.scatter`), which are held in memory."""
    import numpy as np

    from nlpcli.views.scatter import principal_components

    kept = list(records)
    found = [record for record in kept if record.result is not None]
    if found:
        points, _ = principal_components(np.stack([(record.result or {})["embedding"] for record in found]))
        for record, (x, y) in zip(found, points.tolist(), strict=True):
            record.result = {"x": round(x, _DIGITS), "y": round(y, _DIGITS)}
    yield from kept


OPTIONS = WordsOptions


def loader(options: WordsOptions, model: LocalModel, placement: Placement) -> Loader:  # noqa: ARG001
    """Loads a `WordSpace`."""
    from nlpcli.pipelines.words import load_word_space

    return load_word_space


def make_task(options: WordsOptions, loaded: Loaded[WordSpace]) -> WordsTask:
    """The task of one run."""
    return WordsTask(options, loaded.pipeline)

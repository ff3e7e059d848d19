"""Text → entities by a pipeline of spaCy's: exactly its own `doc.ents`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from nlpcli.models.reference import LocalModel
from nlpcli.models.spacy_files import load
from nlpcli.runtime.device import Placement
from nlpcli.text.spans import Span, span_of

if TYPE_CHECKING:
    from spacy.language import Language

Found = list[tuple[int, int, str]]
# spaCy holds a text as a whole, a kilobyte for a character or two: a longer one is cut between lines.
MOST_CHARACTERS = 100_000
# A batch has as many tokens as its units cost.
_CHARACTERS_PER_TOKEN = 4


class Passage(NamedTuple):
    """A text, or a part of a very long one."""

    cost: int
    payload: str


class SpacyEntities:
    """`passages`, `label` and `spans` as of `TokenClassificationPipeline`; spaCy gives no scores."""

    def __init__(self, nlp: Language) -> None:
        self._nlp = nlp
        nlp.max_length = MOST_CHARACTERS
        self.types: tuple[str, ...] = tuple(nlp.pipe_labels["ner"])
        # Its vocabulary grows while it reads.
        self._lock = Lock()

    def passages(self, texts: Sequence[str]) -> list[tuple[list[Passage], list[int]]]:
        """The parts of each text and where each begins; none of a text without a word."""
        return [passages_of(text) for text in texts]

    def label(self, passages: Sequence[str]) -> list[Found]:
        """Start, end and label of each entity of each part."""
        with self._lock, self._nlp.memory_zone():
            docs = self._nlp.pipe(passages)
            return [[(one.start_char, one.end_char, one.label_) for one in doc.ents] for doc in docs]

    def spans(self, text: str, state: Sequence[int], outputs: Sequence[Found], aggregation: str = "") -> list[Span]:  # noqa: ARG002
        """The entities of a text."""
        spans = (
            span_of(text, first + start, first + end, label)
            for first, found in zip(state, outputs, strict=True)
            for start, end, label in found
        )
        return [span for span in spans if span is not None]


def passages_of(text: str) -> tuple[list[Passage], list[int]]:
    """The parts of a text that are short enough, and where each begins; none of a text without a word."""
    if not text.strip():
        return [], []
    borders = [0, *_cuts(text), len(text)]
    parts = [text[start:end] for start, end in pairwise(borders)]
    return [Passage(len(part) // _CHARACTERS_PER_TOKEN + 1, part) for part in parts], borders[:-1]


def _cuts(text: str) -> Iterator[int]:
    """Behind the last end of a line that leaves a part short enough; else behind a space; else anywhere."""
    start = 0
    while len(text) - start > MOST_CHARACTERS:
        end = start + MOST_CHARACTERS
        found = (text.rfind(border, start + MOST_CHARACTERS // 2, end) for border in ("\n", " "))
        start = next((place + 1 for place in found if place >= 0), end)
        yield start


def load_spacy_entities(model: LocalModel, placement: Placement) -> SpacyEntities:  # noqa: ARG001 - a CPU does it
    """The pipeline.

    Raises:
        ExtraMissing: spaCy is not installed.
        ModelError: the files are damaged.
    """
    return SpacyEntities(load(model))

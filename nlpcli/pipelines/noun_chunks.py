"""English text → its noun chunks, by the tagger and the parser of the starter model for entities."""

from __future__ import annotations

import logging
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING

from nlpcli.errors import ModelError
from nlpcli.models.cache import resolve
from nlpcli.models.spacy_files import NOUN_CHUNKS, load
from nlpcli.pipelines.spacy_entities import MOST_CHARACTERS, passages_of

if TYPE_CHECKING:
    from spacy.language import Language

log = logging.getLogger(__name__)

MODEL = "starter/entities"


class NounChunks:
    """`of(text)`: start and end of each noun chunk, as spaCy's `doc.noun_chunks` has them."""

    def __init__(self, nlp: Language) -> None:
        self._nlp = nlp
        nlp.max_length = MOST_CHARACTERS
        # Its vocabulary grows while it reads.
        self._lock = Lock()

    def of(self, text: str) -> list[tuple[int, int]]:
        """In the order of the text."""
        passages, begins = passages_of(text)
        with self._lock, self._nlp.memory_zone():
            docs = self._nlp.pipe(passage.payload for passage in passages)
            return [
                (begin + chunk.start_char, begin + chunk.end_char)
                for begin, doc in zip(begins, docs, strict=True)
                for chunk in doc.noun_chunks
            ]


@cache
def noun_chunks() -> NounChunks:
    """The pipeline out of the cache: nothing is fetched for it.

    Raises:
        ModelError: it is not there, or damaged.
    """
    return NounChunks(load(resolve(MODEL, None, True, _quiet), NOUN_CHUNKS))


def noun_chunks_if_there() -> NounChunks | None:
    """As `noun_chunks`; None where the model is not in the cache, which is said."""
    try:
        return noun_chunks()
    except ModelError:
        log.warning(
            "key phrases of English are runs of words here: nlpcli models pull %s makes them noun chunks, and"
            " --candidates n-grams says that they need not be",
            MODEL,
        )
        return None


def _quiet(text: str, fraction: float | None = None) -> None:
    """Nothing takes long."""

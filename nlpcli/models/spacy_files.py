"""The starter model for entities: a pipeline of spaCy's out of a wheel, cut down to what entities and noun chunks need.

Only the pipeline that the catalogue pins is ever loaded: a configuration of spaCy's names functions to call. Its files
are JSON, arrays of NumPy and msgpack without objects: none of them can run code.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nlpcli.errors import ExtraMissing, ModelUnusable, quoted
from nlpcli.models.catalog import WheelFile, catalog
from nlpcli.models.foreign import said_of
from nlpcli.models.reference import LocalModel

if TYPE_CHECKING:
    from spacy.language import Language

# No entity crosses the border of a sentence, and the parser says where these are.
ENTITIES = ("tok2vec", "parser", "ner")
# Which words are nouns, the tagger says, and the ruler in the names that the chunks are told by.
NOUN_CHUNKS = ("tok2vec", "tagger", "parser", "attribute_ruler")
_KEPT = sorted({*ENTITIES, *NOUN_CHUNKS})
_OTHERS = ("senter", "lemmatizer")
_FILES = ("config.cfg", "meta.json", "tokenizer", "vocab", *_KEPT)
_FORMAT = "spacy"


def convert(source: Path, folder: Path) -> None:
    """Keep what is needed. The names of 684,000 words, most of what loading takes, are not read for them.

    Raises:
        ModelUnusable: a part is missing.
    """
    folder.mkdir()
    for name in _FILES:
        if not (source / name).exists():
            raise ModelUnusable(f"the pipeline of spaCy lacks {name}; it is damaged")
        (source / name).rename(folder / name)
    (folder / "vocab" / "strings.json").write_text("[]", encoding="utf-8")


def is_spacy(model: LocalModel) -> bool:
    """Whether the model is one of the catalogue's that spaCy loads."""
    entry = catalog().models.get(model.name)
    return entry is not None and isinstance(entry.origin, WheelFile) and entry.origin.format == _FORMAT


def load(model: LocalModel, components: Sequence[str] = ENTITIES) -> Language:
    """The pipeline with some of its components, on the CPU.

    Raises:
        ExtraMissing: spaCy is not installed.
        ModelUnusable: the files are damaged.
    """
    # Neither its advice to programmers nor that of what it imports.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import spacy
        except ImportError as error:
            raise ExtraMissing(f"{quoted(model.name)}", "extract") from error
        with said_of(f"{quoted(model.name)} cannot be loaded"):
            return spacy.load(model.folder, exclude=[name for name in (*_KEPT, *_OTHERS) if name not in components])

"""Which translator a folder holds."""

from __future__ import annotations

from typing import Protocol

from nlpcli.models.loading import is_bergamot
from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.translation.translators import PivotTranslator, Translator, load_bergamot
from nlpcli.runtime.device import Placement
from nlpcli.runtime.turns import Turns


class Wanted(Protocol):
    """What the user asked for, as far as it concerns the model."""

    @property
    def source(self) -> str | None: ...
    @property
    def target(self) -> str | None: ...
    @property
    def beams(self) -> int: ...
    @property
    def shortlist(self) -> bool: ...
    @property
    def in_bytes(self) -> bool: ...


def load_translator(model: LocalModel, placement: Placement, wanted: Wanted) -> Translator:
    """The model on its device, and the one that goes on from there where there are two.

    Raises:
        ModelError: the folder does not hold a translation model.
        UsageError: the model does not know a language that was asked for.
    """
    turns = Turns()
    first = _load_one(model, placement, wanted, turns)
    if model.then is None:
        return first
    return PivotTranslator(first, _load_one(model.then, placement, wanted, turns))


def _load_one(model: LocalModel, placement: Placement, wanted: Wanted, turns: Turns) -> Translator:
    if is_bergamot(model):
        return load_bergamot(model, placement, wanted.beams, wanted.shortlist, wanted.in_bytes, turns)
    from nlpcli.pipelines.translation.families import load_family

    translator: Translator = load_family(model, placement, wanted)
    return translator

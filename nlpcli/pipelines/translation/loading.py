"""Which translation model a folder holds."""

from __future__ import annotations

from nlpcli.models.reference import LocalModel
from nlpcli.models.students.loading import is_student
from nlpcli.pipelines.translation.bergamot import load_bergamot
from nlpcli.pipelines.translation.pivot import PivotModel
from nlpcli.pipelines.translation.translators import TranslationModel
from nlpcli.runtime.device import Placement


def load_translation_model(model: LocalModel, placement: Placement) -> TranslationModel:
    """The model on its device, and the one that goes on from there where there are two.

    Raises:
        ModelError: the folder does not hold a translation model.
    """
    first = _load_one(model, placement)
    if model.then is None:
        return first
    return PivotModel(first, _load_one(model.then, placement))


def _load_one(model: LocalModel, placement: Placement) -> TranslationModel:
    if is_student(model):
        return load_bergamot(model, placement)
    from nlpcli.pipelines.translation.families import load_family

    return load_family(model, placement)

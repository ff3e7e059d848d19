"""A local folder → the tokenizer and the weights of a student, ready for `GreedyTranslator`.

Without transformers, whose import takes longer than a short translation; folders that are not plainly whole are left
to `models.loading`, which says what is wrong and raises as it does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch

from nlpcli.models.preparing import decided, precision_of, tell
from nlpcli.models.reference import LocalModel
from nlpcli.models.students.weights import student_config, student_tokenizer, student_weights
from nlpcli.runtime.device import Placement
from nlpcli.runtime.precision import Precision, Use


class Student(NamedTuple):
    """`weights` are all that greedy decoding needs; `module` loads a `BergamotMTModel`, for whatever else there is."""

    weights: Any
    module: Callable[[], Any]
    precision: Precision


def is_student(model: LocalModel) -> bool:
    """Whether the folder holds a student model of Bergamot's or Firefox's."""
    if student_config(model.folder) is not None:
        return True
    from nlpcli.models.loading import is_bergamot

    return is_bergamot(model)


def load_tokenizer(model: LocalModel) -> Any:
    """The tokenizer of a student: a `StudentTokenizer`, or a `BergamotTokenizer`."""
    if student_config(model.folder) is not None and (own := student_tokenizer(model.name, model.folder)) is not None:
        return own
    from nlpcli.models import loading

    return loading.load_tokenizer(model)


def load_student(model: LocalModel, placement: Placement) -> Student:
    """A student on its device.

    Raises:
        ModelError: the folder does not hold one.
        UsageError: it cannot be computed in the format that was asked for.
    """

    def module() -> Any:
        from nlpcli.models import loading

        return loading.load_student(model, placement)

    config = student_config(model.folder)
    if config is not None:
        precision = decided(model, placement, Use.TEXT, config)
        weights = student_weights(model.folder, config, getattr(torch, precision.dtype))
        if weights is not None:
            tell(model, precision)
            return Student(weights.to(placement.device).eval(), module, precision)
    loaded = module()
    return Student(loaded, lambda: loaded, precision_of(model, placement, Use.TEXT, loaded.config))

"""A local folder → tokenizer, and an encoder with or without a head, ready for inference.

Of the families whose modules are ours without transformers, whose import takes longer than the rest of a short run;
of all others, and of folders that are not plainly whole, by `loading`, which says what is wrong and raises as it does.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from nlpcli.models.bert.first_token import read_first_token_alone
from nlpcli.models.bert.modeling import bert_classifier, bert_config, bert_encoder
from nlpcli.models.plain_config import PlainConfig
from nlpcli.models.plain_tokenizer import plain_tokenizer
from nlpcli.models.preparing import compute_in_float32, decided, prepare, tell
from nlpcli.models.reference import LocalModel
from nlpcli.runtime.device import Placement
from nlpcli.runtime.precision import Use

_Read = Callable[[Path, PlainConfig, torch.dtype], nn.Module | None]


def load_tokenizer(model: LocalModel) -> Any:
    """The tokenizer of an encoder: a `PlainTokenizer`, or one of transformers."""
    if bert_config(model.folder) is not None and (tokenizer := plain_tokenizer(model.name, model.folder)) is not None:
        return tokenizer
    from nlpcli.models import loading

    return loading.load_tokenizer(model)


def load_encoder(model: LocalModel, placement: Placement) -> nn.Module:
    """As `loading.load_encoder`."""
    module = _read(model, placement, Use.VECTORS, bert_encoder)
    if module is not None:
        return module
    from nlpcli.models import loading

    return loading.load_encoder(model, placement)


def load_classifier(model: LocalModel, placement: Placement) -> nn.Module:
    """As `loading.load_classifier`."""
    module = _read(model, placement, Use.LABELS, bert_classifier)
    if module is not None:
        return module
    from nlpcli.models import loading

    return loading.load_classifier(model, placement)


def _read(model: LocalModel, placement: Placement, use: Use, read: _Read) -> nn.Module | None:
    config = bert_config(model.folder)
    if config is None:
        return None
    precision = decided(model, placement, use, config)
    module = read(model.folder, config, getattr(torch, precision.dtype))
    if module is None:
        return None
    tell(model, precision)
    if use is Use.LABELS:
        compute_in_float32(module, config.num_labels)
        if placement.device_type == "cpu":
            read_first_token_alone(module)
    module.to(placement.device).eval()
    prepare(module, precision, model.name)
    return module

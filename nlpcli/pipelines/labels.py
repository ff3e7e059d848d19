"""What a classifier's outputs mean, and what its labels are called.

Configurations spell the same thing in many ways (`POS`, `Positive`, `LABEL_2`, `5 stars`). Whoever reads results of
several models wants one; a name that says nothing stays as it is unless the model's card says what it stands for.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from enum import Enum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import PretrainedConfig


class Meaning(Enum):
    """What the numbers of a classifier are."""

    ONE_OF = "probabilities that sum to 1"
    ANY_OF = "a probability for each label by itself"
    NUMBER = "a value, such as a rating"


def meaning_of(config: PretrainedConfig) -> Meaning:
    """As transformers' own pipeline reads a configuration."""
    if config.problem_type == "regression":
        return Meaning.NUMBER
    if config.problem_type == "multi_label_classification" or config.num_labels == 1:
        return Meaning.ANY_OF
    return Meaning.ONE_OF


_GENERIC = re.compile(r"LABEL_\d+")
_STARS = re.compile(r"(\d)[ _-]*stars?|stars?[ _-]*(\d)|(⭐+|★+)", re.IGNORECASE)
_SPELLINGS = {
    "negative": ("neg", "negative", "label_neg", "label_negative"),
    "neutral": ("neu", "neutral", "label_neu", "label_neutral"),
    "positive": ("pos", "positive", "label_pos", "label_positive"),
    "very negative": ("very negative",),
    "very positive": ("very positive",),
}
_CANONICAL = {spelling: name for name, spellings in _SPELLINGS.items() for spelling in spellings}


def tell_tones(labels: Sequence[str]) -> bool:
    """Whether a classifier tells good from bad: by name, or in stars."""
    return {"positive", "negative"} <= set(labels) or any(_STARS.fullmatch(label) for label in labels)


def label_names(config: PretrainedConfig, model_name: str) -> tuple[str, ...]:
    """The names of a classifier's labels, in the order of its outputs."""
    raw = [str(config.id2label[index]) for index in range(config.num_labels)]
    if all(_GENERIC.fullmatch(name) for name in raw):
        raw = _from_label2id(config) or _from_model_card(config, model_name) or raw
    if meaning_of(config) is Meaning.NUMBER and len(raw) == 1 and _GENERIC.fullmatch(raw[0]):
        return ("value",)
    names = tuple(map(normalized, raw))
    # Two labels that differ only in their spelling are still two.
    return names if len(set(names)) == len(raw) else tuple(raw)


def normalized(name: str) -> str:
    """`POS` → `positive`, `5_stars` → `5 stars`; anything else as it is."""
    if stars := _STARS.fullmatch(name.strip()):
        count = int(stars[1] or stars[2] or len(stars[3]))
        return f"{count} star" if count == 1 else f"{count} stars"
    return _CANONICAL.get(re.sub(r"[\s_-]+", " ", name.strip().lower()).replace("label ", "label_"), name)


def _from_label2id(config: PretrainedConfig) -> list[str] | None:
    """Some configurations give names only in the other direction."""
    by_id = {index: name for name, index in (config.label2id or {}).items()}
    names = [str(by_id.get(index, "LABEL_0")) for index in range(config.num_labels)]
    return None if any(_GENERIC.fullmatch(name) for name in names) else names


def _from_model_card(config: PretrainedConfig, model_name: str) -> list[str] | None:
    known = _model_cards()
    for name in (model_name, getattr(config, "_name_or_path", "")):
        if len(names := known.get(name, [])) == config.num_labels:
            return names
    return None


@cache
def _model_cards() -> dict[str, list[str]]:
    text = files("nlpcli.pipelines").joinpath("labels.toml").read_text(encoding="utf-8")
    content: dict[str, Any] = tomllib.loads(text)
    return {name: entry["labels"] for name, entry in content.items()}

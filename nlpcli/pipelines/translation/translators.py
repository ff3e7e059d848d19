"""Sentences → translations, by whatever model: what the task asks of each family, and what these share."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from nlpcli.errors import UsageError, quoted
from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.attribution.erasable import Erasable
from nlpcli.pipelines.translation.inline import Link
from nlpcli.pipelines.translation.vocabulary import Lexicon
from nlpcli.runtime.decode_slots import DecodeSlots

# So many times the beams for a second attempt.
WIDER = 4
# Batches run side by side, and one must not take back the formula that another one needs.
_PLAIN_FORMULA = Lock()


class Translation(NamedTuple):
    """A translation; `links` only where they were asked for. `complete`: the model came to an end.

    `left_out`: a part of the source that seems to have no translation. `score`: the mean log-probability of its tokens,
    None where it was not asked for or the model gives none.
    """

    text: str
    complete: bool = True
    links: Sequence[Link] = ()
    left_out: str = ""
    score: float | None = None


class TranslationRequest(Protocol):
    """What a run asks of a translation model. Languages are ISO codes; None: as the model has it."""

    @property
    def source(self) -> str | None: ...
    @property
    def target(self) -> str | None: ...
    @property
    def beams(self) -> int: ...
    @property
    def shortlist(self) -> bool: ...
    @property
    def scored(self) -> bool:
        """Whether every translation has a score."""


class TranslationModel(Protocol):
    """A loaded model, or two in a row; no run changes it."""

    def translator(self, request: TranslationRequest) -> Translator:
        """The translator of one run.

        Raises:
            UsageError: the model does not know a language that is wanted, or needs one that is not named.
        """


class Translator(Protocol):
    """A translation model as one run wants it. Languages are ISO codes, None where the model does not say.

    `batch_tokens`: how many tokens a batch should have, None where that is the device's business. `decode_slots`:
    those of the run, None where encoding and decoding are not told apart.
    """

    longest_input: int
    batch_tokens: int | None
    decode_slots: DecodeSlots | None
    reads_sentences: bool
    source: str | None
    target: str | None
    vocabulary: Lexicon

    def cost(self, text: str, source: str) -> int:
        """How many tokens the model makes of a text, those that it adds included."""

    def translate(self, texts: Sequence[str], source: str, linked: bool) -> list[Translation]:
        """The translations of texts in one language; with `linked`, also what came from where."""

    def translate_scored(self, texts: Sequence[str], source: str) -> list[Translation]:
        """Their translations with scores, where the model gives some."""

    def wider(self) -> Translator:
        """The same with a wider search, for what came out wrong."""

    def erasable(self, text: str, translation: str, source: str) -> Erasable:
        """A text and its translation, to see what the translation loses without each token of the text."""


def padded(rows: Sequence[Sequence[int]], padding: int, device: torch.device, left: bool = False) -> dict[str, Tensor]:
    """`input_ids` and `attention_mask`, padded on the right, or on the left."""
    longest = max(map(len, rows))
    fills = [longest - len(row) for row in rows]
    ids = [[*row, *[padding] * fill] for row, fill in zip(rows, fills, strict=True)]
    mask = [[1] * len(row) + [0] * fill for row, fill in zip(rows, fills, strict=True)]
    if left:
        ids = [[*of_row[len(row) :], *row] for row, of_row in zip(rows, ids, strict=True)]
        mask = [of_row[::-1] for of_row in mask]
    return {"input_ids": torch.tensor(ids, device=device), "attention_mask": torch.tensor(mask, device=device)}


def cross_attention(module: Any, rows: Sequence[list[int]], decoder_rows: Sequence[list[int]]) -> Tensor:
    """Weights of the last decoder layer for given outputs, (batch, heads, target tokens, source tokens)."""
    padding = module.config.pad_token_id
    inputs = padded(rows, padding, module.device)
    decoder = padded([row or [padding] for row in decoder_rows], padding, module.device)["input_ids"]
    with _PLAIN_FORMULA:
        before = module.config._attn_implementation
        # Only the plain formula gives its weights away.
        module.set_attn_implementation("eager")
        try:
            with torch.inference_mode():
                output = module(**inputs, decoder_input_ids=decoder, output_attentions=True, use_cache=False)
        finally:
            module.set_attn_implementation(before)
    weights: Tensor = output.cross_attentions[-1].float()
    return weights


def mean_log_probabilities(
    module: Any, rows: Sequence[list[int]], found: Sequence[Sequence[int]], start: int
) -> list[float]:
    """How sure a model is of outputs that begin behind `start`: the mean over their tokens."""
    padding = module.config.pad_token_id
    inputs = padded(rows, padding, module.device)
    shifted = [[start, *ids[:-1]] for ids in found]
    decoder = padded(shifted, padding, module.device)["input_ids"]
    with torch.inference_mode():
        logits = module(**inputs, decoder_input_ids=decoder, use_cache=False).logits.float()
        logs = (
            logits.log_softmax(-1)
            .gather(-1, padded([ids or [padding] for ids in found], padding, module.device)["input_ids"][..., None])
            .squeeze(-1)
        )
    return [float(row[: len(ids)].mean()) if ids else 0.0 for row, ids in zip(logs, found, strict=True)]


def link_pieces(tokenizer: Any, source: str, ids: Sequence[int], weights: Tensor) -> list[Link]:
    """Each piece of the target and the source piece that it attends to most; `weights` is (target, source)."""
    if not ids:
        return []
    offsets = offsets_of(tokenizer, source)
    # What the tokenizer adds has no place in the text, so it cannot be what a piece came from.
    empty = torch.tensor([start == end for start, end in offsets[: weights.shape[1]]], device=weights.device)
    best = weights.masked_fill(empty, -1.0).argmax(-1).tolist() if not bool(empty.all()) else [0] * len(ids)
    links, start = [], 0
    for count, place in enumerate(best, start=1):
        end = len(tokenizer.decode(list(ids[:count]), skip_special_tokens=True))
        links.append(Link(start, max(start, end), *_trimmed(source, *offsets[place])))
        start = max(start, end)
    return links


def offsets_of(tokenizer: Any, text: str) -> list[tuple[int, int]]:
    """Where each token of a text stands in it; what the tokenizer adds is nowhere: an empty stretch."""
    if tokenizer.is_fast:
        offsets: list[tuple[int, int]] = tokenizer(text, return_offsets_mapping=True)["offset_mapping"]
        return offsets
    found, end = [], 0
    special = set(tokenizer.all_special_tokens)
    for token in tokenizer.convert_ids_to_tokens(tokenizer(text)["input_ids"]):
        piece = "" if token in special else token.replace("▁", "")
        start = text.find(piece, end) if piece else -1
        found.append((start, start + len(piece)) if start >= 0 else (end, end))
        end = found[-1][1]
    return found


def place_without_space(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The place of a token without the white space before it; None where it has none, as in a prefix of the text."""
    while 0 <= start < end and text[start].isspace():
        start += 1
    return (start, end) if 0 <= start < end else None


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    return start, end


def target_of(model: LocalModel, request: TranslationRequest) -> str:
    if request.target is None:
        raise UsageError(f"{quoted(model.name)} knows many languages; name the one to translate into: --to LANG")
    return request.target


def most_new_tokens(longest: int) -> int:
    """A translation is rarely twice as long as its source; what is longer repeats itself."""
    return 2 * longest + 32


def ids_of(value: int | list[int] | None) -> set[int]:
    return set() if value is None else set(value) if isinstance(value, list) else {value}


def up_to(ids: list[int], end: set[int]) -> list[int]:
    """The ids up to the first that is an end, which is one of them."""
    place = next((place for place, token in enumerate(ids) if token in end), len(ids))
    return ids[: place + 1]

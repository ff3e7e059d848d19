"""An encoder whose lower layers stay as they are and whose upper ones learn, as low-rank adapters, with a head.

Each text goes through the lower layers once, and what comes out is kept: an epoch costs the upper layers alone. The
head reads the first token, as the classifiers of transformers do, so that what was trained merges into one of them.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer

from nlpcli.models.reference import ProgressCallback
from nlpcli.runtime.device import choose, describe_hardware
from nlpcli.training.low_rank import MasterWeights, Rates, warm_up_and_down, with_adapters
from nlpcli.training.objective import Targets, loss, targets_of
from nlpcli.training.sentiment_data import LABELS, LONGEST_TEXT, Example, batches_by_length, by_length

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_TOKENS_WITHOUT_GRADIENTS = 2048
_REPORT_EVERY = 25


@dataclass(frozen=True, slots=True)
class UpperRecipe:
    """Everything that the result depends on beside its data."""

    seed: int = 0
    frozen_layers: int = 6
    rank: int = 16
    alpha: int = 32
    epochs: int = 1
    batch_tokens: int = 1024
    rate_of_adapters: float = 6e-4
    rate_of_head: float = 3e-4
    weight_decay: float = 0.01
    warm_up: float = 0.1
    # The running average over the steps calms the end; the rate need not fall to nothing.
    last_rate: float = 0.2
    averaging: float = 0.99
    dropout: float = 0.1
    weight_of_rating: float = 0.5
    # Which share of a text's tokens is left out, others each time: what is seen again is not quite the same text.
    left_out: float = 0.0


class Lesson(Protocol):
    """What of a recipe the steps of learning depend on."""

    @property
    def epochs(self) -> int: ...
    @property
    def batch_tokens(self) -> int: ...
    @property
    def warm_up(self) -> float: ...
    @property
    def last_rate(self) -> float: ...
    @property
    def weight_of_rating(self) -> float: ...


def batches_of_epochs(lengths: Sequence[int], lesson: Lesson, generator: random.Random) -> list[list[int]]:
    """The batches of all epochs, each epoch in an order of its own."""
    return [batch for _ in range(lesson.epochs) for batch in batches_by_length(lengths, lesson.batch_tokens, generator)]


def learn_from_states(
    upper: nn.Module,
    weights: MasterWeights,
    targets: Targets,
    batches: Sequence[list[int]],
    read: Callable[[list[int]], tuple[Tensor, Tensor]],
    lesson: Lesson,
    report: Callable[[str], None],
) -> None:
    """One step of `weights` for each batch; `read` gives hidden states and mask, of which `upper` makes logits."""
    upper.train()
    for number, batch in enumerate(batches):
        value = loss(upper(*read(batch)), targets.of(batch), lesson.weight_of_rating)
        value.backward()
        weights.step(warm_up_and_down(number, len(batches), lesson.warm_up, lesson.last_rate))
        if number % _REPORT_EVERY == 0:
            report(f"batch {number} of {len(batches)}: loss {value.item():.3f}")


class _Family(NamedTuple):
    """What differs between the encoders: their linear layers, and where the parts of the head belong."""

    linears: str
    prefix: str
    dense: str
    classifier: str
    bias: Callable[[Any], Tensor | None]


# The bias of MPNet depends on distances alone: that of the longest text holds those of all others.
_FAMILIES = {
    "mpnet": _Family(
        r".*layers\.\d+\..*\.(q|k|v|o|dense)",
        "mpnet.",
        "classifier.dense",
        "classifier.out_proj",
        lambda encoder: encoder.compute_position_bias(torch.zeros(1, LONGEST_TEXT, 1)).detach(),
    ),
    "bert": _Family(
        r".*layers\.\d+\..*\.(query|key|value|dense)", "bert.", "bert.pooler.dense", "classifier", lambda _: None
    ),
}


class UpperLayers:
    """The encoder in `folder` with a head for the classes."""

    def __init__(self, folder: Path, recipe: UpperRecipe, progress: ProgressCallback) -> None:
        torch.manual_seed(recipe.seed)
        self._recipe = recipe
        self._progress = progress
        self._chance = random.Random(recipe.seed)
        self._tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder)
        dtype = getattr(torch, choose(describe_hardware(), "cpu").dtype)
        options = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "attn_implementation": "eager"}
        model: PreTrainedModel = AutoModel.from_pretrained(folder, dtype=dtype, **options)
        model.eval().requires_grad_(False)
        self._family = _FAMILIES[model.config.model_type]
        self._embeddings = model.embeddings
        bias = self._family.bias(model.encoder)
        self._lower = _Layers(model.encoder.layer[: recipe.frozen_layers], bias)
        upper = _Upper(model.encoder.layer[recipe.frozen_layers :], bias, model.config.hidden_size, recipe.dropout)
        self._upper = with_adapters(upper, self._family.linears, ["head"], recipe.rank, recipe.alpha)
        rates = Rates(recipe.rate_of_adapters, recipe.rate_of_adapters, recipe.rate_of_head)
        self._weights = MasterWeights(self._upper, rates, recipe.weight_decay, recipe.averaging)

    def lower_states(self, texts: Sequence[str], path: Path) -> list[Tensor]:
        """(tokens, width) float16 for each text: what the upper layers read; kept in `path`."""
        rows = self._token_ids(texts)
        lengths = [len(row) for row in rows]
        if not path.exists():
            states = [torch.empty(0)] * len(rows)
            batches = by_length(lengths, _TOKENS_WITHOUT_GRADIENTS)
            for number, batch in enumerate(batches):
                with torch.inference_mode():
                    hidden = self._lower(*self._embedded([rows[index] for index in batch]))
                for index, state in zip(batch, hidden, strict=True):
                    states[index] = state[: lengths[index]].half()
                if number % _REPORT_EVERY == 0:
                    self._progress(f"{path.stem}, batch {number} of {len(batches)}")
            unfinished = path.with_suffix(".unfinished")
            save_file({"states": torch.cat(states)}, unfinished)
            unfinished.rename(path)
        return list(load_file(path)["states"].split(lengths))

    def learn(self, examples: Sequence[Example], states: Sequence[Tensor], path: Path) -> None:
        """Learn from examples whose lower states are known; the running average of the weights is stored in `path`."""
        learn_from_states(
            self._upper,
            self._weights,
            targets_of(examples),
            batches_of_epochs([len(state) for state in states], self._recipe, self._chance),
            lambda batch: padded([self._thinned(states[index]) for index in batch]),
            self._recipe,
            lambda text: self._progress(f"{path.stem}, {text}"),
        )
        save_file({name: tensor.contiguous() for name, tensor in self._weights.use_average().items()}, path)

    def _thinned(self, state: Tensor) -> Tensor:
        kept = torch.rand(len(state)) >= self._recipe.left_out
        kept[0] = kept[-1] = True
        return state[kept]

    def recall(self, path: Path) -> None:
        """Take up what `learn` stored."""
        self._weights.use(load_file(path))

    def begin_from(self, path: Path, layers: int) -> None:
        """Take up what was learnt with so many more layers frozen; adapters that were not there change nothing yet."""
        moved = {
            _DEEPER.sub(lambda match: f"layers.{int(match[1]) + layers}.", n): t for n, t in load_file(path).items()
        }
        self._weights.begin(moved)

    def logits(self, texts: Sequence[str]) -> Tensor:
        """(texts, classes) float32: what it says of texts."""
        self._upper.eval()
        rows = self._token_ids(texts)
        logits = torch.zeros(len(rows), len(LABELS))
        batches = by_length([len(row) for row in rows], _TOKENS_WITHOUT_GRADIENTS)
        for number, batch in enumerate(batches):
            with torch.inference_mode():
                hidden, mask = self._embedded([rows[index] for index in batch])
                logits[batch] = self._upper(self._lower(hidden, mask), mask)
            if number % _REPORT_EVERY == 0:
                self._progress(f"answers, batch {number} of {len(batches)}")
        return logits

    def named_as_classifier(self, trained: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Trained tensors by the names that they have in the classifier of transformers, as the adapter file does."""
        family, first = self._family, self._recipe.frozen_layers
        head = {"0": family.dense, "3": family.classifier}

        def name_of(peft_name: str) -> str:
            if match := _LORA.match(peft_name):
                number = first + int(match["number"])
                return f"{family.prefix}encoder.layer.{number}.{match['layer']}.{match['part']}"
            if match := _HEAD.match(peft_name):
                return f"{head[match['number']]}.{match['kind']}"
            raise ValueError(f"{peft_name} is no trained tensor of PEFT's")

        return {name_of(name): tensor for name, tensor in trained.items()}

    def _token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        encoded = self._tokenizer(list(texts), truncation=True, max_length=LONGEST_TEXT)
        return encoded["input_ids"]  # type: ignore[no-any-return]

    def _embedded(self, rows: Sequence[list[int]]) -> tuple[Tensor, Tensor]:
        return padded([self._embeddings(torch.tensor([row]))[0] for row in rows])


_DEEPER = re.compile(r"(?<=base_model\.model\.)layers\.(\d+)\.")
_LORA = re.compile(r"^base_model\.model\.layers\.(?P<number>\d+)\.(?P<layer>.+)\.(?P<part>lora_[AB])\.default\.weight$")
_HEAD = re.compile(r"^base_model\.model\.head\.modules_to_save\.default\.(?P<number>\d)\.(?P<kind>weight|bias)$")


class _Layers(nn.Module):  # type: ignore[misc]
    """Some layers of an encoder: hidden states (texts, tokens, width) and mask (texts, tokens) → hidden states."""

    def __init__(self, layers: nn.ModuleList, bias: Tensor | None) -> None:
        super().__init__()
        self.layers = layers
        self.register_buffer("bias", bias, persistent=False)

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        if not self.layers:
            return hidden
        hidden = hidden.to(next(self.layers.parameters()).dtype)
        away = (1 - mask.to(hidden.dtype))[:, None, None, :] * torch.finfo(hidden.dtype).min
        length = hidden.shape[1]
        more = () if self.bias is None else (self.bias[:, :, :length, :length].to(hidden.dtype),)
        for layer in self.layers:
            output = layer(hidden, away, *more)
            hidden = output[0] if isinstance(output, tuple) else output
        return hidden


class _Upper(_Layers):
    """Layers and the head: hidden states → logits, from the first token."""

    def __init__(self, layers: nn.ModuleList, bias: Tensor | None, width: int, dropout: float) -> None:
        super().__init__(layers, bias)
        self.head = nn.Sequential(
            nn.Linear(width, width), nn.Tanh(), nn.Dropout(dropout), nn.Linear(width, len(LABELS))
        )

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        return self.head(super().forward(hidden, mask)[:, 0].float())


def padded(states: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """States of several texts, (tokens, width) each → (texts, longest, width), and a mask (texts, longest)."""
    hidden = nn.utils.rnn.pad_sequence(list(states), batch_first=True)
    lengths = torch.tensor([len(state) for state in states])
    return hidden, (torch.arange(hidden.shape[1])[None, :] < lengths[:, None]).float()

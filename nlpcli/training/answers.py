"""What a teacher says of texts, and how it came to say so: ratings, and the state of every token."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Answers:
    """`logits` (texts, classes) float32; for each text `states` (tokens, width) float16 of the last layer."""

    texts: list[str]
    logits: Tensor
    states: list[Tensor]

    def save(self, path: Path) -> None:
        """Write them as one file of safetensors; the texts are in its metadata."""
        tensors = {
            "logits": self.logits,
            "states": torch.cat(self.states),
            "lengths": torch.tensor([len(state) for state in self.states]),
        }
        unfinished = path.with_suffix(".unfinished")
        save_file(tensors, unfinished, {"texts": json.dumps(self.texts)})
        unfinished.rename(path)

    @classmethod
    def load(cls, path: Path) -> Answers:
        """Read what `save` wrote."""
        with safe_open(path, "pt") as file:
            lengths = file.get_tensor("lengths").tolist()
            states = list(file.get_tensor("states").split(lengths))
            return cls(json.loads(file.metadata()["texts"]), file.get_tensor("logits"), states)

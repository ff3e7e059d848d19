"""Rows of tokens over one graph, run by ONNX Runtime; needs no torch but for the logits that it gives.

All keys and values are one array: (2 · layers, rows, heads, places, head_dim). The graph writes into it where it
lies: nothing is copied, and rows that are added are computed behind the others.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nlpcli.models.graph.embedding import Embedding
from nlpcli.models.graph.positions import turns
from nlpcli.models.graph.prefixes import FEWEST, Kept, Prefixes, in_common

FACTS = "step.json"
# Capacity grows in such steps, so that it grows rarely and wastes little.
_LENGTH_STEP = 256
_CPU = ("cpu", 0)


class Step:
    """A graph of `llama_step`, ready to run, with the vectors of the tokens. Any number of decoders may use it."""

    def __init__(self, graph: Path, embedding: Path, threads: int) -> None:
        import onnxruntime  # what is loaded without it has no need of it

        facts = json.loads((graph.parent / FACTS).read_text(encoding="utf-8"))
        self.layers: int = facts["layers"]
        self.key_heads: int = facts["key_heads"]
        self.head_dim: int = facts["head_dim"]
        self.vocabulary: int = facts["vocabulary"]
        self.frequencies: list[float] = facts["frequencies"]
        self.scaling: float = facts["scaling"]
        self.embedding = Embedding(embedding, facts["turn"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # Threads that wait by spinning take the time of whoever else computes, and of ours (decision 0004).
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        self.prefixes = Prefixes()
        names = [f"{kind}{number}" for number in range(self.layers) for kind in ("keys", "values")]
        self.kept = [(name, f"new_{name}") for name in names]


class GraphDecoder:
    """The contract of `models.decoders.base.Decoder`, and `extend`."""

    def __init__(self, step: Step, longest: int) -> None:
        self.longest = longest
        self._step = step
        self._binding = step.session.io_binding()
        self.read = 0
        """How many tokens of prompts were computed; those of a known beginning are not."""
        self.clear()

    def clear(self) -> None:
        """Take all rows out, and give their memory back."""
        self._lengths: list[int] = []
        self._kept = np.zeros((2 * self._step.layers, 0, self._step.key_heads, 0, self._step.head_dim), np.float32)
        self._bound: tuple[int, int] | None = None

    @property
    def rows(self) -> int:
        return len(self._lengths)

    def add(self, tokens: Sequence[Sequence[int]]) -> None:
        first, lengths = self.rows, [len(row) for row in tokens]
        self._grow(first + len(tokens), max(lengths))
        self._lengths += lengths
        alone: list[Sequence[int]] = []
        for row, given in enumerate(tokens, first):
            if any(in_common(given, other) >= FEWEST for other in alone):
                self._read(alone, row - len(alone))
                alone = []
            if (known := self._step.prefixes.longest(given)) is None:
                alone.append(given)
                continue
            self._read(alone, row - len(alone))
            alone = []
            self._go_on(given, row, known)
        self._read(alone, self.rows - len(alone))

    def _read(self, tokens: Sequence[Sequence[int]], first: int) -> None:
        """Prompts into the rows from `first` on, all at once."""
        lengths = [len(row) for row in tokens]
        if not any(lengths):
            return
        padded = np.zeros((len(tokens), max(lengths)), np.int64)
        for row, given in zip(padded, tokens, strict=True):
            row[: len(given)] = given
        # Of a row without tokens the first place is written in vain; the next step writes it again.
        self._run(padded, first, [max(1, length) for length in lengths], [])
        self.read += sum(lengths)
        for number, given in enumerate(tokens, first):
            self._step.prefixes.keep(given, self._kept[:, number])

    def _go_on(self, tokens: Sequence[int], row: int, known: Kept) -> None:
        """A prompt of which the beginning is known."""
        count = known.shape[2]
        self._kept[:, row, :, :count] = known
        if rest := tokens[count:]:
            self._run(np.array([rest], np.int64), row, [len(tokens)], [])
            self.read += len(rest)
            if len(rest) >= FEWEST:
                self._step.prefixes.keep(tokens, self._kept[:, row])

    def step(self, tokens: Sequence[int]) -> Tensor:
        self._grow(self.rows, max(self._lengths) + 1)
        self._lengths = [length + 1 for length in self._lengths]
        return self._run(np.array(tokens, np.int64)[:, None], 0, self._lengths, range(self.rows))

    def extend(self, tokens: Sequence[int]) -> Tensor:
        """Several more tokens for the only row; the logits behind each, (tokens, vocabulary) float32."""
        (length,) = self._lengths
        self._grow(1, length + len(tokens))
        self._lengths = [length + len(tokens)]
        return self._run(np.array([tokens], np.int64), 0, self._lengths, range(len(tokens)))

    def shorten(self, count: int) -> None:
        """Take the last `count` tokens of the only row back."""
        (length,) = self._lengths
        self._lengths = [length - count]

    def remove(self, row: int) -> None:
        last = self._lengths.pop()
        if row < self.rows:
            self._kept[:, row, :, :last] = self._kept[:, self.rows, :, :last]
            self._lengths[row] = last

    def _grow(self, rows: int, length: int) -> None:
        _, have_rows, _, have_length, _ = self._kept.shape
        if rows <= have_rows and length <= have_length:
            return
        length = max(have_length, -(-length // _LENGTH_STEP) * _LENGTH_STEP)
        # One row is the common case and stays one; more rows are soon followed by more.
        rows = max(have_rows, rows if rows == 1 else 1 << (rows - 1).bit_length())
        enlarged = np.zeros(
            (*self._kept.shape[:1], rows, self._step.key_heads, length, self._step.head_dim), np.float32
        )
        enlarged[:, :have_rows, :, :have_length] = self._kept
        self._kept, self._bound = enlarged, None
        self._cosine, self._sine = turns(self._step.frequencies, self._step.scaling, length)

    def _run(self, tokens: NDArray[np.int64], first: int, lengths: Sequence[int], asked: Sequence[int]) -> Tensor:
        """The next tokens (rows, length) of the rows from `first` on, which have `lengths` with them."""
        rows = len(tokens)
        if self._bound != (first, rows):
            self._bind_kept(first, rows)
        logits = np.empty((len(asked), self._step.vocabulary), np.float32)
        inputs = {
            "vectors": self._step.embedding(tokens),
            "last_places": np.array(lengths, np.int32) - np.int32(1),
            "longest": np.array(max(lengths), np.int32),
            "asked": np.array(asked, np.int64),
        }
        for name, values in inputs.items():
            self._bind_input(name, values)
        self._binding.bind_output("logits", *_CPU, np.float32, logits.shape, logits.ctypes.data)
        self._step.session.run_with_iobinding(self._binding)
        return torch.from_numpy(logits)

    def _bind_kept(self, first: int, rows: int) -> None:
        self._bind_input("cosine", self._cosine)
        self._bind_input("sine", self._sine)
        shape = [rows, *self._kept.shape[2:]]
        for layer, (before, after) in zip(self._kept, self._step.kept, strict=True):
            place = layer[first:].ctypes.data
            self._binding.bind_input(before, *_CPU, np.float32, shape, place)
            self._binding.bind_output(after, *_CPU, np.float32, shape, place)
        self._bound = (first, rows)

    def _bind_input(self, name: str, values: NDArray[Any]) -> None:
        self._binding.bind_input(name, *_CPU, values.dtype, values.shape, values.ctypes.data)

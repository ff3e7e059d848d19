"""Rows of tokens over one graph, run by ONNX Runtime; needs no torch.

All keys and values are one array: (2 · layers, rows, heads, places, head_dim). The graph writes into it where it
lies: nothing is copied, and rows that are added are computed behind the others.

A token has the same states to the bit whatever is computed with it. Attention sums otherwise for one token than for
several (MLAS takes another kernel for a matrix of one row; blocks of several are alike), so tokens of prompts are
always read an even number at a time, and tokens that are written always one at a time: several are read by the graph of
drafts, which attends one by one. Where a CPU's products differ all the same, `Step` notices and does without.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlpcli.models.graph.embedding import Embedding
from nlpcli.models.graph.names import DRAFTED, DRAFTS, new_names
from nlpcli.models.graph.positions import turns
from nlpcli.models.graph.prefixes import FEWEST, Kept, Prefixes, in_common

FACTS = "step.json"
# Places for each row: doubled from the fewest up to a step, then by steps, so that they grow rarely and waste little.
# (With 256 for each of 32 short prompts, to get the memory took longer than to read them.)
_FEWEST_PLACES, _LENGTH_STEP = 64, 256
_CPU = ("cpu", 0)
# A step has some 150 products of 10 to 30 µs, and to wake a thread takes as long. So threads that wait spin for as long
# and then sleep: longer, they would take the time of whoever else computes, and of ours (decisions 0004, 0026).
_SPIN_MICROSECONDS = 10
_SPINS_BRIEFLY = (1, 27)
# Tokens with which a step is proved, any; some of them stand for a prompt.
_PROOF = [number % 5 for number in range(14)]
_PROMPT = 8


class _Graph(NamedTuple):
    """A session, and the names of keys and values with those of what they become, one after the other."""

    session: Any
    kept: list[tuple[str, list[str]]]


class Step:
    """A graph of `llama_step`, ready to run, with the vectors of the tokens. Any number of decoders may use it."""

    def __init__(self, graph: Path, embedding: Path, threads: int) -> None:
        facts = json.loads((graph.parent / FACTS).read_text(encoding="utf-8"))
        self.layers: int = facts["layers"]
        self.key_heads: int = facts["key_heads"]
        self.head_dim: int = facts["head_dim"]
        self.vocabulary: int = facts["vocabulary"]
        self.frequencies: list[float] = facts["frequencies"]
        self.scaling: float = facts["scaling"]
        self.embedding = Embedding(embedding, facts["turn"])
        self.prefixes = Prefixes()
        self._folder, self._threads = graph.parent, threads
        self._proving = threading.RLock()
        self.graph = self._loaded(graph, 1)

    @cached_property
    def goes_on_alike(self) -> bool:
        """Whether a prompt that is read in two parts has the same states to the bit, on this CPU."""
        with self._proving:
            whole, parts = GraphDecoder(self), GraphDecoder(self)
            whole.read_prompt(_PROOF, 0)
            parts.read_prompt(_PROOF[:_PROMPT], 0)
            parts.read_prompt(_PROOF, _PROMPT)
            return bool(np.array_equal(whole.states(len(_PROOF)), parts.states(len(_PROOF))))

    @cached_property
    def drafts(self) -> _Graph | None:
        """The graph that reads several tokens of a text as if they came one by one; None where it would not, to the
        bit, on this CPU. Holds the weights once more, and is loaded where it is asked for."""
        with self._proving:
            graph = self._loaded(self._folder / DRAFTS, DRAFTED)
            one, several = GraphDecoder(self), GraphDecoder(self, drafts=graph)
            for decoder in (one, several):
                decoder.add([_PROOF[:_PROMPT]])
            expected = np.concatenate([one.step([token]) for token in _PROOF[_PROMPT:]])
            return graph if np.array_equal(several.extend(_PROOF[_PROMPT:]), expected) else None

    def _loaded(self, graph: Path, tokens: int) -> _Graph:
        import onnxruntime  # what is loaded without it has no need of it

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.log_severity_level = 3
        for name, value in spinning(onnxruntime.__version__).items():
            options.add_session_config_entry(f"session.intra_op.{name}", value)
        session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
        names = [f"{kind}{number}" for number in range(self.layers) for kind in ("keys", "values")]
        return _Graph(session, [(name, new_names(name, tokens)) for name in names])


def spinning(version: str) -> dict[str, str]:
    """How threads of a session wait for work: where ONNX Runtime knows no end of spinning, they sleep at once."""
    major, minor = (int(number) for number in version.split(".")[:2])
    if (major, minor) < _SPINS_BRIEFLY:
        return {"allow_spinning": "0"}
    return {"allow_spinning": "1", "spin_duration_us": str(_SPIN_MICROSECONDS)}


class GraphDecoder:
    """The contract of `models.decoders.base.ExtendableDecoder`."""

    def __init__(self, step: Step, longest: int = _LENGTH_STEP, drafts: _Graph | None = None) -> None:
        self.longest = longest
        self._step = step
        self._one = _Binding(step.graph)
        self._several = None if drafts is None else _Binding(drafts)
        self.read = 0
        """How many tokens of prompts were computed; those of a known beginning are not."""
        self.clear()

    def clear(self) -> None:
        """Take all rows out, and give their memory back."""
        self._lengths: list[int] = []
        self._kept = np.zeros((2 * self._step.layers, 0, self._step.key_heads, 0, self._step.head_dim), np.float32)

    @property
    def rows(self) -> int:
        return len(self._lengths)

    def add(self, tokens: Sequence[Sequence[int]]) -> None:
        first, lengths = self.rows, [len(row) for row in tokens]
        self._grow(first + len(tokens), _even(max(lengths)))
        self._lengths += lengths
        alone: list[Sequence[int]] = []
        for row, given in enumerate(tokens, first):
            if any(in_common(given, other) >= FEWEST for other in alone):
                self._read(alone, row - len(alone))
                alone = []
            known = self._step.prefixes.longest(given)
            if known is None or not self._step.goes_on_alike:
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
        self._run_prompts(tokens, first, 0)
        self.read += sum(lengths)
        for number, given in enumerate(tokens, first):
            self._step.prefixes.keep(given, self._kept[:, number])

    def _go_on(self, tokens: Sequence[int], row: int, known: Kept) -> None:
        """A prompt of which the beginning is known."""
        count = known.shape[2]
        self._kept[:, row, :, :count] = known
        if rest := tokens[count:]:
            self._run_prompts([rest], row, count)
            self.read += len(rest)
            if len(rest) >= FEWEST:
                self._step.prefixes.keep(tokens, self._kept[:, row])

    def _run_prompts(self, tokens: Sequence[Sequence[int]], first: int, start: int) -> None:
        """The tokens of prompts, from the place `start` on, an even number for each row. What is written behind a
        row's own is written again by its next steps, before anything reads it."""
        padded = np.zeros((len(tokens), _even(max(map(len, tokens)))), np.int64)
        for row, given in zip(padded, tokens, strict=True):
            row[: len(given)] = given
        end = start + padded.shape[1]
        self._grow(first + len(tokens), end)
        self._run(self._one, padded, first, [end] * len(tokens), end, [])

    def read_prompt(self, tokens: Sequence[int], start: int) -> None:
        """The tokens of the only row from the place `start` on, whatever is known of their beginning."""
        self._lengths = [len(tokens)]
        self._run_prompts([tokens[start:]], 0, start)

    def states(self, count: int) -> NDArray[np.float32]:
        """Keys and values of the first `count` tokens of the first row."""
        return self._kept[:, 0, :, :count]

    def step(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        longest = max(self._lengths) + 1
        self._grow(self.rows, longest)
        self._lengths = [length + 1 for length in self._lengths]
        given = np.array(tokens, np.int64)[:, None]
        return self._run(self._one, given, 0, self._lengths, longest, range(self.rows))

    def most_extended(self) -> int:
        if self._several is None and self._step.drafts is not None:
            self._several = _Binding(self._step.drafts)
        return 0 if self._several is None else DRAFTED

    def extend(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        assert self._several is not None
        (length,) = self._lengths
        self._lengths = [length + len(tokens)]
        self._grow(1, length + DRAFTED)
        # What is written behind the last of them is written again before anything reads it.
        padded = np.zeros((1, DRAFTED), np.int64)
        padded[0, : len(tokens)] = tokens
        ends = range(length + 1, length + 1 + DRAFTED)
        return self._run(self._several, padded, 0, ends, ends[-1], range(len(tokens)))

    def shorten(self, count: int) -> None:
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
        length = max(have_length, _places(length))
        # One row is the common case and stays one; more rows are soon followed by more.
        rows = max(have_rows, rows if rows == 1 else 1 << (rows - 1).bit_length())
        enlarged = np.zeros(
            (*self._kept.shape[:1], rows, self._step.key_heads, length, self._step.head_dim), np.float32
        )
        enlarged[:, :have_rows, :, :have_length] = self._kept
        self._kept = enlarged
        self._turns = turns(self._step.frequencies, self._step.scaling, length)

    def _run(
        self,
        binding: _Binding,
        tokens: NDArray[np.int64],
        first: int,
        ends: Sequence[int],
        longest: int,
        asked: Sequence[int],
    ) -> NDArray[np.float32]:
        """The next tokens (rows, length) of the rows from `first` on, which end at `ends` with them."""
        binding.keep(self._kept, first, len(tokens), self._turns)
        logits = np.empty((len(asked), self._step.vocabulary), np.float32)
        inputs = {
            "vectors": self._step.embedding(tokens),
            "last_places": np.array(ends, np.int32) - np.int32(1),
            "longest": np.array(longest, np.int32),
            "asked": np.array(asked, np.int64),
        }
        binding.run(inputs, logits)
        return logits


class _Binding:
    """The inputs and outputs of one graph, for one decoder."""

    def __init__(self, graph: _Graph) -> None:
        self._session, self._names = graph
        self._binding = self._session.io_binding()
        self._bound: tuple[int, int, int] | None = None

    def keep(
        self, kept: NDArray[np.float32], first: int, rows: int, angles: tuple[NDArray[np.float32], NDArray[np.float32]]
    ) -> None:
        """Bind the keys and values of `rows` from `first` on, and the angles of places, where others were bound."""
        bound = (kept.ctypes.data, first, rows)
        if self._bound == bound:
            return
        for name, values in zip(("cosine", "sine"), angles, strict=True):
            self._input(name, values)
        shape = [rows, *kept.shape[2:]]
        for layer, (before, after) in zip(kept, self._names, strict=True):
            place = layer[first:].ctypes.data
            self._binding.bind_input(before, *_CPU, np.float32, shape, place)
            for name in after:
                self._binding.bind_output(name, *_CPU, np.float32, shape, place)
        self._bound = bound

    def run(self, inputs: Mapping[str, NDArray[Any]], logits: NDArray[np.float32]) -> None:
        """Compute; `logits` are written."""
        for name, values in inputs.items():
            self._input(name, values)
        self._binding.bind_output("logits", *_CPU, np.float32, logits.shape, logits.ctypes.data)
        self._session.run_with_iobinding(self._binding)

    def _input(self, name: str, values: NDArray[Any]) -> None:
        self._binding.bind_input(name, *_CPU, values.dtype, values.shape, values.ctypes.data)


def _places(length: int) -> int:
    """How many places a row gets that needs `length`."""
    if length <= _LENGTH_STEP:
        return max(_FEWEST_PLACES, 1 << (length - 1).bit_length())
    return -(-length // _LENGTH_STEP) * _LENGTH_STEP


def _even(count: int) -> int:
    """How many tokens of a prompt are read where there are `count`: never one alone, nor one behind others."""
    return max(2, count + count % 2)

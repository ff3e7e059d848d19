"""Models whose step is a graph, in the cache: each is converted once for each number of bits."""

from __future__ import annotations

import json
import logging
from functools import partial
from pathlib import Path
from typing import Any

from transformers import PretrainedConfig

from nlpcli.errors import CacheError, quoted
from nlpcli.models.foreign import weight_files
from nlpcli.models.graph.decoder import FACTS, Step
from nlpcli.models.graph.embedding import file_of_embedding
from nlpcli.models.graph.llama_step import turn_of, write_step
from nlpcli.models.graph.names import GRAPH
from nlpcli.models.llama.weights import LlamaWeights, generation_config, llama_weights
from nlpcli.models.reference import LocalModel
from nlpcli.models.sources.graphs import discard_if_damaged, graph_folder
from nlpcli.runtime.cores import usable_cores

log = logging.getLogger(__name__)

# What GroupQueryAttention takes (onnxruntime 1.32).
_HEAD_DIM = 16


class NoGraph(Exception):
    """Why a model cannot be computed by ONNX Runtime here, for a person."""


class LlamaGraph:
    """What a completer needs of a model, as `LlamaWeights`: `config` and `generation_config`; and its `step`."""

    def __init__(self, config: PretrainedConfig, folder: Path, step: Step) -> None:
        self.config = config
        self.generation_config = generation_config(folder)
        self.step = step


def llama_graph(model: LocalModel, config: PretrainedConfig, bits: int) -> LlamaGraph:
    """The graph of a model of a `llama_config`, converted once.

    Raises:
        NoGraph: its files are not plainly whole or of another shape, or nothing can be kept.
    """
    try:
        files = [model.folder / name for name in weight_files(model.folder)]
        embedding = file_of_embedding(files)
        if embedding is None:
            raise NoGraph("no file has the vectors of its tokens")
        convert = partial(_convert, model.folder, config, bits)
        folder = graph_folder(model, files, bits, convert)
        try:
            step = Step(folder / GRAPH, embedding, usable_cores())
        except Exception:  # onnxruntime's errors have no base of their own
            if not discard_if_damaged(folder):
                raise
            log.warning("%s: its graph in the cache was damaged, and is made anew", quoted(model.name))
            step = Step(graph_folder(model, files, bits, convert) / GRAPH, embedding, usable_cores())
        return LlamaGraph(config, model.folder, step)
    except CacheError as error:
        raise NoGraph(str(error)) from error
    except ImportError as error:
        raise NoGraph(f"onnxruntime cannot be loaded: {quoted(str(error))}") from error


def _convert(source: Path, config: PretrainedConfig, bits: int, made: Path) -> None:
    weights = llama_weights(source, config, None)
    if weights is None:
        raise NoGraph("its files are not plainly whole")
    if weights.model.layers[0].self_attn.head_dim % _HEAD_DIM:
        raise NoGraph(f"the size of its heads is no multiple of {_HEAD_DIM}")
    made.mkdir()
    write_step(weights, bits, made)
    (made / FACTS).write_text(json.dumps(_facts(weights, bits)), encoding="utf-8")


def _facts(weights: LlamaWeights, bits: int) -> dict[str, Any]:
    model = weights.model
    attention = model.layers[0].self_attn
    return {
        "layers": len(model.layers),
        "key_heads": attention.k_proj.out_features // attention.head_dim,
        "head_dim": attention.head_dim,
        "vocabulary": weights.lm_head.out_features,
        "frequencies": model.rotary_emb.inv_freq.tolist(),
        "turn": turn_of(weights, bits),
        "scaling": float(model.rotary_emb.scaling),
    }

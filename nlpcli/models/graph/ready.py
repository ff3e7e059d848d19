"""A model whose graph is made already, from its files alone: without torch and transformers, whose imports take longer
than all the rest of a short answer."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson

from nlpcli.errors import quoted
from nlpcli.models.chat_tokenizer import ChatTokenizer, chat_tokenizer
from nlpcli.models.foreign import check_folder, weight_files
from nlpcli.models.graph.decoder import Step
from nlpcli.models.graph.embedding import file_of_embedding
from nlpcli.models.graph.names import BITS, GRAPH
from nlpcli.models.plain_config import PlainConfig, stated_in
from nlpcli.models.reference import LocalModel
from nlpcli.models.sources.graphs import ready_folder
from nlpcli.runtime.cores import usable_cores
from nlpcli.runtime.device import Placement
from nlpcli.runtime.precision import Family, ModelFacts, Use, decide

log = logging.getLogger(__name__)

_GENERATION = "generation_config.json"
_DRAWN = ("temperature", "top_p", "top_k")
_OTHER = ("do_sample", "repetition_penalty", "eos_token_id", "bos_token_id")


class ReadyGraph:
    """As `LlamaGraph`."""

    def __init__(self, config: PlainConfig, generation_config: Any, step: Step) -> None:
        self.config = config
        self.generation_config = generation_config
        self.step = step


def ready_graph(model: LocalModel, placement: Placement) -> tuple[ReadyGraph, ChatTokenizer] | None:
    """A model of `llama_graph` that was converted before, and its tokenizer; None where something is not plain, which
    `loading` then looks at."""
    try:
        check_folder(model.name, model.folder)
        # What has a graph was seen to be of Llama's shape when that was made.
        precision = decide(placement, ModelFacts(model.name, Family.LLAMA, model.int8_measured), Use.TEXT)
        stated, generation = stated_in(model.folder), _generation_config(model.folder)
        if precision.kernel not in BITS or stated is None or generation is None or stated["model_type"] != "llama":
            return None
        files = [model.folder / name for name in weight_files(model.folder)]
        folder = ready_folder(model, files, BITS[precision.kernel])
        embedding = file_of_embedding(files)
        if folder is None or embedding is None or (tokenizer := chat_tokenizer(model)) is None:
            return None
        step = Step(folder / GRAPH, embedding, usable_cores())
    except Exception:  # noqa: BLE001 - of files that are damaged `loading` finds the words, or makes them anew
        return None
    log.info("%s computes in %s: %s", quoted(model.name), precision, precision.reason)
    longest = int(stated["max_position_embeddings"])
    return ReadyGraph(PlainConfig(model_type="llama", max_position_embeddings=longest), generation, step), tokenizer


def _generation_config(folder: Path) -> Any:
    """What transformers reads; None where it would have to fill something in."""
    stated = orjson.loads((folder / _GENERATION).read_bytes())
    if not isinstance(stated, dict) or (stated.get("do_sample") and not all(name in stated for name in _DRAWN)):
        return None
    return SimpleNamespace(**{name: stated.get(name) for name in (*_OTHER, *_DRAWN)})

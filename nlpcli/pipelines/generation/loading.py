"""Which completer a folder gets; imports torch, and transformers' modelling code, only for models that need it."""

from __future__ import annotations

from nlpcli.models.graph.ready import ready_graph
from nlpcli.models.reference import LocalModel
from nlpcli.pipelines.generation.completer import Completer
from nlpcli.runtime.device import Placement


def load_completer(model: LocalModel, placement: Placement) -> Completer:
    """What writes texts with a model, on its device.

    Raises:
        ModelError: the folder does not hold a model that writes texts, or an unsafe one.
    """
    if (ready := ready_graph(model, placement)) is not None:
        graph, tokenizer = ready
        return Completer(graph, tokenizer, None, model.name)
    return _load_completer(model, placement)


def _load_completer(model: LocalModel, placement: Placement) -> Completer:
    import torch

    from nlpcli.models.llama.configuration import llama_config
    from nlpcli.models.loading import is_bergamot, is_encoder_decoder, load_llama, load_tokenizer

    config = llama_config(model.folder)
    tokenizer = load_tokenizer(model, config)
    weights = None if config is None else load_llama(model, config, placement)
    if weights is not None:
        return Completer(weights, tokenizer, torch.device(placement.device), model.name)
    if is_encoder_decoder(model) and not is_bergamot(model):
        from nlpcli.pipelines.generation.seq2seq_completer import load_seq2seq_completer

        return load_seq2seq_completer(model, placement, tokenizer)
    from nlpcli.pipelines.generation.pipeline import load_generation_pipeline

    return load_generation_pipeline(model, placement, tokenizer)

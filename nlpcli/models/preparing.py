"""What a module needs before it computes, whoever loaded it: how it is to compute, and the layers for that.

Knows nothing of transformers; configurations are read by the names that transformers gives their fields.
"""

from __future__ import annotations

import logging
from typing import Any

import torch

from nlpcli.errors import ModelUnusable, quoted
from nlpcli.kernels.int8_products import DynamicInt8Linear
from nlpcli.kernels.linear import MakeLinear, int4_weights, int8_weights, packed_bfloat16, replace_linears
from nlpcli.models.bert.layers import layer_names
from nlpcli.models.bert.quantize import quantize_layers
from nlpcli.models.foreign import said_of
from nlpcli.models.reference import LocalModel
from nlpcli.runtime.device import Placement
from nlpcli.runtime.precision import Family, Kernel, ModelFacts, Precision, Use, decide, note

log = logging.getLogger(__name__)

BERGAMOT = "bergamot"


def precision_of(model: LocalModel, placement: Placement, use: Use, config: Any, as_module: bool = False) -> Precision:
    """How a model of that configuration is to compute; `as_module`: by modules of torch, not as a graph.

    Raises:
        UsageError: not in the format that was asked for.
    """
    precision = decided(model, placement, use, config, as_module)
    tell(model, precision)
    return precision


def decided(model: LocalModel, placement: Placement, use: Use, config: Any, as_module: bool = False) -> Precision:
    """As `precision_of`, which says it too."""
    facts = _facts(model, config)
    if as_module and facts.family is Family.LLAMA:
        facts = ModelFacts(model.name)
    return decide(placement, facts, use)


def tell(model: LocalModel, precision: Precision) -> None:
    """Say how a model computes, to who asks with -v."""
    log.info("%s computes in %s: %s", quoted(model.name), precision, precision.reason)
    note(precision)


def _facts(model: LocalModel, config: Any) -> ModelFacts:
    if config.model_type == BERGAMOT:
        from nlpcli.models.students.linears import has_published_scales

        return ModelFacts(model.name, Family.BERGAMOT, has_published_scales(model.folder, config))
    if layer_names(config) is not None:
        return ModelFacts(model.name, Family.BERT, model.int8_measured)
    from nlpcli.models.llama.decoder import has_llama_shape

    family = Family.LLAMA if has_llama_shape(config) else Family.OTHER
    return ModelFacts(model.name, family, model.int8_measured)


_LINEARS: dict[Kernel, MakeLinear] = {
    Kernel.PACKED: packed_bfloat16,
    Kernel.INT8_WEIGHTS: int8_weights,
    Kernel.INT4_WEIGHTS: int4_weights,
}


def prepare(module: torch.nn.Module, precision: Precision, name: str) -> None:
    """Give `module` the linear layers of `precision`."""
    if precision.kernel is Kernel.INT8_DYNAMIC:
        quantize_layers(module)
    elif make := _LINEARS.get(precision.kernel):
        replaced = replace_linears(module, make)
        if not replaced and precision.name != precision.dtype:
            log.warning(
                "%s has no linear layers that nlpcli can quantize: it computes in %s", quoted(name), precision.dtype
            )
            note(Precision(precision.dtype))


def is_rounded(module: torch.nn.Module) -> bool:
    """Whether a module computes in less than float32."""
    halves = any(parameter.dtype in (torch.bfloat16, torch.float16) for parameter in module.parameters())
    return halves or any(isinstance(part, DynamicInt8Linear) for part in module.modules())


def longest_input(config: Any, tokenizer: Any) -> int:
    """How many tokens the model takes at a time, special tokens included."""
    limits = [tokenizer.model_max_length]
    positions = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None)
    if positions:
        # RoBERTa and its kin count positions from behind the padding token.
        offset = (config.pad_token_id or 0) + 1 if config.model_type in _OFFSET_POSITIONS else 0
        limits.append(positions - offset)
    # Relative positions have no limit of their own; attention's cost in memory sets one.
    with said_of("the model cannot be used: its limit of tokens is none"):
        longest = int(min(*limits, 8192))
    if longest < _SHORTEST_INPUT:
        raise ModelUnusable(f"the model takes {longest} tokens at a time, which hold no text; its files are damaged")
    return longest


# Two special tokens, and one of the text.
_SHORTEST_INPUT = 3


_OFFSET_POSITIONS = frozenset({"roberta", "xlm-roberta", "camembert", "mpnet", "longformer", "roberta-prelayernorm"})


def compute_in_float32(module: torch.nn.Module, outputs: int) -> None:
    """Have the last layer of a classifier compute in float32: it costs nothing, and bfloat16's eight bits would show
    in the second digit of a probability."""
    layers = [layer for layer in module.modules() if type(layer) is torch.nn.Linear and layer.out_features == outputs]
    if layers:
        layers[-1].float().register_forward_pre_hook(lambda _, inputs: (inputs[0].float(),))

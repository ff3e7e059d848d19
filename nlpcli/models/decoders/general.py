"""Any decoder of transformers: its own modules over a cache with a place for each row."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from nlpcli.kernels.threads import threads_for, weights_of_a_product
from nlpcli.models.decoders.slots import SlotCache, visible

_KNOWN_LAYERS = {"full_attention", "sliding_attention"}


def shares_its_cache(module: nn.Module) -> bool:
    """Whether rows of different lengths can share the module's cache: plain attention, positions as an argument."""
    config = module.config.get_text_config()
    return (
        bool(getattr(module, "_can_compile_fullgraph", False))
        and not getattr(module, "_is_stateful", False)
        and "position_ids" in inspect.signature(module.forward).parameters
        and set(getattr(config, "layer_types", None) or ()) <= _KNOWN_LAYERS
    )


class GeneralDecoder:
    """The module's own forward pass, one for new rows and one for a token of every row."""

    def __init__(self, module: nn.Module, longest: int) -> None:
        self.longest = longest
        self._module = module
        self._device = next(module.parameters()).device
        self._weights = weights_of_a_product(module)
        self._cache = SlotCache(module.config.get_text_config().num_hidden_layers)
        self._windows = _windows(module.config.get_text_config())

    @property
    def rows(self) -> int:
        return len(self._cache.slots.lengths)

    def add(self, tokens: Sequence[Sequence[int]]) -> None:
        self._cache.slots.adding([len(row) for row in tokens])
        if any(tokens):
            # What stands behind the end of a row is never attended to: the pass is causal.
            padded = torch.nn.utils.rnn.pad_sequence(
                [torch.tensor(list(row), dtype=torch.long) for row in tokens], batch_first=True
            ).to(self._device)
            positions = torch.arange(padded.shape[1], device=self._device).expand(len(tokens), -1)
            self._module.base_model(
                input_ids=padded, position_ids=positions, past_key_values=self._cache, use_cache=True
            )

    def step(self, tokens: Sequence[int]) -> Tensor:
        places = self._cache.slots.stepping(self._device)
        with threads_for(self._weights * len(tokens)):
            outputs = self._module(
                input_ids=torch.tensor(tokens, device=self._device)[:, None],
                position_ids=places[:, None],
                attention_mask=self._mask(places),
                past_key_values=self._cache,
                use_cache=True,
            )
        logits: Tensor = outputs.logits[:, -1].float()
        return logits

    def _mask(self, places: Tensor) -> Any:
        """What each row sees; None where that is everything."""
        longest = self._cache.slots.longest
        if len(places) == 1 and all(window is None or window >= longest for window in self._windows.values()):
            return None
        masks = {
            kind: _additive(visible(places, longest, window), self._module.dtype)
            for kind, window in self._windows.items()
        }
        return masks if len(masks) > 1 else next(iter(masks.values()))

    def remove(self, row: int) -> None:
        self._cache.remove(row)

    def clear(self) -> None:
        self._cache = SlotCache(len(self._cache.layers))


def _additive(mask: Tensor, dtype: torch.dtype) -> Tensor:
    # Numbers, not booleans: eager attention adds its mask.
    return torch.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill(~mask, torch.finfo(dtype).min)


def _windows(config: Any) -> dict[str, int | None]:
    """Kind of layer → how far back it sees; None: everything."""
    window = getattr(config, "sliding_window", None) if getattr(config, "use_sliding_window", True) else None
    kinds = list(dict.fromkeys(getattr(config, "layer_types", None) or ()))
    if not kinds:
        return {"full_attention": window}
    return {kind: window if kind == "sliding_attention" else None for kind in kinds}

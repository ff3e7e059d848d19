"""The state of the SSRU decoder as a layer of transformers' cache."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from transformers.cache_utils import Cache, CacheLayerMixin, DynamicCache, EncoderDecoderCache


class SsruLayer(CacheLayerMixin):  # type: ignore[misc]
    """c of one decoder layer, (batch, d_model), and how many tokens it has seen. It cannot be rolled back."""

    is_compileable = False
    is_croppable = False
    is_sliding = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seen = 0

    def lazy_initialization(self, key_states: Tensor, value_states: Tensor | None = None) -> None:  # noqa: ARG002
        self.dtype, self.device = key_states.dtype, key_states.device
        self.is_initialized = True

    def update(self, key_states: Tensor, value_states: Tensor | None = None, *args: Any, **kwargs: Any) -> Any:
        """Take the state after `kwargs["tokens"]` more tokens."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        self.keys = key_states
        self.seen += kwargs.get("tokens", 1)
        return key_states, value_states

    def get_seq_length(self) -> int:
        return self.seen

    def get_max_length(self) -> int:
        return -1

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        return self.seen + query_length, 0

    def reset(self) -> None:
        self.keys, self.is_initialized, self.seen = None, False, 0

    def offload(self) -> None:
        if self.keys is not None:
            self.keys = self.keys.to("cpu", non_blocking=True)

    def prefetch(self) -> None:
        if self.keys is not None:
            self.keys = self.keys.to(self.device, non_blocking=True)

    def reorder_cache(self, beam_idx: Tensor) -> None:
        if self.keys is not None:
            self.keys = self.keys.index_select(0, beam_idx.to(self.keys.device))

    def batch_repeat_interleave(self, repeats: int) -> None:
        if self.keys is not None:
            self.keys = self.keys.repeat_interleave(repeats, dim=0)

    def batch_select_indices(self, indices: Tensor) -> None:
        if self.keys is not None:
            self.keys = self.keys[indices]

    def crop(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError("the state of a recurrent decoder cannot be rolled back; use no assisted decoding")


def new_cache(decoder_layers: int) -> EncoderDecoderCache:
    """An empty cache: recurrent states, and the keys and values of the encoder's output."""
    return EncoderDecoderCache(Cache(layers=[SsruLayer() for _ in range(decoder_layers)]), DynamicCache())


def state_of(cache: EncoderDecoderCache | None, layer: int) -> Tensor | None:
    """c of a layer, None before the first token."""
    if cache is None:
        return None
    state: Tensor | None = cache.self_attention_cache.layers[layer].keys
    return state


def keep_state(cache: EncoderDecoderCache, layer: int, state: Tensor, tokens: int) -> None:
    """Store c after `tokens` more tokens."""
    cache.self_attention_cache.layers[layer].update(state, None, tokens=tokens)

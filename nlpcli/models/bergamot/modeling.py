"""Bergamot's student models in transformers: a transformer encoder and an SSRU decoder (Kim et al. 2019, "From
Research to Production and Back"), post-norm, one embedding for input and output.

Numbers follow Marian's: https://github.com/browsermt/marian-dev (`src/models/transformer.h`, `src/rnn/cells.h`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from transformers.activations import ACT2FN
from transformers.cache_utils import EncoderDecoderCache
from transformers.generation import GenerationMixin
from transformers.masking_utils import create_bidirectional_mask
from transformers.modeling_outputs import (
    BaseModelOutput,
    BaseModelOutputWithPastAndCrossAttentions,
    Seq2SeqLMOutput,
    Seq2SeqModelOutput,
)
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS, PreTrainedModel
from transformers.utils.generic import can_return_tuple, merge_with_config_defaults
from transformers.utils.output_capturing import OutputRecorder, capture_outputs

from nlpcli.models.bergamot.cache import keep_state, new_cache, state_of
from nlpcli.models.bergamot.configuration import BergamotConfig
from nlpcli.models.students.positions import embed

# What makes the padding row of the output never win; finite, and within float16.
NEVER = -1e4


def eager_attention_forward(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    **kwargs: Any,  # noqa: ARG001
) -> tuple[Tensor, Tensor]:
    """softmax(QKᵀ·scaling + mask) V, and the weights: (batch, heads, queries, keys)."""
    scores = query @ key.transpose(2, 3) * (query.shape[-1] ** -0.5 if scaling is None else scaling)
    if attention_mask is not None:
        scores = scores + attention_mask
    weights = nn.functional.dropout(torch.softmax(scores, dim=-1), p=dropout, training=module.training)
    return (weights @ value).transpose(1, 2).contiguous(), weights


class BergamotAttention(nn.Module):  # type: ignore[misc]
    """Multi-head attention over the encoder's tokens; with a cache their keys and values are made once."""

    def __init__(self, config: BergamotConfig, heads: int, layer_idx: int | None = None) -> None:
        super().__init__()
        self.config = config
        self.layer_idx = layer_idx
        self.head_dim = config.d_model // heads
        self.scaling = self.head_dim**-0.5
        self.dropout = config.attention_dropout
        self.is_causal = False
        self.q_proj = nn.Linear(config.d_model, config.d_model)
        self.k_proj = nn.Linear(config.d_model, config.d_model)
        self.v_proj = nn.Linear(config.d_model, config.d_model)
        self.out_proj = nn.Linear(config.d_model, config.d_model)

    def forward(
        self,
        hidden_states: Tensor,
        key_value_states: Tensor,
        attention_mask: Tensor | None = None,
        past_key_values: EncoderDecoderCache | None = None,
        **kwargs: Any,
    ) -> tuple[Tensor, Tensor | None]:
        query = self._heads(self.q_proj(hidden_states))
        key, value = self._keys_and_values(key_value_states, past_key_values)
        attend: Callable[..., Any] = ALL_ATTENTION_FUNCTIONS.get_interface(
            self.config._attn_implementation, eager_attention_forward
        )
        dropout = self.dropout if self.training else 0.0
        output, weights = attend(
            self, query, key, value, attention_mask, dropout=dropout, scaling=self.scaling, **kwargs
        )
        return self.out_proj(output.reshape(*hidden_states.shape[:-1], -1)), weights

    def _heads(self, states: Tensor) -> Tensor:
        return states.view(*states.shape[:-1], -1, self.head_dim).transpose(1, 2)

    def _keys_and_values(self, states: Tensor, cache: EncoderDecoderCache | None) -> tuple[Tensor, Tensor]:
        if cache is not None and cache.is_updated.get(self.layer_idx):
            layer = cache.cross_attention_cache.layers[self.layer_idx]
            return layer.keys, layer.values
        key, value = self._heads(self.k_proj(states)), self._heads(self.v_proj(states))
        if cache is not None:
            key, value = cache.cross_attention_cache.update(key, value, self.layer_idx)
            cache.is_updated[self.layer_idx] = True
        return key, value


class Ssru(nn.Module):  # type: ignore[misc]
    """Simpler Simple Recurrent Unit: c_t = g ⊙ c_{t-1} + (1-g) ⊙ z, output relu(c_t)."""

    def __init__(self, config: BergamotConfig) -> None:
        super().__init__()
        self.in_proj = nn.Linear(config.d_model, config.d_model, bias=False)
        self.forget_proj = nn.Linear(config.d_model, config.d_model)

    def forward(self, hidden_states: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
        """(batch, tokens, d_model) → the same, and c after the last token, before the relu: (batch, d_model)."""
        gate = torch.sigmoid(self.forget_proj(hidden_states))
        fresh = (1 - gate) * self.in_proj(hidden_states)
        states = []
        for step in range(hidden_states.shape[1]):
            state = fresh[:, step] if state is None else gate[:, step] * state + fresh[:, step]
            states.append(state)
        assert state is not None
        return torch.relu(torch.stack(states, dim=1)), state


class _FeedForward(nn.Module):  # type: ignore[misc]
    """What encoder and decoder layers share: fc1, activation, fc2, and the norm behind the sum."""

    def __init__(self, config: BergamotConfig, width: int) -> None:
        super().__init__()
        self.dropout = config.dropout
        self.activation_fn = ACT2FN[config.activation_function]
        self.fc1 = nn.Linear(config.d_model, width)
        self.fc2 = nn.Linear(width, config.d_model)
        self.final_layer_norm = nn.LayerNorm(config.d_model, eps=config.layer_norm_eps)

    def _drop(self, hidden_states: Tensor) -> Tensor:
        return nn.functional.dropout(hidden_states, p=self.dropout, training=self.training)

    def _feed_forward(self, hidden_states: Tensor) -> Tensor:
        output = self.fc2(self.activation_fn(self.fc1(hidden_states)))
        normed: Tensor = self.final_layer_norm(self._drop(output) + hidden_states)
        return normed


class BergamotEncoderLayer(_FeedForward):
    """Self-attention and feed-forward, each `LN(sublayer(x) + x)`."""

    def __init__(self, config: BergamotConfig) -> None:
        super().__init__(config, config.encoder_ffn_dim)
        self.self_attn = BergamotAttention(config, config.encoder_attention_heads)
        self.self_attn_layer_norm = nn.LayerNorm(config.d_model, eps=config.layer_norm_eps)

    def forward(self, hidden_states: Tensor, attention_mask: Tensor | None, **kwargs: Any) -> Tensor:
        attended, _ = self.self_attn(hidden_states, hidden_states, attention_mask, **kwargs)
        return self._feed_forward(self.self_attn_layer_norm(self._drop(attended) + hidden_states))


class BergamotDecoderLayer(_FeedForward):
    """SSRU, cross-attention and feed-forward, each `LN(sublayer(x) + x)`."""

    def __init__(self, config: BergamotConfig, layer_idx: int) -> None:
        super().__init__(config, config.decoder_ffn_dim)
        self.layer_idx = layer_idx
        self.ssru = Ssru(config)
        self.ssru_layer_norm = nn.LayerNorm(config.d_model, eps=config.layer_norm_eps)
        self.encoder_attn = BergamotAttention(config, config.decoder_attention_heads, layer_idx)
        self.encoder_attn_layer_norm = nn.LayerNorm(config.d_model, eps=config.layer_norm_eps)

    def forward(
        self,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor,
        encoder_attention_mask: Tensor | None,
        past_key_values: EncoderDecoderCache | None,
        **kwargs: Any,
    ) -> Tensor:
        recurrent, state = self.ssru(hidden_states, state_of(past_key_values, self.layer_idx))
        if past_key_values is not None:
            keep_state(past_key_values, self.layer_idx, state, hidden_states.shape[1])
        hidden_states = self.ssru_layer_norm(self._drop(recurrent) + hidden_states)
        attended, _ = self.encoder_attn(
            hidden_states, encoder_hidden_states, encoder_attention_mask, past_key_values, **kwargs
        )
        return self._feed_forward(self.encoder_attn_layer_norm(self._drop(attended) + hidden_states))


class BergamotPreTrainedModel(PreTrainedModel):  # type: ignore[misc]
    """Loading and saving."""

    config_class = BergamotConfig
    base_model_prefix = "model"
    supports_gradient_checkpointing = False
    _supports_sdpa = True
    # A recurrent state cannot be rolled back, which assisted decoding would need.
    _is_stateful = True
    _no_split_modules = ["BergamotEncoderLayer", "BergamotDecoderLayer"]  # noqa: RUF012

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def _init_weights(self, module: nn.Module) -> None:
        from transformers import initialization as init

        if isinstance(module, nn.Linear | nn.Embedding):
            init.normal_(module.weight, mean=0.0, std=self.config.init_std)
            if getattr(module, "bias", None) is not None:
                init.zeros_(module.bias)
            if isinstance(module, nn.Embedding):
                # The first input of the decoder is a vector of zeros.
                init.zeros_(module.weight[-1])
        elif isinstance(module, nn.LayerNorm):
            init.ones_(module.weight)
            init.zeros_(module.bias)
        elif isinstance(module, BergamotMTModel):
            init.zeros_(module.final_logits_bias)
            init.constant_(module.final_logits_bias[-1:], NEVER)


class BergamotEncoder(BergamotPreTrainedModel):
    """Tokens → vectors, (batch, tokens, d_model)."""

    _can_record_outputs = {  # noqa: RUF012
        "hidden_states": BergamotEncoderLayer,
        "attentions": OutputRecorder(BergamotAttention, index=1, layer_name="self_attn"),
    }

    def __init__(self, config: BergamotConfig) -> None:
        super().__init__(config)
        vocabulary = config.source_vocab_size or config.vocab_size
        self.embed_tokens = nn.Embedding(vocabulary, config.d_model, vocabulary - 1)
        self.layers = nn.ModuleList([BergamotEncoderLayer(config) for _ in range(config.encoder_layers)])
        self.post_init()

    @merge_with_config_defaults  # type: ignore[untyped-decorator]
    @capture_outputs  # type: ignore[untyped-decorator]
    def forward(
        self, input_ids: Tensor | None = None, attention_mask: Tensor | None = None, **kwargs: Any
    ) -> BaseModelOutput:
        hidden_states = embed(self.embed_tokens, input_ids, 0)
        mask = create_bidirectional_mask(config=self.config, inputs_embeds=hidden_states, attention_mask=attention_mask)
        for layer in self.layers:
            hidden_states = layer(hidden_states, mask, **kwargs)
        return BaseModelOutput(last_hidden_state=hidden_states)


class BergamotDecoder(BergamotPreTrainedModel):
    """Target tokens, shifted right, and the encoder's vectors → vectors, (batch, tokens, d_model)."""

    _can_record_outputs = {  # noqa: RUF012
        "hidden_states": BergamotDecoderLayer,
        "cross_attentions": OutputRecorder(BergamotAttention, index=1, layer_name="encoder_attn"),
    }

    def __init__(self, config: BergamotConfig) -> None:
        super().__init__(config)
        self.embed_tokens = nn.Embedding(config.vocab_size, config.d_model, config.vocab_size - 1)
        self.layers = nn.ModuleList([BergamotDecoderLayer(config, index) for index in range(config.decoder_layers)])
        self.post_init()

    @merge_with_config_defaults  # type: ignore[untyped-decorator]
    @capture_outputs  # type: ignore[untyped-decorator]
    def forward(
        self,
        input_ids: Tensor,
        encoder_hidden_states: Tensor,
        encoder_attention_mask: Tensor | None = None,
        past_key_values: EncoderDecoderCache | None = None,
        use_cache: bool | None = None,
        **kwargs: Any,
    ) -> BaseModelOutputWithPastAndCrossAttentions:
        if use_cache and past_key_values is None:
            past_key_values = new_cache(self.config.decoder_layers)
        start = past_key_values.get_seq_length() if past_key_values is not None else 0
        hidden_states = embed(self.embed_tokens, input_ids, start)
        mask = create_bidirectional_mask(
            config=self.config,
            inputs_embeds=hidden_states,
            attention_mask=encoder_attention_mask,
            encoder_hidden_states=encoder_hidden_states,
        )
        for layer in self.layers:
            hidden_states = layer(hidden_states, encoder_hidden_states, mask, past_key_values, **kwargs)
        return BaseModelOutputWithPastAndCrossAttentions(
            last_hidden_state=hidden_states, past_key_values=past_key_values
        )


def _tied(prefix: str, shared: bool) -> dict[str, str]:
    encoder = {f"{prefix}encoder.embed_tokens.weight": f"{prefix}shared.weight"} if shared else {}
    return encoder | {f"{prefix}decoder.embed_tokens.weight": f"{prefix}shared.weight"}


class BergamotModel(BergamotPreTrainedModel):
    """Encoder and decoder without the output layer. `shared` embeds the target, and the source where they share."""

    _tied_weights_keys = _tied("", shared=True)

    def __init__(self, config: BergamotConfig) -> None:
        super().__init__(config)
        self.shared = nn.Embedding(config.vocab_size, config.d_model, config.vocab_size - 1)
        self._tied_weights_keys = _tied("", config.share_encoder_decoder_embeddings)
        self.encoder = BergamotEncoder(config)
        self.decoder = BergamotDecoder(config)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        return self.encoder.embed_tokens

    def set_input_embeddings(self, value: nn.Module) -> None:
        self.encoder.embed_tokens = value
        if self.config.share_encoder_decoder_embeddings:
            self.shared = self.decoder.embed_tokens = value

    @can_return_tuple  # type: ignore[untyped-decorator]
    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        decoder_input_ids: Tensor | None = None,
        encoder_outputs: Any = None,
        past_key_values: EncoderDecoderCache | None = None,
        use_cache: bool | None = None,
        **kwargs: Any,
    ) -> Seq2SeqModelOutput:
        if encoder_outputs is None:
            encoder_outputs = self.encoder(input_ids, attention_mask, **kwargs)
        decoded = self.decoder(
            input_ids=decoder_input_ids,
            encoder_hidden_states=encoder_outputs[0],
            encoder_attention_mask=attention_mask,
            past_key_values=past_key_values,
            use_cache=use_cache,
            **kwargs,
        )
        return Seq2SeqModelOutput(
            last_hidden_state=decoded.last_hidden_state,
            past_key_values=decoded.past_key_values,
            decoder_hidden_states=decoded.hidden_states,
            cross_attentions=decoded.cross_attentions,
            encoder_last_hidden_state=encoder_outputs[0],
            encoder_hidden_states=getattr(encoder_outputs, "hidden_states", None),
            encoder_attentions=getattr(encoder_outputs, "attentions", None),
        )


class BergamotMTModel(BergamotPreTrainedModel, GenerationMixin):  # type: ignore[misc]
    """The translation model; `generate` works as with every encoder-decoder of transformers."""

    _tied_weights_keys = _tied("model.", shared=True) | {"lm_head.weight": "model.shared.weight"}

    def __init__(self, config: BergamotConfig) -> None:
        super().__init__(config)
        self.model = BergamotModel(config)
        self._tied_weights_keys = _tied("model.", config.share_encoder_decoder_embeddings) | {
            "lm_head.weight": "model.shared.weight"
        }
        self.final_logits_bias = nn.Parameter(torch.zeros(config.vocab_size))
        self.lm_head = nn.Linear(config.d_model, config.vocab_size, bias=False)
        self.post_init()

    @classmethod
    def _supports_default_dynamic_cache(cls) -> bool:
        # generate() would make an attention cache; the decoder makes its own at the first token.
        return False

    def get_encoder(self, *args: Any, **kwargs: Any) -> nn.Module:  # noqa: ARG002
        return self.model.encoder

    @can_return_tuple  # type: ignore[untyped-decorator]
    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        decoder_input_ids: Tensor | None = None,
        encoder_outputs: Any = None,
        past_key_values: EncoderDecoderCache | None = None,
        labels: Tensor | None = None,
        use_cache: bool | None = None,
        **kwargs: Any,
    ) -> Seq2SeqLMOutput:
        """Logits (batch, target tokens, vocabulary), and with `labels` (-100: left out) their loss."""
        if labels is not None and decoder_input_ids is None:
            decoder_input_ids, use_cache = self.prepare_decoder_input_ids_from_labels(labels), False
        outputs = self.model(
            input_ids,
            attention_mask=attention_mask,
            decoder_input_ids=decoder_input_ids,
            encoder_outputs=encoder_outputs,
            past_key_values=past_key_values,
            use_cache=use_cache,
            **kwargs,
        )
        logits = self.lm_head(outputs.last_hidden_state) + self.final_logits_bias
        loss = None
        if labels is not None:
            loss = nn.functional.cross_entropy(logits.float().view(-1, logits.shape[-1]), labels.view(-1))
        return Seq2SeqLMOutput(
            loss=loss,
            logits=logits,
            past_key_values=outputs.past_key_values,
            decoder_hidden_states=outputs.decoder_hidden_states,
            cross_attentions=outputs.cross_attentions,
            encoder_last_hidden_state=outputs.encoder_last_hidden_state,
            encoder_hidden_states=outputs.encoder_hidden_states,
            encoder_attentions=outputs.encoder_attentions,
        )

    def prepare_decoder_input_ids_from_labels(self, labels: Tensor) -> Tensor:
        """The labels behind the start token, the last one left out."""
        start = labels.new_full((labels.shape[0], 1), self.config.decoder_start_token_id)
        shifted = torch.cat([start, labels[:, :-1]], dim=1)
        return shifted.masked_fill(shifted == -100, self.config.pad_token_id)

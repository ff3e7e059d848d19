"""The weights of a student straight from its files, and its tokenizer, without transformers.

For `GreedyTranslator`; and with a formula of `BergamotMTModel`'s own, for what is asked of a translation that is there.

What is unusual about a folder makes these loaders decline: `BergamotMTModel` then loads it, or says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import torch
from torch import Tensor, nn
from torch.nn import functional

from nlpcli.models.foreign import check_tokens, check_vocabulary
from nlpcli.models.plain_config import PlainConfig, stated_in
from nlpcli.models.plain_tokenizer import PlainTokenizer
from nlpcli.models.preparing import BERGAMOT
from nlpcli.models.students.positions import embed
from nlpcli.models.students.sentencepiece_model import EOS, PADDING, UNKNOWN
from nlpcli.models.tensors import Tensors

# Where source and target have vocabularies of their own, in what is written of a tokenizer.
_TARGET_FILE = "target_tokenizer.json"
_ATTENTION = ("q_proj", "k_proj", "v_proj", "out_proj")
_FIELDS = (
    *("vocab_size", "d_model", "encoder_layers", "decoder_layers", "encoder_attention_heads"),
    *("decoder_attention_heads", "encoder_ffn_dim", "decoder_ffn_dim", "layer_norm_eps", "max_length_factor"),
    *("activation_multipliers", "source_language", "target_language", "pad_token_id", "decoder_start_token_id"),
    *("eos_token_id", "unk_token_id"),
)
_LONGEST_SENTENCE = 80
_SPECIAL = {"eos_token": EOS, "unk_token": UNKNOWN, "pad_token": PADDING}
_SETTINGS = _SPECIAL | {"tokenizer_class": "BergamotTokenizer", "split_special_tokens": True}


def student_config(folder: Path) -> PlainConfig | None:
    """The configuration, where it is plainly that of a student of one vocabulary; None where transformers must look."""
    try:
        stated = stated_in(folder)
        if stated is None or stated.get("model_type") != BERGAMOT or stated.get("activation_function") != "relu":
            return None
        if not (stated.get("share_encoder_decoder_embeddings") and stated.get("tie_word_embeddings")):
            return None
        if stated.get("source_vocab_size") not in (None, stated["vocab_size"]):
            return None
        return PlainConfig(
            model_type=BERGAMOT,
            is_encoder_decoder=True,
            _attn_implementation="sdpa",
            share_encoder_decoder_embeddings=True,
            longest_sentence=stated.get("longest_sentence", _LONGEST_SENTENCE),
            **{name: stated.get(name) if name == "activation_multipliers" else stated[name] for name in _FIELDS},
        )
    except Exception:  # noqa: BLE001 - whatever is wrong is found again by who looks then, and said
        return None


def student_weights(folder: Path, config: PlainConfig, dtype: torch.dtype) -> StudentWeights | None:
    """What `folder` holds for a `config` of `student_config`, in `dtype`; None where it is not plainly whole."""
    try:
        return StudentWeights(config, Tensors(folder, dtype))
    except Exception:  # noqa: BLE001 - whatever is wrong is found again by transformers, and said
        return None


def student_tokenizer(name: str, folder: Path) -> StudentTokenizer | None:
    """The tokenizer; None where transformers is to look, or to say what is wrong."""
    try:
        check_tokens(name, folder)
        settings = orjson.loads((folder / "tokenizer_config.json").read_bytes())
        longest = settings.pop("model_max_length")
        settings.pop("backend", None)
        if settings != _SETTINGS or (folder / _TARGET_FILE).exists() or not isinstance(longest, int):
            return None
        from tokenizers import Tokenizer

        made = StudentTokenizer(Tokenizer.from_file(str(folder / "tokenizer.json")), _SPECIAL, longest, has_types=False)
        check_vocabulary(name, folder, made.vocab_size - len(made.all_special_ids))
    except BaseException as error:  # as above; a panic of tokenizers is no Exception
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        return None
    return made


class StudentTokenizer(PlainTokenizer):
    """As `BergamotTokenizer` of one vocabulary."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        # "</s>" in a text means these four characters.
        self.backend_tokenizer.encode_special_tokens = True

    def __call__(self, text: Any = None, *arguments: Any, text_target: Any = None, **named: Any) -> dict[str, Any]:
        return super().__call__(text if text_target is None else text_target, *arguments, **named)

    def encoding(self, text: str) -> Any:
        """Ids and offsets of a source."""
        return self.backend_tokenizer.encode(text)

    def batch_decode(self, rows: Sequence[Sequence[int]]) -> list[str]:
        """The text of each row of token ids."""
        return [self.decode(row) for row in rows]


class Forced(NamedTuple):
    """What a student makes of a translation that is given: `logits` (batch, target tokens, vocabulary).

    `cross_attentions`, where they were asked for: of each layer (batch, heads, target tokens, source tokens).
    """

    logits: Tensor
    cross_attentions: tuple[Tensor, ...]


class StudentWeights(nn.Module):  # type: ignore[misc]
    """Layers named as `BergamotMTModel` names its own; what it computes is the same, to the last bit."""

    def __init__(self, config: PlainConfig, tensors: Tensors) -> None:
        super().__init__()
        self.config = config
        shared = tensors.embedding("model.shared", config.vocab_size, config.d_model)
        for name in ("model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight", "lm_head.weight"):
            # Which of two would count is for transformers to say.
            tensors.refuse(name)
        self.model = nn.Module()
        self.model.encoder, self.model.decoder = nn.Module(), nn.Module()
        self.model.encoder.embed_tokens = self.model.decoder.embed_tokens = self.lm_head = shared
        for side, make in (("encoder", _EncoderLayer), ("decoder", _DecoderLayer)):
            count = getattr(config, f"{side}_layers")
            names = [f"model.{side}.layers.{number}." for number in range(count)]
            self.model.get_submodule(side).layers = nn.ModuleList(make(config, tensors, name) for name in names)
            # More layers than are asked for are another model, or a damaged configuration.
            tensors.refuse(f"model.{side}.layers.{count}.fc1.weight")
        self.final_logits_bias = nn.Parameter(tensors("final_logits_bias", config.vocab_size), requires_grad=False)

    @property
    def dtype(self) -> torch.dtype:
        """That of all weights."""
        return self.final_logits_bias.dtype

    @property
    def device(self) -> torch.device:
        """Where they lie."""
        return self.final_logits_bias.device

    def set_attn_implementation(self, name: str) -> None:
        """As a module of transformers; which formula is taken follows from what is asked."""

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        decoder_input_ids: Tensor | None = None,
        output_attentions: bool = False,
        **_: Any,
    ) -> Forced:
        """`decoder_input_ids` are those of the translation, shifted by one. Masks are 1 where there is a token."""
        assert decoder_input_ids is not None
        attend = _plain if output_attentions else _fused
        table = self.model.encoder.embed_tokens
        mask = None if attention_mask is None or bool(attention_mask.all()) else attention_mask.bool()[:, None, None]
        hidden = embed(table, input_ids, 0)
        for layer in self.model.encoder.layers:
            hidden = layer(hidden, mask, attend)
        source, weights = hidden, []
        hidden = embed(table, decoder_input_ids, 0)
        for layer in self.model.decoder.layers:
            hidden, of_layer = layer(hidden, source, mask, attend)
            weights.append(of_layer)
        logits = functional.linear(hidden, self.lm_head.weight) + self.final_logits_bias
        return Forced(logits, tuple(weights) if output_attentions else ())


_Attend = Callable[[Tensor, Tensor, Tensor, Tensor | None, float], tuple[Tensor, Tensor | None]]


def _fused(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, scaling: float
) -> tuple[Tensor, Tensor | None]:
    mask = None if mask is None else mask.expand(-1, -1, query.shape[2], -1)
    return functional.scaled_dot_product_attention(query, key, value, mask, scale=scaling), None


def _plain(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, scaling: float
) -> tuple[Tensor, Tensor | None]:
    """The formula that gives its weights away."""
    scores = query @ key.transpose(2, 3) * scaling
    if mask is not None:
        least = torch.tensor(torch.finfo(scores.dtype).min, dtype=scores.dtype, device=scores.device)
        scores = scores + torch.where(mask, least.new_zeros(()), least)
    weights = torch.softmax(scores, dim=-1)
    return weights @ value, weights


class _FeedForward(nn.Module):  # type: ignore[misc]
    def __init__(self, config: PlainConfig, tensors: Tensors, name: str, wide: int) -> None:
        super().__init__()
        self.fc1 = tensors.linear(f"{name}fc1", wide, config.d_model, bias=True)
        self.fc2 = tensors.linear(f"{name}fc2", config.d_model, wide, bias=True)
        self.final_layer_norm = tensors.norm(f"{name}final_layer_norm", config.d_model, config.layer_norm_eps)

    def feed_forward(self, hidden: Tensor) -> Tensor:
        normed: Tensor = self.final_layer_norm(self.fc2(torch.relu(self.fc1(hidden))) + hidden)
        return normed


class _EncoderLayer(_FeedForward):
    def __init__(self, config: PlainConfig, tensors: Tensors, name: str) -> None:
        super().__init__(config, tensors, name, config.encoder_ffn_dim)
        self.self_attn = _Attention(config, tensors, f"{name}self_attn.", config.encoder_attention_heads)
        self.self_attn_layer_norm = tensors.norm(f"{name}self_attn_layer_norm", config.d_model, config.layer_norm_eps)

    def forward(self, hidden: Tensor, mask: Tensor | None, attend: _Attend) -> Tensor:
        attended, _ = self.self_attn(hidden, hidden, mask, attend)
        return self.feed_forward(self.self_attn_layer_norm(attended + hidden))


class _DecoderLayer(_FeedForward):
    def __init__(self, config: PlainConfig, tensors: Tensors, name: str) -> None:
        super().__init__(config, tensors, name, config.decoder_ffn_dim)
        size = config.d_model
        self.ssru = nn.Module()
        self.ssru.in_proj = tensors.linear(f"{name}ssru.in_proj", size, size, bias=False)
        self.ssru.forget_proj = tensors.linear(f"{name}ssru.forget_proj", size, size, bias=True)
        self.ssru_layer_norm = tensors.norm(f"{name}ssru_layer_norm", size, config.layer_norm_eps)
        self.encoder_attn = _Attention(config, tensors, f"{name}encoder_attn.", config.decoder_attention_heads)
        self.encoder_attn_layer_norm = tensors.norm(f"{name}encoder_attn_layer_norm", size, config.layer_norm_eps)

    def forward(
        self, hidden: Tensor, source: Tensor, mask: Tensor | None, attend: _Attend
    ) -> tuple[Tensor, Tensor | None]:
        hidden = self.ssru_layer_norm(self._recurrent(hidden) + hidden)
        attended, weights = self.encoder_attn(hidden, source, mask, attend)
        return self.feed_forward(self.encoder_attn_layer_norm(attended + hidden)), weights

    def _recurrent(self, hidden: Tensor) -> Tensor:
        """c_t = g ⊙ c_{t-1} + (1-g) ⊙ z, relu(c_t): see `BergamotMTModel`'s `Ssru`."""
        gate = torch.sigmoid(self.ssru.forget_proj(hidden))
        fresh = (1 - gate) * self.ssru.in_proj(hidden)
        states = [fresh[:, 0]]
        for step in range(1, hidden.shape[1]):
            states.append(gate[:, step] * states[-1] + fresh[:, step])
        return torch.relu(torch.stack(states, dim=1))


class _Attention(nn.Module):  # type: ignore[misc]
    def __init__(self, config: PlainConfig, tensors: Tensors, name: str, heads: int) -> None:
        super().__init__()
        self.head_dim = config.d_model // heads
        for part in _ATTENTION:
            setattr(self, part, tensors.linear(f"{name}{part}", config.d_model, config.d_model, bias=True))

    def forward(
        self, hidden: Tensor, source: Tensor, mask: Tensor | None, attend: _Attend
    ) -> tuple[Tensor, Tensor | None]:
        query, key, value = (
            layer(states).unflatten(-1, (-1, self.head_dim)).transpose(1, 2)
            for layer, states in ((self.q_proj, hidden), (self.k_proj, source), (self.v_proj, source))
        )
        found, weights = attend(query, key, value, mask, self.head_dim**-0.5)
        return self.out_proj(found.transpose(1, 2).flatten(2)), weights

"""What a completion rests on: each token of the prompt erased in turn, by the same weights in float32."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nlpcli.pipelines.attribution.erasable import Erasable, Reasons, places_in, words_of
from nlpcli.pipelines.attribution.erasure import Row, causal_logs, seq2seq_logs
from nlpcli.pipelines.generation.completer import Completer


def reasons_of(
    completer: Completer, asked: str, prompt: Row, source: int, written: Sequence[int], completion: str
) -> Reasons:
    """Of the tokens that were `written` behind a prompt in which `asked` stands.

    The first `source` tokens of the prompt are what an encoder reads. What the chat template adds is never erased.
    """
    model, tokenizer = completer.model, completer.tokenizer
    tokens = [token for token in written if token not in completer.ends]
    places = places_in(tokenizer, asked, prompt[:source] if source else prompt)
    words = words_of(tokenizer, tokens, completion)
    padding = next((token for token in (tokenizer.pad_token_id, tokenizer.eos_token_id) if token is not None), 0)
    if source:
        logs, row = seq2seq_logs(model, tokens, prompt[source:], padding), prompt[:source]
    else:
        logs, row = causal_logs(model, tokens, padding), prompt
    return Erasable(asked, row, places, logs, words).reasons()


def load_exact_completer(model: Any, placement: Any) -> Completer:
    """The completer of a model whose module is one of transformers', which gives the logits of a whole text."""
    from nlpcli.models.loading import is_bergamot, is_encoder_decoder, load_tokenizer

    if is_encoder_decoder(model) and not is_bergamot(model):
        from nlpcli.pipelines.generation.seq2seq_completer import load_seq2seq_completer

        return load_seq2seq_completer(model, placement, load_tokenizer(model))
    from nlpcli.pipelines.generation.pipeline import load_generation_pipeline

    return load_generation_pipeline(model, placement)

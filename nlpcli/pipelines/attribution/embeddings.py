"""Word embeddings of a model's input, taken out and put in: where gradients begin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from nlpcli.errors import ModelUnusable

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class WordEmbeddings:
    """The table in which a model looks its input tokens up, by whatever names and however often."""

    def __init__(self, model: Any) -> None:
        self._own: nn.Module = model.get_input_embeddings()
        # BART's encoder and decoder have modules of their own over one table.
        self._modules = [
            module
            for module in model.modules()
            if isinstance(module, nn.Embedding) and module.weight.data_ptr() == self._own.weight.data_ptr()
        ]

    def of(self, ids: Sequence[int] | Tensor) -> Tensor:
        """(tokens, width), as the model reads them."""
        module = next((one for one in self._modules if one is not self._own), self._own)
        with torch.no_grad():
            device = self._own.weight.device
            embedded: Tensor = module(torch.as_tensor(ids, device=device)).detach()
            return embedded

    @contextmanager
    def replaced(self, ids: Tensor, embeddings: Tensor) -> Iterator[None]:
        """While it lasts, where the model looks up `ids` (tokens,) it finds `embeddings` (points, tokens, width).

        Raises:
            ModelUnusable: it has looked up nothing of the kind.
        """
        found = []

        def look_up(module: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> Tensor | None:  # noqa: ARG001
            instead = _instead(inputs[0], ids, embeddings, output) if inputs else None
            found.append(instead is not None)
            return instead

        with ExitStack() as hooks:
            for module in self._modules:
                hooks.callback(module.register_forward_hook(look_up).remove)
            yield
        if not any(found):
            raise ModelUnusable("the model reads its tokens in a way that nlpcli does not know; choose another with -m")


def _instead(asked: Tensor, ids: Tensor, embeddings: Tensor, output: Tensor) -> Tensor | None:
    """What stands in the place of `output`; None: it stays."""
    points, tokens, _ = embeddings.shape
    embeddings = embeddings.to(output.dtype)
    if asked.shape == (tokens, points) and (asked == ids[:, None]).all():  # XLNet
        return embeddings.transpose(0, 1)
    if asked.shape != (points, tokens):
        return None
    if torch.equal(asked[0], ids):
        return embeddings
    # BART's classifiers read the text in the decoder too, one place behind.
    if torch.equal(asked[0, 1:], ids[:-1]):
        return torch.cat([output[:, :1], embeddings[:, :-1]], dim=1)
    return None


def without_content(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int], content: Sequence[bool]) -> list[int]:
    """The baseline: what says nothing in the place of every token that is content.

    Padding where the tokenizer has it, else [MASK], else the end of a text, which has no content either.
    """
    named = (tokenizer.pad_token_id, tokenizer.mask_token_id, tokenizer.eos_token_id, tokenizer.unk_token_id)
    nothing = next((token for token in named if token is not None), 0)
    return [nothing if is_content else token for token, is_content in zip(ids, content, strict=True)]

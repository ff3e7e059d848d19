"""Conversations → token ids, by the chat template that a model brings: a program, which may fail in any way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nlpcli.errors import ModelUnusable, quoted
from nlpcli.models.foreign import first_line

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Messages = list[dict[str, str]]


class Refused(ModelUnusable):
    """A conversation that the model's chat template has no place for, such as one with a system message."""


def prompt_of_messages(tokenizer: PreTrainedTokenizerBase, messages: Messages, name: str) -> list[int]:
    """The token ids of a conversation, up to where the model's answer begins; at least one.

    Raises:
        Refused: the template does not take such a conversation, or fails.
    """
    try:
        encoded = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True)
    except Exception as error:
        raise Refused(f"the chat template of {quoted(name)}: {first_line(error)}") from error
    token_ids: list[int] = encoded["input_ids"]
    if not token_ids:
        raise Refused(f"the chat template of {quoted(name)} leaves nothing of the text")
    return token_ids

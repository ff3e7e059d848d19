"""The tokenizer of a decoder straight from its files, its chat template with it, without transformers.

What it does not do itself, `whole` does: the same tokenizer by transformers, which is loaded where it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson

from nlpcli.models.plain_tokenizer import PlainTokenizer, plain_tokenizer
from nlpcli.models.reference import LocalModel

if TYPE_CHECKING:
    from jinja2 import Template

_TEMPLATE, _SETTINGS = "chat_template.jinja", "tokenizer_config.json"
# What a template may read: nothing that transformers gives a meaning of its own.
_KNOWN = frozenset({"messages", "add_generation_prompt"})


class ChatTokenizer:
    """As `PlainTokenizer`, with `chat_template` and `apply_chat_template`."""

    def __init__(self, plain: PlainTokenizer, chat_template: str | None, load_whole: Callable[[], Any]) -> None:
        self.chat_template = chat_template
        self._plain = plain
        self._load_whole = load_whole

    @cached_property
    def whole(self) -> Any:
        """The same by transformers."""
        return self._load_whole()

    def __call__(self, text: str, **options: Any) -> dict[str, Any]:
        """`input_ids` of a text."""
        return self._plain(text, **options)

    def __len__(self) -> int:
        return len(self._plain)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)

    def apply_chat_template(self, messages: Sequence[Mapping[str, str]], **options: Any) -> Any:
        """`input_ids` of a conversation."""
        if (template := self._template) is None or not messages:
            return self.whole.apply_chat_template(messages, **options)
        text = template.render(messages=messages, add_generation_prompt=options.get("add_generation_prompt", False))
        return self._plain(text, add_special_tokens=False)

    @cached_property
    def _template(self) -> Template | None:
        """The template, where it needs nothing that transformers gives to templates; as transformers compiles it."""
        from jinja2 import TemplateError, meta
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        # Of these too transformers has some of its own.
        environment.globals.clear()
        source = self.chat_template or ""
        try:
            names = meta.find_undeclared_variables(environment.parse(source))
            return environment.from_string(source) if names <= _KNOWN and "tojson" not in source else None
        except TemplateError:
            return None


def chat_tokenizer(model: LocalModel) -> ChatTokenizer | None:
    """The tokenizer of a decoder; None where transformers is to look, or to say what is wrong."""

    def load_whole() -> Any:
        from nlpcli.models.llama.configuration import llama_config
        from nlpcli.models.loading import load_tokenizer

        return load_tokenizer(model, llama_config(model.folder))

    plain = plain_tokenizer(model.name, model.folder)
    if plain is None or (model.folder / "additional_chat_templates").exists():
        return None
    try:
        # Of other classes transformers knows what no file says.
        if orjson.loads((model.folder / _SETTINGS).read_bytes()).get("tokenizer_class") != "TokenizersBackend":
            return None
        file = model.folder / _TEMPLATE
        template = file.read_text(encoding="utf-8") if file.exists() else None
    except (OSError, ValueError):
        return None
    return ChatTokenizer(plain, template, load_whole)

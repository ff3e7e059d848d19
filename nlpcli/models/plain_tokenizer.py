"""A tokenizer straight from `tokenizer.json`, without transformers: what our pipelines use of its interface.

For folders of which it is plain that transformers would build the same; of others it declines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from nlpcli.models.foreign import check_tokens, check_vocabulary

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

_FILE, _SETTINGS, _SPECIAL = "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"
_ROLES = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")
# Settings that say nothing which the file does not say, or which only who decodes or saves it reads.
_IDLE = frozenset(
    {
        *("tokenizer_class", "model_max_length", "name_or_path", "backend", "is_local", "local_files_only"),
        *("clean_up_tokenization_spaces", "model_input_names", "do_basic_tokenize", "never_split"),
    }
)
_OF_BERT = frozenset({"do_lower_case", "tokenize_chinese_chars", "strip_accents"})
_GENERIC_CLASSES = frozenset({"PreTrainedTokenizerFast", "TokenizersBackend"})
_BERT_CLASSES = frozenset({"BertTokenizer", "BertTokenizerFast"})
# Of the tokens that transformers makes of the names of BERT's special ones.
_PLAIN_TOKEN = {"special": True, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False}


class PlainTokenizer:
    """As `PreTrainedTokenizerBase`, as far as our pipelines go; never pads or truncates."""

    is_fast = True

    def __init__(self, tokenizer: Tokenizer, roles: Mapping[str, str], longest: int, has_types: bool) -> None:
        self.backend_tokenizer = tokenizer
        self.model_max_length = longest
        self.chat_template = None
        self._tokens = roles
        self._ids = {role: tokenizer.token_to_id(token) for role, token in roles.items()}
        self._has_types = has_types

    def __call__(
        self,
        text: str | Sequence[str],
        pair: str | None = None,
        add_special_tokens: bool = True,
        return_offsets_mapping: bool = False,
        **_: Any,
    ) -> dict[str, Any]:
        """`input_ids` of a text, or a list of those of several; where asked, `offset_mapping`."""
        tokenizer = self.backend_tokenizer
        if isinstance(text, str):
            encoding = tokenizer.encode(text, pair, add_special_tokens=add_special_tokens)
            return dict(self._fields(encoding, pair is not None, return_offsets_mapping))
        encode = tokenizer.encode_batch if return_offsets_mapping else tokenizer.encode_batch_fast
        encodings = encode(list(text), add_special_tokens=add_special_tokens)
        found: dict[str, Any] = {"input_ids": [encoding.ids for encoding in encodings]}
        if return_offsets_mapping:
            found["offset_mapping"] = [encoding.offsets for encoding in encodings]
        return found

    def _fields(self, encoding: Encoding, is_pair: bool, offsets: bool) -> Iterator[tuple[str, Any]]:
        yield "input_ids", encoding.ids
        if is_pair and self._has_types:
            yield "token_type_ids", encoding.type_ids
        if offsets:
            yield "offset_mapping", encoding.offsets

    def convert_ids_to_tokens(self, ids: Sequence[int]) -> list[str | None]:
        """The token of each id."""
        return [self.backend_tokenizer.id_to_token(number) for number in ids]

    def convert_tokens_to_ids(self, tokens: Sequence[str]) -> list[int | None]:
        """The id of each token, that of the unknown where it is none."""
        unknown = self._ids.get("unk_token")
        found = map(self.backend_tokenizer.token_to_id, tokens)
        return [unknown if number is None else number for number in found]

    def tokenize(self, text: str) -> list[str]:
        """The tokens of a text without those that stand for none."""
        tokens: list[str] = self.backend_tokenizer.encode(text, add_special_tokens=False).tokens
        return tokens

    def convert_tokens_to_string(self, tokens: list[str]) -> str:
        """The text of tokens."""
        decoder = self.backend_tokenizer.decoder
        return " ".join(tokens) if decoder is None else decoder.decode(tokens)

    def decode(self, ids: Sequence[int], skip_special_tokens: bool = False, **_: Any) -> str:
        """The text of token ids."""
        text: str = self.backend_tokenizer.decode(list(ids), skip_special_tokens=skip_special_tokens)
        return text

    def get_vocab(self) -> dict[str, int]:
        """Token → id."""
        vocabulary: dict[str, int] = self.backend_tokenizer.get_vocab()
        return vocabulary

    @property
    def vocab_size(self) -> int:
        """How many tokens there are without those that were added."""
        return int(self.backend_tokenizer.get_vocab_size(with_added_tokens=False))

    def __len__(self) -> int:
        return int(self.backend_tokenizer.get_vocab_size())

    @property
    def all_special_ids(self) -> list[int]:
        """Of the tokens that stand for no text."""
        return [number for number in dict.fromkeys(self._ids.values()) if number is not None]

    def __getattr__(self, name: str) -> Any:
        """`pad_token`, `pad_token_id` and their like: None where there is no such token."""
        role = name.removesuffix("_id")
        if role not in _ROLES:
            raise AttributeError(name)
        return self._tokens.get(role) if role == name else self._ids.get(role)


def plain_tokenizer(name: str, folder: Path) -> PlainTokenizer | None:
    """The tokenizer of an encoder; None where transformers is to look, or to say what is wrong."""
    try:
        check_tokens(name, folder)
        made = _read(folder)
        if made is not None:
            check_vocabulary(name, folder, made.vocab_size - len(made.all_special_ids))
    except BaseException as error:  # whatever is wrong is found again by who looks then, and said
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        return None
    return made


def _read(folder: Path) -> PlainTokenizer | None:
    settings: dict[str, Any] = orjson.loads((folder / _SETTINGS).read_bytes())
    roles = {role: token for role in _ROLES if (token := settings.get(role)) is not None}
    kind, longest = settings.get("tokenizer_class"), settings.get("model_max_length")
    is_bert = kind in _BERT_CLASSES
    known = _IDLE | set(_ROLES) | (_OF_BERT if is_bert else set())
    if (
        not (is_bert or kind in _GENERIC_CLASSES)
        or not set(settings) <= known
        or (folder / "added_tokens.json").exists()
    ):
        return None
    if isinstance(longest, float) and longest.is_integer():
        longest = int(longest)  # what stands for no limit, 10^30, is more than orjson has an integer for
    if not isinstance(longest, int) or not all(isinstance(token, str) for token in roles.values()):
        return None
    if not _are_the_same(folder / _SPECIAL, roles):
        return None
    from tokenizers import Tokenizer

    content = (folder / _FILE).read_bytes()
    if is_bert and not _is_what_bert_makes(orjson.loads(content), settings, roles):
        return None
    tokenizer = Tokenizer.from_buffer(content)
    added = tokenizer.get_added_tokens_decoder().values()
    if not set(roles.values()) <= {token.content for token in added if token.special}:
        return None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return PlainTokenizer(tokenizer, roles, longest, has_types=is_bert)


def _are_the_same(file: Path, roles: Mapping[str, str]) -> bool:
    """Whether the older file of special tokens, where there is one, says nothing else."""
    return not file.exists() or all(roles.get(role) == token for role, token in orjson.loads(file.read_bytes()).items())


def _is_what_bert_makes(stated: Mapping[str, Any], settings: Mapping[str, Any], roles: Mapping[str, str]) -> bool:
    """Whether a file says what transformers' class, which takes the vocabulary alone from it, would make of that."""
    model = stated["model"]
    cls, sep = roles["cls_token"], roles["sep_token"]
    special = [model["vocab"][token] for token in (cls, sep)]
    return (
        set(roles) == {"unk_token", "sep_token", "pad_token", "cls_token", "mask_token"}
        and model.get("type", "WordPiece") == "WordPiece"
        and model["unk_token"] == roles["unk_token"]
        and model["continuing_subword_prefix"] == "##"
        and model["max_input_chars_per_word"] == 100
        and stated["normalizer"]
        == {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": settings.get("tokenize_chinese_chars", True),
            "strip_accents": settings.get("strip_accents"),
            "lowercase": settings.get("do_lower_case", True),
        }
        and stated["pre_tokenizer"] == {"type": "BertPreTokenizer"}
        and _adds(stated["post_processor"], cls, sep, special)
        and {token["content"]: token for token in stated["added_tokens"]}
        == {token: {"id": model["vocab"][token], "content": token, **_PLAIN_TOKEN} for token in roles.values()}
    )


def _adds(processor: Mapping[str, Any], cls: str, sep: str, ids: Sequence[int]) -> bool:
    """Whether a file puts [CLS] before and [SEP] behind each text, of which a second one has type 1."""

    def special(token: str, kind: int) -> dict[str, Any]:
        return {"SpecialToken": {"id": token, "type_id": kind}}

    def sequence(name: str, kind: int) -> dict[str, Any]:
        return {"Sequence": {"id": name, "type_id": kind}}

    single = [special(cls, 0), sequence("A", 0), special(sep, 0)]
    tokens = {
        token: {"id": token, "ids": [number], "tokens": [token]} for token, number in zip((cls, sep), ids, strict=True)
    }
    return processor == {
        "type": "TemplateProcessing",
        "single": single,
        "pair": [*single, sequence("B", 1), special(sep, 1)],
        "special_tokens": tokens,
    }

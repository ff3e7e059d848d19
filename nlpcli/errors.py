"""Every error that nlpcli raises on purpose, as one tree.

    NlpcliError                 exit status 1
    ├── UsageError              exit status 2
    ├── InputError
    │   ├── InputMissing        a file or folder that is not there, or holds nothing readable
    │   ├── FormatUnknown
    │   ├── FieldMissing
    │   ├── WordsUnknown        no word of a text is in the model's vocabulary
    │   └── InputBroken         truncated, damaged, not what its name says
    ├── OutputError             the disk is full, a record does not fit the table
    ├── ExtraMissing            an optional library is not installed
    ├── ModelError
    │   ├── ModelMissing
    │   ├── ModelGated
    │   ├── ModelUnsafe         pickled weights, or code of the model's own
    │   ├── ModelUnusable       weights that do not fit the task or each other
    │   │   └── NoNumbers       what it computes of a text is NaN or infinite
    │   ├── IntegrityError      a checksum that does not match
    │   └── SourceUnreachable   no network, no index, no hub
    ├── CacheError
    ├── DeviceError
    └── OutOfMemory

A message is one line: what is wrong, a semicolon, what to do. The command line turns the tree into
messages and exit statuses in one place (`nlpcli.__main__`).
"""

from __future__ import annotations

import os
import re

# Patterns are compiled where they are first used: every start would wait for that.
_PLAIN_NAME = r"[^\s\"'\x00-\x1f\x7f-\xa0\u2000-\u206f\ud800-\udfff]+"
_BREAK = r"\s*[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]\s*"
_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def quoted(name: str | os.PathLike[str]) -> str:
    """A name for a message: as it is, or in quotation marks with escapes where it could be read in two ways."""
    text = os.fspath(name)
    if re.fullmatch(_PLAIN_NAME, text):
        return text
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if 0xDC80 <= ord(character) <= 0xDCFF:  # a byte of a name that is not UTF-8
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character if character.isprintable() else character.encode("unicode_escape", "backslashreplace").decode()


class NlpcliError(Exception):
    """The run failed; `str(error)` is the line for the user."""

    exit_status = 1

    def __str__(self) -> str:
        """One line, whatever a library put into its message."""
        return re.sub(_BREAK, " ", super().__str__()).strip()


class UsageError(NlpcliError):
    """The command was called in a way that cannot work."""

    exit_status = 2


class InputError(NlpcliError):
    """The input cannot be read as asked."""


class InputMissing(InputError):
    """A file or folder is not there, is not readable, or holds nothing readable."""


class FormatUnknown(InputError):
    """A name does not tell the format of an input file."""


class FieldMissing(InputError):
    """Structured input has no field or column of that name."""


class WordsUnknown(InputError):
    """No word of a text is in the model's vocabulary."""


class InputBroken(InputError):
    """The bytes are not what the format promises."""


class OutputError(NlpcliError):
    """The results cannot be written as asked."""


class ExtraMissing(NlpcliError):
    """An optional library is not installed."""

    def __init__(self, purpose: str, extra: str) -> None:
        super().__init__(f"{purpose} needs an optional library; install it with: pip install 'nlpcli[{extra}]'")


class ModelError(NlpcliError):
    """A model cannot be found, fetched, trusted or used."""


class ModelMissing(ModelError):
    """No source has a model of that name."""


class ModelGated(ModelError):
    """The hub wants the user to accept terms or to log in first."""


class ModelUnsafe(ModelError):
    """The model could run code: pickled weights or Python files."""


class ModelUnusable(ModelError):
    """The weights do not make the model that the task needs."""


class NoNumbers(ModelUnusable):
    """What a model computes of a text is NaN or infinite; of another text it may be a number."""


class IntegrityError(ModelError):
    """A file is not the one that was pinned."""


class SourceUnreachable(ModelError):
    """The package index or the hub does not answer."""


class CacheError(NlpcliError):
    """The cache folder cannot be read or written."""


class DeviceError(NlpcliError):
    """The device asked for is not there on this machine."""


class NotConfident(NlpcliError):
    """A result is less sure than was asked for."""


class OutOfMemory(NlpcliError):
    """A batch did not fit; the batcher answers with smaller ones."""

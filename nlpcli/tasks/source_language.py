"""Which language each record of a run is in, for a task that translates."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from nlpcli.errors import UsageError
from nlpcli.records.record import Record
from nlpcli.text.languages import all_codes, name_of

if TYPE_CHECKING:
    from nlpcli.pipelines.translation.translators import Translator
    from nlpcli.text.detection import Languages

log = logging.getLogger(__name__)

# Below this probability a language that the model does not read is a guess.
_SURE_OF_ANOTHER = 0.8
# A text stays as it is where it is that likely in the language that it would be translated into.
_SURE_OF_TARGET = 0.9
# Languages that a detector takes for each other.
_NEAR = {"pt": ("gl", "es"), "es": ("gl", "ca", "ast"), "no": ("nb", "nn", "da"), "nb": ("no", "nn", "da")}


class SourceLanguage:
    """The language of a record: as it was given, else as detected among those that the model reads and its target.

    Says once each that a text is in a language that the model does not read, and that one is in the target already.
    """

    def __init__(self, given: str | None, translator: Translator, target: str, model: str) -> None:
        self._given = given
        self._translator = translator
        self._target = target
        self._model = model
        self._languages: Languages | None = None
        self._said: set[str] = set()

    def of(self, record: Record, prose: str) -> str:
        """The language of a record with that prose; the target where it needs no translation."""
        if self._given is not None:
            return self._given
        from nlpcli.text.detection import probabilities

        likely = probabilities(prose)
        only = self._translator.source
        another = self._another(prose, likely)
        if another is not None:
            self._say_another(record, another, only)
            return only or "en"
        self._languages = self._languages or self._of_model(only)
        file = record.origin.source
        found = self._languages.detect(prose, file, likely)
        if found.code != self._target:
            return found.code
        sure = found.confidence >= _SURE_OF_TARGET and self._languages.is_sure(prose, found.code, file, likely)
        if sure:
            self._say_once("target", self._say_target, record)
            return self._target
        return only or found.code

    def _of_model(self, only: str | None) -> Languages:
        from nlpcli.text.detection import Languages

        if only is not None:
            return Languages((only, self._target))
        return Languages(code for code in ("en", *all_codes()) if self._reads(code))

    def _another(self, prose: str, likely: Mapping[str, float]) -> str | None:
        """The language that the text surely is in, if neither does the model read it nor is it the target."""
        from nlpcli.text.detection import is_sure

        code = next(iter(likely), "")
        if code == self._target or self._reads(code) or not is_sure(prose, code, likely, _SURE_OF_ANOTHER):
            return None
        return code

    def _reads(self, code: str) -> bool:
        only = self._translator.source
        if only is not None:
            return code == only or code in _NEAR.get(only, ())
        try:
            self._translator.cost("a", code)
        except UsageError:
            return False
        return True

    def _say_another(self, record: Record, code: str, only: str | None) -> None:
        def progress() -> None:
            reads = f"{self._model} reads {name_of(only)}" if only else f"{self._model} does not read that"
            log.warning(
                "%s seems to be in %s, and %s; choose a model with -m, or say so if it is: --from %s",
                record.origin, name_of(code), reads, only or "en",
            )  # fmt: skip

        self._say_once("another", progress)

    def _say_target(self, record: Record) -> None:
        log.warning(
            "%s is in %s already and stays as it is, as others do that are; name another language with --to, or say"
            " what it is: --from LANG",
            record.origin, name_of(self._target),
        )  # fmt: skip

    def _say_once(self, kind: str, progress: Callable[..., None], *arguments: Record) -> None:
        if kind not in self._said:
            self._said.add(kind)
            progress(*arguments)

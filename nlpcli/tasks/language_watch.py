"""Says once when a text is in a language that the model does not know."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from nlpcli.models.reference import LocalModel
from nlpcli.records.record import Record

log = logging.getLogger(__name__)

# One of 2,000 tweets in English is taken for something else with this confidence (docs/decisions/0006).
_SURE = 0.9
# "gr8 m8" is no language.
_FEWEST_LETTERS = 4


class LanguageWatch:
    """Looks at records until it has warned. Models whose languages are not known are not watched."""

    def __init__(self, model: LocalModel) -> None:
        self._model = model
        self._watching = bool(model.languages)

    def __call__(self, records: Sequence[Record]) -> None:
        """Warn of the first record in another language, once."""
        for record in records:
            if not self._watching:
                return
            self._look(record)

    def _look(self, record: Record) -> None:
        from nlpcli.text.detection import detect

        if sum(map(str.isalpha, record.text[:100])) < _FEWEST_LETTERS:
            return
        code, confidence = detect(record.text)
        if confidence >= _SURE and code not in self._model.languages:
            self._watching = False
            log.warning(
                "%s seems to be in another language (%s): %s knows %s only, so its results there mean little;"
                " choose a model of that language, or a multilingual one, with -m",
                record.origin,
                code,
                self._model.name,
                ", ".join(self._model.languages),
            )

"""Says once when a text is in a language that the model does not know, and which model does."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from nlpcli.models.catalog import catalog
from nlpcli.models.reference import LocalModel
from nlpcli.records.record import Record

log = logging.getLogger(__name__)

# One of 2,000 tweets in English is taken for something else with this confidence (docs/decisions/0006).
_SURE = 0.9
# "gr8 m8" is no language.
_FEWEST_LETTERS = 4
_LISTED = 8


def foreign_language(text: str, languages: Sequence[str]) -> str | None:
    """The language of `text` where that is surely none of `languages`."""
    from nlpcli.text.detection import detect

    if sum(map(str.isalpha, text[:100])) < _FEWEST_LETTERS:
        return None
    code, confidence = detect(text)
    return code if confidence >= _SURE and code not in languages else None


class LanguageWatch:
    """Looks at records until it has warned. Models whose languages are not known are not watched.

    `role`: the task as the catalogue names it, of which it may have a model that knows the language.
    """

    def __init__(self, model: LocalModel, role: str = "") -> None:
        self._model = model
        self._role = role
        self._watching = bool(model.languages)

    def __call__(self, records: Sequence[Record]) -> None:
        """Warn of the first record in another language, once."""
        for record in records:
            if not self._watching:
                return
            if code := foreign_language(record.text, self._model.languages):
                self._watching = False
                self._warn(record, code)

    def _warn(self, record: Record, code: str) -> None:
        languages = self._model.languages
        known = f"{', '.join(languages)} only" if len(languages) <= _LISTED else f"{len(languages)} others"
        other = catalog().for_language(self._role, code)
        advice = f"use -m {other}, which knows it" if other else "choose a model of that language with -m"
        log.warning(
            "%s seems to be in another language (%s): %s knows %s, so its results there mean little; %s",
            record.origin,
            code,
            self._model.name,
            known,
            advice,
        )

"""`--model auto`: one model for a whole run, by the languages of its first texts."""

from __future__ import annotations

import logging
from dataclasses import replace

from nlpcli.engines.job import AUTO, Job, ModelSpec
from nlpcli.errors import UsageError
from nlpcli.models.catalog import catalog
from nlpcli.runtime.arrivals import Arrivals
from nlpcli.tasks.language_watch import foreign_language

log = logging.getLogger(__name__)

_FIRST_RECORDS = 64
# What flows in slowly is not waited for longer than that.
_SECONDS = 1.0


def check_choice(model: ModelSpec) -> None:
    """Raises UsageError where there is nothing to choose from."""
    if model.name == AUTO and model.role not in catalog().multilingual:
        raise UsageError(
            "--model auto chooses by the language of the texts, for embed, sentiment and extractive summaries;"
            " leave it out, or name a model"
        )
    if model.name == AUTO and model.revision is not None:
        raise UsageError("--revision is of one model, and --model auto chooses among several; name the model")


def with_chosen_model(job: Job, source: Arrivals) -> Job:
    """The job itself, or with the model that knows its first texts in the place of `auto`; other texts than the
    default model knows are said once.
    """
    if job.model.name != AUTO:
        return job
    check_choice(job.model)
    default = catalog().defaults[job.model.role]
    languages = catalog().languages(default)
    for record in source.look(_FIRST_RECORDS, _SECONDS) if languages else ():
        code = foreign_language(record.text, languages)
        other = catalog().for_language(job.model.role, code) if code else None
        if other:
            log.warning(
                "%s is in a language (%s) that %s does not know: %s is used", record.origin, code, default, other
            )
            return replace(job, model=replace(job.model, name=other))
    return replace(job, model=replace(job.model, name=default))

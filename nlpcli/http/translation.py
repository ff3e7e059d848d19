"""Which model translates, where a request names none: as `nlpcli translate` chooses it, among those that are served."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nlpcli.engines.job import Job
from nlpcli.http.failures import Failure
from nlpcli.http.runner import job_of
from nlpcli.http.service import Service
from nlpcli.models.catalog import catalog
from nlpcli.models.pairs import likely_source, model_for, pairs_at_hand
from nlpcli.records.record import Record
from nlpcli.tasks.translate import TranslateOptions, prose_of
from nlpcli.text.languages import code_of

_FIRST_RECORDS, _FIRST_CHARACTERS = 50, 500


async def translation(service: Service, options: TranslateOptions, model: str | None, records: Sequence[Record]) -> Job:
    """The job of a translation.

    Raises:
        Failure, UsageError, ModelError: there is no such language, or nothing here that translates it.
    """
    options = replace(
        options,
        source=None if options.source is None else code_of(options.source),
        target=None if options.target is None else code_of(options.target),
    )
    if options.source is not None and options.source == options.target:
        raise Failure(400, f"source and target are the same language ({options.source})", "invalid_value", "source")
    if model is None:
        model = await service.runner.call(lambda _: _chosen(service, options, records))
    return job_of("translate", options, service.models.spec(model, "translate"))


def served_pairs(service: Service) -> dict[tuple[str, str], str]:
    """Source and target language → model, of those that are served."""
    offers = service.models.offers()
    return {pair: name for pair, name in pairs_at_hand().items() if name in offers}


def _chosen(service: Service, options: TranslateOptions, records: Sequence[Record]) -> str:
    source = options.source or likely_source(_first_prose(records, options), options.target)
    name = model_for(source, options.target, catalog().defaults["translate"])
    offers = service.models.offers()
    if name in offers:
        return name
    # The server was given models, of which the pairs are not known by name.
    return next((offer.name for offer in offers.values() if offer.task in ("", "translate")), name)


def _first_prose(records: Sequence[Record], options: TranslateOptions) -> str:
    text = ""
    for record in records[:_FIRST_RECORDS]:
        text += prose_of(record, options.markup)
        if len(text) >= _FIRST_CHARACTERS:
            break
    return text.strip()

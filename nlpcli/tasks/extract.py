"""Extract: texts → the key information in them, with where it stands."""

from __future__ import annotations

from typing import Any

from nlpcli.models.reference import LocalModel
from nlpcli.runtime.device import Placement
from nlpcli.tasks.base import BatchTask, Loaded, Loader
from nlpcli.tasks.extraction import ExtractOptions
from nlpcli.tasks.language_watch import LanguageWatch

OPTIONS = ExtractOptions


def loader(options: ExtractOptions, model: LocalModel, placement: Placement) -> Loader:  # noqa: ARG001
    """Loads a `TokenClassificationPipeline`, or `SpacyEntities`."""
    from nlpcli.models.spacy_files import is_spacy

    if is_spacy(model):
        from nlpcli.pipelines.spacy_entities import load_spacy_entities

        return load_spacy_entities
    from nlpcli.pipelines.token_classification import load_token_classification_pipeline

    return load_token_classification_pipeline


def make_task(options: ExtractOptions, loaded: Loaded[Any] | None) -> BatchTask:
    """The task of one run; `loaded` is None where the options need no model."""
    if options.result == "unmasked":
        from nlpcli.tasks.extract_mask import UnmaskTask

        return UnmaskTask(options)
    if options.result == "masked":
        from nlpcli.tasks.extract_mask import MaskTask, entity_options

        entities = None if loaded is None else make_task(entity_options(options, loaded.pipeline.types), loaded)
        return MaskTask(options, entities)
    assert loaded is not None
    from nlpcli.tasks.extract_entities import EntityTask

    return EntityTask(options, loaded.pipeline, LanguageWatch(loaded.model), loaded.model.name)

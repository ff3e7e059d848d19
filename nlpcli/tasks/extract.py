"""Extract: texts → the key information in them, with where it stands."""

from __future__ import annotations

from typing import Any

from nlpcli.errors import UsageError, quoted
from nlpcli.models.reference import LocalModel
from nlpcli.runtime.device import Placement
from nlpcli.tasks.base import BatchTask, ContinuousTask, Loaded, Loader
from nlpcli.tasks.extraction import ExtractOptions
from nlpcli.tasks.language_watch import LanguageWatch

OPTIONS = ExtractOptions


def loader(options: ExtractOptions, model: LocalModel, placement: Placement) -> Loader:  # noqa: ARG001
    """Loads a `TokenClassificationPipeline` or `SpacyEntities`; for fields, and types of one's own, a `Completer`; for
    key phrases an `EmbeddingPipeline`; nothing for what is told by its form or by statistics."""
    if not options.needs_model:
        return _nothing
    if options.result == "keyphrases":
        from nlpcli.pipelines.embedding import load_embedding_pipeline

        return load_embedding_pipeline
    from nlpcli.models.spacy_files import is_spacy

    if is_spacy(model) and options.result != "fields":
        from nlpcli.pipelines.spacy_entities import load_spacy_entities

        return load_spacy_entities
    if options.result == "fields" or _writes(options, model):
        from nlpcli.pipelines.generation.loading import load_completer

        return load_completer
    from nlpcli.pipelines.token_classification import load_token_classification_pipeline

    return load_token_classification_pipeline


def _nothing(model: LocalModel, placement: Placement) -> None:
    """Needs no model."""


def _writes(options: ExtractOptions, model: LocalModel) -> bool:
    """Whether a model that writes finds the entities; what is to be masked is left to one that labels tokens."""
    from nlpcli.models.loading import is_writer

    if options.result != "entities" or not is_writer(model):
        return False
    if not options.types:
        raise UsageError(f'{quoted(model.name)} writes texts: say what it is to find, such as --types "company,price"')
    return True


def make_task(options: ExtractOptions, loaded: Loaded[Any]) -> BatchTask | ContinuousTask:
    """The task of one run; the pipeline is None where the options need no model."""
    if options.result == "unmasked":
        from nlpcli.tasks.extract_mask import UnmaskTask

        return UnmaskTask(options)
    if options.result == "masked":
        from nlpcli.tasks.extract_mask import MaskTask, entity_options

        entities = (
            None if loaded.pipeline is None else _entity_task(entity_options(options, loaded.pipeline.types), loaded)
        )
        return MaskTask(options, entities)
    if options.result == "keyphrases":
        from nlpcli.tasks.extract_keyphrases import EmbeddedTask, YakeTask

        return (
            YakeTask(options)
            if loaded.pipeline is None
            else EmbeddedTask(options, loaded.pipeline, LanguageWatch(loaded.model))
        )
    from nlpcli.pipelines.generation.completer import Completer

    if isinstance(loaded.pipeline, Completer):
        from nlpcli.tasks.extract_fields import FieldsTask

        return FieldsTask(options, loaded.pipeline, LanguageWatch(loaded.model))
    return _entity_task(options, loaded)


def _entity_task(options: ExtractOptions, loaded: Loaded[Any]) -> BatchTask:
    from nlpcli.tasks.extract_entities import EntityTask

    return EntityTask(options, loaded.pipeline, LanguageWatch(loaded.model), loaded.model.name)

"""What a model says of itself that its precision depends on."""

from __future__ import annotations

from transformers import PretrainedConfig

from nlpcli.models.bert.layers import layer_names
from nlpcli.models.reference import LocalModel
from nlpcli.runtime.precision import Family, ModelFacts

BERGAMOT = "bergamot"


def facts_of(model: LocalModel, config: PretrainedConfig) -> ModelFacts:
    """The facts of a model with this configuration."""
    if config.model_type == BERGAMOT:
        from nlpcli.models.bergamot.published_scales import has_published_scales

        return ModelFacts(
            model.name, Family.BERGAMOT, has_published_scales(model.folder, config.activation_multipliers)
        )
    family = Family.OTHER if layer_names(config) is None else Family.BERT
    return ModelFacts(model.name, family, model.int8_measured)

"""Low-rank adapters of PEFT (Hu et al. 2021, "LoRA")."""

from __future__ import annotations

from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn


def with_adapters(model: nn.Module, layers: str, head: list[str], rank: int, alpha: int) -> PeftModel:
    """The model with frozen weights, trainable adapters on the linear layers that match, and a trainable head."""
    config = LoraConfig(r=rank, lora_alpha=alpha, target_modules=layers, modules_to_save=head, lora_dropout=0.0)
    return get_peft_model(model, config, autocast_adapter_dtype=False)

"""Fine-tuning with low-rank adapters on CPU: bfloat16 to compute in where the CPU has it, float32 to remember in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Rates:
    """Learning rates. B learns faster than A (Hayou et al. 2024, "LoRA+")."""

    lora_a: float
    lora_b: float
    head: float


def with_adapters(model: nn.Module, layers: str, head: list[str], rank: int, alpha: int) -> PeftModel:
    """The model with frozen weights, trainable adapters on the linear layers that match, and a trainable head."""
    config = LoraConfig(r=rank, lora_alpha=alpha, target_modules=layers, modules_to_save=head, lora_dropout=0.0)
    return get_peft_model(model, config, autocast_adapter_dtype=False)


class MasterWeights:
    """The trained tensors in float32 and their running average; the model itself may hold them in bfloat16.

    Steps of an optimizer are smaller than bfloat16 can add to a weight, so they are added up here (Micikevicius et
    al. 2018, "Mixed Precision Training").
    """

    def __init__(self, model: nn.Module, rates: Rates, weight_decay: float, averaging: float) -> None:
        trained = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
        self.names = [name for name, _ in trained]
        self._parameters = [parameter for _, parameter in trained]
        self._exact = [parameter.detach().float() for parameter in self._parameters]
        self._average = [tensor.clone() for tensor in self._exact]
        self._averaging = averaging
        groups = [
            {"params": list(self._named("lora_A")), "rate": rates.lora_a},
            {"params": list(self._named("lora_B")), "rate": rates.lora_b},
            {"params": list(self._named("modules_to_save")), "rate": rates.head},
        ]
        self._optimizer = torch.optim.AdamW(groups, lr=0.0, weight_decay=weight_decay, betas=(0.9, 0.98), fused=True)

    def _named(self, part: str) -> Iterator[Tensor]:
        return (tensor for name, tensor in zip(self.names, self._exact, strict=True) if part in name)

    def step(self, factor: float) -> None:
        """One step at `factor` times the learning rates, from the gradients that lie at the model."""
        for parameter, exact in zip(self._parameters, self._exact, strict=True):
            exact.grad = None if parameter.grad is None else parameter.grad.float()
            parameter.grad = None
        torch.nn.utils.clip_grad_norm_(self._exact, 1.0)
        for group in self._optimizer.param_groups:
            group["lr"] = group["rate"] * factor
        self._optimizer.step()
        torch._foreach_lerp_(self._average, self._exact, 1 - self._averaging)
        self._show(self._exact)

    def use(self, tensors: Mapping[str, Tensor]) -> None:
        """Put tensors by name, such as an average that was stored, into the model."""
        self._show([tensors[name] for name in self.names])

    def begin(self, tensors: Mapping[str, Tensor]) -> None:
        """Go on from some of the tensors by name, as they were learnt before, perhaps at a lower rank.

        What a higher rank adds changes nothing yet: its rows of A are as they were made, its columns of B are zero.
        """
        for name, exact, average in zip(self.names, self._exact, self._average, strict=True):
            learnt = tensors.get(name, exact)
            exact[tuple(slice(size) for size in learnt.shape)] = learnt
            average.copy_(exact)
        self._show(self._exact)

    def use_average(self) -> Mapping[str, Tensor]:
        """Put the running average into the model; the tensors by name, float32."""
        self._show(self._average)
        return dict(zip(self.names, self._average, strict=True))

    def _show(self, tensors: list[Tensor]) -> None:
        with torch.no_grad():
            torch._foreach_copy_(self._parameters, tensors)


def warm_up_and_down(step: int, steps: int, warm_up: float = 0.06, last: float = 0.0) -> float:
    """The factor of a learning rate that rises over the first steps, then falls to `last`, both in a straight line."""
    return min(1.0, (step + 1) / (warm_up * steps)) * max(0.0, 1 - (1 - last) * step / steps)

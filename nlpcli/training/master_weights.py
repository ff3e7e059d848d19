"""Training on CPU: bfloat16 to compute in where the CPU has it, float32 to remember in."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from nlpcli.device import choose, describe_hardware


def fastest_dtype() -> torch.dtype:
    """The dtype that this CPU multiplies in fastest."""
    dtype: torch.dtype = getattr(torch, choose(describe_hardware(), "cpu").dtype)
    return dtype


class MasterWeights:
    """The trained tensors in float32 and their running average; the model itself may hold them in bfloat16.

    Steps of an optimiser are smaller than bfloat16 can add to a weight, so they are added up here (Micikevicius et
    al. 2018, "Mixed Precision Training"). `rates`: learning rates by a part of the parameter's name; the first that
    is in it counts, and the empty one is in every name.
    """

    def __init__(self, model: nn.Module, rates: Mapping[str, float], weight_decay: float, averaging: float) -> None:
        trained = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
        self.names = [name for name, _ in trained]
        self._parameters = [parameter for _, parameter in trained]
        self._exact = [parameter.detach().float().clone() for parameter in self._parameters]
        self._average = [tensor.clone() for tensor in self._exact]
        self._averaging = averaging
        groups: dict[str, list[Tensor]] = {part: [] for part in rates}
        for name, tensor in zip(self.names, self._exact, strict=True):
            groups[next(part for part in rates if part in name)].append(tensor)
        self._optimizer = torch.optim.AdamW(
            [{"params": tensors, "rate": rates[part]} for part, tensors in groups.items() if tensors],
            lr=0.0,
            weight_decay=weight_decay,
            betas=(0.9, 0.98),
            fused=True,
        )

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

    def use_average(self) -> Mapping[str, Tensor]:
        """Put the running average into the model; the tensors by name, float32."""
        self._show(self._average)
        return dict(zip(self.names, self._average, strict=True))

    def _show(self, tensors: list[Tensor]) -> None:
        with torch.no_grad():
            torch._foreach_copy_(self._parameters, tensors)


def warm_up_and_down(share: float, warm_up: float = 0.06, last: float = 0.0) -> float:
    """The factor of a learning rate when `share` of all steps is done: straight up, then straight down to `last`."""
    return min(1.0, share / warm_up) * (1 - (1 - last) * share)

"""What attends while a model computes, as it is computed: weights, and which keys a query could see.

Most families of transformers compute their eager attention through its registry of attention functions; there ours
stands for "eager" and calls the family's own. The others take the softmax of their scores by themselves; there every
softmax over pairs of tokens is heard. Both give the very tensor that the model goes on with.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from nlpcli.errors import ModelUnusable

# Scores from here on down are what a mask makes of them: models write from -1e4 to the least number there is.
_MASKED = -9e3
_SOFTMAX = (torch.softmax, torch.Tensor.softmax, nn.functional.softmax)


@dataclass(frozen=True, slots=True)
class Attended:
    """One computation of one attention.

    `weights` (1, heads, queries, keys) is the model's own tensor, gradients and all; `visible` (queries, keys) says
    which keys a query could see. `heads` (queries, heads, head_dim) are the weights times V where these are seen.
    """

    name: str
    module: nn.Module
    weights: Tensor
    visible: Tensor
    heads: Tensor | None = None


AttentionCallback = Callable[[Attended], Collection[int] | None]
"""Is told each computation; the heads that it names are silenced: what they give is 0."""


@dataclass(slots=True)
class _Observing:
    observe: AttentionCallback
    names: dict[nn.Module, str]
    running: list[nn.Module] = field(default_factory=list)
    in_function: bool = False
    told: set[nn.Module] = field(default_factory=set)

    def tell(self, module: nn.Module, weights: Tensor, visible: Tensor, heads: Tensor | None = None) -> list[int]:
        """Say what attended; which of its heads are to be silenced.

        Raises:
            ModelUnusable: it attended before in the same computation, so that no one matrix is what the layer does.
        """
        if module in self.told:
            raise ModelUnusable(
                f"{type(module).__name__} attends in several steps, not in one matrix of tokens;"
                " choose another model with -m"
            )
        self.told.add(module)
        self.in_function = True  # what is done with it is not the model's
        try:
            return list(self.observe(Attended(self.names[module], module, weights, visible, heads)) or ())
        finally:
            self.in_function = False


_current: ContextVar[_Observing | None] = ContextVar("observing", default=None)


@contextmanager
def observing(model: nn.Module, observe: AttentionCallback) -> Iterator[None]:
    """Call `observe` with every attention of the model, in the order in which they compute."""
    own = _Observing(observe, {module: name for name, module in model.named_modules()})
    token = _current.set(own)
    with ExitStack() as stack:
        stack.callback(_current.reset, token)
        for module in own.names:
            if next(module.children(), None) is not None:
                stack.callback(module.register_forward_pre_hook(_enter).remove)
                stack.callback(module.register_forward_hook(_leave, always_call=True).remove)
        stack.enter_context(_Softmax())
        yield


def _enter(module: nn.Module, inputs: Any) -> None:  # noqa: ARG001
    if (current := _current.get()) is not None:
        current.running.append(module)
        current.told.discard(module)


def _leave(module: nn.Module, inputs: Any, output: Any) -> None:  # noqa: ARG001
    if (current := _current.get()) is not None and current.running:
        current.running.pop()


def _own_function(module: nn.Module) -> Callable[..., tuple[Tensor, Tensor]]:
    """The eager attention of the file that the module's `forward` was written in."""
    scope = inspect.unwrap(type(module).forward).__globals__
    names = [name for name in scope if name.endswith("eager_attention_forward")]
    function: Callable[..., tuple[Tensor, Tensor]] = scope[
        "eager_attention_forward" if "eager_attention_forward" in names else names[0]
    ]
    return function


def _eager(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *more: Any,
    **options: Any,
) -> tuple[Tensor, Tensor]:
    current, function = _current.get(), _own_function(module)
    if current is None or module not in current.names:
        return function(module, query, key, value, attention_mask, *more, **options)
    current.in_function = True
    try:
        output, weights = function(module, query, key, value, attention_mask, *more, **options)
    finally:
        current.in_function = False
    visible = _visible(attention_mask, weights)
    silent = current.tell(module, weights, visible, output[0])
    return _without(output, 2, silent), weights


def _visible(mask: Tensor | None, weights: Tensor) -> Tensor:
    queries, keys = weights.shape[-2:]
    if mask is None:
        return torch.ones(queries, keys, dtype=torch.bool, device=weights.device)
    seen = mask if mask.dtype is torch.bool else mask > _MASKED
    return seen[0].expand(-1, queries, -1)[..., :keys].any(0).expand(queries, keys)


def _without(heads: Tensor, dimension: int, silent: list[int]) -> Tensor:
    """The same with zeros where the heads to be silenced are."""
    return heads.index_fill(dimension, torch.tensor(silent, device=heads.device), 0.0) if silent else heads


class _Softmax(TorchFunctionMode):  # type: ignore[misc]
    """Hears a softmax over pairs of tokens that no function of the registry computes."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if func in _SOFTMAX and (current := _current.get()) is not None and current.running and not current.in_function:
            scores = args[0] if args else (kwargs or {})["input"]
            return self._told(current, scores, result)
        return result

    def _told(self, current: _Observing, scores: Tensor, result: Tensor) -> Tensor:
        if result.dim() < 3 or (result.dim() > 3 and len(result) != 1):
            return result
        module = current.running[-1]
        weights = result if result.dim() == 4 else result.flatten(0, -3)[None]
        visible = (scores.detach().reshape(weights.shape)[0] > _MASKED).any(0)
        silent = current.tell(module, weights, visible)
        return _without(weights, 1, silent).reshape(result.shape) if silent else result


ALL_ATTENTION_FUNCTIONS["eager"] = _eager

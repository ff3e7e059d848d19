"""How far a classifier's probabilities can be believed (Guo et al. 2017, "On Calibration of Neural Networks")."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

BINS = 15


def fitted_temperature(logits: Tensor, labels: Tensor) -> float:
    """What the logits (texts, classes) must be divided by, so that their softmax fits `labels` best (least NLL)."""
    logarithm = torch.zeros((), requires_grad=True)
    optimizer = torch.optim.LBFGS([logarithm], max_iter=50, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = functional.cross_entropy(logits / logarithm.exp(), labels)
        value.backward()
        return value

    optimizer.step(loss)
    return float(logarithm.detach().exp())


def expected_calibration_error(probabilities: Tensor, labels: Tensor, bins: int = BINS) -> float:
    """The gap between confidence and accuracy, averaged over equally wide bins of confidence by their size."""
    confidence, predicted = probabilities.max(dim=-1)
    correct = (predicted == labels).float()
    places = (confidence * bins).long().clamp(max=bins - 1)
    gaps = [
        (places == place).float().mean() * (correct[places == place].mean() - confidence[places == place].mean()).abs()
        for place in places.unique()
    ]
    return float(torch.stack(gaps).sum())

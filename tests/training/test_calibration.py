import pytest
import torch

from nlpcli.training.calibration import expected_calibration_error, fitted_temperature


def test_the_temperature_undoes_a_scale_that_was_too_large():
    torch.manual_seed(0)
    logits = torch.randn(20_000, 3)
    labels = torch.distributions.Categorical(logits=logits).sample()
    assert fitted_temperature(3 * logits, labels) == pytest.approx(3, rel=0.05)


def test_confidence_that_is_always_right_has_no_error():
    assert expected_calibration_error(torch.eye(3), torch.tensor([0, 1, 2])) == pytest.approx(0)


def test_the_error_is_the_gap_between_confidence_and_accuracy():
    probabilities = torch.tensor([[0.8, 0.2]]).repeat(10, 1)
    labels = torch.tensor([0] * 5 + [1] * 5)
    assert expected_calibration_error(probabilities, labels) == pytest.approx(0.3, abs=1e-6)

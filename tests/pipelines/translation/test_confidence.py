"""Confidence: between 0 and 1, higher for surer sentences, each by its length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlpcli.models.catalog import catalog
from nlpcli.pipelines.translation.confidence import DEFAULT, Calibration, Score, confidence

CURVES = [DEFAULT, *(Calibration(*catalog().models[f"starter/{pair}"].calibration) for pair in ("en-pt", "pt-en"))]
MEANS = st.floats(-50, 0)


@given(MEANS, MEANS, st.sampled_from(CURVES))
def test_a_surer_sentence_has_no_less_confidence(one, other, curve):
    found = [confidence([Score(mean, 10)], curve) for mean in sorted([one, other])]
    assert 0 <= found[0] <= found[1] <= 1


def test_sentences_count_by_their_length_and_none_has_no_confidence():
    sure, unsure = Score(-0.01, 90), Score(-3.0, 10)
    both = confidence([sure, unsure], DEFAULT)
    assert confidence([unsure], DEFAULT) < both < confidence([sure], DEFAULT)
    assert both == confidence([Score(-0.309, 7)], DEFAULT)
    assert confidence([], DEFAULT) is confidence([Score(0.0, 0)], DEFAULT) is None


@pytest.mark.parametrize("curve", CURVES)
def test_a_translation_that_the_model_would_hardly_say_is_hardly_trusted(curve):
    assert confidence([Score(-4.0, 10)], curve) < 0.15
    assert confidence([Score(-0.05, 10)], curve) > 0.65

"""Some mutations of each kind of file; `python tests/bench/mutations.py 1500` tries more."""

import pytest
from fuzz import TARGETS, run


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_every_loader_and_parser_fails_in_words(target, tmp_path):
    outcome = run(target, 20, tmp_path)
    assert outcome.failures == []
    assert outcome.refused > 0

"""Some mutations of each kind of file; `python tests/bench/trust.py` tries more."""

import pytest
from fuzz import RECORDS, TARGETS, TEXTS, run
from fuzz_own import OWN


@pytest.mark.parametrize("target", [*TARGETS, *OWN, *RECORDS], ids=lambda target: target.name)
def test_every_loader_and_parser_fails_in_words(target, tmp_path):
    outcome = run(target, 20, tmp_path)
    assert outcome.failures == []
    # Of records, some have an error and the others stay; a mark that is damaged is none.
    assert outcome.refused > 0 or target in RECORDS or target.name == "marks of a job"


@pytest.mark.parametrize("target", TEXTS, ids=lambda target: target.name)
def test_every_text_of_any_markup_is_read_in_time(target, tmp_path):
    assert run(target, 60, tmp_path).failures == []

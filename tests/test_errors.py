"""Messages of errors: one line each, whatever stands in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlpcli.errors import InputBroken, NlpcliError, UsageError


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")))
def test_a_message_is_one_line(text):
    assert len(str(InputBroken(text)).splitlines()) <= 1


@pytest.mark.parametrize("kind", [NlpcliError, UsageError, InputBroken])
def test_what_a_library_says_in_lines_stays_whole(kind):
    assert (
        str(kind("not sound: Invalid data\n\n  at 7\r\n; fetch it again"))
        == "not sound: Invalid data at 7 ; fetch it again"
    )

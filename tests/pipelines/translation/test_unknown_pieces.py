"""How what a vocabulary lacks goes through a model."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from nlpcli.pipelines.translation.unknown_pieces import pieces_of
from nlpcli.text.edits import Edit, Edited


class FewLetters:
    """A lexicon of small Latin letters, digits and a few marks."""

    def lacks(self, text: str) -> set[str]:
        return {character for character in text if character not in "abcdefghijklmnopqrstuvwxyz0123456789 .,'-"}

    def has_word(self, word: str) -> bool:
        return word in ("naive", "cafe", "resume")


@given(st.text(alphabet="naïveé½≤£ßØ😀一 .,-'01", max_size=30))
@example("é≤ naïve")
@example("cafés≤é 5")
@example("aØaØ nØnØ")
def test_what_goes_as_a_whole_is_not_changed_in_part(text: str) -> None:
    pieces = pieces_of(text, FewLetters().lacks(text), FewLetters(), "en")
    protected = [Edit(one.start, one.end, "X") for one in pieces.protections]
    places = sorted((edit.start, edit.end) for edit in [*protected, *pieces.edits])
    assert all(end <= start for (_, end), (start, _) in pairwise(places))
    Edited(text, [*protected, *pieces.edits])

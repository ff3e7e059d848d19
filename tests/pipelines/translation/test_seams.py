"""Parts of a sentence read on: no capital, no full stop in the middle, the joining word kept."""

import pytest

from nlpcli.pipelines.translation.seams import with_seams

FIRST, MIDDLE, LAST = (False, True), (True, True), (True, False)


@pytest.mark.parametrize(
    ("languages", "source", "translation", "place", "expected"),
    [
        ("en pt", "Ann came,", "Ana veio.", FIRST, "Ana veio,"),
        ("en pt", "Ann came;", "Ana veio", FIRST, "Ana veio;"),
        ("en pt", "Ann came", "Ana veio.", FIRST, "Ana veio"),
        ("en pt", "Ann came –", "Ana veio.", FIRST, "Ana veio –"),
        ("en pt", "and then she left.", "E depois ela saiu.", LAST, "e depois ela saiu."),
        ("en pt", "and Peter left,", "E Peter saiu.", MIDDLE, "e Peter saiu,"),
        ("en pt", "and Peter left.", "Peter saiu.", LAST, "e Peter saiu."),
        ("pt en", "enquanto Pedro saía.", "Pedro was leaving.", LAST, "while Pedro was leaving."),
        ("en pt", "Peter left.", "Pedro saiu.", LAST, "Pedro saiu."),
        ("en pt", "where NATO met.", "NATO se reuniu.", LAST, "NATO se reuniu."),
        ("pt en", "eu fui embora.", "I left.", LAST, "I left."),
        ("pt en", "segunda-feira choveu.", "Monday it rained.", LAST, "Monday it rained."),
        ("pt en", "português é belo.", "Portuguese is beautiful.", LAST, "Portuguese is beautiful."),
        ("pt en", "cães ladram.", "Dogs bark.", LAST, "dogs bark."),
        ("en de", "and dogs bark.", "Und Hunde bellen.", LAST, "und Hunde bellen."),
        ("en de", "dogs bark.", "Hunde bellen.", LAST, "Hunde bellen."),
        ("en zh", "He came,", "他来了。", FIRST, "他来了，"),
        ("zh en", "他来了，", "He came.", FIRST, "He came,"),
        ("zh en", "然后他走了。", "Then he left.", LAST, "then he left."),
        ("zh en", "北京很大。", "Beijing is big.", LAST, "Beijing is big."),
        ("en pt", "and “Peter” left.", "E “Peter” saiu.", LAST, "e “Peter” saiu."),
        ("en pt", "Ann came.", "Ana veio!", (False, False), "Ana veio!"),
    ],
)
def test_a_part_reads_on(languages, source, translation, place, expected):
    assert with_seams(translation, source, tuple(languages.split()), *place) == expected

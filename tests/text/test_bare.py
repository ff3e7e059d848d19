import pytest

from nlpcli.text.bare import bare
from nlpcli.text.ratings import with_ratings_in_words
from tests.cpu_time import takes_less_than

PLAIN = "What a waste of time, and it's long."


@pytest.mark.parametrize(
    "dressed",
    [
        "<p>{}</p>",
        '<div class="x"><b>{}</b><br/></div>',
        "<!-- a note -->{}<script>let x = 1;</script>",
        "@user {}",
        "RT @some_one: {}",
        "{} @a @b.c",
        "{} https://t.co/AbC?d=e",
        "{} www.example.org/x",
        "{} me@example.org",
        "**{}**",
        "_{}_",
        "`{}`",
        "> {}",
        ">> {}",
        "# {}",
        "- {}",
        "[{}](https://example.org/a)",
        "&nbsp;{}&nbsp;",
        "  {}\n\n",
        "\t{}\r\n",
    ],
)
def test_what_says_nothing_of_a_tone_is_taken_away(dressed):
    assert bare(dressed.format(PLAIN)) == PLAIN
    assert bare(dressed.format(PLAIN.replace("'", "&#39;"))) == PLAIN


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("#LoveThis #worst #iPhone6Plus", "Love This worst i Phone 6 Plus"),
        ("#太棒了", "太棒了"),
        ("Tom &amp; Jerry &lt;3", "Tom & Jerry <3"),
        ("so **very** *bad*", "so very bad"),
        ("a  lot\nof   space", "a lot of space"),
    ],
)
def test_words_stay(text, words):
    assert bare(text) == words


@pytest.mark.parametrize(
    "text",
    ["I <3 this", ">:(", "a < b and c > d", "C# is ok", "f*** this", "5* hotel", "snake_case", "2*3*4", "meet @ 5pm",
     "真难吃@小明", "AT&T", "#1", "-5 degrees"],
)  # fmt: skip
def test_what_only_looks_like_a_mark_stays(text):
    assert bare(text) == text


@pytest.mark.parametrize(
    ("rating", "word"),
    [("1/5", "terrible"), ("2/10", "terrible"), ("0/10", "terrible"), ("1 star", "terrible"), ("★☆☆☆☆", "terrible"),
     ("1 out of 5 stars", "terrible"), ("One star", "terrible"), ("1 estrela", "terrible"), ("2/5", "bad"),
     ("4 von 10", "bad"), ("3/5", "average"), ("8 out of 10", "good"), ("4 stars", "good"), ("5 estrelas", "excellent"),
     ("★★★★★", "excellent"), ("⭐️⭐️⭐️⭐️⭐️", "excellent"), ("10/10", "excellent"), ("4.8/5", "excellent"),
     ("95/100", "excellent"), ("5 Sterne", "excellent"), ("五星", "excellent"), ("1 颗星", "terrible"),
     ("nota 2", "terrible"), ("nota dez", "excellent"), ("Nota: 9,5", "excellent"), ("cinco estrelas", "excellent"),
     ("duas estrelas", "bad"), ("Stars: 2", "bad"), ("Rating: 1", "terrible"), ("rating = 4,5", "excellent"),
     ("Score: 9", "excellent"), ("Avaliação: 1", "terrible"), ("Bewertung: 3", "average"),
     ("2 of 5 stars", "bad"), ("2 stars out of 5", "bad"), ("two out of five", "bad"), ("quatro de cinco", "good"),
     ("one out of ten stars", "terrible"), ("☆☆☆☆☆", "terrible"), ("3 ★", "average"), ("1⭐", "terrible"),
     ("★ 4.9", "excellent"), ("2,5 de 5", "bad")],
)  # fmt: skip
def test_a_rating_is_the_word_that_says_as_much(rating, word):
    assert with_ratings_in_words(rating).split() == [word]
    assert word in with_ratings_in_words(f"Overall: {rating}, all in all.")


@pytest.mark.parametrize(
    "text",
    ["24/7", "9/11", "1/2 cup", "2/10/2023", "4 out of 5 people", "the two stars", "a star is born", "1 starring role",
     "⭐ New", "11/10", "version 1/5/3", "5 de 10 pessoas", "Star Trek", "ver nota 2.", "nota 2 da página 3",
     "note 3/4", "ela é uma estrela", "Rating: 2023", "Stars: 12 of them", "Score: 2-1", "ratings 3", "2 of 5 people",
     "two out of five people", "um de cinco dias", "☆ New", "6 ★", "top 10 of 100"],
)  # fmt: skip
def test_what_is_no_rating_stays(text):
    assert with_ratings_in_words(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "<" * 9000,
        "[" * 9000,
        "@a" * 9000,
        "*a" * 9000,
        "> " * 9000,
        "1/" * 9000,
        "★ " * 9000,
        "&a" * 9000,
        "a.b" * 9000,
    ],
)
def test_hostile_texts_take_no_time(text):
    assert takes_less_than(1, lambda: with_ratings_in_words(bare(text)))

import pytest

from nlpcli.errors import UsageError
from nlpcli.records.record import Origin, Record
from nlpcli.records.template import NotRendered, compiled, render


def record(text="", /, **fields):
    return Record(text, fields, Origin("a.csv", 1))


def test_fields_take_their_places():
    assert render("{{ city }} in {{ country|upper }}?", record(city="北京", country="cn")) == "北京 in CN?"


def test_text_is_always_one_of_them():
    assert render("Say: {{ text }}", record("hello")) == "Say: hello"
    assert render("{{ text }}", record("the text", text="the field")) == "the field"


def test_conditions_and_loops_are_jinja():
    source = "{% for tag in tags if tag != 'b' %}{{ loop.index }}{{ tag }} {% endfor %}"
    assert render(source, record(tags=["a", "b", "c"])) == "1a 2c "


def test_what_is_typed_like_markup_stays_as_it_is():
    assert render("{{ text }}", record("<b>&</b> {{ x }}")) == "<b>&</b> {{ x }}"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ town }}", "'town' is undefined; the record has: text, city"),
        ("{{ city / 2 }}", "unsupported operand"),
        ("{{ 1 // 0 }}", "zero"),
        ("{% include 'x' %}", "loader"),
        ("{{ city.__class__.__mro__ }}", "unsafe"),
    ],
)
def test_a_record_that_does_not_fit_is_an_error_of_its_own(source, said):
    with pytest.raises(NotRendered) as caught:
        render(source, record(city="Rome"))
    assert said in str(caught.value)
    assert str(caught.value).startswith("the template: ")


@pytest.mark.parametrize("source", ["a\n{{ b", "a\n{% nonsense %}", "a\n{{ b|nonsense }}"])
def test_what_is_no_jinja_names_the_line(source):
    with pytest.raises(UsageError, match="--template, line 2"):
        compiled(source)

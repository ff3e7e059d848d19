from typing import ClassVar

import pytest
from jinja2 import Environment

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


@pytest.mark.parametrize(
    "source",
    [
        "{{ city }}",
        "{{ city|upper }}",
        "{{ city ~ '!' }}",
        "{{ '%s' % city }}",
        "{{ '%s'|format(city) }}",
        "{{ address.street }}",
        "{{ tags|join(', ') }}",
        "{{ tags[1]|trim }}",
        "{% for tag in tags %}{{ tag }}{% endfor %}",
        "{% for letter in city %}{{ letter }}{% endfor %}",
        "{{ city|string }}",
        "{{ city|length }}",
        "{{ none }}",
    ],
)
def test_a_null_is_never_written(source):
    with pytest.raises(NotRendered) as caught:
        render(source, record(city=None, address={"street": None}, tags=["a", None]))
    assert "null" in str(caught.value) or "none" in str(caught.value)


@pytest.mark.parametrize(
    ("source", "prompt"),
    [
        ("{{ city|default('?') }}", "?"),
        ("{{ city or '?' }}", "?"),
        ("{{ city if city else '?' }}", "?"),
        ("{% if city is none %}?{% endif %}", "?"),
        ("{% if city == none %}?{% endif %}", "?"),
        ("{{ town|default('?') }}", "?"),
        ("{{ address.street|default('?') }}", "?"),
        ("{{ tags|select|join(', ') }}", "a"),
        ("{{ address|tojson }}", '{"street": null}'),
        ("{{ address }}", '{"street":null}'),
        ("{{ city is none }} {{ none is none }} {{ tags is none }} {{ 0 is none }}", "true true false false"),
        ("{{ city == city }} {{ city != city }} {{ city != none }} {{ city == '' }}", "true false false false"),
        ("{{ {city: 1}[none] }}", "1"),
    ],
)
def test_a_template_says_what_stands_for_a_null(source, prompt):
    assert render(source, record(city=None, address={"street": None}, tags=["a", None])) == prompt


@pytest.mark.parametrize(
    ("value", "prompt"),
    [
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-1.5, "-1.5"),
        (2**70, str(2**70)),
        ("", ""),
        (["a", True, {"b": "é"}], '["a",true,{"b":"é"}]'),
    ],
)
def test_what_is_no_text_is_written_as_in_json(value, prompt):
    assert render("{{ value }}", record(value=value)) == prompt


@pytest.mark.parametrize(
    ("source", "prompt"),
    [
        ("{{ 'is ' ~ yes }}", "is true"),
        ("{{ yes ~ no ~ 1 ~ 'x' }}", "truefalse1x"),
        ("{{ (yes and not no) ~ '' }}", "true"),
        ("{{ {'a': yes} ~ '' }}", '{"a":true}'),
        ("{{ [yes, no, 1] | join(', ') }}", "true, false, 1"),
        ("{{ rows | join('/', attribute='ok') }}", "true/false"),
        ("{{ rows | map(attribute='ok') | join(' ') }}", "true false"),
        ("{{ yes | string }}{{ no | upper }}", "trueFALSE"),
        ("{{ 'a' if yes else 'b' }}{{ yes | tojson }}{{ yes == true }}", "atruetrue"),
    ],
)
def test_what_is_joined_is_written_as_what_stands_alone(source: str, prompt: str) -> None:
    rows = [{"ok": True}, {"ok": False}]
    assert render(source, record(yes=True, no=False, rows=rows)) == prompt


def test_a_null_that_is_joined_is_an_error_too() -> None:
    for source in ("{{ 'a' ~ town }}", "{{ [town] | join }}"):
        with pytest.raises(NotRendered, match="town"):
            render(source, record(town=None))


def test_a_template_is_parsed_once_for_all_records(monkeypatch):
    parsed, parse = [], Environment._parse
    monkeypatch.setattr(Environment, "_parse", lambda self, *given: parsed.append(given) or parse(self, *given))
    assert [render("{{ n }} once", record(n=number)) for number in range(5)] == [f"{n} once" for n in range(5)]
    assert len(parsed) == 2  # its code, and the names that it asks for
    assert compiled("{{ a }}").environment is compiled("{{ b }}").environment


def test_a_null_in_a_row_of_numbers_is_a_null():
    for value in (None, float("nan")):
        with pytest.raises(NotRendered, match="'score' is null; give it another value: {{ score | default"):
            render("{{ score }}", record(score=value))


def test_a_field_of_a_table_is_read_only_where_the_template_asks_for_it():
    class Fields(dict):
        asked: ClassVar[list[str]] = []

        def __getitem__(self, name):
            self.asked.append(name)
            return super().__getitem__(name)

    fields = Fields(a=1, b=2, c=3)
    assert render("{{ b }}{{ d | default('') }}", Record("", fields, Origin("a", 1))) == "2"
    assert fields.asked == ["b"]

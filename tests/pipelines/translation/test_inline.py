"""Of `inline` and `tag_transfer`: what is taken out of a sentence, and where it comes back."""

from nlpcli.pipelines.translation.glossary import Glossary
from nlpcli.pipelines.translation.inline import (
    Link,
    Mark,
    Sentence,
    cut_at_words,
    keeps_words,
    sentences_of,
    with_other_words,
    with_stand_ins,
)  # fmt: skip
from nlpcli.pipelines.translation.tag_transfer import render
from nlpcli.text.clauses import parts_of, whole
from nlpcli.text.markup.placeholders import with_placeholders
from nlpcli.text.markup.segments import Tag, TagKind, joined

B, B_END = Tag("<b>", TagKind.OPEN), Tag("</b>", TagKind.CLOSE)


def always(text):
    return True


def links(source, target, pairs):
    """Word by word: pairs of the number of a word of the target and of the source."""

    def places(text):
        found, end = [], 0
        for word in text.split():
            start = text.index(word, end)
            end = start + len(word)
            found.append((start, end))
        return found

    sources, targets = places(source), places(target)
    return [Link(*targets[t], *sources[s]) for t, s in pairs]


def test_tags_go_where_their_words_went():
    sentence = Sentence("the red car", marks=[Mark(4, B), Mark(7, B_END)])
    found = links("the red car", "o carro vermelho", [(0, 0), (1, 2), (2, 1)])
    assert joined(render(sentence, "o carro vermelho", found)) == "o carro <b>vermelho</b>"


def test_nested_tags_stay_nested():
    i, i_end = Tag("<i>", TagKind.OPEN), Tag("</i>", TagKind.CLOSE)
    marks = [Mark(0, B), Mark(0, i), Mark(3, i_end), Mark(7, B_END)]
    found = links("all 214 steps", "todos os 214 degraus", [(0, 0), (1, 0), (2, 1), (3, 2)])
    text = joined(render(Sentence("all 214 steps", marks=marks), "todos os 214 degraus", found))
    assert text == "<b><i>todos os</i> 214</b> degraus"


def test_without_an_alignment_every_tag_is_there_once_and_in_order():
    sentence = Sentence("the red car", marks=[Mark(4, B), Mark(7, B_END)])
    text = joined(render(sentence, "o carro vermelho", []))
    assert text.count("<b>") == text.count("</b>") == 1
    assert text.index("<b>") < text.index("</b>")


def test_a_tag_around_a_word_is_never_around_nothing():
    sentence = Sentence("the old tool", marks=[Mark(4, B), Mark(7, B_END)])
    for pairs in ([(0, 0), (1, 2), (2, 2)], [(0, 1)], [(2, 0)]):
        found = links("the old tool", "a velha ferramenta", pairs)
        assert "<b></b>" not in joined(render(sentence, "a velha ferramenta", found))


def test_a_footnote_has_no_space_before_a_full_stop():
    sentence = Sentence("as the report says.", marks=[Mark(13, Tag("<sup>12</sup>", TagKind.POINT))])
    found = links("as the report says.", "como diz o relatório.", [(0, 0), (1, 3), (2, 1), (3, 2)])
    assert joined(render(sentence, "como diz o relatório.", found)).endswith("<sup>12</sup>.")


def test_a_line_break_takes_the_place_of_a_space():
    sentence = Sentence("one two", marks=[Mark(3, Tag("\n> ", TagKind.BREAK))])
    assert joined(render(sentence, "um dois", links("one two", "um dois", [(0, 0), (1, 1)]))) == "um\n> dois"


def test_a_tag_around_a_whole_sentence_stays_outside_of_it():
    prose = with_stand_ins([B, "One. ", "Two.", B_END, " Three."], Glossary({}), 0)
    found = list(sentences_of(prose, parts_of(prose.text, "en", always)))
    literal = "".join(part.text if isinstance(part, Sentence) else joined([part]) for part in found)
    assert literal == "<b>One. Two.</b> Three."
    assert not any(part.marks for part in found if isinstance(part, Sentence))


def test_placeholders_become_words_that_models_copy_and_come_back():
    nodes = with_placeholders(["Hello {name}, {{ you }} have %d of %(all)s at https://x.org/a?b=1. Mail a@b.org <0>!"])
    kept = [node.raw for node in nodes if isinstance(node, Tag)]
    assert kept == ["{name}", "{{ you }}", "%d", "%(all)s", "https://x.org/a?b=1", "a@b.org", "<0>"]
    prose = with_stand_ins(nodes, Glossary({}), 0)
    assert "{" not in prose.text
    (sentence,) = (Sentence(prose.text, prose.words),)
    assert keeps_words(sentence, prose.text)
    assert not keeps_words(sentence, prose.text.replace("K1K", ""))
    assert "{name}" in joined(render(sentence, prose.text, []))


def test_a_percentage_is_no_placeholder():
    assert with_placeholders(["50% of 100 % discount"]) == ("50% of 100 % discount",)


def test_other_stand_ins_move_the_tags_with_them():
    sentence = Sentence("a K1K b", {"K1K": "{x}"}, [Mark(6, B), Mark(7, B_END)])
    other = with_other_words(sentence, 1)
    assert other.text == "a XQ1Z b"
    assert [mark.place for mark in other.marks] == [7, 8]
    assert [joined([node]) for node in cut_at_words(sentence)] == ["a ", "{x}", " ", "<b>", "b", "</b>"]


def test_a_glossary_finds_whole_words_and_the_longest_first():
    glossary = Glossary({"car": "viatura", "red car": "bólide", "猫": "gato"})
    assert glossary("The Red Car, a carpet, one car.") == [
        ("The ", None), ("Red Car", "bólide"), (", a carpet, one ", None), ("car", "viatura"), (".", None)
    ]  # fmt: skip
    assert glossary("一只猫在") == [("一只", None), ("猫", "gato"), ("在", None)]


def test_sentences_and_what_lies_between_make_the_text_again():
    for text in ("One.  Two!\tThree?", "你好。再见！ 好吗？", "  ", "12:30", " a ", "Dr. Smith came. He sat."):
        parts = parts_of(text, "en", always)
        assert "".join(text[part.start : part.end] for part in parts) == text


def test_a_long_sentence_is_cut_at_the_ends_of_clauses():
    text = "This is the first clause of it, and this is the second one; here comes a third, which is the last."
    parts = whole(text, "en", lambda part: len(part) <= 60)
    pieces = [text[part.start : part.end] for part in parts if part.is_sentence]
    assert len(pieces) > 1
    assert all(piece[-1] in ",;." and len(piece) <= 60 for piece in pieces)
    assert "".join(text[part.start : part.end] for part in parts) == text


def test_chinese_clauses_end_without_a_space():
    text = "今天天气很好，我们去公园散步；明天下雨，我们在家看书。"
    parts = whole(text, "en", lambda part: len(part) <= 16)
    assert [text[part.start : part.end] for part in parts] == [
        "今天天气很好，我们去公园散步；",
        "明天下雨，我们在家看书。",
    ]


def test_a_word_without_any_end_is_cut_too():
    text = "x" * 100
    assert "".join(text[p.start : p.end] for p in whole(text, "en", lambda part: len(part) <= 10)) == text

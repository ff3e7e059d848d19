"""`--why` as a user runs it."""

import json
from html.parser import HTMLParser

import pytest
from tiny import save_causal_lm, save_classifier
from tiny_attention import save_attention_model


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    return save_classifier(tmp_path_factory.mktemp("classifier"))


@pytest.fixture(scope="module")
def writer(tmp_path_factory):
    return save_causal_lm(tmp_path_factory.mktemp("writer"))


class _Spans(HTMLParser):
    """The tokens of a page, and whether anything in it could run."""

    def __init__(self):
        super().__init__()
        self.tags, self.titles = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.titles += [value for name, value in attributes if name == "title"]


def test_the_line_of_a_label_ends_with_its_strongest_tokens(call, classifier):
    done = call("sentiment", "-m", classifier, "--why", "a b c")
    assert done.status == 0, done.complaints
    label, _, text, tokens = done.output.decode().rstrip("\n").split("\t")
    assert (label != "", text) == (True, "a b c")
    assert {token.partition("=")[0] for token in tokens.split(" ")} == {"a", "b", "c"}


def test_the_page_holds_every_record_and_text_stays_text(call, classifier, tmp_path):
    page = tmp_path / "why.html"
    done = call("sentiment", "-m", classifier, "--why", "--html", page, "a <script> b", "", "c & d")
    assert (done.status, done.output) == (0, b"")
    parser = _Spans()
    parser.feed(page.read_text(encoding="utf-8"))
    assert parser.tags.count("section") == 3
    assert "script" not in parser.tags
    assert all(title[0] in "+-" for title in parser.titles)


def test_a_file_of_records_has_reasons_in_every_format(call, classifier, tmp_path):
    (tmp_path / "in.csv").write_text("text,id\na b,1\nc d,2\n")
    done = call("sentiment", "-m", classifier, "--why", "-i", tmp_path / "in.csv", "-F", "jsonl")
    rows = [json.loads(line) for line in done.output.splitlines()]
    assert [row["id"] for row in rows] == ["1", "2"]
    assert all(row["why"]["tokens"] for row in rows)
    for name in ("csv", "parquet"):
        done = call("sentiment", "-m", classifier, "--why", "-i", tmp_path / "in.csv", "-o", tmp_path / f"out.{name}")
        assert done.status == 0, done.complaints


def test_a_completion_is_followed_by_what_it_rests_on(call, writer):
    done = call("generate", "-m", writer, "--why", "--greedy", "--max-tokens", "2", "a b c")
    assert done.status == 0, done.complaints
    assert "=" in done.output.decode().split("\t")[1]
    done = call("generate", "-m", writer, "--why", "--n", "2", "--seed", "1", "--max-tokens", "2", "-F", "jsonl", "a b")
    assert len(json.loads(done.output)["why"]) == 2


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["sentiment", "--html", "x.html", "a"], "--html is the page of --why"),
        (["sentiment", "--why", "--aggregate", "a"], "--aggregate of all"),
        (["embed", "--why", "a"], "it goes with --search QUERY"),
        (["generate", "--why", "--stream", "a"], "leave one of them out"),
    ],
)
def test_what_cannot_be_explained_is_refused_in_words(call, command, said):
    done = call(*command)
    assert done.status == 2
    assert said in done.complaints.decode()


def test_a_hit_has_the_tokens_of_its_query_on_the_page(call, tmp_path):
    model = save_attention_model(tmp_path / "model")
    done = call("embed", "-m", model, "--search", "a b", "--why", "--html", tmp_path / "hits.html", "a c", "d e")
    assert done.status == 0, done.complaints
    assert (tmp_path / "hits.html").read_text().count("<b>query</b>") == 2

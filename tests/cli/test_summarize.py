"""`nlpcli summarize`, with the starter model and with tiny ones."""

import json
from functools import partial

import pytest
from tiny import save_causal_lm, save_seq2seq

pytestmark = [pytest.mark.starter, pytest.mark.usefixtures("loading_once")]

SENTENCES = [
    "The council of Brightwater voted on Monday to rebuild the old stone bridge over the river Alder.",
    "Engineers had warned for years that its two middle arches could fall in the next flood.",
    "The work will cost nine million pounds and take two summers.",
    "Half of the money comes from the county, the other half from a toll on lorries.",
    "The bakery next to the bridge sells excellent rolls.",
    "Mayor Helen Marsh said that the bridge was the heart of the town.",
    "Opponents wanted a new bridge of steel further downstream, which would have been cheaper.",
    "A footbridge will stand beside the building site, so that children can reach the school.",
    "The first stones are to be laid in April.",
    "Brightwater was founded in the ninth century.",
]
ARTICLE = " ".join(SENTENCES)
CHINESE = (
    "市议会周一投票决定重建河上的旧石桥。工程师多年来一直警告说，中间的两个桥拱可能在下一次洪水中倒塌。"
    "工程将耗资九百万元，历时两个夏天。一半的资金来自县政府，另一半来自对卡车征收的通行费。"
    "桥边的面包店卖很好吃的面包。市长说，这座桥是小镇的心脏。反对者希望在下游建一座更便宜的钢桥。"
    "工地旁边将架起一座人行桥，让孩子们可以去上学。第一批石头将在四月铺设。"
)


@pytest.fixture
def summarize(starter, call):
    return partial(call, "summarize")


def rows(done):
    assert done.status == 0, done.complaints
    return [json.loads(line) for line in done.output.splitlines()]


def summary_of(done):
    return rows(done)[0]["summary"]


def sentences_in(summary):
    return [sentence for sentence in SENTENCES if sentence in summary]


def test_a_summary_is_made_of_whole_sentences_in_their_order(summarize):
    done = summarize(ARTICLE)
    assert done.status == 0
    summary = done.output.decode().rstrip("\n")
    chosen = sentences_in(summary)
    assert summary == " ".join(chosen)
    assert 1 <= len(chosen) < len(SENTENCES)
    assert SENTENCES[4] not in chosen
    assert not done.complaints


def test_the_lengths_are_in_their_order(summarize):
    counts = [
        len(summary_of(summarize("-F", "jsonl", "--length", name, ARTICLE)).split())
        for name in ("short", "medium", "long")
    ]
    assert counts == sorted(set(counts))
    assert counts[-1] < len(ARTICLE.split())


@pytest.mark.parametrize("most", [3, 15, 40])
def test_max_words_is_kept(summarize, most):
    summary = summary_of(summarize("-F", "jsonl", "--length", "long", "--max-words", str(most), ARTICLE))
    assert 0 < len(summary.split()) <= most
    assert summary.endswith((".", "…"))


def test_what_max_words_cuts_is_marked_and_said(summarize):
    done = summarize("--max-words", "9", " ".join(SENTENCES[:2]))
    assert done.output.decode().count("…") == 1
    assert done.output.decode().rstrip("…\n") in SENTENCES[0] + SENTENCES[1]
    assert b"--max-words" in done.complaints


def test_bullets_are_a_line_for_each_sentence(summarize):
    lines = summarize("--bullets", ARTICLE).output.decode().splitlines()
    assert all(line.removeprefix("- ") in SENTENCES for line in lines)
    assert len(lines) >= 1


def test_chinese_is_cut_at_its_full_stops_and_counted_by_characters(summarize):
    summary = summary_of(summarize("-q", "-F", "jsonl", "--max-words", "45", CHINESE))
    whole = [f"{sentence}。" for sentence in CHINESE.split("。") if sentence]
    assert summary == "".join(sentence for sentence in whole if sentence in summary)
    assert 0 < sum(map(str.isalnum, summary)) <= 45


def test_a_file_is_a_document_and_short_ones_stay_as_they_are(summarize, tmp_path):
    (tmp_path / "a.txt").write_text(f"{SENTENCES[0]}\n\n{' '.join(SENTENCES[1:])}\n")
    (tmp_path / "b.txt").write_text("Brief.\n")
    (tmp_path / "c.txt").write_text("")
    found = rows(summarize("-i", tmp_path, "-F", "jsonl"))
    assert len(found) >= 2
    assert found[1]["summary"] == "Brief."
    assert len(rows(summarize("-i", tmp_path / "a.txt", "--per", "paragraph", "-F", "jsonl"))) == 2


def test_a_table_keeps_its_columns_and_a_summary_of_its_own(summarize, tmp_path):
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": 7, "body": ARTICLE, "summary": "mine"}) + "\n")
    (row,) = rows(summarize("-i", tmp_path / "a.jsonl", "--field", "body"))
    assert list(row) == ["id", "body", "input_summary", "summary"]
    assert row["input_summary"] == "mine"


def test_progress_shows_windows(summarize, monkeypatch):
    said = []

    class Activity:
        is_moving, is_logged = True, False

        def __init__(self, wanted, quiet):
            pass

        def __call__(self, text, fraction=None):
            said.append(text)

        def end(self):
            pass

    monkeypatch.setattr("nlpcli.cli.run.Activity", Activity)
    summarize(f"{ARTICLE} " * 5)
    windows = [text for text in said if text.startswith("window")]
    assert windows == [f"window {number} of 50" for number in range(1, 51)]


def test_an_encoder_decoder_and_a_decoder_write_in_their_own_words(summarize, tmp_path):
    letters = "a b c d e f g h. " * 9
    for folder in (save_seq2seq(tmp_path / "t5", "t5"), save_causal_lm(tmp_path / "gpt2")):
        done = summarize("-m", folder, "-F", "jsonl", letters)
        summary = summary_of(done)
        assert 0 < len(summary.split()) < len(letters.split())
        assert b"windows" in done.complaints


def test_a_model_that_cannot_write_is_refused_for_abstractive(summarize):
    done = summarize("--method", "abstractive", "-m", "starter/minilm", ARTICLE)
    assert done.status == 1
    assert done.complaints.count(b"\n") == 1


@pytest.mark.parametrize(
    "arguments", [["--length", "tiny"], ["--max-words", "0"], ["--method", "magic"], ["-F", "npy"]]
)
def test_wrong_usage_is_one_line(summarize, arguments):
    done = summarize(*arguments, "text")
    assert done.status == 2
    assert done.complaints.count(b"\n") == 1


def test_of_several_files_each_result_says_its_own(summarize, tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(ARTICLE)
    single = summarize("-i", tmp_path / "a.txt").output.decode()
    lines = summarize("-i", tmp_path).output.decode().splitlines(keepends=True)
    assert lines == [f"{tmp_path / name}\t{single}" for name in ("a.txt", "b.txt")]
    points = summarize("-i", tmp_path, "--bullets").output.decode().splitlines()
    assert {line.split("\t- ")[0] for line in points} == {str(tmp_path / name) for name in ("a.txt", "b.txt")}
    assert [row["file"] for row in rows(summarize("-i", tmp_path, "-F", "jsonl"))] == [
        str(tmp_path / name) for name in ("a.txt", "b.txt")
    ]
    assert "file" not in rows(summarize("-i", tmp_path / "a.txt", "-F", "jsonl"))[0]


def test_a_page_is_summarized_by_its_prose(summarize, tmp_path):
    page = f"<nav><p>News, sport and culture every day of the year.</p></nav><article><p>{ARTICLE}</p></article>"
    (tmp_path / "a.html").write_text(page)
    (tmp_path / "a.txt").write_text(ARTICLE)
    of_page = summarize("-i", tmp_path / "a.html")
    assert of_page.output == summarize("-i", tmp_path / "a.txt").output
    assert summarize("--markup", "html", stdin=page.encode()).output == of_page.output
    assert b"<nav>" in summarize("-i", tmp_path / "a.html", "--markup", "none", "--length", "long").output


def test_a_text_without_full_stops_is_shortened_and_it_is_said(summarize):
    done = summarize(" ".join(["the river was made straight and now the water runs much faster"] * 25))
    assert done.status == 0
    assert len(done.output.split()) < 100
    assert b"long passages without a full stop" in done.complaints

"""`nlpcli generate` over a tiny random GPT-2, and over starter/smollm2 where the text must make sense."""

import csv
import io
import json
import shlex
import subprocess
from functools import partial

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.tiny import save_causal_lm, save_seq2seq
from tests.warm_python import nlpcli_command


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory):
    return save_causal_lm(tmp_path_factory.mktemp("cli") / "gpt2")


@pytest.fixture
def generate(call, gpt2):
    return partial(call, "generate", "-m", gpt2)


@pytest.fixture(scope="module")
def t5(tmp_path_factory):
    return save_seq2seq(tmp_path_factory.mktemp("cli"), "t5", tie_word_embeddings=False)


@pytest.fixture
def smollm2(call, starter):
    return partial(call, "generate", "--greedy")


def rows(done):
    return [json.loads(line) for line in done.output.splitlines()]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--greedy", "--n", "2"], "--greedy writes the same text every time"),
        (["--greedy", "--top-k", "5"], "--greedy draws nothing"),
        (["--stream", "--n", "2"], "--stream shows one text at a time"),
        (["--stream", "-F", "jsonl"], "--stream writes text to standard output"),
        (["--schema", "broken.json"], "--schema is not valid JSON"),
        (["--schema", "list.json"], "--schema is no JSON Schema"),
        (["--schema", "person.json", "--stop", "x"], "--stop would end an answer"),
        (["--template", "broken.txt"], "--template, line 1"),
        (["--dtype", "int3"], "--dtype takes"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(generate, tmp_path, monkeypatch, arguments, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.json").write_text("{oops")
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "person.json").write_text('{"type": "object"}')
    (tmp_path / "broken.txt").write_text("{{ oops")
    done = generate(*arguments, "a")
    assert (done.status, done.output, done.complaints.count(b"\n")) == (2, b"", 1)
    assert said in done.complaints.decode()


def test_an_encoder_decoder_model_writes_what_it_makes_of_each_prompt(call, t5):
    drawn = ["--seed", "1", "--temperature", "1.5", "--max-tokens", "6"]
    done = call("generate", "-m", t5, *drawn, "--per", "line", "-F", "jsonl", stdin=b"a b\nc d e f\n")
    assert done.status == 0
    assert [row["text"] for row in rows(done)] == ["a b", "c d e f"]
    alone = call("generate", "-m", t5, *drawn, "c d e f")
    assert alone.output.decode() == rows(done)[1]["completion"] + "\n"
    several = call("generate", "-m", t5, *drawn, "--n", "2", "--stop", "k", "-F", "jsonl", "a b")
    assert len(set(rows(several)[0]["completions"])) == 2


def test_a_schema_for_an_encoder_decoder_model_is_wrong_usage(call, t5, tmp_path):
    (tmp_path / "any.json").write_text('{"type": "object"}')
    done = call("generate", "-m", t5, "--schema", tmp_path / "any.json", "a")
    assert (done.status, done.output, done.complaints.count(b"\n")) == (2, b"", 1)
    assert b"--schema needs a model that continues text" in done.complaints


@pytest.mark.parametrize("option", ["--schema", "--template"])
def test_a_file_that_is_not_there_is_named(generate, tmp_path, option):
    done = generate(option, tmp_path / "none", "a")
    assert done.status == 1
    assert done.complaints.decode().startswith(f"nlpcli: {option}: cannot read {tmp_path / 'none'}: ")


def test_gpt2_continues_the_sentence_of_every_introduction(generate):
    done = generate("--seed", "4", "The quick brown fox jumps over the lazy dog.")
    assert done.status == 0
    assert done.output.endswith(b"\n")
    assert len(done.output.split()) > 1


def test_what_is_streamed_is_what_is_written_whole(generate):
    options = ["--seed", "3", "--temperature", "2", "--max-tokens", "9", "a b c", "d", "一 e"]
    streamed, whole = generate(*options), generate("--no-stream", *options)
    assert streamed.output == whole.output
    assert streamed.output.count(b"\n") == 3


def test_texts_end_in_nul_where_that_was_asked_for(generate):
    assert generate("-0", "--greedy", "--max-tokens", "3", stdin=b"a\0b\0").output.count(b"\0") == 2


def test_a_document_is_one_prompt_and_lines_are_many(generate):
    options = ["--greedy", "--max-tokens", "3", "-F", "jsonl"]
    assert [row["text"] for row in rows(generate(*options, stdin=b"a\nb\n"))] == ["a\nb\n"]
    lines = rows(generate(*options, "--per", "line", stdin=b"a\nb\n"))
    assert [row["text"] for row in lines] == ["a", "b"]
    assert all(row["completion"] for row in lines)


def test_several_completions_are_a_list(generate):
    (row,) = rows(generate("--n", "3", "--seed", "1", "--max-tokens", "5", "-F", "jsonl", "a b"))
    assert len(row["completions"]) == 3
    assert "completion" not in row


def test_a_template_over_csv_keeps_the_columns(generate, tmp_path):
    (tmp_path / "a.csv").write_text("id,one,two\n7,a,b\n8,c,一\n", encoding="utf-8")
    (tmp_path / "question.txt").write_text("{{ one }} {{ two }}\n")
    done = generate("--greedy", "--max-tokens", "4", "-i", tmp_path / "a.csv", "--template", tmp_path / "question.txt")
    table = list(csv.DictReader(io.StringIO(done.output.decode())))
    assert done.status == 0
    assert [list(row) for row in table] == [["id", "one", "two", "completion", "error"]] * 2
    assert [row["two"] for row in table] == ["b", "一"]
    assert table[0]["completion"] == generate("--greedy", "--max-tokens", "4", "a b").output.decode().rstrip("\n")


def test_a_field_that_a_record_lacks_is_its_error_and_status_3(generate, tmp_path):
    (tmp_path / "a.jsonl").write_text('{"one": "a"}\n{"two": "b"}\n')
    (tmp_path / "question.txt").write_text("{{ one }}")
    done = generate("--greedy", "-i", tmp_path / "a.jsonl", "--template", tmp_path / "question.txt")
    good, bad = rows(done)
    assert done.status == 3
    assert good["completion"]
    assert (bad["completion"], bad["error"]) == (None, "the template: 'one' is undefined; the record has: text, two")
    assert b"a.jsonl:2: the template" in done.complaints


def test_a_reader_that_goes_away_ends_the_run_with_141_and_no_word(gpt2):
    command = (
        f"yes a | head -2000 | {shlex.join(nlpcli_command())} generate -m {gpt2} --greedy --per line --max-tokens 2"
        " | head -1 >/dev/null; echo ${PIPESTATUS[2]}"
    )
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=True, timeout=120)
    assert (done.stdout, done.stderr) == (b"141\n", b"")


@pytest.mark.parametrize("dtype", ["int8", "int4"])
def test_weights_in_fewer_bits_write_too(generate, dtype):
    done = generate("--greedy", "--dtype", dtype, "--max-tokens", "5", "a b c")
    assert (done.status, done.complaints) == (0, b"")
    assert done.output.strip()


@pytest.mark.starter
def test_the_starter_model_knows_the_capital_of_france(smollm2):
    done = smollm2("--max-tokens", "20", "What is the capital of France?", "中国的首都是哪里？")
    first, *second = done.output.decode().splitlines()
    assert done.status == 0
    assert "Paris" in first
    assert "\ufffd" not in "".join(second)
    assert "".join(second)


@pytest.mark.starter
def test_a_schema_makes_the_starter_model_answer_in_json(smollm2, tmp_path):
    schema = tmp_path / "person.json"
    schema.write_text(
        json.dumps(
            {
                "type": "object",
                "properties": {"name": {"type": "string", "maxLength": 30}, "born": {"type": "integer"}},
                "required": ["name", "born"],
                "additionalProperties": False,
            }
        )
    )
    done = smollm2("--schema", schema, "Ada Lovelace was born in London in 1815.")
    assert done.status == 0
    assert json.loads(done.output)["born"] == 1815


@pytest.mark.starter
def test_what_tokens_cannot_promise_is_an_error_that_says_where(smollm2, tmp_path):
    schema = tmp_path / "three.json"
    three = {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 3, "maxProperties": 3}
    schema.write_text(json.dumps(three))
    done = smollm2("--schema", schema, "--max-tokens", "60", "-F", "jsonl", "Give the ages of three people.")
    (row,) = rows(done)
    if done.status == 0:
        assert len(json.loads(row["completion"])) == 3
    else:
        assert row["completion"] is None
        assert row["error"].startswith('the answer is not valid against --schema: the key "')


def test_a_null_in_a_template_is_an_error_of_its_record(generate, tmp_path):
    (tmp_path / "ask.txt").write_text("{{ a }} {{ b }}")
    (tmp_path / "in.jsonl").write_text('{"a": "x", "b": null}\n{"a": "x", "b": true}\n')
    done = generate("--greedy", "--max-tokens", "3", "-i", tmp_path / "in.jsonl", "--template", tmp_path / "ask.txt")
    bad, good = rows(done)
    assert done.status == 3
    assert bad["error"].startswith("the template: 'b' is null; give it another value: {{ b | default('') }}")
    assert good["completion"]


@pytest.mark.parametrize("options", [[], ["--stream"]])
def test_parquet_that_flows_in_flows_out_as_parquet_and_is_not_streamed(generate, options):
    content = io.BytesIO()
    pq.write_table(pa.table({"text": ["a", "b"], "n": pa.array([1, 2], pa.int8())}), content)
    done = generate("--max-tokens", "2", *options, stdin=content.getvalue())
    table = pq.read_table(io.BytesIO(done.output))
    assert (done.status, table.column_names) == (0, ["text", "n", "completion", "error"])
    assert table.column("n").type == pa.int8()

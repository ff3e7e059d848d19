"""`nlpcli extract --mask` and `--unmask`."""

import json
import shlex
import signal
import stat
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tiny import save_token_classifier

MAIL = "Write to ada@example.org, call 020 7946 0958."
MASKED = "Write to <EMAIL_1>, call <PHONE_1>."
SECRETS = ("ada@example.org", "020 7946 0958")


@pytest.fixture
def extract(call):
    return lambda *arguments, stdin=b"": call("extract", *arguments, stdin=stdin)


@pytest.fixture
def map_file(tmp_path):
    return tmp_path / "map.json"


def tokens(map_file):
    return json.loads(map_file.read_text())["tokens"]


def test_a_masked_text_comes_back_by_its_map(extract, map_file):
    text = f"{MAIL}\n<EMAIL_1> and < phone_1 > again ada@example.org\n\n"
    masked = extract("--mask", "--map", map_file, stdin=text.encode())
    assert masked.output.decode() == f"{MASKED}\n<LITERAL_1> and <LITERAL_2> again <EMAIL_1>\n\n"
    assert extract("--unmask", "--map", map_file, stdin=masked.output).output.decode() == text


def test_only_the_owner_reads_the_map(extract, map_file):
    extract("--mask", "--map", map_file, MAIL)
    assert stat.S_IMODE(map_file.stat().st_mode) == 0o600
    map_file.chmod(0o644)
    extract("--mask", "--map", map_file, MAIL)
    assert stat.S_IMODE(map_file.stat().st_mode) == 0o600


def test_a_map_is_continued(extract, map_file):
    extract("--mask", "--map", map_file, MAIL)
    assert extract("--mask", "--map", map_file, "bob@x.org, ada@example.org").output == b"<EMAIL_2>, <EMAIL_1>\n"
    assert tokens(map_file) == {"EMAIL_1": "ada@example.org", "PHONE_1": "020 7946 0958", "EMAIL_2": "bob@x.org"}


@pytest.mark.parametrize("content", ["", "{}", '{"a": "ada@example.org"}', "[1]", '{"format": "nlpcli mask map 1", "labels": [], "tokens": {"x": "ada@example.org"}}'])  # fmt: skip
@pytest.mark.parametrize("what", ["--mask", "--unmask"])
def test_a_file_that_is_no_map_is_left_alone_and_not_quoted(extract, map_file, content, what):
    map_file.write_text(content)
    done = extract(what, "--map", map_file, "x")
    assert (done.status, map_file.read_text()) == (1, content)
    assert "is no map of --mask" in done.complaints.decode()
    assert "ada" not in done.complaints.decode()


def test_the_originals_are_nowhere_but_in_the_map(extract, tmp_path):
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": 1, "text": MAIL}) + f'\n{{"text": "{MAIL}\n', encoding="utf-8")
    for format_ in ("jsonl", "json", "csv", "tsv", "text"):
        done = extract("--mask", "-v", "-i", tmp_path / "a.jsonl", "-F", format_)
        assert MASKED in done.output.decode()
        assert not any(secret in done.output.decode() + done.complaints.decode() for secret in SECRETS)


def test_spans_say_where_the_originals_stood_and_what_they_were_where_asked(extract):
    (row,) = map(json.loads, extract("--mask", "--originals", "-F", "jsonl", f"😀 {MAIL}").output.splitlines())
    assert row["text"] == f"😀 {MAIL}"
    assert [row["text"][one["start"] : one["end"]] for one in row["spans"]] == [one["text"] for one in row["spans"]]
    (row,) = map(json.loads, extract("--mask", "--offsets", "bytes", "-F", "jsonl", f"😀 {MAIL}").output.splitlines())
    assert row == {"text": f"😀 {MASKED}", "masked": f"😀 {MASKED}", "spans": row["spans"]}
    cut = [f"😀 {MAIL}".encode()[one["start"] : one["end"]].decode() for one in row["spans"]]
    assert cut == list(SECRETS)


def test_csv_keeps_its_columns_and_a_nested_field_its_neighbours(extract, tmp_path):
    (tmp_path / "a.csv").write_text(f'id,note,n\n007,"{MAIL}",1.50\n')
    done = extract("--mask", "-i", tmp_path / "a.csv", "--field", "note")
    assert done.output.decode().splitlines()[1].startswith(f'007,"{MASKED}",1.50,"{MASKED}",')
    (tmp_path / "a.jsonl").write_text(json.dumps({"a": [{"b": MAIL, "c": 1}, 2], "d": 3}))
    (row,) = map(json.loads, extract("--mask", "-i", tmp_path / "a.jsonl", "--field", "a[0].b").output.splitlines())
    assert (row["a"], row["d"]) == ([{"b": MASKED, "c": 1}, 2], 3)


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string()), pa.binary()])
def test_parquet_keeps_its_types(extract, tmp_path, kind):
    texts = pa.array([MAIL, None, "no one"] * 1000, pa.string()).cast(kind if kind != pa.binary() else pa.binary())
    table = pa.table(
        {"id": pa.array(range(3000), pa.int16()), "text": texts, "when": pa.array([0] * 3000, pa.date32())}
    )
    pq.write_table(table, tmp_path / "a.parquet")
    assert extract("--mask", "-i", tmp_path / "a.parquet", "-o", tmp_path / "b.parquet").status == 3
    written = pq.read_table(tmp_path / "b.parquet")
    assert written["text"].to_pylist() == [MASKED, None, "no one"] * 1000
    assert written["masked"].to_pylist() == [MASKED, None, "no one"] * 1000
    assert written.schema.field("id").type == pa.int16()
    assert written.schema.field("when").type == pa.date32()
    assert b"ada@" not in (tmp_path / "b.parquet").read_bytes()


def test_kinds_choose_what_is_masked(extract):
    assert extract("--mask", "--kinds", "email", MAIL).output.decode() == "Write to <EMAIL_1>, call 020 7946 0958.\n"
    assert extract("--mask", "--kinds", "birth-date，IP", "born on 5 May 1990, 10.1.2.3, a@b.de").output.decode() == (
        "born on <BIRTH_DATE_1>, <IP_1>, a@b.de\n"
    )


def test_entities_of_a_model_are_kinds_too(extract, tmp_path):
    model = save_token_classifier(tmp_path / "ner")
    arguments = ["-m", model, "--mask", "--kinds", "all,person", "--map", tmp_path / "m.json"]
    text = "a b c ada@example.org d e f"
    done = extract(*arguments, text)
    assert "<EMAIL_1>" in done.output.decode()
    assert "<PER_1>" in done.output.decode()
    assert extract("--unmask", "--map", tmp_path / "m.json", stdin=done.output).output.decode() == text + "\n"
    unknown = extract("-m", model, "--mask", "--kinds", "COLOUR", "a")
    assert "COLOUR" in unknown.complaints.decode()


def test_a_map_begun_without_an_uncommon_kind_is_not_continued_with_it(extract, tmp_path, map_file):
    model = save_token_classifier(tmp_path / "ner", labels=("O", "B-GENE", "I-GENE"))
    extract("--mask", "--map", map_file, "GENE_1")
    done = extract("-m", model, "--mask", "--kinds", "GENE", "--map", map_file, "a")
    assert done.status == 2
    assert "begin another map" in done.complaints.decode()


def test_a_token_without_an_original_is_told_once(extract, map_file):
    extract("--mask", "--map", map_file, MAIL)
    done = extract("--unmask", "--map", map_file, "Hi <Person_7>", "< email_1 > <PERSON_7>")
    assert done.output.decode() == "Hi <Person_7>\nada@example.org <PERSON_7>\n"
    assert done.complaints.decode().count("PERSON_7") == 1


@pytest.mark.parametrize(
    "arguments",
    [["--mask", "--unmask"], ["--unmask"], ["--map", "x"], ["--kinds", "email"], ["--mask", "--count"], ["--originals"], ["--mask", "--kinds", ","]],
)  # fmt: skip
def test_options_that_do_not_go_together_are_refused(extract, arguments):
    assert extract(*arguments, "x").status == 2


def test_masking_imports_neither_torch_nor_transformers():
    command = [sys.executable, "-X", "importtime", "-m", "nlpcli", "extract", "--mask", MAIL]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    names = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert done.stdout == MASKED + "\n"
    assert not names & {"torch", "transformers", "numpy", "pyarrow"}


def _nlpcli(*arguments):
    return shlex.join([sys.executable, "-m", "nlpcli", *map(str, arguments)])


def test_a_pipe_is_masked_and_unmasked_at_the_same_time(map_file):
    lines = "".join(f"mail u{number}@example.org, <PERSON_{number}>\n" for number in range(3000))
    ends = [_nlpcli("extract", what, "--map", map_file) for what in ("--mask", "--unmask")]
    done = subprocess.run(" | ".join(ends), shell=True, input=lines, capture_output=True, text=True, timeout=120)
    assert done.stdout == lines
    assert done.stderr == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_leaves_the_map_of_what_has_gone_out(map_file, number):
    command = shlex.split(_nlpcli("extract", "--mask", "--map", map_file))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
        run.stdin.write(MAIL.encode() + b"\n")
        run.stdin.flush()
        assert run.stdout.readline().decode() == MASKED + "\n"
        run.send_signal(number)
    assert tokens(map_file) == dict(zip(("EMAIL_1", "PHONE_1"), SECRETS, strict=True))
    assert [*map_file.parent.iterdir()] == [map_file]


def test_two_runs_do_not_share_a_map(extract, map_file):
    command = shlex.split(_nlpcli("extract", "--mask", "--map", map_file))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
        run.stdin.write(b"a@b.de\n")
        run.stdin.flush()
        run.stdout.readline()
        done = extract("--mask", "--map", map_file, MAIL)
        assert done.status == 2
        assert "another run writes" in done.complaints.decode()
        run.stdin.close()
        assert run.wait(timeout=30) == 0
    assert tokens(map_file) == {"EMAIL_1": "a@b.de"}


@pytest.mark.starter
def test_tokens_survive_a_translation(map_file):
    text = "Please call Ada at 020 7946 0958 tomorrow.\nHis address is ada@example.org, and mine is bob@example.org.\n"
    pipe = [
        _nlpcli("extract", "--mask", "--map", map_file),
        _nlpcli("translate", "--from", "en", "--to", "pt"),
        _nlpcli("extract", "--unmask", "--map", map_file),
    ]
    done = subprocess.run(" | ".join(pipe), shell=True, input=text, capture_output=True, text=True, timeout=300)
    first, second = done.stdout.splitlines()
    assert "020 7946 0958" in first
    assert "ada@example.org" in second
    assert "bob@example.org" in second

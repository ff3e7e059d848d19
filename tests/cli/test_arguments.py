"""Words of a command line: files behind -i, texts, and nothing that is dropped."""

import os
import subprocess
import sys

import pytest

from nlpcli.cli.arguments import TaskCommand, matched
from nlpcli.cli.commands import COMMANDS
from nlpcli.cli.configured import load_command

TASKS = [name for name in COMMANDS if name != "bench" and isinstance(load_command(name), TaskCommand)]


def parsed(task, *words):
    """What -i and the texts are."""
    command = load_command(task)
    with command.make_context(task, [*words]) as context:
        return context.params["input"] or [], context.params["texts"] or []


FILES_AND_TEXTS = {
    "-i a b": (["a", "b"], []),
    "-i a b -F jsonl": (["a", "b"], []),
    "-i a -F jsonl b": (["a", "b"], []),
    "-F jsonl -i a b c": (["a", "b", "c"], []),
    "-i a -i b": (["a", "b"], []),
    "-i a b -i c d": (["a", "b", "c", "d"], []),
    "-i a -i a": (["a", "a"], []),
    "-ia b": (["a", "b"], []),
    "-i=a b": (["a", "b"], []),
    "--input=a b": (["a", "b"], []),
    "--input a b": (["a", "b"], []),
    "-qi a b": (["a", "b"], []),
    "-i - a": (["-", "a"], []),
    "-i a -": (["a", "-"], []),
    "-i -- a -b": (["a", "-b"], []),
    "-i a -- -b --field": (["a", "-b", "--field"], []),
    "-i -- -a": (["-a"], []),
    "text -i a": (["a"], ["text"]),
    "- -i a": (["a"], ["-"]),
    "-- -i a": ([], ["-i", "a"]),
    "text - ": ([], ["text", "-"]),
}


@pytest.mark.parametrize("task", TASKS)
def test_what_stands_behind_i_is_a_file(task):
    for line, expected in FILES_AND_TEXTS.items():
        assert parsed(task, *line.split()) == expected, line


REFUSED = {
    "- -i a.txt": '"-" stands before -i',
    "text -i a.txt": '"text" is a text, and -i reads "a.txt"',
    "text -": "- is standard input",
    "- text": "- is standard input",
    "- -": "- is standard input",
    "-i - -i -": "stdin is named twice",
    "-i - /dev/stdin": "/dev/stdin is named twice",
    "-i": "requires an argument",
    "-i --": "needs a file behind it",
    "-i -F jsonl": 'needs a file behind it, not "-F"',
    "-i --field text": 'needs a file behind it, not "--field"',
    "-i a.txt missing.txt": "no such file or folder: missing.txt",
    "-i a.txt ''": '-i "" names no file',
    "-i ''": '-i "" names no file',
    "--input=": '--input "" names no file',
    "-o '' text": '-o "" is empty',
    "-m '' text": '-m "" is empty',
    "--model= text": '--model "" is empty',
    "--device '' text": '--device "" is empty',
    "--input-format '' text": '--input-format "" is empty',
    "--encoding '' text": '--encoding "" is empty',
    "--revision '' text": '--revision "" is empty',
    "text --input-format csv": '--input-format is for files and pipes, and "text" is a text',
    "text --field review": "--field is for files and pipes",
    "text --delimiter ;": "--delimiter is for files and pipes",
    "text --quote none": "--quote is for files and pipes",
    "--no-header text": "--no-header is for files and pipes",
    "--per line text": "--per is for files and pipes",
    "-F": "nlpcli {task} --help",
    "text -i": "nlpcli {task} --help",
}
OF_ONE = {
    "embed": {"--search '' text": '--search "" is empty', "--plot '' text": '--plot "" is empty'},
    "generate": {
        "--stop '' text": '--stop "" would end a text',
        "--schema '' text": '--schema "" is empty',
        "--template '' text": '--template "" is empty',
        "--template . text": "--template: cannot read .: Is a directory",
    },
    "translate": {
        "--glossary '' text": '--glossary "" is empty',
        "--glossary . text": "--glossary: cannot read .: Is a directory",
        "--to '' text": '--to "" is empty',
    },
    "sentiment": {"--labels '' text": '--labels "" is empty'},
    "attention-inspect": {"--html '' text": '--html "" is empty', "--layer '' text": '--layer "" is empty'},
}


@pytest.mark.parametrize("task", TASKS)
def test_what_is_not_clear_is_refused_in_one_line(call, task, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("x\n")
    for line, wrong in {**REFUSED, **OF_ONE.get(task, {})}.items():
        words = ["" if word == "''" else word for word in line.split()]
        done = call(task, "--model", "/nowhere", *words)
        complaint = done.complaints.decode()
        assert (done.status in {1, 2}, done.output, complaint.count("\n")) == (True, b"", 1), (line, complaint)
        assert wrong.format(task=task) in complaint, line


def test_a_file_whose_name_begins_like_an_option_is_said(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "-weird.txt").touch()
    done = call("embed", "-i", "-weird.txt", "-weird.txt", "--model", "/nowhere")
    assert (done.status, done.complaints.count(b"\n")) == (2, 1)
    assert b'"-weird.txt" is read as an option; the file of that name is ./-weird.txt' in done.complaints


def test_an_empty_text_is_a_record_as_an_empty_second_text_is(call, tmp_path):
    (tmp_path / "none.jsonl").touch()
    for task in TASKS:
        done = call(task, "", "--model", "/nowhere", "--offline")
        assert b"no model at /nowhere" in done.complaints, task
    done = call("attention-inspect", "--pair", "", "a", "--model", "/nowhere")
    assert b"no model at /nowhere" in done.complaints


def test_bench_takes_several_files_and_its_task_on_either_side():
    command = load_command("bench")
    for line in ("embed -i a b", "-i a embed b", "-i a embed -i b"):
        with command.make_context("bench", line.split()) as context:
            assert (context.params["task"].value, context.params["input_"]) == ("embed", ["a", "b"])


READER = """
import sys
from nlpcli.cli.configured import load_command
from nlpcli.records.inputs import InputSpec, input_files
from nlpcli.records.readers import read_records
with load_command(sys.argv[1]).make_context(sys.argv[1], sys.argv[2:]) as context:
    spec = InputSpec(paths=tuple(context.params["input"]))
    sys.stdout.writelines(f"{record.text}\\n" for record in read_records(spec, input_files(spec)))
"""


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """A folder with two files, and an `nlpcli` that reads as nlpcli does and prints what it has read."""
    (tmp_path / "a.txt").write_text("one\n")
    (tmp_path / "b c.txt").write_text("two\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "nlpcli").write_text(f"#!{sys.executable}{READER}")
    (tmp_path / "bin" / "nlpcli").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX")
@pytest.mark.parametrize(
    "line",
    [
        "nlpcli embed -i *.txt",
        "nlpcli embed -i *.txt -F jsonl",
        "nlpcli embed -i {a,b\\ c}.txt",
        "printf '%s\\0' *.txt | xargs -0 nlpcli embed -F jsonl -i",
        "find . -name '*.txt' -print0 | sort -z | xargs -0 nlpcli embed -i",
        "find a.txt 'b c.txt' -exec nlpcli embed -i {} +",
        "nlpcli embed -i <(cat a.txt) <(cat 'b c.txt')",
        "cat 'b c.txt' | nlpcli embed -i a.txt /dev/stdin",
        "cat 'b c.txt' | nlpcli embed -i a.txt -",
        "nlpcli embed -i a.txt /dev/fd/3 3< 'b c.txt'",
        "mkfifo pipe; cat 'b c.txt' > pipe & nlpcli embed -i a.txt pipe",
    ],
)
def test_files_come_from_globs_xargs_find_and_substitution(shell, line):
    done = subprocess.run(["bash", "-c", line], cwd=shell, capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.stderr) == ("one\ntwo\n", "")


@pytest.mark.parametrize(
    ("named", "found"),
    [
        (["in/*.txt"], ["in/a.txt", "in/b.txt"]),
        (["in/**/*.txt"], ["in/a.txt", "in/b.txt", "in/deep/c.txt"]),
        (["in/[ab].*"], ["in/a.csv", "in/a.txt", "in/b.txt"]),
        (["in/?.csv", "in/b.txt"], ["in/a.csv", "in/b.txt"]),
        (["in/d*"], ["in/deep"]),
        (["why?.txt", "x[1].txt"], ["why?.txt", "x[1].txt"]),
        (["in/*.jsonl", "-", "s3://bucket/*.txt"], ["in/*.jsonl", "-", "s3://bucket/*.txt"]),
        (["~/in/?.csv"], ["HOME/in/a.csv"]),
    ],
)
def test_a_pattern_that_no_shell_expanded_is_what_it_matches(tmp_path, monkeypatch, named, found):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for name in (
        "in/a.txt",
        "in/b.txt",
        "in/a.csv",
        "in/.hidden.txt",
        "in/deep/c.txt",
        "why?.txt",
        "whys.txt",
        "x[1].txt",
    ):
        (tmp_path / name).write_text("a\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert matched(named) == [name.replace("HOME", str(tmp_path)) for name in found]


def test_what_a_pattern_matches_is_read_and_nothing_that_matches_is_missed_by_name(call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("b.txt", "a.txt"):
        (tmp_path / name).write_text(f"Green {name[0]}frogs\n")
    done = call("extract", "--keyphrases", "--method", "yake", "--top", 1, "-i", "*.txt")
    assert [line.split("\t")[2] for line in done.output.decode().splitlines()] == ["a.txt:1:1", "b.txt:1:1"]
    missed = call("embed", "-i", "*.csv")
    assert (missed.status, b"nothing matches: *.csv" in missed.complaints) == (1, True), missed.complaints


def test_how_files_are_read_may_stand_in_the_environment_beside_a_text(call, monkeypatch):
    for name, value in {"FIELD": "review", "PER": "line", "DELIMITER": ";", "NO_HEADER": "1"}.items():
        monkeypatch.setenv(f"NLPCLI_{name}", value)
    assert b"no model at /nowhere" in call("embed", "text", "--model", "/nowhere").complaints


@pytest.mark.parametrize("name", ["my file.txt", "a:b.txt", " x ", "new\nline.txt"])
def test_a_variable_holds_one_value_with_all_its_spaces(call, tmp_path, monkeypatch, name):
    (tmp_path / name).touch()
    monkeypatch.setenv("NLPCLI_INPUT", str(tmp_path / name))
    assert call("embed", "--input-format", "jsonl") == (0, b"", b"")
    monkeypatch.setenv("NLPCLI_STOP", "The End")
    with load_command("generate").make_context("generate", []) as context:
        assert list(context.params["stop"]) == ["The End"]


@pytest.mark.parametrize("command", ["pull", "path", "rm", "verify"])
def test_an_empty_name_is_no_model_of_the_folder_one_stands_in(call, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    done = call("models", command, "")
    assert (done.status in {1, 2}, done.output) == (True, b"")
    assert done.complaints.startswith((b'nlpcli: "" names no model', b'nlpcli: "" is not in the cache'))

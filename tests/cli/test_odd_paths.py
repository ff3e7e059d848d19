"""Paths that lead nowhere, or out of where they seem to be, in every option that takes one."""

import pytest

from tests.tiny import save_classifier


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_classifier(tmp_path_factory.mktemp("model") / "bert")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with an input, and a link that leads to itself."""
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "in.txt").write_text("a\n")
    (folder / "loop").symlink_to("loop")
    monkeypatch.chdir(folder)
    return folder


COMMANDS = [
    "sentiment -m MODEL -i in.txt -o PATH -F jsonl", "sentiment -m MODEL -i in.txt -o PATH -F jsonl --resume",
    "sentiment -m MODEL -i in.txt -o PATH/ -F jsonl", "sentiment -m PATH -i in.txt --offline", "extract --mask --map PATH a",
    "jobs status PATH", "jobs list PATH", "jobs rm --yes PATH", "jobs merge PATH",
]  # fmt: skip
MORE = [
    "sentiment -m MODEL -i PATH", "sentiment -m MODEL --why --html PATH a", "sentiment -m MODEL -i in.txt -q --summary PATH",
    "extract --unmask --map PATH a", "models verify PATH", "models path PATH", "generate -m MODEL --schema PATH a",
]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "path"),
    [
        *((command, "loop") for command in (*COMMANDS, *MORE)),
        *((command, "~nobody-here/x") for command in COMMANDS),
        *((command, "a\0b") for command in COMMANDS if "-m PATH" not in command),
    ],
)
def test_a_path_that_leads_nowhere_is_said_in_one_line(call, here, model, command, path):
    done = call(*(word.replace("PATH", path).replace("MODEL", str(model)) for word in command.split()))
    complaints = done.complaints.decode()
    assert "unexpected" not in complaints
    assert done.status in (0, 1, 2), complaints
    assert done.status == 0 or complaints.startswith("nlpcli: ")
    assert {entry.name for entry in here.parent.iterdir()} == {"here"}


def test_an_output_folder_keeps_what_is_read_from_beside_the_folder_of_another_input(call, here, model):
    (here.parent / "other.txt").write_text("b\n")
    mine = here / "other.jsonl"
    mine.write_text('{"text": "mine"}\n')
    done = call("sentiment", "-m", model, "-i", ".", "../other.txt", "-o", "out/", "-F", "jsonl")
    assert mine.read_text() == '{"text": "mine"}\n'
    # Two inputs of one name would be one output.
    assert done.status in (0, 2), done.complaints
    mine.unlink()
    assert call("sentiment", "-m", model, "-i", ".", "../other.txt", "-o", "out/", "-F", "jsonl").status == 0
    assert (here / "out" / "other.jsonl").exists()
    assert not mine.exists()

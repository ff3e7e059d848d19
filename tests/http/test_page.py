"""docs/serve.md: what it shows of curl is what the server answers."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "serve.md").read_text()
SHOWN = re.findall(
    r"^\$ (curl .*?[^\\])\n(.*?)(?=^\$ |\Z)", "".join(re.findall(r"```sh-session\n(.*?)```", PAGE, re.S)), re.S | re.M
)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is missing")
@pytest.mark.parametrize(("command", "answer"), SHOWN, ids=range(len(SHOWN)))
def test_a_request_of_the_page_has_the_answer_of_the_page(starters, pull_starter, command, answer):
    for name in re.findall(r"starter/[\w-]+", command):
        pull_starter(name)
    done = subprocess.run(
        ["bash", "-c", command.replace("http://127.0.0.1:8080", starters.url)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert _of_no_day(done.stdout) == _of_no_day(answer)


def _of_no_day(text):
    """Without what is of one machine and one moment."""
    text = re.sub(r'"(id|system_fingerprint)":"[^"]*"', r'"\1":""', text)
    text = re.sub(r'"created":\d+', '"created":0', text)
    return re.sub(r"-?\d+\.\d+(e-\d+)?", lambda number: f"{float(number[0]):.1f}", text).strip()


def test_the_page_shows_each_interface():
    assert {re.search(r":8080(/[\w/]+)", command)[1] for command, _ in SHOWN} >= {
        "/v1/embeddings",
        "/v1/chat/completions",
        "/v1/rerank",
        "/v1/classify",
        "/translate",
    }

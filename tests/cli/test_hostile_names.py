"""No name, text, label, licence or setting controls the terminal that a command draws on, and none is markup there."""

from __future__ import annotations

import json
import re
import shlex
import sys

import pytest

if sys.platform == "win32":
    pytest.skip("Windows has no pseudo-terminals of this kind", allow_module_level=True)

from tests.terminals import terminal
from tests.tiny import save_causal_lm, save_classifier, save_seq2seq, save_token_classifier
from tests.tiny_attention import save_attention_model

# A title, markup of Rich, a color, C1, a backspace, the other direction, a link, a line of ours.
EVIL = "P\x1b]0;PWN\x07[red]W\x1b[97;103;5mX\x9b5mY\x08\u202e\x1b]8;;http://x\x1b\\Z[bold]N\r"
SHA = "a" * 40
_SEQUENCE = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Models, inputs, settings and caches, each with the name in it."""
    folder = tmp_path_factory.mktemp("hostile")
    for name, save, options in (
        ("classifier", save_classifier, {"labels": (EVIL, f"b{EVIL}", "c[/]")}),
        ("decoder", save_causal_lm, {"chat_template": "{{ messages[0].content }}"}),
        ("entities", save_token_classifier, {"labels": ("O", f"B-{EVIL}", f"I-{EVIL}")}),
        ("writer", save_seq2seq, {}),
        ("encoder", save_attention_model, {}),
    ):
        (folder / f"{name}{EVIL.replace('/', '')}").mkdir()
        save(folder / f"{name}{EVIL.replace('/', '')}", **options)
    name = EVIL.replace("/", "")
    rows = [{"text": EVIL, EVIL: EVIL}, {"text": "a b c"}, {"x": 1}]
    (folder / f"in{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for suffix in ("json", "parquet", "toml"):
        (folder / f"bad{name}.{suffix}").write_text(f"{{{EVIL}")
    (folder / "vectors.txt").write_text(
        "".join(f"{word} {n} {n * n} 1\n" for n, word in enumerate(("a", "b", EVIL, "c")))
    )
    (folder / f"settings{name}.toml").touch()
    texts = {key: json.dumps(EVIL) for key in ("title", "licence")}
    (folder / "catalog.toml").write_text(
        f'[alias.{json.dumps(EVIL)}]\nmodel = "own/tiny"\nrevision = "main"\ntask = "sentiment"\nlanguages = [{json.dumps(EVIL)}]\n'
        f"title = {texts['title']}\nlicence = {texts['licence']}\nparameters = 1\nsize = 1\n"
    )
    repository = folder / "hub" / "models--own--tiny"
    snapshot = repository / "snapshots" / SHA
    snapshot.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / f"v{name}").write_text(f"{'b' * 40}{EVIL}")
    (snapshot / "README.md").write_text(f"---\nlicense: {json.dumps(EVIL)}\n---\n")
    (snapshot / f"link{name}").symlink_to(f"nowhere{name}")
    (folder / "hub" / f"models--own--{name}" / "snapshots" / SHA).mkdir(parents=True)
    (folder / f"cache{name}" / "models" / f"tiny{name}").mkdir(parents=True)
    return folder


_COMMANDS = """
sentiment -m {classifier} {evil}
sentiment -m {classifier} --why {evil} "a b"
sentiment -m {classifier} --all-scores --aggregate {evil} "a b"
sentiment -m {classifier} -i {input}
sentiment -m {classifier} -i {input} --field {evil}
sentiment -m {classifier} -i {input} -F jsonl
sentiment -m {classifier} -i {broken}.json
sentiment -m {classifier} -i {broken}.parquet
sentiment -m {classifier} -v -i {broken}.json
sentiment -m {classifier} -i {input} -o {output}.jsonl --resume
jobs status {output}.jsonl
jobs list
jobs list --json
jobs rm --yes {output}.jsonl
jobs rm --yes {output}.jsonl
jobs list {output}
jobs cache
sentiment -m {classifier} -i {output}
sentiment -m {classifier} -i https://{evil}
sentiment -m {classifier} -i {input} --summary {output}/x
sentiment -m {evil} a
sentiment -m own/{name} a
sentiment --{evil} a
sentiment --device {evil} a
{evil}
embed -m {encoder} {evil}
embed -m {encoder} --progress -i {input}
embed -m {encoder} --search {evil} --why {evil} b
embed -m {encoder} --similarity {evil} "b c"
embed -m {encoder} --pooling {evil} a
attention-inspect -m {encoder} {evil}
attention-inspect -m {encoder} --verify --top 2 {evil}
attention-inspect -m {encoder} --compare {evil} "a b"
attention-inspect -m {encoder} --method integrated-gradients {evil}
attention-inspect -m {encoder} --ablate {evil} a
attention-inspect -m {encoder} --html {output}/x.html {evil}
generate -m {decoder} --greedy --max-tokens 2 --progress {evil}
generate -m {decoder} --greedy --max-tokens 2 --why {evil}
generate -m {decoder} --raw --n 2 --max-tokens 2 {evil}
generate -m {decoder} --template {output} {evil}
generate -m {decoder} --schema {output} {evil}
summarize -m {writer} {evil}
summarize --method extractive --bullets --max-words 5 {evil}
extract -m {entities} {evil} "a b"
extract -m {entities} --count {evil} "a b"
extract --mask {evil}
extract --keyphrases {evil}
extract --unmask --map {output} a
translate -m {writer} --from en --to pt {evil}
translate -m {writer} --from {evil} --to pt a
translate -m {writer} --from en --to pt --glossary {output} a
words nearest -m vectors.txt a
words compare -m vectors.txt a {evil}
words odd -m vectors.txt a b {evil}
bias weat -m vectors.txt --tests {broken}.toml
models list
models list --available
models verify
models path own/tiny
models path {evil}
models prune --dry-run
models rm --dry-run own/tiny
models pull own/{name}
config show
config {evil}
--profile {evil} devices
serve run --http {evil}
bench {evil}
help {evil}
"""


@pytest.fixture
def settled(place, monkeypatch):
    from huggingface_hub import constants

    name = EVIL.replace("/", "")
    monkeypatch.chdir(place)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(place / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    for variable, value in {
        "NLPCLI_CONFIG": f"settings{name}.toml", "NLPCLI_CACHE_DIR": f"cache{name}", "NLPCLI_OFFLINE": "1",
        "NLPCLI_SERVER": "0", "TERM": "xterm-256color", "COLUMNS": "100",
    }.items():  # fmt: skip
        monkeypatch.setenv(variable, value)
    words = {each: f"{each}{name}" for each in ("classifier", "decoder", "entities", "writer", "encoder")}
    words |= {"evil": EVIL, "name": name, "input": f"in{name}.jsonl", "broken": f"bad{name}", "output": f"out{name}"}
    return words


def test_no_name_controls_the_terminal(settled, call):
    """In one test: a job is listed before it is removed."""
    from nlpcli.__main__ import run

    told, wrong = 0, {}
    for line in _COMMANDS.strip().splitlines():
        shown: list[bytes] = []
        with terminal(shown):
            status = run([word.format(**settled) for word in shlex.split(line)])
        told += b"0;PWN" in b"".join(shown)
        if found := _controls(b"".join(shown), status, "-v" in line):
            wrong[line] = (found, b"".join(shown)[-2000:])
    assert wrong == {}
    # Most have something to say of it.
    assert told > len(_COMMANDS.strip().splitlines()) * 3 // 4


def _controls(shown: bytes, status: int, is_verbose: bool) -> list[str]:
    """What of it a terminal would obey, but for what nlpcli draws with; and what is no answer of nlpcli."""
    text = _SEQUENCE.sub(b"", shown).decode().replace("\r\n", "\n")
    drawn = "".join(re.findall(r"\x1b\[[0-9;?]*[A-Za-z]", shown.decode()))
    found = {
        "escape": "\x1b" in text,
        "sequence": "97;103;5m" in drawn,
        "control": re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text),
        "markup": re.search("0;PWN␇W", text),
        "mistake": "mistake of nlpcli" in text or ("Traceback" in text and not is_verbose),
        "status": status not in {0, 1, 2, 3},
    }
    return [name for name, value in found.items() if value]


def test_what_is_to_be_copied_into_a_shell_is_quoted(call, tmp_path, monkeypatch):
    monkeypatch.setenv("NLPCLI_CACHE_DIR", str(tmp_path))
    (tmp_path / "models" / "a; touch pwned").mkdir(parents=True)
    (tmp_path / "models" / "a; touch pwned" / "nlpcli-model.json").write_text("{")
    done = call("models", "verify", "a; touch pwned")
    assert b"models rm --yes 'a; touch pwned' && nlpcli models pull 'a; touch pwned'" in done.complaints

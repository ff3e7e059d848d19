"""Console blocks of the documentation: what is typed, what is shown, and whether a run shows the same."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

# Commands that need no torch: as processes of their own they are fast, and read the hub's variables anew.
AS_PROCESS = frozenset({"models", "config", "--version", "--help", "--show-completion"})
COMPLAINT = "nlpcli: "
# Said only where there is something to fetch or to wait for, or where a run took long.
OPTIONAL = re.compile(r"nlpcli: (fetching|making|converting|unpacking|waiting|[\d,]+ records?, [\d,]+ failed,)(?!\w)")
# What is of one machine and one day.
_OF_A_MACHINE = (
    (re.compile(r"\S*/models/(?=\w+--)"), "CACHE/"),
    (re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d)?"), "DATE"),
    (re.compile(r"^cpu\t.*, \d+ cores$", re.MULTILINE), "cpu\tNAME, N cores"),
    (re.compile(r"\b(bfloat16|float32) \(the CPU has .*\)$", re.MULTILINE), "DTYPE (REASON)"),
    (re.compile(r'"cpu":\{[^}]*\}'), '"cpu":{}'),
    (re.compile(r'"dtype":"\w+"'), '"dtype":""'),
    (re.compile(r'"dtype_reason":"the CPU has [^"]*"'), '"dtype_reason":""'),
    (re.compile(r"^((?:config|catalogue|measurements) file|cache folder)\t\S+\t\w+$", re.MULTILINE), r"\1"),
    (re.compile(r"\(from [^)]*\)"), "(from FOLDER)"),
    (re.compile(r"/\S*/(config\.toml|bad\.toml|catalog\.toml|labelled\.csv|parts\.csv)"), r"FOLDER/\1"),
    (re.compile(r"(?<=\d failed), [\d.:]+ .*$", re.MULTILINE), ", SECONDS"),
    (re.compile(r"[\d,.]+ (?:records|texts|tokens|sentences)(?=/s| a second)"), "N"),
)
# nlpcli with one redirection, and nothing else that only a shell can do.
_REDIRECTED = re.compile(r"(nlpcli [^<>'\"]*) ([<>]) ?([\w./-]+)")
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 40}, "born": {"type": "integer"}},
    "required": ["name", "born"],
    "additionalProperties": False,
}
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


@dataclass
class Shown:
    """A command of a page and the lines below it; `output` is None where the page shows none."""

    command: str
    output: list[str] | None = None


@dataclass
class Written:
    """A file that a page shows: `config.toml`, or `catalog.toml` where it holds models."""

    toml: str

    @property
    def name(self) -> str:
        return "catalog.toml" if re.search(r"^\[(models|default)", self.toml, re.MULTILINE) else "config.toml"


class Ran(NamedTuple):
    """What a run left behind."""

    status: int
    output: str
    complaints: str


def commands_of(page: Path) -> Iterator[Shown]:
    """The commands of a page in their order."""
    return (step for step in steps_of(page) if isinstance(step, Shown))


def steps_of(page: Path) -> Iterator[Shown | Written]:
    """The commands of all console and bash blocks, and the files of all toml blocks, in their order."""
    blocks = re.findall(r"^```(\w+)\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    for number, (kind, block) in enumerate(blocks):
        lines = block.replace("\\\n", " ").splitlines()
        if kind == "toml":
            yield Written(block)
        elif kind == "console":
            yield from _console(lines)
        elif kind == "bash":
            found = [Shown(line.rpartition(" && ")[2] if "pip install" in line else line) for line in lines]
            if len(found) == 1 and number + 1 < len(blocks) and blocks[number + 1][0] == "text":
                found[0].output = blocks[number + 1][1].splitlines()
            yield from (shown for shown in found if re.search(r"\bnlpcli\b", shown.command))


def _console(lines: list[str]) -> Iterator[Shown]:
    shown: Shown | None = None
    for line in lines:
        if line.startswith("$ "):
            if shown:
                yield shown
            shown = Shown(line.removeprefix("$ "), [])
        elif shown and shown.output is not None:
            shown.output.append(line)
    if shown:
        yield shown


@dataclass
class Runner:
    """Runs commands in a folder. `call` runs nlpcli in this process, which has torch already."""

    folder: Path
    environment: MutableMapping[str, str]
    call: Callable[..., tuple[int, bytes, bytes]]
    set_variable: Callable[[str, str], None]
    unset_variable: Callable[[str], None]
    _complaints: list[bytes] = field(default_factory=list)

    def run(self, command: str) -> Ran:
        """As a shell would, but that a log which is followed has an end."""
        command = re.sub(r"\btail -(n \S+ )?[fF]\b", lambda match: f"tail {match[1] or ''}".rstrip(), command)
        stages = _stages(command)
        if stages is None:
            done = self._in_shell(command, b"")
            return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())
        content, status = b"", 0
        self._complaints = []
        for stage in stages:
            status, content = self._stage(stage, content)
        return Ran(status, content.decode(), b"".join(self._complaints).decode())

    def _in_shell(self, command: str, content: bytes) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            input=content, capture_output=True, cwd=self.folder, env=self.environment, check=False, timeout=300,
        )  # fmt: skip

    def _stage(self, stage: str, content: bytes) -> tuple[int, bytes]:
        redirected = _REDIRECTED.fullmatch(stage)
        if redirected is None:
            return self._command(stage, content)
        command, where, name = redirected.groups()
        if where == "<":
            return self._command(command, (self.folder / name).read_bytes())
        status, output = self._command(command, content)
        (self.folder / name).write_bytes(output)
        return status, b""

    def _command(self, stage: str, content: bytes) -> tuple[int, bytes]:
        variables, words = _words(stage)
        if (
            words[:1] != ["nlpcli"]
            or set("<>") & set(re.sub(r"'[^']*'|\"[^\"]*\"", "", stage))
            or AS_PROCESS & {*words[1:2]}
        ):
            done = self._in_shell(stage, content)
            self._complaints.append(done.stderr)
            return done.returncode, done.stdout
        before = {name: self.environment.get(name) for name in variables}
        for name, value in variables.items():
            self.set_variable(name, value)
        status, output, complaints = self.call(*_globbed(words[1:], self.folder), stdin=content)
        for name, value in before.items():
            self.unset_variable(name) if value is None else self.set_variable(name, value)
        self._complaints.append(complaints)
        return status, output


def _stages(command: str) -> list[str] | None:
    """The stages of a pipeline; None for what only a shell can do."""
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", lambda match: "_" * len(match[0]), command)
    # `yes` never ends by itself.
    if re.search(r"&&|;|\$\(|`|\|\||<\(|<<|^yes\b", bare):
        return None
    cuts = [match.start() for match in re.finditer(r"\|", bare)]
    edges = [-1, *cuts, len(command)]
    return [command[start + 1 : end].strip() for start, end in pairwise(edges)]


def _words(stage: str) -> tuple[dict[str, str], list[str]]:
    words = shlex.split(stage)
    variables = {}
    while words and re.match(r"[A-Z_]+=", words[0]):
        name, _, value = words.pop(0).partition("=")
        variables[name] = value
    return variables, words


def _globbed(words: list[str], folder: Path) -> Iterator[str]:
    for word in words:
        found = (
            sorted(str(path.relative_to(folder)) for path in folder.glob(word))
            if "*" in word and " " not in word
            else []
        )
        yield from found or [word]


def difference(shown: list[str], ran: Ran) -> str | None:
    """What is wrong with the lines that a page shows; None where nothing is."""
    said = [line for line in ran.complaints.splitlines() if not OPTIONAL.match(line)]
    for name, wanted, got in (
        ("standard output", [line for line in shown if not line.startswith(COMPLAINT)], ran.output.splitlines()),
        ("standard error", [line for line in shown if line.startswith(COMPLAINT) and not OPTIONAL.match(line)], said),
    ):
        if not _alike("\n".join(wanted).rstrip("\n"), "\n".join(got).rstrip("\n")):
            return f"{name} is now:\n" + "\n".join(got)
    return None


def _alike(wanted: str, got: str) -> bool:
    for pattern, name in _OF_A_MACHINE:
        wanted, got = pattern.sub(name, wanted), pattern.sub(name, got)
    if _NUMBER.sub("#", wanted) != _NUMBER.sub("#", got):
        return False
    return all(_near(one, other) for one, other in zip(_NUMBER.findall(wanted), _NUMBER.findall(got), strict=True))


def _near(one: str, other: str) -> bool:
    """Another CPU computes in another dtype: two hundredths for what is between -1 and 1; counts are counts."""
    difference = abs(float(one) - float(other))
    if "." in one or "." in other or "e" in one:
        return difference <= 0.02 + 0.01 * abs(float(one))
    # Numbers of eight bits, in vectors, differ by a step or two.
    return difference <= (2 if 12 < abs(float(one)) <= 127 else 0)


def folder_of_examples(folder: Path) -> Path:
    """The files that the pages name."""
    (folder / "notes").mkdir(parents=True)
    (folder / "notes" / "passport.md").write_text("Passports are renewed at the town hall.\nBring a photograph.\n")
    (folder / "reviews.csv").write_text(
        "id,review\n1,A good film.\n2,I was bored to tears.\n3,The doors open at seven.\n"
    )
    (folder / "lines.txt").write_text(
        "The cat sleeps.\nIt rains.\nStocks fell on Monday.\n一只猫在睡觉。\n", encoding="utf-8"
    )
    (folder / "app.log").write_text("Everything works.\nThe disk is broken, this is terrible!\n")
    (folder / "items.jsonl").write_text(
        '{"id":1,"title":"Lamp","text":"The lamp is bright."}\n{"id":2,"title":"Desk"}\n{"id":3,"text":null}\n{broken\n'
    )
    (folder / "letters.jsonl").write_text('{"text":"Ada Lovelace was born in London in 1815."}\n')
    (folder / "carta.txt").write_text("A água ferve.\nSim.\n", encoding="utf-8")
    (folder / "page.html").write_text("<p>The <b>red car</b>.</p>")
    (folder / "film.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nYes.\n")
    (folder / "terms.tsv").write_text("car\tviatura\n")
    (folder / "notes.md").write_text("# A *small* tool\n")
    paragraph = "The town will rebuild its bridge. It costs nine million pounds. A toll pays for half of it. "
    (folder / "article.txt").write_text(paragraph * 4)
    (folder / "articles.jsonl").write_text(f'{{"text": "{paragraph * 4}"}}\n' * 2)
    (folder / "question.txt").write_text("Answer yes or no. Did they like it? {{ review }}\n")
    (folder / "person.json").write_text(json.dumps(PERSON))
    repository = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", "-C", str(folder)]
    if shutil.which("git"):
        subprocess.run([*repository, "init", "-q"], check=True)
        for message in ("Mend the login form", "Faster start", "New colours for charts"):
            subprocess.run([*repository, "commit", "-q", "--allow-empty", "-m", message], check=True)
    return folder


def path_with(scripts: str) -> str:
    return f"{scripts}{os.pathsep}{os.environ['PATH']}"

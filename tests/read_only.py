"""Runs of nlpcli that see folders as a file system that is mounted read-only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.warm_python import nlpcli_command

MOUNTED = """
until [ "$1" = -- ]; do mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 99; shift; done
shift; exec "$@"
"""


def run_read_only(
    *arguments: str | Path, folders: list[Path], often: bool = False, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """`often`: many runs see the same folders so, and are forks of one process."""
    mounted = _mounted(folders)
    nlpcli = nlpcli_command(*mounted) if often else [*mounted, sys.executable, "-m", "nlpcli"]
    command = [*nlpcli, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, timeout=120, env={**os.environ, **environment})


def can_mount() -> bool:
    """Whether this user may mount file systems, in a namespace of their own."""
    if not shutil.which("unshare"):
        return False
    return subprocess.run([*_mounted([Path("/usr")]), "true"], capture_output=True, check=False).returncode == 0


def _mounted(folders: list[Path]) -> list[str]:
    return ["unshare", "-m", "sh", "-c", MOUNTED, "sh", *map(str, folders), "--"]

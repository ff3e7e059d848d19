"""Runs of nlpcli that see folders as a file system that is mounted read-only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

MOUNTED = """
until [ "$1" = -- ]; do mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 99; shift; done
shift; exec "$@"
"""


def run_read_only(
    *arguments: str | Path, folders: list[Path], **environment: str
) -> subprocess.CompletedProcess[bytes]:
    command = [*_mounted(folders), sys.executable, "-m", "nlpcli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, timeout=120, env={**os.environ, **environment})


def can_mount() -> bool:
    """Whether this user may mount file systems, in a namespace of their own."""
    if not shutil.which("unshare"):
        return False
    return subprocess.run([*_mounted([Path("/usr")]), "true"], capture_output=True, check=False).returncode == 0


def _mounted(folders: list[Path]) -> list[str]:
    return ["unshare", "-m", "sh", "-c", MOUNTED, "sh", *map(str, folders), "--"]

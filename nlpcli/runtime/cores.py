"""How many threads are worth starting: physical cores that this process may use, within the quota of its container.

Threads of one core share its units for products: a second one on it wins nothing in a matrix product and waits for the
first. A quota (`cpu.max`) stops all threads for the rest of a period once they have used it up.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

_ROOT = Path("/")


def usable_cores(root: Path = _ROOT) -> int:
    """At least one. `root`: where `proc` and `sys` are."""
    cores = _physical(_allowed(), root)
    quota = _quota(root)
    return cores if quota is None else max(1, min(cores, math.ceil(quota)))


def _allowed() -> set[int]:
    if hasattr(os, "sched_getaffinity"):
        return set(os.sched_getaffinity(0))
    return set(range(os.cpu_count() or 1))


def _physical(cpus: Iterable[int], root: Path) -> int:
    """How many cores `cpus` are of; each a core of its own where the system does not say."""
    folder = root / "sys/devices/system/cpu"
    return len({_read(folder / f"cpu{cpu}/topology/thread_siblings_list") or str(cpu) for cpu in cpus})


def _quota(root: Path) -> float | None:
    """CPUs that the control groups of this process allow, the least of all above it; None: as many as there are."""
    quotas = [quota for files in _groups(root) if (quota := _quota_of(files)) is not None]
    return min(quotas, default=None)


def _groups(root: Path) -> Iterator[tuple[Path, Path | None]]:
    """The files with quota and period: one of version 2, or two of version 1, of each group up to the root."""
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        group = PurePosixPath(path.lstrip("/"))
        for above in (group, *group.parents):
            if not controllers:
                yield root / "sys/fs/cgroup" / above / "cpu.max", None
            elif "cpu" in controllers.split(","):
                folder = root / "sys/fs/cgroup" / controllers / above
                yield folder / "cpu.cfs_quota_us", folder / "cpu.cfs_period_us"


def _quota_of(files: tuple[Path, Path | None]) -> float | None:
    first, second = files
    words = [*_read(first).split(), *(_read(second).split() if second else [])]
    # "max 100000", or -1 in version 1: no limit.
    if len(words) != 2 or not all(word.isdecimal() for word in words) or int(words[1]) == 0:
        return None
    return int(words[0]) / int(words[1])


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""

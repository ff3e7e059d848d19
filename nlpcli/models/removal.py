"""Carrying out a plan of removals, so that an end in the middle leaves nothing half there."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterable
from pathlib import Path

from nlpcli.errors import CacheError, quoted
from nlpcli.models.reference import Removal


def remove(plan: Iterable[Removal]) -> None:
    """Delete what a plan names and nothing that a link leads to.

    Raises:
        CacheError: something cannot be deleted.
    """
    for removal in plan:
        try:
            _delete(removal.path)
        except FileNotFoundError:
            continue  # another process was faster
        except OSError as error:
            raise CacheError(
                f"cannot delete {quoted(removal.path)}: {error.strerror}; check its permissions"
            ) from error


def _delete(path: Path) -> None:
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    # Under a name that no source reads; beside the snapshots of a model and not among them.
    place = path.parent.parent if path.parent.name == "snapshots" else path.parent
    aside = path if path.name.startswith(".deleting-") else place / f".deleting-{path.name}-{secrets.token_hex(4)}"
    if aside != path:
        path.rename(aside)
    shutil.rmtree(aside)

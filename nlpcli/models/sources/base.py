"""What every source of models can do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from nlpcli.models.reference import CachedModel, Leftovers, LocalModel, ProgressCallback, Removal, Verification


class Source(Protocol):
    """A place that models come from. `resolve` fetches where it must; everything else looks at the cache alone."""

    def owns(self, name: str) -> bool:
        """Whether `name` is written as this source writes names."""

    def resolve(self, name: str, revision: str | None, offline: bool, progress: ProgressCallback) -> LocalModel:
        """The model's files on this machine, fetched first where they are not there.

        Raises:
            ModelError: there is no such model, it is gated, unsafe or damaged, or the source does not answer.
            CacheError: the cache cannot be written.
        """

    def cached(self) -> Iterable[CachedModel]:
        """What lies in the cache."""

    def removals(self, name: str, revision: str | None) -> list[Removal]:
        """What `rm name` would delete, of one revision or of all; empty where the cache has no such model."""

    def leftovers(self) -> Leftovers:
        """What `prune` would delete (superseded revisions, broken-off downloads), and what it only names."""

    def verify(self, name: str) -> list[Verification]:
        """Re-hash what the cache has of `name`; empty where that is nothing."""

    def discard_damaged(self, name: str) -> None:
        """Delete what the cache has of `name` and is not as it was fetched, so that `resolve` fetches it again."""

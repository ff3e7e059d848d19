"""Whoever computes shards of a job elsewhere: given a shard's number, it writes the part and reports."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from nlpcli.engines.job import Job
from nlpcli.engines.shards.folder import Compute, ShardReport
from nlpcli.errors import NlpcliError
from nlpcli.records.inputs import InputFile
from nlpcli.records.ranges import Shard
from nlpcli.records.remote.address import Place


class ShardGivenUp(NlpcliError):
    """A shard that ended those who computed it, again and again."""


@dataclass(frozen=True, slots=True)
class Orders:
    """The job whose shards are computed: what is read, where it is kept, how, and which plan of it is carried out."""

    job: Job
    files: Sequence[InputFile]
    folder: Place
    cwd: Path
    compute: Compute
    hash: str
    generation: int


@dataclass(frozen=True, slots=True)
class Errand:
    """A shard to compute; of one that was done `before`, what failed."""

    shard: Shard
    before: ShardReport | None = None


class Crew(Protocol):
    """Computes shards elsewhere, many at a time."""

    @property
    def ahead(self) -> int:
        """How many errands keep it busy until more come."""

    def compute_of(self, job: Job) -> Compute:
        """How a job that begins is to be computed there. Raises NlpcliError."""

    def begin(self, orders: Orders, errand: Errand) -> Future[ShardReport]:
        """The report of a shard once its part is in the folder of the job.

        The future raises ShardGivenUp where nobody survives the shard, and NlpcliError where it cannot be computed.
        """

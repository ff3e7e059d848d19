"""`Job`: everything that a run needs, frozen and serializable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from nlpcli.records.inputs import InputSpec
from nlpcli.records.outputs import OutputSpec

# The name that leaves the choice to the first texts of a run.
AUTO = "auto"
OnError = Literal["fail", "skip", "keep"]


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """Which model; `name` as the user wrote it.

    `role`: the task as the catalogue names it, whose models there `AUTO` chooses from.
    """

    name: str
    revision: str | None = None
    offline: bool = False
    role: str = ""


@dataclass(frozen=True, slots=True)
class ComputeSpec:
    """How to compute; `None` leaves a number to the machine.

    `dedupe`: identical texts are computed once; `cache`: in other runs of this version too; `exact`: each
    text is computed alone and in one thread.
    """

    device: str = "auto"
    dtype: str = "auto"
    batch_tokens: int | None = None
    threads: int | None = None
    seed: int | None = None
    dedupe: bool = True
    cache: str | None = None
    exact: bool = False


# Standard output, in the format of the input.
_TO_STANDARD_OUTPUT = OutputSpec()


@dataclass(frozen=True, slots=True)
class Job:
    """A task over an input, and where its results go; `options` is the frozen dataclass of the task."""

    task: str
    options: Any
    input: InputSpec
    model: ModelSpec
    compute: ComputeSpec = ComputeSpec()
    on_error: OnError = "keep"
    output: OutputSpec = _TO_STANDARD_OUTPUT


@dataclass(frozen=True, slots=True)
class Resuming:
    """What becomes of a job that is kept beside its output: its `shard` I of N alone is computed; what failed, or what
    changed in its input, is computed again; or nothing is, and it is put together (`merge`).

    `where_possible`: a setting asks for it, and not the command line; what cannot be kept is not.
    """

    shard: tuple[int, int] | None = None
    update: bool = False
    retry_errors: bool = False
    merge: bool = False
    where_possible: bool = False

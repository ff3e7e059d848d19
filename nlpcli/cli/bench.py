"""`nlpcli bench`."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterable
from dataclasses import asdict
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from nlpcli.cli.arguments import TaskCommand
from nlpcli.cli.console import Activity, complain, configure_logging, say
from nlpcli.cli.help import command_app
from nlpcli.cli.profile import Profile
from nlpcli.engines.job import ComputeSpec, Job, ModelSpec
from nlpcli.errors import CacheError, InputError, quoted
from nlpcli.models.catalog import catalog
from nlpcli.records.inputs import InputSpec, input_files
from nlpcli.records.json_text import encode_json
from nlpcli.records.readers import read_records
from nlpcli.runtime.bench_results import file, keep
from nlpcli.runtime.device import check_names
from nlpcli.tasks.registry import TASKS, role_of

if TYPE_CHECKING:
    from nlpcli.engines.bench import Trial

log = logging.getLogger(__name__)

EXAMPLES = """
\b
Examples:
  nlpcli bench embed
  nlpcli bench sentiment -i reviews.csv --field review
  nlpcli bench embed --dry-run --json
"""
# Compared with the first; `auto`, because it may take int8.
DTYPES = ("float32", "auto", "bfloat16")
_WORDS = (
    "the a one every cat dog river city train morning letter window market doctor child book sleeps runs opens sees"
    " writes carries red old quiet bright small in on under behind without and but because today again"
)
_LENGTHS = (4, 8, 8, 12, 12, 16, 24, 40, 80)
_TEXTS = 2000

app = command_app()


# What of each task is measured: plain results, and always the same ones.
MEASURED = {name: task.bench for name, task in TASKS.items() if task.bench is not None}
BenchTask = StrEnum("BenchTask", {name.upper(): name for name in MEASURED})  # type: ignore[misc]


@app.command(cls=TaskCommand, epilog=EXAMPLES)
def bench(
    task: Annotated[BenchTask, typer.Argument(metavar="TASK", help=f"{', '.join(MEASURED)}.")],
    model: Annotated[
        str | None, typer.Option("-m", "--model", metavar="NAME", help="Default: that of the task.")
    ] = None,
    revision: Annotated[str | None, typer.Option(metavar="REV", help="Branch, tag or commit on the hub.")] = None,
    input_: Annotated[
        list[str] | None,
        typer.Option(
            "-i", "--input", metavar="PATH...", help="Texts to measure with. Default: sentences of 4 to 80 words."
        ),
    ] = None,
    field: Annotated[str, typer.Option(metavar="NAME", help="Column or key that holds the text.")] = "text",
    device: Annotated[str, typer.Option(metavar="DEVICE", help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    offline: Annotated[bool, typer.Option("--offline", help="Open no connection.")] = False,
    profile: Profile = None,  # noqa: ARG001 - its callback uses it
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Measure, but keep nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress.")] = False,
) -> int:
    """Measure how fast a task runs in which dtype, with how many tokens a batch and how many threads.

    Takes half a minute or more; keep the machine idle. The fastest setting whose results are those of float32, or
    which `auto` takes anyway, is kept in the cache, and used from then on for the same task, model and device where
    `--dtype`, `--batch-tokens` and `--threads` are not given.
    """
    check_names(device, "auto")
    configure_logging(quiet, verbose=False)
    name = task.value
    options = TASKS[name].load_module().OPTIONS(**MEASURED[name])
    job = Job(
        name,
        options,
        InputSpec(paths=tuple(input_ or ()), field=field),
        ModelSpec(model or catalog().defaults[role_of(name, options)], revision, offline),
        ComputeSpec(device, seed=0),
    )
    texts = _texts_of(job.input) if input_ else _sentences()
    trials = _measured(job, texts, Activity(None, quiet))
    _print(trials, json)
    if not dry_run:
        _keep(job, trials)
    return 0


def _measured(job: Job, texts: list[str], activity: Activity) -> list[Trial]:
    from nlpcli.engines.bench import measure

    try:
        return list(measure(job, texts, DTYPES, activity))
    finally:
        activity.end()


def _texts_of(spec: InputSpec) -> list[str]:
    texts = [record.text for record in islice(read_records(spec, input_files(spec)), _TEXTS) if record.error is None]
    if not texts:
        raise InputError(f"no text in {', '.join(spec.paths)}; give a file with some, or leave -i out")
    return texts


def _sentences() -> list[str]:
    """The same on every machine."""
    chance = random.Random(0)  # noqa: S311 - that it can be repeated is the point
    words = _WORDS.split()
    return [" ".join(chance.choices(words, k=chance.choice(_LENGTHS))).capitalize() + "." for _ in range(_TEXTS)]


def _print(trials: list[Trial], json: bool) -> None:
    from nlpcli.engines.bench import best

    chosen = best(trials)
    if json:
        rows = [{**asdict(trial), "best": trial is chosen} for trial in trials]
        say(encode_json(rows).decode() + "\n")
        return
    say("dtype\tbatch\tthreads\ttexts/s\ttokens/s\tresults\n")
    say("".join("\t".join(_columns(trial, trial is chosen)) + "\n" for trial in trials))


def _columns(trial: Trial, chosen: bool) -> Iterable[str]:
    tokens = "-" if trial.tokens_per_second is None else f"{trial.tokens_per_second:,.0f}"
    results = "same" if trial.same_results else "differ, auto's own" if trial.automatic else "differ"
    return (
        trial.dtype,
        f"{trial.batch_tokens:,}",
        str(trial.threads),
        f"{trial.texts_per_second:,.1f}",
        tokens,
        f"{results}, fastest" if chosen else results,
    )


def _keep(job: Job, trials: list[Trial]) -> None:
    from nlpcli.engines.bench import as_measurement, best

    try:
        keep(as_measurement(job, best(trials)))
    except CacheError as error:
        # What was measured has been printed; a cache that cannot be written takes none of it away.
        log.warning("not kept for `auto`: %s; make room, or set NLPCLI_CACHE_DIR to another folder", error)
        return
    complain(f"kept for `auto`: {job.task} with {job.model.name}; to forget it, delete {quoted(file())}")

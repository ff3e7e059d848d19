"""`nlpcli jobs status|list|merge|rm`."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nlpcli.cli.console import complain, confirm_deletion, say
from nlpcli.cli.planned import replanned, task_of
from nlpcli.errors import InputBroken, InputError, InputMissing, OutputError, UsageError, quoted
from nlpcli.records.json_text import encode_json
from nlpcli.tasks.registry import TASKS

if TYPE_CHECKING:
    from nlpcli.cli.plan import Plan
    from nlpcli.engines.shards.folder import Manifest
    from nlpcli.records.remote.address import Place

SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"]}
app = typer.Typer(
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    help="Show, join and remove batch jobs: what --resume and --shard keep beside an output.",
    context_settings=SETTINGS,
)

Output = Annotated[str, typer.Argument(metavar="OUTPUT", help="The -o of the job.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


@dataclass(frozen=True, slots=True)
class JobState:
    """How far a job is; `size` in bytes on the disk."""

    output: str
    state: str
    task: str
    model: str
    records: int
    done: int
    failed: int
    shards: int
    shards_done: int
    created: float
    hash: str
    size: int
    folder: str


@app.command(context_settings=SETTINGS)
def status(output: Output, json: Json = False) -> None:
    """Show how far a job is: each of its shards with its range, state, records and failures."""
    from nlpcli.engines.shards.folder import JobFolder

    folder = JobFolder(_folder(output))
    state = _state(folder.path)
    manifest = folder.manifest()
    if state is None or manifest is None:
        raise _no_job(output)
    marks, _ = folder.marks(manifest.generation)
    rows = [_shard_row(manifest.inputs, shard, marks.get(shard.number)) for shard in manifest.shards]
    if json:
        facts = {name: getattr(state, name) for name in JobState.__dataclass_fields__}
        say(encode_json({**facts, "shards": rows}).decode() + "\n")
        return
    say(f"{_line(state)}\n" + "".join(f"{_shard_line(row)}\n" for row in rows))


@app.command("list", context_settings=SETTINGS)
def list_jobs(
    folder: Annotated[str, typer.Argument(metavar="[FOLDER]", help="Where to look, and below. Default: here.")] = ".",
    json: Json = False,
) -> None:
    """List the jobs whose outputs are in a folder or below it: output, state, records done, failed, command, model."""
    from nlpcli.engines.shards.folder import job_folders
    from nlpcli.records.outputs import expanded

    place = expanded(folder)
    if isinstance(place, Path) and not place.is_dir():
        raise InputMissing(f"no such folder: {quoted(folder)}; check the path")
    states = [state for path in job_folders(place) if (state := _state_or_broken(path)) is not None]
    if json:
        say(
            encode_json([{name: getattr(s, name) for name in JobState.__dataclass_fields__} for s in states]).decode()
            + "\n"
        )
    else:
        say("".join(f"{_line(state)}\n" for state in states))
    if not states and not json:
        complain(f"no job in {quoted(folder)} or below; --resume keeps one beside its -o FILE")


@app.command(context_settings=SETTINGS)
def merge(output: Output) -> int:
    """Put the output of a job together, whose shards were computed with --shard I/N."""
    from nlpcli.cli.app import app as nlpcli
    from nlpcli.cli.run import carry_out
    from nlpcli.engines.job import Resuming
    from nlpcli.engines.shards.folder import JobFolder

    folder = JobFolder(_folder(output))
    manifest = folder.manifest()
    if manifest is None:
        raise _no_job(output)
    _refuse_other_commands(manifest, output)
    try:
        os.chdir(manifest.folder)
    except OSError as error:
        raise OutputError(
            f"the job was begun in {quoted(manifest.folder)}, which is not here ({error.strerror}); run its command"
            " with --resume instead of --shard where its files are"
        ) from error

    def joined(plan: Plan) -> int:
        _refuse_other_places(plan, folder.path)
        return carry_out(replace(plan, resuming=Resuming(merge=True)))

    token = replanned.set(joined)
    try:
        return nlpcli(manifest.command, prog_name="nlpcli", standalone_mode=False) or 0
    finally:
        replanned.reset(token)


def _refuse_other_commands(manifest: Manifest, output: str) -> None:
    """Whoever may write the manifest says which command is called: it has to be that of the task, and no other."""
    task = task_of(manifest.command)
    if task is None or task != manifest.identity["task"] or not TASKS[task].shard_records:
        raise InputBroken(f"the manifest of {quoted(output)} holds no command of a job; begin anew: nlpcli jobs rm")


def _refuse_other_places(plan: Plan, folder: Place) -> None:
    """A manifest may have come with its folder from anywhere: its command writes its output, and files beside that."""
    from nlpcli.engines.shards.folder import folder_of
    from nlpcli.records.outputs import real_place

    output = plan.job.output.path
    place = None if output is None else real_place(output)
    if output is None or place is None or folder_of(place) != folder:
        raise InputBroken(f"the manifest of {quoted(folder)} is of another output; begin anew, with --resume")
    for path in filter(None, (*plan.job.input.written, str(plan.summary or ""))):
        written = real_place(path)
        if type(written) is not type(folder) or not written.is_relative_to(folder.parent):
            raise UsageError(
                f"the command of this job writes {quoted(path)} too, which is not beside its output; give the command"
                " itself again, with --resume"
            )


@app.command(context_settings=SETTINGS)
def rm(
    outputs: Annotated[list[str], typer.Argument(metavar="OUTPUT...", help="The -o of each job.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be deleted.")] = False,
    json: Json = False,
) -> None:
    """Delete what is kept of jobs, not their outputs; asks first."""
    from nlpcli.engines.shards.folder import JobFolder

    folders = [JobFolder(_folder(output)) for output in outputs]
    for folder, output in zip(folders, outputs, strict=True):
        if not folder.is_there():
            raise _no_job(output)
    rows = [{"path": str(folder.path), "size": folder.size()} for folder in folders]
    say(
        encode_json(rows).decode() + "\n"
        if json
        else "".join(f"{quoted(str(row['path']))}\t{row['size']:,} bytes\n" for row in rows)
    )
    if dry_run:
        return
    if not yes:
        confirm_deletion(f"Delete {'this' if len(rows) == 1 else 'these'}? The output stays.")
    for folder in folders:
        with folder.at_work():
            folder.remove()


def _folder(output: str) -> Place:
    from nlpcli.engines.shards.folder import folder_of
    from nlpcli.records.outputs import real_place

    return folder_of(real_place(output))


def _no_job(output: str) -> UsageError:
    return UsageError(f"there is no job of {quoted(output)}; see: nlpcli jobs list")


def _state(path: Place) -> JobState | None:
    from nlpcli.engines.shards.folder import JobFolder, output_of

    folder = JobFolder(path)
    manifest = folder.manifest()
    if manifest is None:
        return None
    marks, finished = folder.marks(manifest.generation)
    state = "computed" if len(marks) == len(manifest.shards) else "unfinished"
    if finished is not None and finished.generation == manifest.generation:
        state = "finished"
    return JobState(
        str(output_of(path)),
        state,
        manifest.identity["task"],
        manifest.identity["model"]["name"],
        manifest.records,
        sum(mark.records for mark in marks.values()),
        sum(mark.failed for mark in marks.values()),
        len(manifest.shards),
        len(marks),
        manifest.created,
        manifest.hash,
        folder.size(),
        str(path),
    )


def _state_or_broken(path: Place) -> JobState | None:
    """A manifest that cannot be read is said, and hides no other job."""
    from nlpcli.engines.shards.folder import output_of

    try:
        return _state(path)
    except (InputError, OSError) as error:
        complain(str(error))
        return JobState(str(output_of(path)), "broken", "", "", 0, 0, 0, 0, 0, 0.0, "", 0, str(path))


def _line(state: JobState) -> str:
    created = time.strftime("%Y-%m-%d %H:%M", time.localtime(state.created)) if state.created else ""
    return "\t".join([
        quoted(state.output), state.state, f"{state.done:,} of {state.records:,} records", f"{state.failed:,} failed",
        quoted(state.task), quoted(state.model), created,
    ])  # fmt: skip


def _shard_row(inputs: Any, shard: Any, mark: Any) -> dict[str, Any]:
    ranges = [
        {
            "file": inputs[each.file].name,
            "unit": "records" if each.first is None else "bytes",
            "start": each.start,
            "stop": each.stop,
        }
        for each in shard.ranges
    ]
    state = {"state": "missing"} if mark is None else {"state": "done", "failed": mark.failed, "sha256": mark.sha256}
    return {"shard": shard.number, "records": shard.records, **state, "ranges": ranges}


def _shard_line(row: dict[str, Any]) -> str:
    first, last = row["ranges"][0], row["ranges"][-1]
    where = f"{quoted(first['file'])}:{first['start']:,}"
    where += f"-{last['stop']:,}" if first is last else f" to {quoted(last['file'])}:{last['stop']:,}"
    counts = f"{row['records']:,} records\t{row.get('failed', 0):,} failed"
    return f"{row['shard']}\t{row['state']}\t{counts}\t{where} {first['unit']}"


@app.command(context_settings=SETTINGS)
def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Delete all of it.")] = False,
    json: Json = False,
) -> None:
    """Show what --cache keeps of results for other runs: where, how many, how large; or delete it."""
    from nlpcli.engines.result_cache import clear_cache, look_into_cache

    if clear:
        clear_cache()
    found = look_into_cache()
    if json:
        say(encode_json(found).decode() + "\n")
    else:
        say(f"{found['path']}\t{found['results']:,} results\t{found['size']:,} bytes\n")

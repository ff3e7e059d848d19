"""`nlpcli models list|pull|rm|prune|verify|path`."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

from nlpcli.cli.console import Activity, complain, configure_logging, confirm_deletion, say
from nlpcli.cli.help import command_app
from nlpcli.errors import IntegrityError
from nlpcli.models.cache import cached_models, leftovers, removals, resolve, verify
from nlpcli.models.cache import pull as fetch
from nlpcli.models.catalog import catalog
from nlpcli.models.pairs import FIREFOX_INTO_ENGLISH, FIREFOX_LANGUAGES
from nlpcli.models.reference import CachedModel, Removal, Verification
from nlpcli.models.removal import remove
from nlpcli.records.json_text import encode_json
from nlpcli.runtime.bench_results import measurements

app = command_app(
    no_args_is_help=True,
    help="List, fetch, remove and check the models on this machine: the starter set and the hub's cache.",
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A name of the catalogue, or an id of the hub.")]
Names = Annotated[list[str], typer.Argument(metavar="NAME...", help="Names of the catalogue, or ids of the hub.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]
Revision = Annotated[str | None, typer.Option(metavar="REV", help="Branch, tag or commit on the hub.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what would be deleted.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]


@app.command("list")
def list_models(
    available: Annotated[
        bool, typer.Option("--available", help="What there is to fetch: the starter set, and names for the hub's.")
    ] = False,
    json: Json = False,
) -> None:
    """List the models in the caches: name, size, last use, revision, licence, source.

    With --available: name, task, size, licence, languages, speed here (as nlpcli bench measured it), quality as it was
    published, and what it is. Models of your own, and other defaults, stand in a catalog.toml beside config.toml.
    """
    if available:
        rows = available_models()
        lines = [_available_line(row) for row in rows]
    else:
        models = cached_models()
        rows = [asdict(model) for model in models]
        lines = [_line(model) for model in models]
    _print_rows(rows, lines, json)
    if not rows and not json:
        complain("no model in the cache yet; see what there is: nlpcli models list --available")


_FIREFOX: dict[str, Any] = {
    "name": "firefox:en-de",
    "task": "translate",
    "size": 17_141_051,
    "licence": "MPL-2.0",
    "languages": ("en", *FIREFOX_LANGUAGES, *FIREFOX_INTO_ENGLISH),
    "model": "firefox:en-de",
    "speed": "",
    "quality": "",
    "title": (
        f"Firefox's models, any pair of en {' '.join(FIREFOX_LANGUAGES)},"
        f" and from {' '.join(FIREFOX_INTO_ENGLISH)} (17 to 60 MB; by way of English)"
    ),
}


def available_models() -> list[dict[str, Any]]:
    """The catalogue by task, each model with how fast it was here, where nlpcli bench was run."""
    speeds = {measurement.model: measurement.speed for measurement in measurements()}
    starters = [
        {"name": entry.name, "task": entry.task, "size": entry.origin.size, "model": entry.name, "entry": entry}
        for entry in catalog().models.values()
    ]
    aliases = [
        {"name": alias.name, "task": alias.task, "size": alias.size, "model": alias.model, "entry": alias}
        for alias in catalog().aliases.values()
    ]
    rows = []
    for row in (*starters, *aliases):
        entry: Any = row.pop("entry")
        facts = {name: getattr(entry, name) for name in ("languages", "licence", "quality", "title")}
        rows.append({**row, **facts, "speed": speeds.get(str(row["name"])) or speeds.get(str(row["model"]), "")})
    # The order within a task is that of the catalogue: the starter set first.
    return sorted([*rows, _FIREFOX], key=lambda row: row["task"])


def _available_line(row: dict[str, Any]) -> str:
    languages = row["languages"]
    named = ",".join(languages) if 0 < len(languages) <= 3 else f"{len(languages)} languages" if languages else "many"
    title = row["title"] if row["model"] == row["name"] else f"{row['model']}: {row['title']}"
    size = _bytes(row["size"]) if row["size"] else "-"
    return "\t".join([
        row["name"], row["task"], size, row["licence"], named, row["speed"] or "-", row["quality"] or "-", title
    ])  # fmt: skip


def _line(model: CachedModel) -> str:
    used = time.strftime("%Y-%m-%d %H:%M", time.localtime(model.last_used))
    return f"{model.name}\t{_bytes(model.size)}\t{used}\t{model.revision}\t{model.licence}\t{model.source}"


@app.command()
def pull(names: Names, revision: Revision = None, quiet: Quiet = False) -> None:
    """Fetch models into the cache, and print where they are; what is missing, empty or changed is fetched again."""
    configure_logging(quiet, verbose=False)
    activity = Activity(None, quiet)
    try:
        models = [fetch(name, revision, activity) for name in names]
    finally:
        activity.end()
    for model in models:
        say(f"{model.path}\n")


@app.command()
def path(name: Name, revision: Revision = None) -> None:
    """Print the folder of a model that is in the cache; opens no connection."""
    model = resolve(name, revision, offline=True, progress=Activity(False, quiet=True))
    say(f"{model.path}\n")


@app.command()
def rm(
    names: Names,
    revision: Annotated[
        str | None, typer.Option(metavar="REV", help="Only this commit, branch or version; see models list.")
    ] = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Delete models from the cache; asks first."""
    _carry_out([removal for name in names for removal in removals(name, revision)], yes, dry_run, json)


@app.command()
def prune(yes: Yes = False, dry_run: DryRun = False, json: Json = False) -> None:
    """Delete what nothing needs: superseded revisions and broken-off downloads; asks first.

    What another program or another version of nlpcli may need stays; it is named, with the command that deletes it.
    """
    found = leftovers()
    for kept in found.kept:
        delete = shlex.join(["nlpcli", "models", "rm", "--revision", kept.revision, kept.name])
        complain(f"kept: {kept.name} {kept.revision} ({_bytes(kept.size)}), {kept.reason}; to delete it: {delete}")
    _carry_out(found.gone, yes, dry_run, json)


def _carry_out(plan: Sequence[Removal], yes: bool, dry_run: bool, json: bool) -> None:
    rows = [{**asdict(removal), "path": str(removal.path)} for removal in plan]
    lines = [f"{removal.name}\t{_bytes(removal.size)}\t{removal.reason}\t{removal.path}" for removal in plan]
    _print_rows(rows, lines, json)
    if dry_run:
        return
    if not plan:
        complain("nothing to delete")
        return
    if not yes:
        confirm_deletion(f"Delete these ({_bytes(sum(removal.size for removal in plan))})?")
    remove(plan)


@app.command("verify")
def verify_models(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Default: all.")] = None,
    json: Json = False,
) -> None:
    """Hash the files of cached models again and compare them with what the hub or the catalogue says of them.

    A file of which nobody says what it should be (a mirror without the hub's hashes) cannot be verified: status 3.
    """
    chosen = names or sorted({model.name for model in cached_models()})
    found = [verification for name in chosen for verification in verify(name)]
    lines = [f"{item.name}\t{item.files} files\t{_finding(item)}" for item in found]
    _print_rows([asdict(item) for item in found], lines, json)
    if broken := [item.name for item in found if item.problems]:
        quoted_names = [shlex.quote(name) for name in broken]  # a folder in the cache may be called anything
        advice = " && ".join(f"nlpcli models rm --yes {name} && nlpcli models pull {name}" for name in quoted_names)
        raise IntegrityError(f"{', '.join(broken)} changed since it was fetched; fetch it again: {advice}")
    if unverified := [item.name for item in found if item.unverified]:
        complain(f"{', '.join(unverified)} cannot be verified whole; pull again where the hub itself answers")
        raise typer.Exit(_SOME_UNVERIFIED)


# Nothing is known to be wrong, and not everything to be right: as where some records of a run failed.
_SOME_UNVERIFIED = 3


def _finding(item: Verification) -> str:
    return "; ".join((*item.problems, *item.unverified)) or "ok"


def _print_rows(rows: list[dict[str, Any]], lines: list[str], json: bool) -> None:
    if json:
        say(encode_json(rows).decode() + "\n")
        return
    say("".join(f"{line}\n" for line in lines))


def _bytes(size: float) -> str:
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"

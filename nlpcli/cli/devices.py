"""`nlpcli devices`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Annotated, Any

import typer

from nlpcli.cli.console import say
from nlpcli.cli.help import command_app
from nlpcli.cli.profile import Profile
from nlpcli.errors import UsageError, quoted
from nlpcli.models.catalog import CatalogEntry, catalog
from nlpcli.records.json_text import encode_json
from nlpcli.runtime.bench_results import Measurement, measurements
from nlpcli.runtime.device import (
    GIBIBYTE,
    Hardware,
    Placement,
    available_devices,
    check_names,
    choose,
    describe_hardware,
    padded_tokens_per_batch,
)
from nlpcli.runtime.precision import BY_ONNX_RUNTIME, Family, ModelFacts, Precision, Use, decide
from nlpcli.settings import cache_folder, may_write_below
from nlpcli.tasks.registry import TASKS

# What speaks for int8 in the catalogue → the models that it can be said of.
_FAMILIES = {"": Family.OTHER, "measured": Family.BERT, "published": Family.BERGAMOT}
# Formats of the catalogue that are computed in one way.
_FIXED = frozenset({"spacy", "glove"})

app = command_app()


@app.command()
def devices(
    device: Annotated[str, typer.Option(metavar="DEVICE", help="What if this was asked for?")] = "auto",
    dtype: Annotated[str, typer.Option(metavar="DTYPE", help="What if this was asked for?")] = "auto",
    profile: Profile = None,  # noqa: ARG001 - its callback uses it
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> int:
    """Show the devices of this machine, which one `auto` picks, in which dtype, and why."""
    check_names(device, dtype)
    hardware = describe_hardware()
    placement = choose(hardware, device, dtype)
    if json:
        say(encode_json(_as_json(hardware, placement)).decode() + "\n")
    else:
        say("\n".join(_lines(hardware, placement)) + "\n")
    return 0


def _as_json(hardware: Hardware, placement: Placement) -> dict[str, Any]:
    return {
        "available": available_devices(hardware),
        "cpu": {"name": hardware.cpu_name, "cores": hardware.cores},
        "cuda": [asdict(cuda) for cuda in hardware.cuda],
        "mps": hardware.mps,
        "picked": asdict(placement) | {"kernels": sorted(placement.kernels)},
        "tasks": {task: asdict(precision) for task, precision in _precisions(placement) if precision is not None},
        "batch_tokens": padded_tokens_per_batch(hardware, placement),
        "measured": [asdict(measurement) for measurement in measurements()],
    }


def _lines(hardware: Hardware, placement: Placement) -> list[str]:
    found = [
        f"cuda:{index}\t{cuda.name}, {cuda.memory / GIBIBYTE:.0f} GiB, compute capability"
        f" {cuda.capability[0]}.{cuda.capability[1]}"
        for index, cuda in enumerate(hardware.cuda)
    ]
    found += ["mps\tApple GPU"] if hardware.mps else []
    found.append(f"cpu\t{hardware.cpu_name}, {hardware.cores} cores")
    return [
        *found,
        f"picked\t{placement.device} ({placement.device_reason})",
        f"dtype\t{_told(decide(placement, ModelFacts(''), Use.TEXT))}",
        *([f"warning\t{placement.warning}"] if placement.warning else []),
        *_lines_of_tasks(placement),
        f"batch\t{padded_tokens_per_batch(hardware, placement):,} padded tokens",
        *(f"measured\t{_measured(measurement)}" for measurement in measurements()),
    ]


def _precisions(placement: Placement) -> Iterator[tuple[str, Precision | None]]:
    """What each task takes for its default model; None where it refuses."""
    for task, spec in TASKS.items():
        entry = catalog().models.get(catalog().defaults[spec.model_role])
        facts = ModelFacts(spec.model_role) if entry is None else _facts(spec.model_role, entry)
        try:
            yield task, _where_it_is_kept(decide(placement, facts, Use(spec.use)))
        except UsageError:
            yield task, None


def _where_it_is_kept(precision: Precision) -> Precision:
    """What is computed by ONNX Runtime has to be converted into the cache once."""
    folder = cache_folder()
    if precision.kernel not in BY_ONNX_RUNTIME or may_write_below(folder):
        return precision
    words = f"; models that are not converted yet by torch: the cache folder {quoted(folder)} cannot be written"
    return replace(precision, reason=precision.reason + words)


def _facts(role: str, entry: CatalogEntry) -> ModelFacts:
    """What the catalogue knows of a model that may not be on this machine."""
    family = Family.LLAMA if role == "generate" else _FAMILIES[entry.int8]
    if getattr(entry.origin, "format", None) in _FIXED:
        family = Family.FIXED
    return ModelFacts(role, family, int8=bool(entry.int8))


def _lines_of_tasks(placement: Placement) -> Iterator[str]:
    """The tasks that take something else than most."""
    usual = decide(placement, ModelFacts(""), Use.TEXT)
    for task, precision in _precisions(placement):
        if precision != usual:
            model = catalog().defaults[TASKS[task].model_role]
            told = f"not in {placement.asked}" if precision is None else _told(precision)
            yield f"{task}\t{told}, with {model}"


def _told(precision: Precision) -> str:
    return f"{precision} ({precision.reason})"


def _measured(found: Measurement) -> str:
    return (
        f"{found.task} with {found.model} on {found.device}: {found.dtype}, {found.batch_tokens:,} padded tokens,"
        f" {found.threads} threads ({found.speed}, {found.day})"
    )

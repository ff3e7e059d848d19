"""The worker reads a command line for a command: with Typer, as the command itself would."""

from __future__ import annotations

import logging
import threading

import msgspec

from nlpcli.cli.app import app
from nlpcli.cli.console import voice
from nlpcli.cli.plan import Plan
from nlpcli.cli.planned import planned, task_of
from nlpcli.cli.warm import name_of
from nlpcli.engines.worker.messages import Planned
from nlpcli.models.reference import NO_MODEL

_reading = threading.Lock()


def plan_of(arguments: list[str]) -> Planned | None:
    """What a command line means; None for one that is wrong, that names files, or that is of no task."""
    if task_of(arguments) is None:
        return None
    found: list[Plan] = []

    def take(plan: Plan) -> int:
        found.append(plan)
        return 0

    with _reading:
        token = planned.set(take)
        handlers = logging.getLogger("nlpcli").handlers
        try:
            app(arguments, prog_name="nlpcli", standalone_mode=False)
        except (Exception, SystemExit):  # noqa: BLE001 - the command says by itself what is wrong
            return None
        finally:
            planned.reset(token)
            voice.reset()
            logging.getLogger("nlpcli").handlers = handlers
    return _on_wire(found[0]) if found else None


def _on_wire(plan: Plan) -> Planned | None:
    job, view = plan.job, plan.view
    render, draw = name_of(view.render), name_of(view.draw)
    if (
        render is None
        or draw is None
        or plan.tap is not None
        or view.long is not None
        or plan.server is False
        or job.model.name == NO_MODEL
    ):
        return None
    return Planned(
        job.task,
        msgspec.Raw(msgspec.msgpack.encode(job.options)),
        dict(job.options.fields),
        job.input,
        job.model,
        job.compute,
        job.on_error,
        job.output,
        render,
        draw,
        view.own_rows,
        view.of_all,
        plan.kept_back,
        plan.streamed,
        plan.quiet,
        plan.verbose,
        plan.progress,
    )

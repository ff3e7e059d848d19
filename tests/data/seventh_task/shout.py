"""A seventh task, and its command: texts in capitals. What a task must have, and nothing more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from nlpcli.cli.make_job import make_job
from nlpcli.cli.options import Per, SharedOptions, Texts, shares_options
from nlpcli.cli.plan import View
from nlpcli.cli.run import run_job
from nlpcli.errors import InputBroken
from nlpcli.runtime.batching import Split, Unit
from nlpcli.tasks.base import BatchTask


@dataclass(frozen=True, slots=True)
class ShoutOptions:
    """What was asked for."""

    mark: str = "!"

    @property
    def fields(self) -> Mapping[str, str]:
        """Result fields and their types."""
        return {"shout": "string"}


class ShoutTask(BatchTask):
    """One unit per text, but none for a question."""

    def __init__(self, options: ShoutOptions) -> None:
        self._options = options

    def split(self, records: Sequence[Any]) -> list[Split]:
        """One unit; what stands around the text is its state."""
        return [Split([Unit(len(record.text), record.text.strip())], record.text.endswith("?")) for record in records]

    def run(self, units: Sequence[Unit]) -> Sequence[Any]:
        """The capitals, or an error in their place."""
        return [InputBroken("nobody shouts that") if "hush" in unit.payload else unit.payload.upper() for unit in units]

    def join(self, record: Any, state: bool, outputs: Sequence[str]) -> dict[str, Any]:
        """The capitals with their mark."""
        return {"shout": outputs[0] + ("" if state else self._options.mark)}


OPTIONS = ShoutOptions


def loader(options, model, placement):
    return lambda model, placement: None


def make_task(options, loaded):
    return ShoutTask(options)


app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
@shares_options
def shout(
    shared: SharedOptions,
    texts: Texts = None,
    mark: Annotated[str, typer.Option(metavar="MARK", help="What stands behind a shout.")] = "!",
) -> int:
    """Put each record in capitals."""
    job = make_job("shout", ShoutOptions(mark), shared, texts, Per.LINE, "starter/minilm")
    return run_job(job, shared, View(lambda record: record.result["shout"], lambda record: record.result["shout"]))

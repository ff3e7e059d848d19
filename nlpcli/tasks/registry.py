"""The registry: one line per task. Imports nothing of what it names."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType, ModuleType
from typing import Any, NamedTuple


class TaskSpec(NamedTuple):
    """One task: `module` does it, `command` is the module of its command line, imported only when it is called.

    `summary` is the line in `nlpcli --help`, `model_role` the catalogue's name of its default model. `bench` are the
    options (of the module's `OPTIONS`) with which `nlpcli bench` measures it; None: it is not measured. `use`: what its
    default model is loaded for (a `runtime.precision.Use`). A job keeps what is done after so many `shard_records`;
    none: results are not of one record each. `reads_name`: what becomes of a text depends on the name of its file.
    """

    module: str
    command: str
    summary: str
    model_role: str
    bench: Mapping[str, Any] | None = MappingProxyType({})
    use: str = "text"
    shard_records: int = 1024
    reads_name: bool = False

    def load_module(self) -> ModuleType:
        """The module of the task, a `tasks.base.TaskModule`. Imports neither torch nor transformers."""
        return import_module(self.module)


TASKS: dict[str, TaskSpec] = {
    "generate": TaskSpec(
        "nlpcli.tasks.generate",
        "nlpcli.cli.generate",
        "Continue or answer prompts, as text or as JSON of a schema.",
        "generate",
        {"greedy": True, "max_tokens": 16},
        shard_records=256,
    ),
    "translate": TaskSpec(
        "nlpcli.tasks.translate",
        "nlpcli.cli.translate",
        "Translate texts, keeping lines, markup and placeholders.",
        "translate",
        reads_name=True,
    ),
    "summarize": TaskSpec(
        "nlpcli.tasks.summarize",
        "nlpcli.cli.summarize",
        "Shorten documents of any length.",
        "summarize",
        use="vectors",
        reads_name=True,
    ),
    "sentiment": TaskSpec(
        "nlpcli.tasks.sentiment",
        "nlpcli.cli.sentiment",
        "Label texts as negative, neutral or positive, or with your own labels.",
        "sentiment",
        use="labels",
    ),
    "embed": TaskSpec(
        "nlpcli.tasks.embed",
        "nlpcli.cli.embed",
        "Turn texts into vectors, search by meaning, compare texts.",
        "embed",
        use="vectors",
    ),
    "extract": TaskSpec(
        "nlpcli.tasks.extract",
        "nlpcli.cli.extract",
        "Find names, places, dates and other key information in texts, with where it stands.",
        "extract",
        use="labels",
    ),
    "words": TaskSpec(
        "nlpcli.tasks.words",
        "nlpcli.cli.words",
        "Ask word vectors: what is near, analogies, the odd one, axes, maps; measure them.",
        "words",
        bench=None,
        use="vectors",
        shard_records=0,
    ),
    "bias": TaskSpec(
        "nlpcli.tasks.bias",
        "nlpcli.cli.bias",
        "Measure what vectors and models have learnt of us: association tests, preferences, swapped names.",
        "words",
        bench=None,
        use="vectors",
        shard_records=0,
    ),
    "attention-inspect": TaskSpec(
        "nlpcli.tasks.attention",
        "nlpcli.cli.attention_inspect",
        "Show, measure and check what each attention head of a model does with a text.",
        "attention-inspect",
        bench=None,
        use="attention",
        shard_records=64,
    ),
}


def role_of(task: str, options: Any) -> str:
    """The catalogue's name of the default model for these options of a task: a property `role` of them may name it."""
    return str(getattr(options, "role", TASKS[task].model_role))


def needs_model(options: Any) -> bool:
    """Whether these options of a task need a model: they do, unless a property of that name says otherwise.

    What needs none runs as everything does, over `models.reference.NOTHING`: its loader loads nothing, and its records
    have no units.
    """
    return bool(getattr(options, "needs_model", True))


def across_records(options: Any) -> bool:
    """Whether a result depends on more than its record, so that none is kept, and one device computes all."""
    return bool(getattr(options, "across_records", False))

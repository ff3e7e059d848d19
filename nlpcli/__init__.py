"""nlpcli: the command-line Swiss-army knife for natural language.

Public names, each imported when it is first used:

- `load(task, model=…)`: a task with its model, as a function from texts to results (`api.py`)
- `SummarizationPipeline`, `Text2TextGenerationPipeline`, `TranslationPipeline`: the pipelines that transformers v5
  removed (`pipelines/v4`)

At the top, for every room: `errors` (one tree), `settings`, `streams` and `signals` of the process.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nlpcli.api import LoadedTask, load
    from nlpcli.pipelines.v4 import SummarizationPipeline, Text2TextGenerationPipeline, TranslationPipeline

__version__ = "0.3.0"

_MODULES = {
    "LoadedTask": "nlpcli.api",
    "SummarizationPipeline": "nlpcli.pipelines.v4",
    "Text2TextGenerationPipeline": "nlpcli.pipelines.v4",
    "TranslationPipeline": "nlpcli.pipelines.v4",
    "load": "nlpcli.api",
}

__all__ = [
    "LoadedTask",
    "SummarizationPipeline",
    "Text2TextGenerationPipeline",
    "TranslationPipeline",
    "__version__",
    "load",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'nlpcli' has no attribute {name!r}; it has: {', '.join(__all__)}")
    return getattr(import_module(_MODULES[name]), name)

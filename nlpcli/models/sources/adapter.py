"""Models that nlpcli makes from another one: its weights plus a low-rank adapter of ours.

The adapter is one safetensors file. For every linear layer that it changes it holds `<layer>.lora_A` (rank, inputs)
and `<layer>.lora_B` (outputs, rank), and the layer's weight becomes W + scale · B A (Hu et al. 2021, "LoRA");
every other tensor takes the place of the base model's, or is new. Its metadata say what else makes the model: also
which tensors are kept in float16 (`halves`).
"""

from __future__ import annotations

import json
import shutil
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nlpcli.errors import IntegrityError, quoted
from nlpcli.models.catalog import Adapter
from nlpcli.models.sources.hashing import sha256_of

if TYPE_CHECKING:
    import numpy as np

    Weights = dict[str, np.ndarray[Any, Any]]

FOLDER = Path(str(files("nlpcli.models").joinpath("adapters")))
_A, _B = ".lora_A", ".lora_B"
# What BERT's and RoBERTa's kinds of classifiers call the layer that gives the logits.
_LAST_LAYERS = ("classifier", "classifier.out_proj")
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt")


def merge_adapter(adapter: Adapter, base: Path, folder: Path) -> None:
    """Write the model that `adapter` makes of the one in `base` into `folder`, in float32 and in the hub's layout.

    Raises:
        IntegrityError: the adapter is not the one that the catalogue names, or the base is damaged.
    """
    from safetensors import SafetensorError, safe_open
    from safetensors.numpy import load_file, save_file

    path = FOLDER / adapter.file
    if sha256_of(path) != adapter.sha256:
        raise IntegrityError(
            f"{quoted(path)} is not the file that this version of nlpcli came with; install nlpcli again"
        )
    with safe_open(path, "numpy") as opened:
        recipe = {name: json.loads(value) for name, value in opened.metadata().items()}
    try:
        of_base = load_file(base / "model.safetensors")
    except (SafetensorError, FileNotFoundError) as error:
        again = f"nlpcli models rm --yes {adapter.base} && nlpcli models pull {adapter.base}"
        raise IntegrityError(f"{adapter.base} in the cache is damaged ({error}); fetch it again: {again}") from error
    weights = {recipe["prefix"] + name: weight for name, weight in of_base.items()}
    folder.mkdir()
    result = merged(weights, load_file(path), recipe["scale"], recipe["temperature"])
    for name in recipe.get("halves", ()):
        result[name] = result[name].astype("float16")
    save_file(result, folder / "model.safetensors", {"format": "pt"})
    for name in _TOKENIZER_FILES:
        if (base / name).is_file():
            shutil.copy(base / name, folder / name)
    _write_changed(base / "config.json", folder / "config.json", recipe["config"])
    _write_changed(base / "tokenizer_config.json", folder / "tokenizer_config.json", recipe["tokenizer_config"])
    shutil.copy(path.with_suffix(".md"), folder / "README.md")


def merged(base: Weights, adapter: Weights, scale: float, temperature: float) -> Weights:
    """The weights of the model, float32; the temperature (Guo et al. 2017) is folded into the classifier."""
    import numpy as np

    result = {name: weight.astype(np.float32) for name, weight in base.items()}
    for name, tensor in adapter.items():
        exact = tensor.astype(np.float32)
        if name.endswith(_A):
            layer = name.removesuffix(_A)
            result[f"{layer}.weight"] = result[f"{layer}.weight"] + scale * (
                adapter[layer + _B].astype(np.float32) @ exact
            )
        elif not name.endswith(_B):
            result[name] = exact / np.float32(temperature) if name.rpartition(".")[0] in _LAST_LAYERS else exact
    return result


def _write_changed(source: Path, target: Path, changes: dict[str, Any]) -> None:
    content = json.loads(source.read_text(encoding="utf-8")) | changes
    target.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

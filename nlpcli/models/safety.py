"""Only weights that cannot run code are loaded: safetensors and GGUF."""

from __future__ import annotations

from collections.abc import Iterable

from nlpcli.errors import ModelUnsafe, ModelUnusable, quoted

PICKLE_SUFFIXES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".h5", ".msgpack")


def check_files(name: str, files: Iterable[str]) -> None:
    """Refuse a model without safe weights.

    Raises:
        ModelUnsafe: its weights are pickles (or another format that nlpcli does not read).
        ModelUnusable: it has no weights at all, or GGUF files to choose from.
    """
    all_names = list(files)
    names = [file for file in all_names if "/" not in file]
    if any(file.endswith(".safetensors") for file in names):
        return
    if gguf_files := [file for file in all_names if file.endswith(".gguf")]:
        raise ModelUnusable(f"{quoted(name)} has GGUF files; name the one to use: {quoted(name)}/{gguf_files[0]}")
    if pickles := [file for file in names if file.endswith(PICKLE_SUFFIXES)]:
        raise ModelUnsafe(
            f"{quoted(name)} has its weights only as {pickles[0]}, which can run code when it is loaded;"
            " convert it once, where you trust it: from_pretrained(..., use_safetensors=False)"
            ".save_pretrained(FOLDER), then -m FOLDER"
            " (for a model of the hub, --revision refs/pr/N may name a converted version)"
        )
    raise ModelUnusable(f"{quoted(name)} has no weights in safetensors or GGUF; check the name or the folder")

"""The starter's wheel: an array, and a table with the word of each of its rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nlpcli.errors import ModelUnusable
from nlpcli.models.static.files import write_array


def convert(source: Path, folder: Path) -> None:
    """The array and the table in `source` → `folder`.

    Raises:
        ModelUnusable: they do not fit each other.
    """
    import pyarrow.parquet

    (array,), (table,) = source.glob("*.npy"), source.glob("*.parquet")
    vectors = np.load(array, mmap_mode="r", allow_pickle=False)
    words = pyarrow.parquet.read_table(table).column(0).to_pylist()
    if vectors.ndim != 2 or len(words) != len(vectors):
        raise ModelUnusable(f"{array.name} and {table.name} do not fit each other; fetch the model again")
    write_array([word.encode() for word in words], vectors, folder, array.name, "GloVe")

"""`--npz`: the arrays of one text for numpy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nlpcli.records.inspection import Inspection, Kind
from nlpcli.records.outputs import output_stream

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_NAMES = {Kind.SELF: "attention", Kind.DECODER: "decoder_attention", Kind.CROSS: "cross_attention"}


def named_arrays(inspection: Inspection) -> dict[str, Array]:
    """As docs/attention-inspect.md lists them; `layers` and `heads` say which numbers the arrays hold."""
    import numpy as np

    arrays: dict[str, Array] = {"tokens": _texts(inspection.tokens)}
    if inspection.output is not None:
        arrays["output_tokens"] = _texts(inspection.output)
    for map_ in inspection.maps:
        name = _NAMES[map_.kind]
        prefix = name.removesuffix("attention")
        arrays[name] = map_.weights
        arrays[f"{prefix}layers"] = np.array(map_.layers)
        arrays[f"{prefix}heads"] = np.array(map_.heads)
        if map_.kind is Kind.DECODER:
            arrays["decoder_tokens"] = _texts(map_.keys)
        if map_.gradient is not None:
            arrays[f"{prefix}gradient"] = map_.gradient
        if map_.rollout is not None:
            arrays["rollout"] = map_.rollout
    return arrays


def _texts(tokens: Any) -> Array:
    import numpy as np

    # An array of numpy's own strings, which loads without pickle; it drops NUL at their ends.
    return np.array([token.text for token in tokens], dtype=np.str_)


def save_arrays(inspection: Inspection, path: Path) -> None:
    """Write the arrays; the file appears whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    import numpy as np

    with output_stream(str(path), "") as stream:
        np.savez_compressed(stream, **named_arrays(inspection))  # type: ignore[arg-type]

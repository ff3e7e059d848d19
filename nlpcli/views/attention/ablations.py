"""The answer without some heads, beside what it is with them: a line for each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.cells import cell_len

from nlpcli.records.inspection import Ablations, Answer, Head, Inspection
from nlpcli.views.attention.labels import fitted, label, wrapped

if TYPE_CHECKING:
    from rich.text import Text

_ANSWER_CELLS = 32
# Narrower, each line is broken where it is too long.
_WIDE = 60
_NUMBER = {"label": "probability", "next token": "probability", "output": "log-prob.", "vector": "cosine"}


def draw_ablations(inspection: Inspection, ablations: Ablations, width: int, colored: bool) -> Iterator[Text]:
    """A heading, the model as it is, and a line for each head that is taken out, and for all of them together."""
    from rich.text import Text

    is_vector = ablations.kind == "vector"
    of = f" of {_quoted(ablations.before)}" if not is_vector else ""
    heading = f"{inspection.model}  the {ablations.kind} without heads; {_NUMBER[ablations.kind]}{of}"
    yield from (Text(line, style="bold" if colored else "") for line in wrapped(heading, width))
    several = len({head.kind for ablation in ablations.without for head in ablation.heads}) > 1
    first = 1.0 if is_vector else ablations.before.number
    rows: list[tuple[str, Answer, float, float | None]] = [("(as it is)", ablations.before, first, None)]
    rows += [
        (
            "without " + " + ".join(_named(head, several) for head in ablation.heads),
            ablation.answer,
            ablation.number,
            ablation.divergence,
        )
        for ablation in ablations.without
    ]
    name_cells = min(max(cell_len(name) for name, *_ in rows), max(12, width // 3))
    figures = [
        f"{number:8.4f}"
        + ("" if is_vector or divergence is None else f" {number - first:+8.4f}")
        + ("" if divergence is None else f"  KL {divergence:.4f}")
        for _, _, number, divergence in rows
    ]
    room = max(8, min(_ANSWER_CELLS, width - name_cells - max(map(len, figures)) - 4))
    for (name, answer, *_), numbers in zip(rows, figures, strict=True):
        said = f"length {answer.number:.3f}" if is_vector else _one_line(answer.text)
        style = "yellow" if colored and not is_vector and answer.text != ablations.before.text else ""
        if width >= _WIDE:
            line = Text(f"{fitted(name, name_cells)}  ")
            line.append(fitted(said, room), style=style)
            yield line.append(f"  {numbers}")
            continue
        for part in wrapped(f"{name}: {said} {' '.join(numbers.split())}", width):
            yield Text(part, style=style)
    if not is_vector and not any(row[1].text != ablations.before.text for row in rows):
        yield Text(f"the {ablations.kind} stays the same", style="dim" if colored else "")


def _named(head: Head, several: bool) -> str:
    """With the kind of its attention where there are several."""
    return str(head) if several else f"{head.layer}.{head.head}"


def _one_line(text: str) -> str:
    return label(" ".join(text.split()) or text)


def _quoted(answer: Answer) -> str:
    return f'"{fitted(_one_line(answer.text), min(_ANSWER_CELLS, cell_len(_one_line(answer.text))))}"'

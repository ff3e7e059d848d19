"""`nlpcli attention-inspect`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nlpcli.cli.arguments import TaskCommand
from nlpcli.cli.console import complain
from nlpcli.cli.help import command_app
from nlpcli.cli.options import Per, SharedOptions, Texts, shares_options
from nlpcli.cli.plan import View
from nlpcli.errors import OutputError, UsageError, quoted
from nlpcli.models.catalog import catalog
from nlpcli.records.record import Record
from nlpcli.records.splitting import without_surrogates

if TYPE_CHECKING:
    from rich.console import RenderableType

    from nlpcli.records.inspection import Inspection
    from nlpcli.tasks.attention import AttentionOptions


class Method(StrEnum):
    """What is shown of a head."""

    RAW = "raw"
    ROLLOUT = "rollout"
    GRADIENT = "gradient"
    INTEGRATED_GRADIENTS = "integrated-gradients"


class Part(StrEnum):
    """Which part of a model that reads texts and sees pictures."""

    TEXT = "text"
    VISION = "vision"


EXAMPLES = """
\b
Examples:
  nlpcli attention-inspect "The cat sat on the mat because it was tired."
  nlpcli attention-inspect --html heads.html "The cat sat on the mat."
  nlpcli attention-inspect --layer 2 --head 0-3 --top 3 -F jsonl "The cat sat."
  nlpcli attention-inspect --pair "It is raining." "Take an umbrella."
  nlpcli attention-inspect --verify "The cat sat on the mat."
  nlpcli attention-inspect --ablate 2.7 --ablate 3.0 "The capital of France is"
  nlpcli attention-inspect --compare "The dog sat on the mat." "The cat sat on the mat."
  nlpcli attention-inspect --method rollout --npz rollout.npz --png rollout.png "The cat sat."
"""

app = command_app()


@app.command(name="attention-inspect", cls=TaskCommand, epilog=EXAMPLES)
@shares_options
def attention_inspect(
    shared: SharedOptions,
    texts: Texts = None,
    layer: Annotated[
        str | None,
        typer.Option(metavar="N,…", help="Only these layers, from 0: 3 or 0,2 or 4-7; -1 is the last. Default: all."),
    ] = None,
    head: Annotated[str | None, typer.Option(metavar="N,…", help="Only these heads, in the same way.")] = None,
    part: Annotated[
        Part | None,
        typer.Option(help="Which part of a model that reads texts and sees pictures; nlpcli gives it texts alone."),
    ] = None,
    pair: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", help="The second segment of an encoder, or the output that an encoder-decoder is given."
        ),
    ] = None,
    method: Annotated[
        Method,
        typer.Option(
            help="The weights, attention rollout through the layers, gradient × attention; or what each token of the"
            " text makes of the answer (integrated gradients)."
        ),
    ] = Method.RAW,
    ablate: Annotated[
        list[str] | None,
        typer.Option(
            metavar="L.H",
            help="The answer without head H of layer L, beside what it is with it. Repeatable; cross:L.H, decoder:L.H,"
            " self:L.H where a model attends in several ways.",
        ),
    ] = None,
    compare: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Another text beside this one: how far apart each head is in the two."),
    ] = None,
    compare_model: Annotated[
        str | None, typer.Option(metavar="NAME", help="Another model beside this one, over the same text or --compare.")
    ] = None,
    top: Annotated[
        int, typer.Option(min=0, max=1_000_000, metavar="K", help="Name the K strongest links of each head.")
    ] = 0,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Recompute softmax(QKᵀ/√d_k)V of every layer and print the differences."),
    ] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page with all heads to look at in a browser.")
    ] = None,
    png: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw the heads as .png or .svg.")] = None,
    npz: Annotated[Path | None, typer.Option(metavar="FILE", help="Save the matrices for numpy.")] = None,
) -> int:
    """Show what each attention head of a model does with a text; measure it, name it, check it.

    Draws all heads with the pattern of each, and the weights of one. Computes in float32 unless --dtype says otherwise.
    Attention is not explanation: weights say where a head looks, not why the model answers as it does.
    """
    from nlpcli.cli.make_job import make_job
    from nlpcli.cli.run import run_job
    from nlpcli.tasks.attention import AttentionOptions

    options = AttentionOptions(
        layers=_numbers("--layer", layer),
        heads=_numbers("--head", head),
        pair=None if pair is None else without_surrogates(pair),
        method=method.value,
        top=top,
        verify=verify,
        part=None if part is None else part.value,
        ablate=tuple(map(_head, ablate or ())),
        compare=None if compare is None else without_surrogates(compare),
        compare_model=compare_model,
        offline=shared.offline,
    )
    _check_comparison(options, png or npz)
    if verify and (ablate or method is Method.INTEGRATED_GRADIENTS):
        other = "--ablate" if ablate else f"--method {method.value}"
        raise UsageError(f"--verify checks the model as it is, and prints that alone; leave it out, or {other}")
    files = _Files(html, png, npz)
    files.check(texts)
    model = catalog().defaults["attention-inspect"]
    job = make_job("attention-inspect", options, shared, texts, Per.DOCUMENT, model, written=[html, png, npz])
    tap = _Tap(files)
    status = run_job(job, shared, View(_render, _draw), tap, unwritten=files.wanted and not verify)
    return max(status, tap.verdict())


# More layers or heads has no model.
_NUMBERS = re.compile(r"(-?\d{1,4})(?:-(\d{1,4}))?")


def _numbers(option: str, listed: str | None) -> tuple[int, ...] | None:
    """`0,2,4-7,-1` as numbers."""
    if listed is None:
        return None
    numbers: list[int] = []
    for part in listed.replace(" ", "").split(","):
        match = _NUMBERS.fullmatch(part)
        if match is None or (match[2] is not None and int(match[1]) > int(match[2])):
            raise UsageError(f'{option} takes numbers below 10,000, such as 3 or 0,2 or 4-7, not "{listed}"')
        numbers.extend(range(int(match[1]), int(match[2] or match[1]) + 1))
    return tuple(numbers)


def _check_comparison(options: AttentionOptions, drawn: Path | None) -> None:
    if options.compare is None and options.compare_model is None:
        return
    asked = {
        "--verify": options.verify,
        "--ablate": bool(options.ablate),
        f"--method {options.method}": options.method in ("rollout", "integrated-gradients"),
        "--png and --npz": drawn is not None,
    }
    for option in (name for name, is_asked in asked.items() if is_asked):
        raise UsageError(f"--compare sets heads beside heads, which {option} has none of; leave one of them out")


_HEAD = re.compile(r"(?:(self|decoder|cross):)?(-?\d{1,4})\.(-?\d{1,4})")


def _head(named: str) -> tuple[str | None, int, int]:
    """`cross:2.7` as kind, layer and head."""
    match = _HEAD.fullmatch(named.strip())
    if match is None:
        raise UsageError(f'--ablate takes a layer and a head, such as 2.7 or cross:2.7, not "{named}"')
    return match[1], int(match[2]), int(match[3])


@dataclass(frozen=True, slots=True)
class _Files:
    """The files that were asked for; each holds one text."""

    html: Path | None
    png: Path | None
    npz: Path | None

    @property
    def wanted(self) -> bool:
        return any((self.html, self.png, self.npz))

    def check(self, texts: list[str] | None) -> None:
        """Refuse what cannot be written, before any model is loaded."""
        if self.wanted and len(texts or []) > 1:
            raise UsageError("--html, --png and --npz hold one text; give one TEXT, and run once for each")
        if self.png is not None:
            from nlpcli.views.attention.figure import check

            check(self.png)

    def save(self, inspection: Inspection) -> None:
        for path, save in self._savers():
            if not inspection.tokens:
                raise OutputError(f"{quoted(path)} is not written: the text has no tokens")
            save(inspection, path)

    def _savers(self) -> Iterator[tuple[Path, Callable[[Inspection, Path], None]]]:
        if self.html is not None:
            from nlpcli.views.attention.page import save_page

            yield self.html, save_page
        if self.png is not None:
            from nlpcli.views.attention.figure import save_figure

            yield self.png, save_figure
        if self.npz is not None:
            from nlpcli.views.attention.arrays import save_arrays

            yield self.npz, save_arrays


@dataclass(slots=True)
class _Tap:
    """Sees the records on their way out: writes the files of the one text, and keeps the largest difference."""

    files: _Files
    _largest: float | None = field(default=None)
    _seen: int = field(default=0)

    def __call__(self, records: Iterator[Record]) -> Iterator[Record]:
        from nlpcli.views.attention.report import inspection_of

        for record in records:
            self._seen += 1
            if self.files.wanted and self._seen > 1:
                raise OutputError(
                    f"--html, --png and --npz hold one text, and {record.origin} is another; run once for each"
                )
            if record.result is not None:
                inspection = inspection_of(record)
                self.files.save(inspection)
                found = [check.largest for check in inspection.checks]
                self._largest = max([*found, *([] if self._largest is None else [self._largest])], default=None)
            yield record

    def verdict(self) -> int:
        """1 where a layer does not compute the formula."""
        from nlpcli.records.inspection import TOLERANCE

        if self._largest is None or self._largest <= TOLERANCE:
            return 0
        complain(
            f"largest difference {self._largest:.1e} is over {TOLERANCE:.0e}: a layer does not compute"
            " softmax(QKᵀ/√d_k)V as its configuration says; see which with --verify -F jsonl"
        )
        return 1


def _render(record: Record) -> str:
    from nlpcli.views.attention.report import render_inspection

    return render_inspection(record)


def _draw(record: Record) -> RenderableType:
    from nlpcli.views.attention.report import draw_inspection

    return draw_inspection(record)

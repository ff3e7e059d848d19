"""The only place that prints: standard output is for results, standard error for everything else."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress


def use_utf8() -> None:
    """Standard streams in UTF-8 whatever the locale or the Windows code page says."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]


def complain(message: str) -> None:
    """One line on standard error."""
    sys.stderr.write(f"nlpcli: {' '.join(message.split())}\n")
    sys.stderr.flush()


class _OnceHandler(logging.Handler):
    """Says each message once: a warning repeated for every record is noise."""

    def __init__(self) -> None:
        super().__init__()
        self._said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if message not in self._said:
            self._said.add(message)
            complain(message)


def configure_logging(quiet: bool, verbose: bool) -> None:
    """Warnings of nlpcli on standard error; more with `-v`, less with `-q`."""
    logger = logging.getLogger("nlpcli")
    logger.handlers = [_OnceHandler()]
    logger.propagate = False
    logger.setLevel(logging.ERROR if quiet else logging.INFO if verbose else logging.WARNING)


def results_console() -> Console:
    """Where results are drawn when standard output is a terminal."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=False, emoji=False, markup=False)


class Activity:
    """What is going on, on standard error: a moving line on a terminal, a sentence for what takes long elsewhere.

    Gives way to results: once these are drawn on a terminal, nothing moves beside them.
    """

    def __init__(self, wanted: bool | None, quiet: bool) -> None:
        on_terminal = sys.stderr.isatty() and not quiet
        self._moving = on_terminal if wanted is None else wanted and not quiet
        self._quiet = quiet
        self._progress: Progress | None = None
        self._task: Any = None
        self._announced: set[str] = set()

    def __call__(self, text: str, fraction: float | None = None) -> None:
        """Show `text`, and how much of it is done where that is known."""
        if self._moving:
            self._show(text, fraction)
        elif fraction is not None and text not in self._announced and not self._quiet:
            self._announced.add(text)
            complain(text)

    def _show(self, text: str, fraction: float | None) -> None:
        if self._progress is None:
            self._progress = _new_progress()
            self._task = self._progress.add_task(text, total=None)
            self._progress.start()
        self._progress.update(
            self._task, description=text, completed=fraction or 0, total=None if fraction is None else 1
        )

    def end(self) -> None:
        """Take the moving line away."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


def _new_progress() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(20),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True)

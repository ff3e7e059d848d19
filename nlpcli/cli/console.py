"""What commands print and ask: standard output is for results, standard error for everything else."""

from __future__ import annotations

import logging
import os
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from nlpcli.errors import UsageError
from nlpcli.signals import put_away_if_killed
from nlpcli.streams import STDERR, columns, visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from nlpcli.records.record import Record


_MOST_ALIKE = 20


class Voice:
    """How this run was called, and how much is said of it; options set that as soon as they are read."""

    tracebacks = False
    arguments: Sequence[str] = ()
    """The words of the command line."""

    def reset(self, arguments: Sequence[str] = ()) -> None:
        """As before the first option."""
        self.tracebacks = False
        self.arguments = arguments


voice = Voice()


def complain(message: str) -> None:
    """One line on standard error."""
    one_line = " ".join(line.strip() for line in message.splitlines() if line.strip())
    sys.stderr.write(f"nlpcli: {visible(one_line)}\n")
    sys.stderr.flush()


def say(text: str) -> None:
    """Lines of a result that is no record, on standard output."""
    sys.stdout.write(visible(text) if sys.stdout.isatty() else text)


def can_ask() -> bool:
    """Whether somebody sits at a terminal who can answer."""
    return sys.stdin is not None and sys.stdin.isatty()


def confirmed(question: str) -> bool:
    """Whether the answer is yes."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def confirm_deletion(question: str) -> None:
    """Return if the answer is yes; the command ends with status 1 if it is not.

    Raises:
        UsageError: there is nobody to ask.
    """
    if not can_ask():
        raise UsageError("deleting needs a yes: ask for it on a terminal, or give --yes")
    if not confirmed(question):
        import typer

        raise typer.Exit(1)


class _MessageHandler(logging.Handler):
    """Says each message once, and of those alike only the first: what is repeated for every record is noise."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, set[str]] = {}
        self._unsaid: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        alike, message = self._said.setdefault(str(record.msg), set()), record.getMessage()
        if message in alike:
            return
        if len(alike) == _MOST_ALIKE:
            self._unsaid[str(record.msg)] += 1
            return
        alike.add(message)
        complain(message)

    def end(self) -> None:
        """Say how many messages were left out."""
        for kind, count in self._unsaid.items():
            last = max(self._said[kind])
            complain(f"{count:,} more like this one were left out: {last}")
        self._unsaid.clear()


def configure_logging(quiet: bool, verbose: bool) -> None:
    """Warnings of nlpcli on standard error; more with `-v`, less with `-q`."""
    logger = logging.getLogger("nlpcli")
    logger.handlers = [_MessageHandler()]
    logger.propagate = False
    logger.setLevel(logging.ERROR if quiet else logging.INFO if verbose else logging.WARNING)


def end_messages() -> None:
    """At the end of a run: how much was not said."""
    for handler in logging.getLogger("nlpcli").handlers:
        if isinstance(handler, _MessageHandler):
            handler.end()


def results_console() -> Console:
    """Where results are drawn when standard output is a terminal."""
    return _console(highlight=False, soft_wrap=False, emoji=False, markup=False)


def _console(**options: Any) -> Console:
    from rich.console import Console
    from rich.text import Text

    class VisibleConsole(Console):
        """Shows control characters of texts as symbols, wherever in a drawing they stand."""

        def render(self, renderable: Any, options: Any = None) -> Any:
            if isinstance(renderable, Text) and visible(renderable.plain) != renderable.plain:
                renderable = renderable.copy()
                renderable.plain = visible(renderable.plain)
            elif isinstance(renderable, str):
                renderable = visible(renderable)
            return super().render(renderable, options)

    return VisibleConsole(width=columns(), **options)


def visible_record(record: Record) -> Record:
    """The record as it may be drawn: Rich itself would leave some control characters out, and obey others."""
    from dataclasses import replace

    return replace(
        record,
        text=visible(record.text),
        fields=_visible_value(record.fields),
        origin=record.origin._replace(source=visible(record.origin.source)),
        result=_visible_value(record.result),
        error=record.error and visible(record.error),
    )


def _visible_value(value: Any) -> Any:
    if isinstance(value, str):
        return visible(value.replace("\r\n", "\n"))
    if type(value) is dict:  # one of a task's own shape draws itself
        return {_visible_value(key): _visible_value(item) for key, item in value.items()}
    return [_visible_value(item) for item in value] if isinstance(value, list) else value


class Activity:
    """What is going on, on standard error: a moving line on a terminal, a sentence for what takes long elsewhere.

    Gives way to results: once these are drawn on a terminal, nothing moves beside them.
    """

    def __init__(self, wanted: bool | None, quiet: bool) -> None:
        on_terminal = sys.stderr.isatty() and not quiet
        self._moving = on_terminal if wanted is None else wanted and not quiet
        self._quiet = quiet
        self._unwanted = wanted is False
        self._progress: Progress | None = None
        self._task: Any = None
        self._announced: set[str] = set()
        self._end = ExitStack()

    @property
    def is_moving(self) -> bool:
        """Whether there is a line that moves."""
        return self._moving

    @property
    def is_logged(self) -> bool:
        """Whether there is none because nobody looks on, and what takes long is said in lines of their own."""
        return not self._moving and not self._quiet and not self._unwanted

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
            self._end.enter_context(put_away_if_killed(_show_cursor))
            self._progress.start()
        self._progress.update(
            self._task, description=text, completed=fraction or 0, total=None if fraction is None else 1
        )

    def end(self) -> None:
        """Take the moving line away."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
            self._end.close()


def _show_cursor() -> None:
    """What the moving line hides; and that line goes."""
    os.write(STDERR, b"\r\x1b[2K\x1b[?25h")


def _new_progress() -> Progress:
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(20),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=_console(stderr=True), transient=True)

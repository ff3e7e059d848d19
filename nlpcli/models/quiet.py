"""transformers reports its own loading on standard error; whatever matters there becomes an error of ours."""

from __future__ import annotations

from transformers.utils import logging


def say_nothing() -> None:
    """Switch its messages and progress bars off."""
    logging.set_verbosity_error()
    logging.disable_progress_bar()


def first_line(error: BaseException) -> str:
    """What an exception of transformers says, without its advice for programmers."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__

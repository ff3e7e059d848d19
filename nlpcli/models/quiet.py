"""transformers reports its own loading on standard error; whatever matters there becomes an error of ours."""

from __future__ import annotations

from transformers.utils import logging


def say_nothing() -> None:
    """Switch its messages and progress bars off."""
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()

"""How many threads numpy multiplies in."""

from __future__ import annotations

import os
import sys


def multiply_in(threads: int) -> None:
    """So many threads for the products of numpy, unless the user has said how many, or numpy is there already.

    OpenBLAS's threads spin while they wait for each other. Blocks of scores that fit a CPU's cache take 2 ms in one
    thread; in two, on a machine whose cores others have, the analogies of word vectors took six times as long.
    """
    if "numpy" not in sys.modules:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", str(threads))

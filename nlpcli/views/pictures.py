"""What every PNG or SVG of ours has in common: formats, fonts, and bytes that depend on the content alone."""

from __future__ import annotations

import logging
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any

from nlpcli.errors import ExtraMissing, UsageError, quoted

log = logging.getLogger(__name__)

FORMATS = {".png": "png", ".svg": "svg"}
# matplotlib's own font has no CJK characters; these are the usual ones on Linux, macOS and Windows.
CJK_FONTS = ("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Zen Hei",
             "WenQuanYi Micro Hei", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "SimHei")  # fmt: skip


def check_picture(option: str, path: Path) -> None:
    """Refuse what cannot be drawn, before any model is loaded.

    Raises:
        UsageError: the suffix is neither .png nor .svg.
        ExtraMissing: matplotlib is not installed.
    """
    from importlib.util import find_spec

    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"{option} draws .png or .svg, not {quoted(path.name)}")
    if find_spec("matplotlib") is None:
        raise ExtraMissing(option, "plot")
    _import_matplotlib()


def _import_matplotlib() -> None:
    """Import it where the folder that the user is in has no say: it would obey a `matplotlibrc` that lies there.

    Called before anything reads files in other threads, whose relative names would change their meaning meanwhile.
    """
    if "matplotlib" in sys.modules:
        return
    # What it says of its font cache, and of settings that it cannot write, is nothing to act on.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    with chdir(Path(__file__).parent):
        import matplotlib  # noqa: F401


@contextmanager
def picture_style(texts: Sequence[str]) -> Iterator[None]:
    """matplotlib's settings, which it reads both when text is made and when a file is written."""
    import warnings

    _import_matplotlib()
    from matplotlib import get_configdir, rc_context

    settings: Any = {
        "font.family": _fonts(texts),
        "font.sans-serif": ["DejaVu Sans"],
        "svg.fonttype": "none",
        "svg.hashsalt": "nlpcli",
        "text.parse_math": False,
    }
    with rc_context(settings), warnings.catch_warnings():
        # `_fonts` says it once; matplotlib says it for every character.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        try:
            yield
        finally:
            _remove_temporary(Path(get_configdir()))


def _remove_temporary(settings: Path) -> None:
    """Where matplotlib cannot write its settings, it makes a folder that it would remove at an exit unlike ours."""
    if settings.parent == Path(tempfile.gettempdir()) and settings.name.startswith("matplotlib-"):
        shutil.rmtree(settings, ignore_errors=True)


def write_figure(figure: Any, stream: Any, path: Path) -> None:
    """The figure in the format of the suffix; without the date that SVG would have."""
    suffix = path.suffix.lower()
    figure.savefig(stream, format=FORMATS[suffix], metadata={"Date": None} if suffix == ".svg" else {})


def printable(text: str) -> str:
    """One line; control characters, which XML forbids, become U+FFFD."""
    return "".join(character if character.isprintable() else "\ufffd" for character in " ".join(text.split()))


def _fonts(texts: Sequence[str]) -> list[str]:
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    fonts = [name for name in CJK_FONTS if name in installed]
    if not fonts and any("\u2e80" <= character <= "\uffef" for text in texts for character in text):
        log.warning("no font with Chinese, Japanese or Korean characters was found; .svg keeps them as text")
    return ["DejaVu Sans", *fonts, "sans-serif"]

"""What nlpcli takes of the copy of Click inside Typer, at one door."""

import re
from pathlib import Path

from nlpcli.cli import vendored

PACKAGE = Path(vendored.__file__).parent.parent


def test_every_name_is_where_this_version_of_typer_has_it():
    """Where a name moves, importing `vendored` fails: look for it in Typer's own exports first."""
    assert all(isinstance(getattr(vendored, name), type) for name in vendored.__all__)


def test_nobody_else_reaches_into_typer():
    reaching = [
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if re.search(r"typer\._", path.read_text(encoding="utf-8"))
    ]
    assert reaching == ["cli/vendored.py"]


def test_what_typer_exports_by_itself_is_taken_from_there():
    import typer

    exported = {name for name in vendored.__all__ if hasattr(typer, name)} - {
        "Context"
    }  # typer.Context is another class
    assert exported == set()

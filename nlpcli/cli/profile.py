"""`--profile NAME`: the settings of a table of `config.toml`, before or behind the name of a command."""

from __future__ import annotations

from typing import Annotated

import typer


def _use_profile(context: typer.Context, profile: str | None) -> str | None:
    """The defaults of the command as the profile has them; one before the command's name is in them already."""
    command = context.info_name
    if profile is not None and context.parent is not None and profile != context.parent.params.get("profile"):
        from nlpcli.cli.configured import configured_defaults

        context.default_map = configured_defaults(profile, command or "")[command or ""]
    return profile


Profile = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        # Read before the options whose defaults it changes.
        is_eager=True,
        callback=_use_profile,
        help="Settings of [profile.NAME] in config.toml.",
    ),
]

"""`--show-completion` and `--install-completion`: the script of a shell printed, or put where the shell finds it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from nlpcli.cli.completion.scripts import SCRIPTS, completion_script
from nlpcli.cli.console import can_ask, complain, confirmed
from nlpcli.cli.syntax import CommandSyntax
from nlpcli.errors import OutputError, UsageError

MARK = "# nlpcli completion"


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done: a script written to `script`, and `lines` added to the start-up file, where it needs any."""

    shell: str
    script: Path
    start_up: Path | None = None
    lines: tuple[str, ...] = ()

    @property
    def changes_start_up(self) -> bool:
        """Whether the lines are not there yet."""
        return self.start_up is not None and MARK not in _read(self.start_up)


def show(shell: str, app: CommandSyntax) -> int:
    """Print a script."""
    sys.stdout.write(completion_script(_known(shell), app))
    return 0


def install(shell: str, app: CommandSyntax) -> int:
    """Say what would be done, ask, and do it; where nobody can be asked, only say it (status 1).

    Raises:
        UsageError: there is no such shell, or nobody knows which one this is.
        OutputError: a file cannot be written.
    """
    plan = PLANS[_known(shell)](Path.home())
    asked = can_ask()
    _describe(plan, sys.stderr if asked else sys.stdout)
    if not asked:
        complain("nothing was changed, because there is no terminal to ask on; do the above by hand")
        return 1
    if not confirmed("Do this?"):
        complain("nothing was changed")
        return 1
    carry_out(plan, app)
    sys.stderr.write(f"Done. It works in the next {plan.shell} that you start.\n")
    return 0


def carry_out(plan: Plan, app: CommandSyntax) -> None:
    """Write the script, and add to the start-up file what it lacks.

    Raises:
        OutputError: a file cannot be written.
    """
    try:
        plan.script.parent.mkdir(parents=True, exist_ok=True)
        plan.script.write_text(completion_script(plan.shell, app), encoding="utf-8")
        if plan.start_up is not None and plan.changes_start_up:
            content = _read(plan.start_up)
            gap = "" if content.endswith("\n") or not content else "\n"
            plan.start_up.parent.mkdir(parents=True, exist_ok=True)
            with plan.start_up.open("a", encoding="utf-8") as file:
                file.write(f"{gap}{MARK}\n" + "".join(f"{line}\n" for line in plan.lines))
    except OSError as error:
        raise OutputError(
            f"cannot write {error.filename}: {error.strerror}; print the script instead:"
            f" nlpcli --show-completion {plan.shell}"
        ) from error


def _describe(plan: Plan, stream: object) -> None:
    lines = [f"write the completion script for {plan.shell} to {plan.script}"]
    lines[0] += f"\n    nlpcli --show-completion {plan.shell} > '{plan.script}'"
    if plan.changes_start_up:
        lines.append(f"add to {plan.start_up}:")
        lines += [f"    {line}" for line in plan.lines]
    print(*lines, sep="\n", file=stream)  # type: ignore[call-overload]


def _known(shell: str) -> str:
    name = _this_shell() if shell == "auto" else {"pwsh": "powershell"}.get(shell, shell)
    if name not in SCRIPTS:
        raise UsageError(f'no completions for "{name}"; there are some for: {", ".join(SCRIPTS)}')
    return name


def _this_shell() -> str:
    import shellingham

    try:
        name: str = shellingham.detect_shell()[0]
    except shellingham.ShellDetectionFailure:
        name = Path(os.environ.get("SHELL", "")).name
    if not name:
        raise UsageError(f"cannot tell which shell this is; name it: {', '.join(SCRIPTS)}")
    return {"pwsh": "powershell"}.get(name, name)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _folder(variable: str, otherwise: Path) -> Path:
    return Path(os.environ[variable]) if os.environ.get(variable) else otherwise


def _bash(home: Path) -> Plan:
    # bash-completion loads it from here by itself, and is not everywhere: so the line is added, and does no harm.
    script = _folder("XDG_DATA_HOME", home / ".local/share") / "bash-completion/completions/nlpcli"
    return Plan("bash", script, home / ".bashrc", (f"source '{script}'",))


def _zsh(home: Path) -> Plan:
    folder = _folder("ZDOTDIR", home)
    functions = folder / ".zfunc"
    lines = (f"fpath=('{functions}' $fpath)", "autoload -Uz compinit && compinit")
    return Plan("zsh", functions / "_nlpcli", folder / ".zshrc", lines)


def _fish(home: Path) -> Plan:
    return Plan("fish", _folder("XDG_CONFIG_HOME", home / ".config") / "fish/completions/nlpcli.fish")


def _powershell(home: Path) -> Plan:
    folder = home / ("Documents/PowerShell" if os.name == "nt" else ".config/powershell")
    script = folder / "nlpcli.ps1"
    return Plan("powershell", script, folder / "Microsoft.PowerShell_profile.ps1", (f". '{script}'",))


PLANS: dict[str, Callable[[Path], Plan]] = {"bash": _bash, "zsh": _zsh, "fish": _fish, "powershell": _powershell}

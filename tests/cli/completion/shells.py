"""A real shell on a pseudo-terminal, and keys to press in it."""

from __future__ import annotations

import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

_ESCAPES = re.compile(
    r"\x1b\[[0-9;?>=]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][A-Z0-9]|\x1b[=>78MPX^_]|\r|\x07|\x08"
)
PROMPT = "ready> "


class Shell:
    """`press` types keys; what the terminal shows from there on is `read`, without colours and movements."""

    def __init__(self, command: list[str], folder: Path, environment: dict[str, str]) -> None:
        import pty

        self._cleared, self._unread = 0, b""
        self.process_id, self._terminal = pty.fork()
        if self.process_id == 0:
            os.chdir(folder)
            # The width is that of a wide terminal, so that nothing is cut.
            os.execvpe(command[0], command, {**environment, "TERM": "xterm", "COLUMNS": "250", "LINES": "100"})
        import fcntl
        import struct
        import termios

        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 100, 250, 0, 0))

    def press(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def read_until(self, wanted: str, seconds: float = 20) -> str:
        """What is shown up to `wanted`; fails where it does not come."""
        end = time.monotonic() + seconds
        while True:
            shown = _ESCAPES.sub("", self._unread.decode(errors="replace"))
            if wanted in shown:
                before, _, behind = shown.partition(wanted)
                self._unread = behind.encode()
                return before + wanted
            if time.monotonic() > end:
                raise AssertionError(f"no {wanted!r} in: {shown!r}")
            if select.select([self._terminal], [], [], 0.1)[0]:
                self._unread += os.read(self._terminal, 65536)

    def clear(self) -> None:
        """An empty line at a new prompt, whatever stood there and whatever is still on its way."""
        self._cleared += 1
        self.press("\x05\x15")
        # What is typed is not what is shown.
        self.press(f"echo cle''ared{self._cleared}.\r")
        self.read_until(f"cleared{self._cleared}.")
        self.read_until(PROMPT)

    def close(self) -> None:
        os.kill(self.process_id, signal.SIGKILL)
        os.waitpid(self.process_id, 0)
        os.close(self._terminal)


def needs(shell: str) -> str:
    """Why a shell cannot be tried here; empty where it can."""
    if sys.platform == "win32":
        return "Windows has no pseudo-terminals"
    return "" if shutil.which(shell) else f"{shell} is not installed"


def answer(kind: str, *words: str, **environment: str) -> str:
    """What nlpcli says to a script at a Tab."""
    done = subprocess.run(
        [sys.executable, "-m", "nlpcli", *words],
        env={**os.environ, "_NLPCLI_COMPLETE": kind, **environment},
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert done.stderr == b""
    return done.stdout.decode()

"""The process: fast start, signals, one place for errors, fast exit."""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn

from nlpcli.errors import NlpcliError

INTERRUPTED = 130
TERMINATED = 143
READER_WENT_AWAY = 141


def main() -> NoReturn:
    """Run the command line and leave."""
    status = run(sys.argv[1:])
    # The interpreter's own way out joins threads and takes torch apart, which costs a tenth of a second and can
    # wait for a read that never ends.
    os._exit(status)


def run(arguments: list[str]) -> int:
    """The exit status of a command line; whatever went wrong is on standard error."""
    from nlpcli.cli.console import use_utf8

    use_utf8()
    signal.signal(signal.SIGTERM, _terminate)
    try:
        status = _call(arguments)
        sys.stdout.flush()
        sys.stderr.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except _Terminated:
        return TERMINATED
    except BrokenPipeError:
        return READER_WENT_AWAY
    except NlpcliError as error:
        return _complain(error, error.exit_status, arguments)
    except OSError as error:
        return _complain(error, 1, arguments)
    return status


def _call(arguments: list[str]) -> int:
    from typer import Abort
    from typer._click.exceptions import ClickException

    from nlpcli.cli.app import app

    if "_NLPCLI_COMPLETE" in os.environ:
        # Typer does this only together with its own --install-completion, which edits start-up files unasked.
        from typer._completion_classes import completion_init

        completion_init()
    try:
        # Typer gives back what the command returns: its exit status, or None.
        return app(arguments, prog_name="nlpcli", standalone_mode=False) or 0
    except SystemExit as leaving:
        # Typer answers a closed pipe with an exit of its own.
        return READER_WENT_AWAY if isinstance(leaving.__context__, BrokenPipeError) else int(leaving.code or 0)
    except ClickException as error:
        error.show(file=sys.stderr)
        return error.exit_code
    except Abort:
        return INTERRUPTED


class _Terminated(BaseException):
    """SIGTERM: temporary files are removed on the way out."""


def _terminate(number: int, frame: object) -> NoReturn:  # noqa: ARG001
    raise _Terminated


def _complain(error: Exception, status: int, arguments: list[str]) -> int:
    from nlpcli.cli.console import complain

    if "-v" in arguments or "--verbose" in arguments:
        import traceback

        traceback.print_exception(error, file=sys.stderr)
    complain(str(error) or type(error).__name__)
    return status


if __name__ == "__main__":
    main()

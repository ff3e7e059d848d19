"""The process: fast start, signals, one place for errors, fast exit."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, NoReturn

from nlpcli.errors import NlpcliError

if TYPE_CHECKING:
    from typer._click.exceptions import ClickException

INTERRUPTED = 130
TERMINATED = 143
READER_WENT_AWAY = 141
# Seconds that a process has to put away what it holds after Ctrl-C.
_MOST_SECONDS_TO_LEAVE = 5.0


def main() -> NoReturn:
    """Run the command line and leave."""
    let_threads_wait()
    collect_garbage_rarely()
    if (kind := os.environ.get("_NLPCLI_COMPLETE")) is not None:
        from nlpcli.cli.completion.answers import answer

        answer(kind, sys.argv[1:])
        os._exit(0)
    leave_when_interrupted()
    status = run(sys.argv[1:])
    # The interpreter's own way out joins threads and takes torch apart, which costs a tenth of a second and can
    # wait for a read that never ends.
    os._exit(status)


def let_threads_wait() -> None:
    """How OpenMP's threads wait for each other, unless the user has said how (decision 16).

    They spin for milliseconds. Where another program has one of their cores, every one of the 150 operations of a
    small model then costs a time slice (4 ms): 580 ms for a short text instead of 6. So they sleep; where OpenMP is
    GCC's, after some 10 µs, because to wake a thread takes longer than many an operation.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")


def collect_garbage_rarely() -> None:
    """Look for garbage in cycles after 100,000 new objects, not after 700.

    Importing torch and transformers makes a million that stay; going through them takes 60 ms each time.
    """
    gc.set_threshold(100_000, 20, 20)


def leave_when_interrupted() -> None:
    """Ctrl-C is heard even where the exception that stands for it gets lost, as it can in the import of a large module.

    Where the caller has it ignored, as a shell does for what runs in the background, it stays ignored.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)


def _interrupt(number: int, frame: object) -> NoReturn:  # noqa: ARG001
    leaving = threading.Timer(_MOST_SECONDS_TO_LEAVE, os._exit, [INTERRUPTED])
    leaving.daemon = True
    leaving.start()
    raise KeyboardInterrupt


def run(arguments: list[str]) -> int:
    """The exit status of a command line; whatever went wrong is on standard error."""
    from nlpcli.cli.console import configure_logging, use_utf8

    use_utf8()
    # A warning about the configuration comes before the options that say how many to show.
    configure_logging(quiet=False, verbose=False)
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
        return _complain(error, 1, arguments, _in_words(error))
    return status


def _call(arguments: list[str]) -> int:
    from typer import Abort
    from typer._click.exceptions import ClickException, NoArgsIsHelpError

    from nlpcli.cli.app import app

    try:
        # Typer gives back what the command returns: its exit status, or None.
        return app(arguments, prog_name="nlpcli", standalone_mode=False) or 0
    except SystemExit as leaving:
        # Typer answers a closed pipe with an exit of its own.
        return READER_WENT_AWAY if isinstance(leaving.__context__, BrokenPipeError) else int(leaving.code or 0)
    except NoArgsIsHelpError as help_:
        sys.stderr.write(f"{help_.format_message()}\n")
        return help_.exit_code
    except ClickException as error:
        _complain_of_usage(error)
        return error.exit_code
    except Abort:
        return INTERRUPTED


class _Terminated(BaseException):
    """SIGTERM: temporary files are removed on the way out."""


def _terminate(number: int, frame: object) -> NoReturn:  # noqa: ARG001
    raise _Terminated


def _complain_of_usage(error: ClickException) -> None:
    from nlpcli.cli.console import complain

    context = getattr(error, "ctx", None)
    command = context.command_path if context else "nlpcli"
    complain(f"{error.format_message().rstrip('.')}{_origin(error)}; see: {command} --help")


def _origin(error: ClickException) -> str:
    """Where a wrong value stands, if not on the command line."""
    from typer._click.core import ParameterSource

    context, parameter = getattr(error, "ctx", None), getattr(error, "param", None)
    if context is None or parameter is None:
        return ""
    source = context.get_parameter_source(parameter.name)
    if source is ParameterSource.ENVIRONMENT:
        return f" (in {parameter.envvar})"
    if source is not ParameterSource.DEFAULT_MAP:
        return ""
    from nlpcli.cli.app import configured

    profile = context.params.get("profile") or context.find_root().params.get("profile")
    setting = configured(profile).get(context.info_name, {}).get(parameter.name)
    return f" (in {setting.origin})" if setting else ""


def _in_words(error: OSError) -> str:
    """What the operating system refuses, the file where it says which, and what to do."""
    from nlpcli.records.outputs import what_to_do

    where = f": {error.filename}" if error.filename else ""
    return f"{error.strerror or error}{where}; {what_to_do(error)}"


def _complain(error: Exception, status: int, arguments: list[str], message: str | None = None) -> int:
    from nlpcli.cli.console import complain

    if "-v" in arguments or "--verbose" in arguments:
        import traceback

        traceback.print_exception(error, file=sys.stderr)
    complain(message or str(error) or type(error).__name__)
    return status


if __name__ == "__main__":
    main()

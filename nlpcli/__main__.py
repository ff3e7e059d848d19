"""The process: fast start, signals, one place for errors, fast exit."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from nlpcli.errors import NlpcliError, OutputError, quoted
from nlpcli.signals import leave_when_signaled, wait_if_leaving
from nlpcli.streams import open_standard_streams

if TYPE_CHECKING:
    from nlpcli.cli.vendored import ClickException

INTERRUPTED = 130
READER_WENT_AWAY = 141


def main() -> NoReturn:
    """Run the command line and leave."""
    leave_working_folder_out()
    let_threads_wait()
    remember_few_shapes()
    collect_garbage_rarely()
    leave_warnings_unsaid()
    open_standard_streams()
    if (kind := os.environ.get("_NLPCLI_COMPLETE")) is not None:
        from nlpcli.cli.completion.answers import answer

        answer(kind, sys.argv[1:])
        os._exit(0)
    leave_when_signaled()
    status = run(sys.argv[1:])
    # The interpreter's own way out joins threads and takes torch apart, which costs a tenth of a second and can
    # wait for a read that never ends.
    os._exit(status)


def leave_working_folder_out() -> None:
    """Take no module from the folder that the user is in, where `python -m nlpcli` would find a `torch.py` first.

    A source tree in that folder stays where nlpcli itself comes from it.
    """
    with suppress(OSError):
        here = os.getcwd()  # noqa: PTH109
        root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
        if not sys.flags.safe_path and sys.path[:1] in ([""], [here]) and here != root:
            del sys.path[0]


def leave_warnings_unsaid() -> None:
    """What libraries warn programmers of is no line for users, unless they ask for it (`python -W`, PYTHONWARNINGS)."""
    if not sys.warnoptions:
        import warnings

        warnings.simplefilter("ignore")


def let_threads_wait() -> None:
    """How OpenMP's threads wait for each other, unless the user has said how (decision 16).

    They spin for milliseconds. Where another program has one of their cores, every one of the 150 operations of a
    small model then costs a time slice (4 ms): 580 ms for a short text instead of 6. So they sleep; where OpenMP is
    GCC's, after some 10 µs, because to wake a thread takes longer than many an operation.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")


def remember_few_shapes() -> None:
    """How much torch keeps of how it computed batches of a shape, unless the user has said how much.

    By default 1,024 shapes of each kind: over a million records that grows to 130 MB. A shape seldom comes again but
    in the next layer.
    """
    for name in ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"):
        os.environ.setdefault(name, "64")


def collect_garbage_rarely() -> None:
    """Look for garbage in cycles after 100,000 new objects, not after 700.

    Importing torch and transformers makes a million that stay; going through them takes 60 ms each time.
    """
    gc.set_threshold(100_000, 20, 20)


def run(arguments: list[str]) -> int:
    """The exit status of a command line; whatever went wrong is on standard error."""
    from nlpcli.cli.console import configure_logging, end_messages, voice

    voice.reset(arguments)
    # A warning about the configuration comes before the options that say how many to show.
    configure_logging(quiet=False, verbose=False)
    try:
        status = _answered_by_worker(arguments)
        if status is None:
            status = _call(arguments)
        end_messages()
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - a mistake of ours is said in one line too
        wait_if_leaving()
        end_messages()
        with suppress(OutputError, BrokenPipeError):
            sys.stdout.flush()
        return _status_of(error)
    return status


def _answered_by_worker(arguments: list[str]) -> int | None:
    """The exit status of a call that a worker reads and computes; None without one, which costs but a look."""
    from nlpcli.engines.worker import place

    if not os.path.exists(place.address()):  # noqa: PTH110
        return None
    from nlpcli.cli.warm import answered_by_worker

    return answered_by_worker(arguments)


def _status_of(error: Exception) -> int:
    if isinstance(error, BrokenPipeError):
        return READER_WENT_AWAY
    if isinstance(error, NlpcliError):
        return _complain(error, error.exit_status)
    if isinstance(error, OSError):
        return _complain(error, 1, _in_words(error))
    if isinstance(error, MemoryError):
        return _complain(error, 1, "out of memory; close other programs, or give less at a time")
    what = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return _complain(error, 1, f"unexpected {what}; this is a mistake of nlpcli: report it with what -v shows")


def _call(arguments: list[str]) -> int:
    from typer import Abort

    from nlpcli.cli.app import app
    from nlpcli.cli.vendored import ClickException, NoArgsIsHelpError

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


def _complain_of_usage(error: ClickException) -> None:
    from nlpcli.cli.console import complain

    context = getattr(error, "ctx", None)
    command = context.command_path if context else "nlpcli"
    complain(f"{error.format_message().rstrip('.')}{_origin(error)}; see: {command} --help")


def _origin(error: ClickException) -> str:
    """Where a wrong value stands, if not on the command line."""
    from nlpcli.cli.vendored import ParameterSource

    context, parameter = getattr(error, "ctx", None), getattr(error, "param", None)
    if context is None or parameter is None:
        return ""
    source = context.get_parameter_source(parameter.name)
    if source is ParameterSource.ENVIRONMENT:
        return f" (in {parameter.envvar})"
    if source is not ParameterSource.DEFAULT_MAP:
        return ""
    from nlpcli.cli.configured import configured, setting_name

    profile = context.params.get("profile") or context.find_root().params.get("profile")
    # Of a command below a group the settings are those of the group.
    command = context.command_path.split()[1]
    setting = configured(profile, [command])[command].get(setting_name(parameter))
    return f" (in {setting.origin})" if setting else ""


def _in_words(error: OSError) -> str:
    """What the operating system refuses, the file where it says which, and what to do."""
    from nlpcli.streams import what_to_do

    where = f": {quoted(os.fsdecode(error.filename))}" if isinstance(error.filename, str | bytes) else ""
    return f"{error.strerror or error}{where}; {what_to_do(error)}"


def _complain(error: Exception, status: int, message: str | None = None) -> int:
    from nlpcli.cli.console import complain, voice
    from nlpcli.streams import visible

    if voice.tracebacks:
        import traceback

        sys.stderr.write(visible("".join(traceback.format_exception(error))))
    complain(message or str(error) or type(error).__name__)
    return status


if __name__ == "__main__":
    main()

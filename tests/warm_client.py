"""A command that is run by a fork of `warm_python.py`: its process, as far as its caller can see. Imports little."""

import json
import os
import signal
import socket
import sys

# What an interpreter reads as it starts, or a library before it runs: with others there is nothing that was prepared.
_OF_A_START = ("PYTHON", "LD_", "OMP_", "GOMP_", "MKL_", "OPENBLAS_", "MALLOC_", "LC_", "LANG", "TZ")
# Ray sets the second, for whoever stops at a breakpoint.
_HARMLESS = {"PYTHONDONTWRITEBYTECODE", "PYTHONBREAKPOINT"}
_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120


def of_a_start(environment):
    found = {name: environment[name] for name in environment if name.startswith(_OF_A_START) and name not in _HARMLESS}
    # Modules elsewhere may stand for others, or change them as the interpreter starts; nlpcli itself is imported anew.
    elsewhere = [path for path in found.pop("PYTHONPATH", "").split(os.pathsep) if path not in ("", _ROOT)]
    return found | {"PYTHONPATH": elsewhere}


def given_descriptors():
    """Those that the caller has opened for this process: what Python opens itself is not handed on."""
    for number in range(64):
        try:
            if os.get_inheritable(number):
                yield number
        except OSError:
            continue


def main(address, *arguments):
    descriptors = list(given_descriptors())
    with open(f"{address}.json", "rb") as file:  # noqa: PTH123 - pathlib takes a while to import
        prepared = json.load(file)
    if prepared["environment"] != of_a_start(os.environ):
        os.execvp(prepared["otherwise"][0], [*prepared["otherwise"], *arguments])
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        os.umask(umask := os.umask(0))
        folder = os.getcwd()  # noqa: PTH109
        request = {"arguments": arguments, "environment": {**os.environ}, "folder": folder, "umask": umask}
        request["descriptors"] = descriptors
        socket.send_fds(connection, [json.dumps(request).encode() + b"\n"], descriptors)
        answers = connection.makefile("rb")
        process = int(answers.readline())
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, lambda number, frame: os.kill(process, number))
        status = int(answers.readline())
    if status < 0:
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)


if __name__ == "__main__":
    main(*sys.argv[1:])

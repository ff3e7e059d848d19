"""`nlpcli serve`: the worker that keeps models loaded, for commands and, over HTTP, for other programs."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nlpcli.cli.console import complain, say
from nlpcli.cli.help import command_app
from nlpcli.engines.worker.start import DEFAULT_KEEP_ALIVE, read_warm_up, seconds, started, stop
from nlpcli.errors import ExtraMissing, NlpcliError, UsageError
from nlpcli.records.content import read_document
from nlpcli.records.json_text import encode_json
from nlpcli.settings import API_KEY

if TYPE_CHECKING:
    from nlpcli.engines.worker.server import Front
    from nlpcli.http.options import Limits

EXAMPLES = """
\b
Examples:
  nlpcli serve start
  nlpcli serve status
  nlpcli serve stop
  nlpcli serve run --http 127.0.0.1:8080
"""
_BYTES = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}

app = command_app(
    help="Keep models loaded, so that the next call answers at once.",
    epilog=EXAMPLES,
    no_args_is_help=True,
)

KeepAlive = Annotated[
    str, typer.Option(metavar="TIME", help="End after so long without work: 90s, 10m, 1h or forever.")
]
Memory = Annotated[
    str | None, typer.Option(metavar="SIZE", help="Hold models of at most so much: 800M, 4G. Default: half of it all.")
]


@app.command("start")
def start_worker(keep_alive: KeepAlive = DEFAULT_KEEP_ALIVE, memory: Memory = None) -> int:
    """Start the worker, unless one runs. Commands use it by themselves from then on."""
    seconds(keep_alive, "--keep-alive")
    _memory(memory)
    with started(keep_alive, memory) as connection:
        say(f"the worker is ready (process {connection.process})\n")
    return 0


@app.command("stop")
def stop_worker() -> int:
    """End the worker. What runs in it ends too."""
    if not stop():
        complain("no worker runs")
    return 0


@app.command()
def status(json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> int:
    """Show the worker and the models that it holds. Exit status 1 where none runs."""
    from nlpcli.engines.worker import client

    found = client.status()
    if found is None:
        complain("no worker runs; start one: nlpcli serve start")
        return 1
    names = ("name", "device", "dtype", "size", "runs", "idle_seconds")
    models: list[dict[str, Any]] = [dict(zip(names, model, strict=True)) for model in found.models]
    if json:
        facts = {name: getattr(found, name) for name in found.__struct_fields__}
        say(encode_json({**facts, "models": models}).decode() + "\n")
        return 0
    say(f"process\t{found.process}\n")
    say(f"up\t{found.uptime:.0f} s\n")
    say(f"ends after\t{f'{found.keep_alive:.0f} s without work' if found.keep_alive else 'never'}\n")
    if found.http:
        say(f"http\t{found.http}\n")
    say(f"runs\t{found.requests:,}, of which {found.running:,} now\n")
    say(f"memory\t{found.resident / 1e6:,.0f} MB; models may have {found.memory / 1e6:,.0f} MB\n")
    for model in models:
        say(f"model\t{model['name']}\t{model['device']}, {model['dtype']}\t{model['size'] / 1e6:,.0f} MB\n")
    return 0


@app.command("run")
def run_worker(
    keep_alive: KeepAlive = "forever",
    memory: Memory = None,
    http: Annotated[
        str | None,
        typer.Option(metavar="[HOST:]PORT", help="Answer other programs too, at this address: 127.0.0.1:8080."),
    ] = None,
    api_key: Annotated[
        str | None,
        typer.Option(
            metavar="KEY",
            envvar=API_KEY,
            show_envvar=False,
            help=f"Clients have to show this key. Others see a command line: better a file, or {API_KEY}.",
        ),
    ] = None,
    api_key_file: Annotated[Path | None, typer.Option(metavar="FILE", help="As --api-key: one key a line.")] = None,
    cors: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ORIGIN", help="Pages of this origin may ask: https://example.org. Repeatable; * for all."
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "-m",
            "--model",
            metavar="NAME",
            help="Serve only this model, loaded at the start. Repeatable. Default: the starter set and the cache.",
        ),
    ] = None,
    max_body: Annotated[str, typer.Option(metavar="SIZE", help="Largest body of a request.")] = "10M",
    max_time: Annotated[str, typer.Option(metavar="TIME", help="Longest time of a request.")] = "5m",
    max_running: Annotated[int, typer.Option(min=1, max=1024, metavar="N", help="Requests computed at a time.")] = 64,
    max_waiting: Annotated[
        int, typer.Option(min=0, max=100_000, metavar="N", help="Requests that wait; more are refused (429).")
    ] = 256,
    warm_up: Annotated[bool, typer.Option("--warm-up", hidden=True)] = False,
) -> int:
    """Be the worker, in the foreground: for systemd, launchd and the like; with --http a server for other programs.

    It speaks OpenAI's and LibreTranslate's interfaces, to this machine alone unless an address says otherwise.
    """
    from nlpcli.cli.planning import plan_of
    from nlpcli.engines.worker.server import serve

    job = read_warm_up(sys.stdin.buffer.read()) if warm_up else None
    idle, size = seconds(keep_alive, "--keep-alive"), _memory(memory)
    keys = _keys(api_key, api_key_file)
    front = None
    if http is not None:
        from nlpcli.http.options import Limits

        limits = Limits(_size(max_body, "--max-body"), seconds(max_time, "--max-time"), max_running, max_waiting)
        front = _front(http, keys, tuple(cors or ()), tuple(model or ()), limits)
    elif api_key_file or cors or model:
        raise UsageError("--api-key-file, --cors and --model are about --http ADDRESS, which is missing")

    def ready() -> None:
        if not warm_up:
            complain("ready; commands of this user are answered")
        if front is not None:
            complain(f"{front.address} answers other programs")

    if not serve(plan_of, idle, size, job, ready, front):
        if front is not None:
            raise NlpcliError("a worker runs already; end it first: nlpcli serve stop")
        complain("a worker runs already; see: nlpcli serve status")
    return 0


def _front(
    http: str, keys: tuple[str, ...], origins: tuple[str, ...], models: tuple[str, ...], limits: Limits
) -> Front:
    """The door for other programs."""
    try:
        from nlpcli.http.server import front_of
    except ImportError as error:
        raise ExtraMissing("--http", "serve") from error
    from nlpcli.http.options import ServerOptions, address_of

    return front_of(ServerOptions(address_of(http), keys, origins, models, limits))


def _keys(key: str | None, file: Path | None) -> tuple[str, ...]:
    lines = [] if file is None else read_document(file, "--api-key-file").splitlines()
    keys = tuple(found for found in (line.strip() for line in [key or "", *lines]) if found)
    if file is not None and not keys:
        raise UsageError(f"--api-key-file {file} has no key in it; write one a line")
    return keys


def _memory(text: str | None) -> int:
    if text is None:
        import psutil

        return int(psutil.virtual_memory().total // 2)
    return _size(text, "--memory")


def _size(text: str, option: str) -> int:
    match = re.fullmatch(r"(\d{1,6})([KMG])B?", text.upper())
    if match is None:
        raise UsageError(f'{option} takes a size such as 800M or 4G, not "{text}"')
    return int(match[1]) * _BYTES[match[2]]

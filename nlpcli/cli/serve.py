"""`nlpcli serve`: the worker that keeps models loaded."""

from __future__ import annotations

import re
import sys
from typing import Annotated, Any

import typer

from nlpcli.cli.arguments import command_app
from nlpcli.cli.console import complain, say
from nlpcli.engines.worker.start import DEFAULT_KEEP_ALIVE, read_warm_up, seconds, started, stop
from nlpcli.errors import UsageError
from nlpcli.records.json_text import encode_json

EXAMPLES = """
\b
Examples:
  nlpcli serve start
  nlpcli serve status
  nlpcli serve stop
"""
_BYTES = {"M": 1 << 20, "G": 1 << 30}

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
    connection = started(keep_alive, memory)
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
    say(f"runs\t{found.requests:,}, of which {found.running:,} now\n")
    say(f"memory\t{found.resident / 1e6:,.0f} MB; models may have {found.memory / 1e6:,.0f} MB\n")
    for model in models:
        say(f"model\t{model['name']}\t{model['device']}, {model['dtype']}\t{model['size'] / 1e6:,.0f} MB\n")
    return 0


@app.command("run")
def run_worker(
    keep_alive: KeepAlive = "forever",
    memory: Memory = None,
    warm_up: Annotated[bool, typer.Option("--warm-up", hidden=True)] = False,
) -> int:
    """Be the worker, in the foreground: for systemd, launchd and the like."""
    from nlpcli.cli.planning import plan_of
    from nlpcli.engines.worker.server import serve

    job = read_warm_up(sys.stdin.buffer.read()) if warm_up else None
    idle, size = seconds(keep_alive, "--keep-alive"), _memory(memory)

    def ready() -> None:
        if not warm_up:
            complain("ready; commands of this user are answered")

    if not serve(plan_of, idle, size, job, ready):
        complain("a worker runs already; see: nlpcli serve status")
    return 0


def _memory(text: str | None) -> int:
    if text is None:
        import psutil

        return int(psutil.virtual_memory().total // 2)
    match = re.fullmatch(r"(\d{1,6})([MG])B?", text.upper())
    if match is None:
        raise UsageError(f'--memory takes a size such as 800M or 4G, not "{text}"')
    return int(match[1]) * _BYTES[match[2]]

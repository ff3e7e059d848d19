"""How fast `/v1/embeddings` is beside one command with the same texts: python tests/bench/serve_http.py LINES.txt [URL]

Both are computed by the same server: `nlpcli serve run --http 127.0.0.1:8080` (needs the extra `serve`). 32 clients ask
for one text at a time; the command sends all of them through the worker's socket.
"""

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import psutil

CLIENTS, ROUNDS = 32, 3


async def ask(host, port, texts, answers):
    """One client, with one connection: it takes the next text as soon as it has an answer."""
    reader, writer = await asyncio.open_connection(host, port)
    while texts:
        number, text = texts.pop()
        body = json.dumps({"model": "starter/minilm", "input": text, "encoding_format": "base64"}).encode()
        writer.write(
            f"POST /v1/embeddings HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        answers[number] = await reader.readexactly(length)
    writer.close()


async def over_http(url, lines):
    """All lines, one a request."""
    place = urlsplit(url)
    texts, answers = list(enumerate(lines)), [b""] * len(lines)
    await asyncio.gather(*(ask(place.hostname, place.port, texts, answers) for _ in range(CLIENTS)))
    assert all(answers)


def by_command(lines):
    """One command with all lines."""
    subprocess.run(
        [sys.executable, "-m", "nlpcli", "embed", "-F", "npy", "--server"],
        input="\n".join(lines).encode(), stdout=subprocess.DEVNULL, check=True,
    )  # fmt: skip


def measured(server, action):
    """Seconds that it takes, and those of the server's processor."""
    began, used = time.perf_counter(), sum(server.cpu_times()[:2])
    action()
    return time.perf_counter() - began, sum(server.cpu_times()[:2]) - used


def main():
    lines = [line for line in Path(sys.argv[1]).read_text().splitlines() if line.strip()][:2000]
    url = sys.argv[2] if len(sys.argv) > 2 else "http://127.0.0.1:8080"
    status = subprocess.run(
        [sys.executable, "-m", "nlpcli", "serve", "status", "--json"], capture_output=True, check=True
    )
    server = psutil.Process(json.loads(status.stdout)["process"])
    by_command(lines)
    ways = {"command": lambda: by_command(lines), "http": lambda: asyncio.run(over_http(url, lines))}
    found = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            found[name].append(measured(server, way))
    for place, what in enumerate(("time", "processor")):
        medians = {name: median(one[place] for one in times) for name, times in found.items()}
        for name, times in found.items():
            print(f"{what}\t{name}\t{medians[name]:.2f} s\t{' '.join(f'{one[place]:.2f}' for one in times)}")
        print(f"{what}\thttp does {medians['command'] / medians['http']:.2f} of the command's texts/s")


if __name__ == "__main__":
    main()

"""A server of its own process, as clients meet it."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from tiny import save_each_shape

from tests.warm_python import nlpcli_command


class Server:
    """`nlpcli serve run --http` on a free port; what it prints is kept."""

    def __init__(self, folder, *arguments, fresh=False, **environment):
        """`fresh`: as slow to start as for a user."""
        folder.mkdir(mode=0o700)
        self.environment = {**os.environ, "XDG_RUNTIME_DIR": str(folder), **environment}
        nlpcli = [sys.executable, "-m", "nlpcli"] if fresh else nlpcli_command()
        command = [*nlpcli, "serve", "run", "--http", "127.0.0.1:0", *map(str, arguments)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, env=self.environment)
        self.printed = ""
        threading.Thread(target=self._read, daemon=True).start()
        end = time.monotonic() + 120
        while not (found := re.search(r"http://\S+", self.printed)):
            self._check(end)
            time.sleep(0.05)
        self.url = found[0]
        self.client = httpx.Client(base_url=self.url, timeout=120)

    def _check(self, end):
        assert self.process.poll() is None, self.printed
        assert time.monotonic() < end, self.printed

    def _read(self):
        for line in self.process.stderr:
            self.printed += line.decode()

    def wait_until_ready(self):
        end = time.monotonic() + 120
        while self.get("/health").status_code != 200:
            self._check(end)
            time.sleep(0.05)
        return self

    def get(self, path, **options):
        return self.client.get(path, **options)

    def post(self, path, body=None, **options):
        return self.client.post(path, **({"json": body} if body is not None else {}), **options)

    def nlpcli(self, *arguments, stdin=b"", **environment):
        return subprocess.run(
            [*nlpcli_command(), *map(str, arguments)],
            input=stdin,
            capture_output=True,
            check=False,
            timeout=300,
            env={**self.environment, **environment},
        )

    def metric(self, name, **labels):
        """The value of one series."""
        from prometheus_client.parser import text_string_to_metric_families

        for family in text_string_to_metric_families(self.get("/metrics").text):
            for sample in family.samples:
                if sample.name == name and labels.items() <= sample.labels.items():
                    return sample.value
        return None

    def stop(self):
        self.client.close()
        self.process.terminate()
        self.process.wait(30)
        self.process.stderr.close()


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    return save_each_shape(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def serve(tmp_path_factory):
    """Starts servers that end with the tests."""
    servers = []

    def start(*arguments, **environment):
        folder = tmp_path_factory.mktemp("place") / "run"
        servers.append(Server(folder, *arguments, **environment))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def server(serve, models):
    """One with the tiny models."""
    given = [word for path in models.values() for word in ("-m", path)]
    return serve(*given).wait_until_ready()


@pytest.fixture(scope="session")
def starters(serve, starter):
    """One with the starter set."""
    return serve().wait_until_ready()


@pytest.fixture(scope="session")
def strict(serve, models):
    """One that takes little at a time, and a key."""
    limits = ["--max-body", "2K", "--max-time", "2s", "--max-running", "1", "--max-waiting", "0"]
    server = serve("-m", models["classifier"], "-m", models["decoder"], *limits, NLPCLI_API_KEY="secret")
    server.client.headers["authorization"] = "Bearer secret"
    return server.wait_until_ready()


def lines(done):
    """What a command wrote as JSONL."""
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]

"""Jobs from a bucket to a bucket that are killed at random moments and go on: each output equals the uninterrupted one.

    python -m tests.kills_in_a_bucket [KILLS [RECORDS [SEED]]]

The bucket is moto's, in this process; every run is a process of its own, killed by SIGKILL, SIGTERM or SIGINT at a moment
drawn from the length of a run, and called again until it ends by itself.
"""

from __future__ import annotations

import json
import logging
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.kills import SIGNALS


def main(kills: int = 20, count: int = 20_000, seed: int = 0) -> None:
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer

    from nlpcli.records.remote.buckets import Buckets
    from tests.conftest import AWS
    from tests.tiny import save_classifier

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server.start()
    os.environ.update(AWS, AWS_ENDPOINT_URL_S3="http://{}:{}".format(*server.get_host_and_port()))
    files = Buckets("s3")._files
    files.mkdir("bucket")
    chance = random.Random(seed)
    rows = [{"text": " ".join(chance.choices("abcdefghij", k=chance.randint(1, 12))), "n": n} for n in range(count)]
    files.pipe_file("bucket/in.jsonl", "".join(json.dumps(row) + "\n" for row in rows).encode())
    killed: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        model = save_classifier(Path(folder, "model"))

        def run(output: str) -> subprocess.Popen[bytes]:
            command = [sys.executable, "-m", "nlpcli", "sentiment", "-m", str(model), "-i", "s3://bucket/in.jsonl"]
            return subprocess.Popen([*command, "-o", f"s3://bucket/{output}", "--resume", "-q"])

        began = time.monotonic()
        if run("whole.csv.gz").wait():
            sys.exit("the uninterrupted run failed")
        length = time.monotonic() - began
        whole = files.cat_file("bucket/whole.csv.gz")
        print(f"uninterrupted: {length:.1f} s", flush=True)
        trials = 0
        while killed.total() < kills:
            output = f"out-{trials}.csv.gz"
            while True:
                process = run(output)
                try:
                    # The last one is left alone, so that a machine that became busier comes to an end too.
                    status = process.wait(chance.uniform(0.4, 1.0) * length if killed.total() < kills else None)
                except subprocess.TimeoutExpired:
                    number = chance.choice(SIGNALS)
                    process.send_signal(number)
                    process.wait()
                    killed[number.name] += 1
                    print(
                        f"{number.name} to {output}: {len(files.find(f'bucket/.{output}.nlpcli-job'))} files",
                        flush=True,
                    )
                    if files.exists(f"bucket/{output}") and files.cat_file(f"bucket/{output}") != whole:
                        sys.exit(f"{output} is neither whole nor missing")
                    continue
                if status:
                    sys.exit(f"{output}: the run failed with status {status}")
                break
            if files.cat_file(f"bucket/{output}") != whole:
                sys.exit(f"{output} differs")
            trials += 1
    server.stop()
    print(f"{trials} jobs of {count:,} records, {killed.total()} kills ({dict(killed)}): each output is the same")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

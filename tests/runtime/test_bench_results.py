import json
import subprocess
import sys

KEEP = """
import sys
from nlpcli.runtime.bench_results import Measurement, keep, machine
name = sys.argv[1]
keep(Measurement("embed", name, "cpu", "cpu", "float32", 1, 1, 1.0, None, "2026-01-01", machine()))
"""


def test_what_20_processes_measured_is_all_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("NLPCLI_CACHE_DIR", str(tmp_path))
    other = {"machine": "another", "model": "there", "task": "embed", "device": "cpu", "device_name": "cpu"}
    rest = {"dtype": "float32", "batch_tokens": 1, "threads": 1, "texts_per_second": 1, "tokens_per_second": None}
    (tmp_path / "measurements.json").write_text(json.dumps([{**other, **rest, "day": "2026-01-01"}]))
    running = [subprocess.Popen([sys.executable, "-c", KEEP, f"model-{number}"]) for number in range(20)]
    assert [process.wait(100) for process in running] == [0] * 20
    kept = {row["model"] for row in json.loads((tmp_path / "measurements.json").read_text())}
    assert kept == {"there", *(f"model-{number}" for number in range(20))}

"""How fast records go through readers and writers alone, beside another tree of nlpcli.

    python tests/bench/records.py --beside /path/to/other/tree

Each run is a process of its own; the trees take turns. For each case: processor seconds of the fastest run, and the peak of
memory, of the other tree and of this one.
"""

import argparse
import importlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parents[2]
COUNT = 200_000
NAMES = {"label": "string", "score": "float64"}
CASES = {
    "text": ("txt", "text"),
    "text to jsonl": ("txt", "jsonl"),
    "jsonl": ("jsonl", "jsonl"),
    "jsonl with floats": ("floats.jsonl", "jsonl"),
    "csv": ("csv", "csv"),
    "tsv": ("tsv", "tsv"),
    "parquet": ("parquet", "parquet"),
    "parquet to jsonl": ("parquet", "jsonl"),
    "jsonl to parquet": ("jsonl", "parquet"),
}


def make_inputs(folder: Path) -> None:
    """The same short records in every format."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [{"id": n, "text": f"The lamp number {n} is bright.", "stars": n % 5, "shop": "north"} for n in range(COUNT)]
    (folder / "in.txt").write_text("".join(row["text"] + "\n" for row in rows))
    (folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "in.floats.jsonl").write_text("".join(json.dumps({**row, "price": row["id"] / 8}) + "\n" for row in rows))
    for name, between in (("csv", ","), ("tsv", "\t")):
        lines = (between.join(map(str, row)) for row in [rows[0], *(row.values() for row in rows)])
        (folder / f"in.{name}").write_text("\n".join(lines) + "\n")
    pq.write_table(pa.Table.from_pylist(rows), folder / "in.parquet")


def run(source: str, target: str, output: str) -> None:
    """One run in this process, with whatever nlpcli is first on the path."""
    inputs, readers, writers = (
        importlib.import_module(f"nlpcli.records.{name}") for name in ("inputs", "readers", "writers")
    )
    spec = inputs.InputSpec(paths=(source,))
    files = inputs.input_files(spec)
    # Trees before this one know no columns.
    known = [readers.find_columns(spec, files, target in {"csv", "tsv"})] if hasattr(readers, "find_columns") else []
    start = time.process_time()
    with open(output, "wb") as stream:  # noqa: PTH123
        writer = writers.make_writer(target, stream, NAMES, lambda record: record.text, False, *known)
        for record in readers.read_records(spec, files, *known):
            record.result = {"label": "positive", "score": 0.912345}
            writer.write(record)
        writer.close()
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak": peak}))


def measured(tree: Path, source: Path, target: str, output: Path) -> dict[str, float]:
    """One run of the readers and writers of `tree` in a process of its own."""
    command = [sys.executable, __file__, "--run", str(source), target, str(output)]
    done = subprocess.run(command, env={"PYTHONPATH": str(tree)}, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beside", type=Path, default=HERE)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--cases", nargs="*", default=list(CASES))
    parser.add_argument("--run", nargs=3)
    parser.add_argument("--make", type=Path)
    options = parser.parse_args()
    if options.make:
        make_inputs(options.make)
        return
    if options.run:
        run(*options.run)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # In a process of its own: a child's peak of memory begins with what its parent holds.
        subprocess.run([sys.executable, __file__, "--make", name], check=True)
        print(f"{'case':20} {'other s':>8} {'this s':>8} {'ratio':>6} {'other MiB':>10} {'this MiB':>9}")
        for case in options.cases:
            suffix, target = CASES[case]
            trees = (options.beside.resolve(), HERE)
            runs = [
                [measured(t, folder / f"in.{suffix}", target, folder / "out") for t in trees]
                for _ in range(options.repeats)
            ]
            other, this = ([pair[side] for pair in runs] for side in (0, 1))
            seconds = [min(r["seconds"] for r in side) for side in (other, this)]
            peaks = [min(r["peak"] for r in side) for side in (other, this)]
            print(
                f"{case:20} {seconds[0]:8.2f} {seconds[1]:8.2f} {seconds[1] / seconds[0]:6.2f} {peaks[0]:10.0f} {peaks[1]:9.0f}"
            )


if __name__ == "__main__":
    main()

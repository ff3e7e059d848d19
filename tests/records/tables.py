"""Files through readers and writers, without a model: what a command does around its task."""

from dataclasses import replace

from nlpcli.records.inputs import InputSpec, input_files
from nlpcli.records.readers import find_columns, read_records
from nlpcli.records.table import NotHeld
from nlpcli.records.writers import make_writer

NAMES = {"label": "string", "score": "float64"}
RESULT = {"label": "good", "score": 0.5}


def convert(paths, output, format_name, result=RESULT, names=NAMES, keep=lambda record: True, **options):
    """Read `paths`, give every sound record `result`, write `output`; the errors of the records that failed."""
    spec = InputSpec(paths=tuple(map(str, paths)), **options)
    files = input_files(spec)
    columns = find_columns(spec, files, every_key=format_name in {"csv", "tsv"})
    errors = []
    with output.open("wb") as stream:
        writer = make_writer(format_name, stream, names, lambda record: record.text, False, columns)
        for record in filter(keep, read_records(spec, files, columns)):
            if record.error is None:
                record.result = dict(result)
            errors.append(record.error)
            try:
                writer.write(record)
            except NotHeld as problem:
                errors[-1] = str(problem)
                writer.write(replace(record, fields=problem.fields, result=None, error=str(problem)))
        writer.close()
    return [error for error in errors if error]


def read(*paths, **options):
    spec = InputSpec(paths=tuple(map(str, paths)), **options)
    return list(read_records(spec, input_files(spec)))

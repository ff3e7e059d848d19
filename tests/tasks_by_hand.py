"""A task as an engine makes it, and its results record by record."""

from nlpcli.tasks.base import load, make_task


def task_of(name, options, model, placement):
    """The task of one run, its pipeline loaded for it alone."""
    return make_task(name, options, load(name, options, model, placement))


def results_of(task, records):
    """What a batch task gives for each record, every unit in one batch; a single round."""
    splits = task.split(records)
    units = [unit for split in splits for unit in split.units]
    outputs = iter(task.run(units) if units else [])
    return [
        task.join(record, split.state, [next(outputs) for _ in split.units])
        for record, split in zip(records, splits, strict=True)
    ]

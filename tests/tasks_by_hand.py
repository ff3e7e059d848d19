"""A task as an engine makes it, and its results record by record."""

from nlpcli.runtime.batching import Split
from nlpcli.tasks.base import load, make_task


def task_of(name, options, model, placement):
    """The task of one run, its pipeline loaded for it alone."""
    return make_task(name, options, load(name, options, model, placement))


def results_of(task, records):
    """What a batch task gives for each record, every unit of a round in one batch."""
    results = [None] * len(records)
    waiting = list(zip(range(len(records)), task.split(records), strict=True))
    while waiting:
        units = [unit for _, split in waiting for unit in split.units]
        outputs = iter(task.run(units) if units else [])
        following = []
        for place, split in waiting:
            joined = task.join(records[place], split.state, [next(outputs) for _ in split.units])
            if isinstance(joined, Split):
                following.append((place, joined))
            else:
                results[place] = joined
        waiting = following
    return results

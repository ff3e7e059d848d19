from nlpcli.batching import Batcher, ReadAhead, Unit, cut
from nlpcli.errors import OutOfMemory
from nlpcli.records.record import Origin, Record


class Upper:
    """A task whose memory holds `room` padded tokens."""

    def __init__(self, room=10**9):
        self.room = room
        self.sizes = []

    def split(self, records):
        return [[Unit(len(word), word) for word in record.text.split()] for record in records]

    def run(self, units):
        padded = max(unit.cost for unit in units) * len(units)
        self.sizes.append(padded)
        if padded > self.room:
            raise OutOfMemory("too large")
        return [unit.payload.upper() for unit in units]

    def join(self, record, outputs):
        return {"upper": " ".join(outputs)}


def process(texts, task, budget):
    batcher = Batcher(task, budget, lambda run, batches: (run(batch) for batch in batches))
    records = [Record(text, {}, Origin("x", number)) for number, text in enumerate(texts)]
    return list(batcher.process(ReadAhead(records)))


def test_batches_keep_to_the_budget_of_padded_tokens():
    costs = [3, 9, 1, 9, 4, 30]
    batches = cut(costs, 18)
    assert sorted(index for batch in batches for index in batch) == list(range(6))
    assert all(len(batch) == 1 or max(costs[i] for i in batch) * len(batch) <= 18 for batch in batches)


def test_order_is_kept_when_batches_are_sorted():
    texts = [f"a{'b' * (number * 7 % 13)} c{number}" for number in range(500)]
    assert [r.result["upper"] for r in process(texts, Upper(), 40)] == [text.upper() for text in texts]


def test_out_of_memory_halves_the_budget_and_goes_on():
    task = Upper(room=20)
    texts = ["abcde"] * 64
    assert [r.result["upper"] for r in process(texts, task, 160)] == ["ABCDE"] * 64
    assert task.sizes[-1] <= 20


def test_a_text_that_does_not_fit_alone_fails_alone():
    first, second = process(["abc", "x" * 50], Upper(room=20), 200)
    assert (first.result, first.error) == ({"upper": "ABC"}, None)
    assert (second.result, second.error) == (None, "too large")

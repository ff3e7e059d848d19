from nlpcli.records.table import OutputNames, free_names
from tests.cpu_time import grows_as_its_size

RESULTS = {"label": "string"}


def test_a_name_is_kept_where_it_can_be_and_no_two_are_the_same():
    names = ["a", "a", "a_2", "label", "input_label", "", "", "label"]
    assert free_names(names, {"label"}) == [
        "a", "a_3", "a_2", "input_label_2", "input_label", "", "_2", "input_label_3",
    ]  # fmt: skip


def test_many_repeated_names_take_linear_time():
    assert grows_as_its_size(lambda size: free_names(["x"] * size, ()), 25_000)
    assert len(set(free_names(["x"] * 100_000, ()))) == 100_000


def test_a_field_has_the_same_column_in_every_record():
    names = OutputNames(RESULTS)
    assert names.row({"label": 1}) == {"input_label": 1}
    assert names.row({"label": 2, "input_label": 3}) == {"input_label": 2, "input_input_label": 3}
    assert names.row({"error": 4, "x": 5}) == {"input_error": 4, "x": 5}

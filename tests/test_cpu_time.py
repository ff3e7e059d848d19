from tests.cpu_time import grows_as_its_size


def test_quadratic_work_is_told_from_linear():
    assert grows_as_its_size(lambda size: sum(range(5000 * size)), 300, quick=0)
    assert not grows_as_its_size(lambda size: sum(range(size * size)), 700, quick=0)

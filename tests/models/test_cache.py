"""One door to all sources: the first that owns a name answers, and what lies in the caches is told of all."""

from types import SimpleNamespace

import pytest

from nlpcli.errors import ModelMissing, UsageError
from nlpcli.models import cache
from nlpcli.models.reference import CachedModel, Kept, Leftovers, LocalModel, Removal, Verification


class Shelf:
    """A source in memory: `asked` holds what was asked of it."""

    def __init__(self, *names, versions=("1",)):
        self.names, self.versions, self.asked = names, versions, []

    def owns(self, name):
        return name in self.names

    def resolve(self, name, revision, offline, progress):
        self.asked.append(("resolve", name, revision, offline))
        return LocalModel(name, None)

    def discard_damaged(self, name):
        self.asked.append(("discard", name))

    def cached(self):
        return [CachedModel(name, "shelf", v, 1, 0.0, "", "") for name in self.names for v in self.versions]

    def removals(self, name, revision):
        return [Removal(name, None, 1, v) for v in self.versions if self.owns(name) and revision in (None, v)]

    def leftovers(self):
        named = self.names[0]
        return Leftovers([Removal(named, None, 1, "old")], [Kept(named, "1", None, 1, "why")])

    def verify(self, name):
        return [Verification(name, 1, ())] if self.owns(name) else []


@pytest.fixture
def shelves(monkeypatch):
    shelves = SimpleNamespace(first=Shelf("b", "c"), second=Shelf("c", "a", versions=("2", "1")))
    monkeypatch.setattr(cache, "sources", lambda: (shelves.first, shelves.second))
    return shelves


def test_the_first_source_that_owns_a_name_answers(shelves):
    assert cache.resolve("c", "main", True, None).name == "c"
    cache.resolve("a", None, False, None)
    assert shelves.first.asked == [("resolve", "c", "main", True)]
    assert shelves.second.asked == [("resolve", "a", None, False)]


def test_a_pull_discards_what_is_damaged_first_and_goes_online(shelves):
    cache.pull("c", "main", None)
    assert shelves.first.asked == [("discard", "c"), ("resolve", "c", "main", False)]
    assert shelves.second.asked == []


@pytest.mark.parametrize(
    "ask", [lambda name: cache.resolve(name, None, True, None), lambda name: cache.pull(name, None, None)]
)
def test_a_name_that_nobody_owns_is_refused(shelves, ask):
    with pytest.raises(ModelMissing, match='"d" is no name of a model'):
        ask("d")
    with pytest.raises(UsageError, match='"" names no model'):
        ask("")


def test_the_list_is_of_all_sources_by_name_and_revision(shelves):
    listed = [(model.name, model.revision) for model in cache.cached_models()]
    assert listed == [("a", "1"), ("a", "2"), ("b", "1"), ("c", "1"), ("c", "1"), ("c", "2")]


def test_removals_and_leftovers_are_those_of_all_sources(shelves):
    assert [removal.reason for removal in cache.removals("c")] == ["1", "2", "1"]
    assert [removal.reason for removal in cache.removals("c", "2")] == ["2"]
    for asked, said in ((("d",), '"?d"? is not in'), (("c", "3"), '"?c"? at "?3"? is not in')):
        with pytest.raises(ModelMissing, match=said):
            cache.removals(*asked)
    gone, kept = cache.leftovers()
    assert ([item.name for item in gone], [item.name for item in kept]) == (["b", "c"], ["b", "c"])


def test_verify_asks_all_sources_and_knows_when_there_is_nothing(shelves):
    assert [item.name for item in cache.verify("c")] == ["c", "c"]
    with pytest.raises(ModelMissing, match="is not in the cache"):
        cache.verify("d")


def test_a_model_that_is_no_file_is_ready_as_it_is(tmp_path):
    model = LocalModel("a", tmp_path)
    assert cache.ready_to_load(model, None) is model


def test_aliases_come_first_and_starters_before_paths_and_the_hub():
    names = [type(source).__name__ for source in cache.sources()]
    assert names[:5] == ["AliasSource", "StarterSource", "FirefoxSource", "FolderSource", "HubSource"]
    assert set(names[5:]) == {"ConvertedSource"}

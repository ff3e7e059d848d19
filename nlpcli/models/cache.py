"""All sources behind one door: names in, folders out; what the caches hold, and what of it can go."""

from __future__ import annotations

from nlpcli.errors import ModelMissing, UsageError, quoted
from nlpcli.models.reference import (
    NO_MODEL,
    NOTHING,
    CachedModel,
    Leftovers,
    LocalModel,
    ProgressCallback,
    Removal,
    Verification,
)
from nlpcli.models.sources.alias import AliasSource
from nlpcli.models.sources.base import Source
from nlpcli.models.sources.converted import CONVERTERS, ConvertedSource, kind_of
from nlpcli.models.sources.firefox import FirefoxSource
from nlpcli.models.sources.folder import FolderSource
from nlpcli.models.sources.graphs import KIND as GRAPHS
from nlpcli.models.sources.hub import HubSource
from nlpcli.models.sources.starter import StarterSource


def sources() -> tuple[Source, ...]:
    """Every source, the most definite names first."""
    real: tuple[Source, ...] = (
        StarterSource(),
        FirefoxSource(),
        FolderSource(),
        HubSource(),
        *(ConvertedSource(kind=kind) for kind in (*CONVERTERS, GRAPHS)),
    )
    return (AliasSource(real), *real)


def resolve(name: str, revision: str | None, offline: bool, progress: ProgressCallback) -> LocalModel:
    """The files of a model, fetched first where they are not on this machine.

    Raises:
        UsageError: the name is empty.
        ModelError: no source has the model, or it cannot be fetched or trusted.
        CacheError: the cache cannot be written.
    """
    if not name:
        raise UsageError('"" names no model; a variable of the shell may be empty')
    if name == NO_MODEL:
        return NOTHING
    for source in sources():
        if source.owns(name):
            return source.resolve(name, revision, offline, progress)
    raise ModelMissing(
        f'"{name}" is no name of a model; give a hub id (owner/name), a folder, a .gguf file or word vectors'
    )


def pull(name: str, revision: str | None, progress: ProgressCallback) -> LocalModel:
    """The files of a model as its source has them: what is missing, empty or changed is fetched again.

    Raises:
        ModelError: no source has the model, or it cannot be fetched or trusted.
        CacheError: the cache cannot be written.
    """
    for source in sources():
        if source.owns(name):
            source.discard_damaged(name)
            break
    return resolve(name, revision, offline=False, progress=progress)


def ready_to_load(model: LocalModel, progress: ProgressCallback) -> LocalModel:
    """`model` as a folder of safetensors: a file is converted once.

    Raises:
        ModelUnusable: the file cannot be read.
        CacheError: the cache cannot be written.
    """
    return ConvertedSource(kind=kind_of(model)).as_folder(model, progress)


def cached_models() -> list[CachedModel]:
    """What lies in the caches, by name."""
    models = [model for source in sources() for model in source.cached()]
    return sorted(models, key=lambda model: (model.name, model.revision))


def removals(name: str, revision: str | None = None) -> list[Removal]:
    """The plan of `models rm`: every revision, or the one asked for.

    Raises:
        ModelMissing: the cache has no such model.
    """
    plan = [removal for source in sources() for removal in source.removals(name, revision)]
    if not plan:
        what = quoted(name) + (f" at {quoted(revision)}" if revision else "")
        raise ModelMissing(f"{what} is not in the cache; see what is: nlpcli models list")
    return plan


def leftovers() -> Leftovers:
    """The plan of `models prune`, and what it leaves because nothing proves that nobody needs it."""
    found = [source.leftovers() for source in sources()]
    return Leftovers([item for each in found for item in each.gone], [item for each in found for item in each.kept])


def verify(name: str) -> list[Verification]:
    """Re-hash a cached model.

    Raises:
        ModelMissing: the cache has no such model.
    """
    found = [verification for source in sources() for verification in source.verify(name)]
    if not found:
        raise ModelMissing(f"{quoted(name)} is not in the cache; see what is: nlpcli models list")
    return found

"""Aliases of the catalogue: short names for models of the other sources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from nlpcli.errors import ModelMissing
from nlpcli.models.catalog import Alias, catalog
from nlpcli.models.reference import CachedModel, Leftovers, LocalModel, ProgressCallback, Removal, Verification
from nlpcli.models.sources.base import Source


class AliasSource:
    """Names are those of the catalogue's aliases (`embed/best`); what lies in the cache bears the real name."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        self._aliases = catalog().aliases

    def owns(self, name: str) -> bool:
        return name in self._aliases

    def resolve(self, name: str, revision: str | None, offline: bool, progress: ProgressCallback) -> LocalModel:
        alias = self._aliases[name]
        model = self._source(alias).resolve(alias.model, revision or alias.revision, offline, progress)
        return replace(model, languages=alias.languages or model.languages)

    def cached(self) -> Iterable[CachedModel]:
        return ()

    def removals(self, name: str, revision: str | None) -> list[Removal]:
        alias = self._aliases.get(name)
        return self._source(alias).removals(alias.model, revision) if alias else []

    def leftovers(self) -> Leftovers:
        return Leftovers([], [])

    def verify(self, name: str) -> list[Verification]:
        alias = self._aliases.get(name)
        return self._source(alias).verify(alias.model) if alias else []

    def discard_damaged(self, name: str) -> None:
        if alias := self._aliases.get(name):
            self._source(alias).discard_damaged(alias.model)

    def _source(self, alias: Alias) -> Source:
        for source in self._sources:
            if source.owns(alias.model):
                return source
        raise ModelMissing(f'alias {alias.name}: "{alias.model}" is no name of a model; mend it in the catalogue file')

"""Which models clients may ask for: a closed list of names, so that no request fetches or reads anything else."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import NamedTuple

from nlpcli.engines.host import Host
from nlpcli.engines.job import AUTO, Job, ModelSpec
from nlpcli.engines.local import no_progress
from nlpcli.http.failures import Failure
from nlpcli.models.cache import cached_models, resolve
from nlpcli.models.catalog import catalog
from nlpcli.records.inputs import InputSpec
from nlpcli.tasks.registry import TASKS

_LOOK_SECONDS = 5.0


class Offer(NamedTuple):
    """A model that may be asked for, and the task of the catalogue that it is for, where that is known."""

    name: str
    task: str


class Models:
    """The models of a server: those `given`, or the starter set, the user's own names and what is in the cache."""

    def __init__(self, given: Sequence[str]) -> None:
        self._given = tuple(given)
        self._offers: dict[str, Offer] = {}
        self._looked = float("-inf")
        self._looking = threading.Lock()

    def offers(self) -> dict[str, Offer]:
        """By name, as they are now."""
        with self._looking:
            if time.monotonic() - self._looked > _LOOK_SECONDS:
                self._offers = {name: Offer(name, _task_of(name)) for name in self._names()}
                self._looked = time.monotonic()
            return self._offers

    def _names(self) -> Sequence[str]:
        if self._given:
            return self._given
        known = catalog()
        return [*known.models, *known.aliases, *sorted({model.name for model in cached_models()})]

    def load(self, host: Host) -> None:
        """Have the given models on this machine, and those loaded whose task is known.

        Raises:
            NlpcliError: one cannot be had or used.
        """
        for name in self._given:
            if role := _task_of(name):
                task = next(task for task, spec in TASKS.items() if role in (task, spec.model_role))
                host.load(Job(task, TASKS[task].load_module().OPTIONS(), InputSpec(), ModelSpec(name)))
            else:
                resolve(name, None, offline=False, progress=no_progress)

    def spec(self, name: str | None, role: str) -> ModelSpec:
        """The model of that name; None: the one for `role`. Only what nlpcli pins by hash may be fetched for it.

        Raises:
            Failure: clients may not ask for it.
        """
        chosen = name or self.default(role)
        if chosen == AUTO and not self._given and role in catalog().multilingual:
            return ModelSpec(AUTO, role=role)
        # What came into the cache a moment ago is found too.
        if chosen not in self._offers and chosen not in self.offers():
            raise Failure(
                404,
                f"the model {_shown(chosen)} is not served here; GET /v1/models lists those that are",
                "model_not_found",
                "model",
            )
        return ModelSpec(chosen, offline=chosen not in catalog().models, role=role)

    def default(self, role: str) -> str:
        """The model for a task where a request names none."""
        default = catalog().defaults[role]
        if not self._given or default in self._given:
            return default
        fitting = [offer.name for offer in self.offers().values() if offer.task in ("", role)]
        if not fitting:
            raise Failure(404, f"no model for {role} is served here", "model_not_found", "model")
        return fitting[0]


def _task_of(name: str) -> str:
    entry = catalog().models.get(name) or catalog().aliases.get(name)
    return entry.task if entry else ""


def _shown(name: str) -> str:
    return f'"{name[:100]}"' if name.isprintable() else "of that name"

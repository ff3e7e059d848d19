"""Hands the shards of a job to workers on the nodes of a Ray cluster; what a worker or a node takes along when it dies
goes to another."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter, deque
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from typing import Any

import msgspec

from nlpcli.engines.job import Job
from nlpcli.engines.ray.cluster import Node, connected, nodes
from nlpcli.engines.ray.worker import Answer, WorkerHolder
from nlpcli.engines.shards.crew import Errand, Orders, ShardGivenUp
from nlpcli.engines.shards.folder import Compute, ShardReport
from nlpcli.engines.shards.runner import compute_of
from nlpcli.errors import DeviceError, NlpcliError
from nlpcli.models.reference import ProgressCallback
from nlpcli.runtime import runs

log = logging.getLogger(__name__)

# A small model on more threads than these waits for them; on larger machines there are more workers.
_MOST_THREADS = 4
# As in one process: while one shard is computed the next is prepared.
_AT_A_TIME = 2
_MOST_DEATHS = 3
_LOOK_SECONDS = 2.0
_WAIT_SECONDS = 0.1
_PATIENCE_SECONDS = 30.0
# How torch computes in the process that started the job.
_OF_TORCH = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY")


class WorkFailed(NlpcliError):
    """A worker could not do what it was asked for; nor could another."""

    def __init__(self, message: str, exit_status: int = 1) -> None:
        super().__init__(message)
        self.exit_status = exit_status


@dataclass(eq=False, slots=True)
class _Task:
    """An errand, who waits for it, and how many workers died of it, or beside it."""

    errand: Errand
    report: Future[ShardReport] = field(default_factory=Future)
    deaths: int = 0


@dataclass(eq=False, slots=True)
class _Member:
    """A worker: an actor on a node. `opening` until it has taken up the job."""

    actor: Any
    node: Node
    opening: Any
    at_work: dict[Any, _Task] = field(default_factory=dict)

    @property
    def may_take(self) -> bool:
        alone = any(task.deaths for task in self.at_work.values())
        return self.opening is None and len(self.at_work) < _AT_A_TIME and not alone


class RayCrew:
    """The workers of a run. To be used as a context; Ray starts when there is something to do.

    One thread speaks to Ray. A shard that was at work when its worker died is given to another, alone, so that the next
    death says whose fault it was.
    """

    def __init__(self, address: str | None, progress: ProgressCallback, offline: bool = False) -> None:
        self._address = address
        self._offline = offline
        self._progress = progress
        self._end = ExitStack()
        self._ray: Any = None
        self._orders: Any = None  # Orders, as soon as something is to be done
        self._thread: threading.Thread | None = None
        self._coming: SimpleQueue[_Task] = SimpleQueue()
        self._waiting: deque[_Task] = deque()
        self._members: list[_Member] = []
        self._blind: dict[str, str] = {}
        self._unopened: Counter[str] = Counter()
        self._looked = 0.0
        self._closing = threading.Event()

    def __enter__(self) -> RayCrew:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
        self._end.close()

    @property
    def ahead(self) -> int:
        return 4 * _AT_A_TIME * max(2, len(self._members))

    def compute_of(self, job: Job) -> Compute:
        ray = self._connected()
        has_gpu = any(node.gpus for node in nodes(ray))
        device = job.compute.device
        if device.startswith("cuda") and not has_gpu:
            raise DeviceError(f'no node of the cluster has a GPU for --device {device}; leave it out, or take "cpu"')
        if has_gpu and (device == "auto" or device.startswith("cuda")):
            first = replace(job, compute=replace(job.compute, device="cuda:0"))
            actor = ray.remote(WorkerHolder).options(num_cpus=0, num_gpus=1).remote()
            answer: Answer = ray.get(actor.compute_of.remote(first))
            ray.kill(actor)
            if answer.problem is not None:
                raise WorkFailed(*answer.problem)
            found: Compute = answer.result
        else:
            found = compute_of(replace(job, compute=replace(job.compute, device="cpu")))
        threads = job.compute.threads or min(found.threads, _MOST_THREADS)
        return msgspec.structs.replace(found, threads=threads)

    def begin(self, orders: Orders, errand: Errand) -> Future[ShardReport]:
        task = _Task(errand)
        if self._thread is None:
            self._connected()
            self._orders = orders
            self._thread = threading.Thread(target=copy_context().run, args=(self._work,), name="nlpcli-ray")
            self._thread.start()
        self._coming.put(task)
        return task.report

    def _connected(self) -> Any:
        if self._ray is None:
            self._progress("starting Ray" if self._address is None else f"connecting to Ray at {self._address}")
            self._ray = self._end.enter_context(connected(self._address))
            if self._offline:
                log.warning("--offline: models come from the cache alone; Ray opens sockets of its own")
        return self._ray

    def _work(self) -> None:
        """Until the end: hire, hand out, listen. What goes wrong is said to everyone who waits."""
        problem: BaseException = WorkFailed("the run has ended")
        began = time.monotonic()
        try:
            while not self._closing.is_set():
                self._take_coming()
                self._hire(began)
                self._hand_out()
                self._listen()
        except BaseException as error:  # noqa: BLE001 - raised again where reports are waited for
            problem = error
        self._take_coming()
        for task in [*self._waiting, *(task for member in self._members for task in member.at_work.values())]:
            if not task.report.done():
                task.report.set_exception(problem)

    def _take_coming(self) -> None:
        with suppress(Empty):
            while True:
                self._waiting.append(self._coming.get_nowait())

    def _hire(self, began: float) -> None:
        """A worker for every place in the cluster, as far as there is work for it; nodes come and go."""
        now = time.monotonic()
        if now - self._looked < _LOOK_SECONDS:
            return
        self._looked = now
        found = nodes(self._ray)
        wanted = len(self._waiting) + sum(len(member.at_work) for member in self._members)
        for node in found:
            if node.id in self._blind:
                continue
            there = sum(member.node.id == node.id for member in self._members)
            for _ in range(min(self._places(node) - there, wanted - len(self._members))):
                self._members.append(self._hired(node))
        if not self._members and self._blind and all(node.id in self._blind for node in found):
            raise WorkFailed(f"no node can work on the job; {next(iter(self._blind.values()))}")
        if self._waiting and now - began > _PATIENCE_SECONDS and all(member.opening for member in self._members):
            places = f"{len(self._members)} workers wait for" if self._members else "there are no"
            log.warning("%s free CPUs or GPUs in the Ray cluster; see: ray status", places)

    def _places(self, node: Node) -> int:
        """How many workers a node has room for: one for each GPU, or a fair number of threads for each."""
        if self._orders.compute.device.startswith("cuda"):
            return int(node.gpus)
        return max(int(node.cpus // self._orders.compute.threads), int(node.cpus >= 1))

    def _hired(self, node: Node) -> _Member:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        on_gpu = self._orders.compute.device.startswith("cuda")
        actor = (
            self._ray.remote(WorkerHolder)
            .options(
                num_cpus=1 if on_gpu else min(self._orders.compute.threads, int(node.cpus)),
                num_gpus=1 if on_gpu else 0,
                max_concurrency=_AT_A_TIME,
                scheduling_strategy=NodeAffinitySchedulingStrategy(node.id, soft=False),
            )
            .remote()
        )
        environment = {name: os.environ[name] for name in _OF_TORCH if name in os.environ}
        level = logging.getLogger("nlpcli").getEffectiveLevel()
        return _Member(actor, node, actor.open.remote(self._orders, level, environment))

    def _hand_out(self) -> None:
        for member in self._members:
            while self._waiting and member.may_take:
                # Whoever has something to do is no place for a shard that may be a killer.
                if self._waiting[0].deaths and member.at_work:
                    break
                task = self._waiting.popleft()
                member.at_work[member.actor.compute.remote(task.errand)] = task

    def _listen(self) -> None:
        refs = {ref: member for member in self._members for ref in (member.opening, *member.at_work) if ref is not None}
        if not refs:
            self._closing.wait(_WAIT_SECONDS)
            return
        for ref in self._ray.wait([*refs], num_returns=1, timeout=_WAIT_SECONDS)[0]:
            self._hear(refs[ref], ref)

    def _hear(self, member: _Member, ref: Any) -> None:
        try:
            answer = self._ray.get(ref)
        except self._ray.exceptions.RayTaskError as error:
            raise WorkFailed(f"a worker on {member.node.address} failed: {_last_line(error)}") from error
        except self._ray.exceptions.RayError as error:
            log.info("a worker on %s has died: %s", member.node.address, _last_line(error))
            self._bury(member)
            if ref == member.opening:
                self._unopened[member.node.id] += 1
                if self._unopened[member.node.id] >= _MOST_DEATHS:
                    why = ", as the machine has too little memory left" if "emory" in str(error) else ""
                    problem = f"a worker died {_MOST_DEATHS} times before it had loaded the model{why}"
                    self._leave_out(member.node, problem)
            return
        self._tell(answer)
        if ref == member.opening:
            member.opening = None
            if answer.problem is not None:
                self._leave_out(member.node, answer.problem.message)
                self._bury(member)
            return
        task = member.at_work.pop(ref)
        if answer.problem is not None:
            task.report.set_exception(WorkFailed(*answer.problem))
        else:
            task.report.set_result(answer.result)

    def _leave_out(self, node: Node, problem: str) -> None:
        if node.id not in self._blind:
            self._blind[node.id] = f"{node.address}: {problem}"
            log.warning("node %s of the cluster is left out: %s", node.address, problem)

    def _bury(self, member: _Member) -> None:
        """Someone else does what it had begun."""
        self._members.remove(member)
        self._looked = 0.0
        with suppress(self._ray.exceptions.RayError):
            self._ray.kill(member.actor)
        for task in reversed(member.at_work.values()):
            task.deaths += 1
            if task.deaths < _MOST_DEATHS:
                self._waiting.appendleft(task)
            else:
                task.report.set_exception(
                    ShardGivenUp(
                        f"the worker died {task.deaths} times over the shard that this record is in; try it again with"
                        " more memory and --retry-errors"
                    )
                )

    def _tell(self, answer: Answer) -> None:
        used = answer.usage
        runs.count(used.read, used.written, used.records)
        if used.device:
            runs.say_place(used.model, f"{used.device} of Ray", used.dtype)
        for level, message in answer.messages:
            log.log(level, "%s", message)


def _last_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__

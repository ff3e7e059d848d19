"""What Prometheus reads at `/metrics`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from nlpcli.engines.host import HeldModel

CONTENT_TYPE = CONTENT_TYPE_LATEST
# Each counter would have its time of birth as a second series.
disable_created_metrics()  # type: ignore[no-untyped-call]

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
_TEXTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class Metrics:
    """Counted since the server began. Labels have values of closed lists only."""

    def __init__(self, held: Callable[[], Iterable[HeldModel]]) -> None:
        self._registry = registry = CollectorRegistry()
        self.requests = Counter("nlpcli_requests", "Requests by their answer.", ["path", "status"], registry=registry)
        self.seconds = Histogram(
            "nlpcli_request_seconds", "From a request to the end of its answer.", ["path"],
            buckets=_SECONDS, registry=registry,
        )  # fmt: skip
        self.tokens = Counter("nlpcli_tokens", "Tokens read and written.", ["model", "kind"], registry=registry)
        self.running = Gauge("nlpcli_running", "Requests that are computed.", registry=registry)
        self.waiting = Gauge("nlpcli_waiting", "Requests that wait for their turn.", registry=registry)
        self.batch = Histogram(
            "nlpcli_batch_texts", "Texts, or windows of long ones, that are computed as one batch.",
            buckets=_TEXTS, registry=registry,
        )  # fmt: skip
        # To find the series of some labels takes longer than to count.
        self._series = cache(lambda path, status: (self.requests.labels(path, status), self.seconds.labels(path)))
        registry.register(_Held(held))
        ProcessCollector(registry=registry)

    def count_request(self, path: str, status: int, seconds: float) -> None:
        """One that was answered."""
        requests, histogram = self._series(path, status)
        requests.inc()
        histogram.observe(seconds)

    def count_tokens(self, model: str, read: int, written: int) -> None:
        """Those of one run."""
        self.tokens.labels(model, "read").inc(read)
        self.tokens.labels(model, "written").inc(written)

    def exposition(self) -> bytes:
        """All of it, in Prometheus' text format."""
        return generate_latest(self._registry)


class _Held:
    """The models that are held now."""

    def __init__(self, held: Callable[[], Iterable[HeldModel]]) -> None:
        self._held = held

    def collect(self) -> Iterable[Metric]:
        """As `prometheus_client` asks for it."""
        family = GaugeMetricFamily(
            "nlpcli_model_bytes", "Memory of the loaded models.", labels=["model", "device", "dtype"]
        )
        sizes: dict[tuple[str, str, str], int] = {}
        for model in self._held():
            key = (model.name, model.device, model.dtype)
            sizes[key] = sizes.get(key, 0) + model.size
        for key, size in sizes.items():
            family.add_metric(key, size)
        yield family

"""What the endpoints of a server share."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from nlpcli.http.metrics import Metrics
from nlpcli.http.models import Models
from nlpcli.http.options import ServerOptions
from nlpcli.http.runner import Runner


@dataclass(frozen=True, slots=True)
class Service:
    """A server: its options, its models, and what runs jobs. `began` in seconds since 1970."""

    options: ServerOptions
    models: Models
    runner: Runner
    metrics: Metrics
    began: int = field(default_factory=lambda: int(time.time()))

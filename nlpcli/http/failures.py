"""What goes wrong with a request: its status, and its message in the shape that clients of each interface read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nlpcli.errors import (
    CacheError,
    DeviceError,
    InputError,
    IntegrityError,
    ModelMissing,
    ModelUnusable,
    NlpcliError,
    OutOfMemory,
    SourceUnreachable,
    UsageError,
)

RETRY_SECONDS = 1


@dataclass(slots=True)
class Failure(Exception):
    """A request that is answered with an error. `retry` in seconds; `field` is the part of the body that is wrong,
    `allow` the method that a path takes."""

    status: int
    message: str
    code: str | None = None
    field: str | None = None
    retry: int | None = None
    allow: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """Those that belong to the status."""
        found = {} if self.retry is None else {"retry-after": str(self.retry)}
        found |= {} if self.allow is None else {"allow": self.allow}
        return found | ({"www-authenticate": "Bearer"} if self.status == 401 else {})


_STATUSES: tuple[tuple[type[NlpcliError], int], ...] = (
    (ModelMissing, 404),
    (OutOfMemory, 503),
    (SourceUnreachable, 503),
    (ModelUnusable, 400),
    (UsageError, 400),
    (InputError, 400),
    (IntegrityError, 500),
    (CacheError, 500),
    (DeviceError, 500),
    (NlpcliError, 400),
)


def failure_of(error: NlpcliError) -> Failure:
    """An error of a run."""
    status = next(status for kind, status in _STATUSES if isinstance(error, kind))
    code = "model_not_found" if isinstance(error, ModelMissing) else None
    return Failure(status, str(error), code, retry=RETRY_SECONDS if status == 503 else None)


def ending() -> Failure:
    """The server has no more time."""
    return Failure(503, "the server ends; ask again once it is back", "ending", retry=RETRY_SECONDS)


def mistake() -> Failure:
    """A mistake of ours, of which the client learns nothing more."""
    return Failure(500, "a mistake of nlpcli; what the server printed says more", "internal_error")


Shape = Callable[[Failure], Mapping[str, Any]]


def openai_shape(failure: Failure) -> Mapping[str, Any]:
    """As OpenAI's interface says it."""
    kind = "server_error" if failure.status >= 500 else "invalid_request_error"
    kind = "rate_limit_error" if failure.status == 429 else kind
    return {
        "error": {"message": failure.message, "type": kind, "param": failure.field, "code": failure.code},
    }


def rerank_shape(failure: Failure) -> Mapping[str, Any]:
    """As Cohere's interface says it, and as Jina's does."""
    return {"message": failure.message, "detail": failure.message}


def libretranslate_shape(failure: Failure) -> Mapping[str, Any]:
    """As LibreTranslate's interface says it."""
    return {"error": failure.message}


LIBRETRANSLATE = frozenset({"/translate", "/languages", "/detect", "/frontend/settings"})


def shape_of(path: str) -> Shape:
    """What clients of a path expect."""
    if path in LIBRETRANSLATE:
        return libretranslate_shape
    return rerank_shape if path.endswith("/rerank") else openai_shape

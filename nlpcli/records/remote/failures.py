"""What goes wrong at a store, in words: what, where, and what to do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from nlpcli.errors import InputBroken, InputError, InputMissing, OutputError, quoted
from nlpcli.records.remote.address import Address
from nlpcli.streams import visible

T = TypeVar("T")

PAUSES = (0.5, 2.0, 5.0)
"""So many seconds pass before each of these many further attempts."""
_LONGEST = 160
_CREDENTIALS = {
    "s3": "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (of a public bucket FSSPEC_S3_ANON=true)",
    "gs": "run gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS",
    "az": "set AZURE_STORAGE_ACCOUNT_NAME, and AZURE_STORAGE_ACCOUNT_KEY or what else adlfs takes",
    "hf": "run hf auth login, or set HF_TOKEN",
    "https": "check the address and who may read it",
    "http": "check the address and who may read it",
}
# Names of exceptions, so that no library need be imported to know them.
_NO_CREDENTIALS = frozenset({
    "NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "ProfileNotFound",
    "TokenRetrievalError", "UnauthorizedSSOTokenError", "SSOTokenLoadError", "DefaultCredentialsError", "RefreshError",
    "ClientAuthenticationError", "LocalTokenNotFoundError",
})  # fmt: skip
_STATUSES = ("status_code", "status", "code")
PASSING_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
_DENIED = frozenset({401, 403, 407})
# NotImplementedError is fsspec's, of what a store cannot do.
_LASTING = (FileNotFoundError, FileExistsError, PermissionError, IsADirectoryError, NotImplementedError)


class BrokenOff(ConnectionError):
    """An answer ended before its end."""


def again(attempt: Callable[[], T], is_passing: Callable[[BaseException], bool] | None = None) -> T:
    """What `attempt` gives; it is made again after a while where what went wrong may pass."""
    passing = may_pass if is_passing is None else is_passing
    for pause in PAUSES:
        try:
            return attempt()
        except Exception as error:
            if not passing(error):
                raise
            time.sleep(pause)
    return attempt()


def may_pass(error: BaseException) -> bool:
    """Whether it is a matter of the network or a server that is busy; not of what was asked for."""
    if not isinstance(error, OSError) or isinstance(error, _LASTING) or _is_denied(error) or _lacks_credentials(error):
        return False
    return status_of(error) in {None, *PASSING_STATUSES}


def status_of(error: BaseException) -> int | None:
    """What a server answered, as each library says it; None where there was no answer."""
    for each in _chain(error):
        answer = getattr(each, "response", None)
        told = answer.get("ResponseMetadata", {}).get("HTTPStatusCode") if isinstance(answer, Mapping) else None
        for status in (told, getattr(answer, "status_code", None), *(getattr(each, name, None) for name in _STATUSES)):
            if isinstance(status, int) and 100 <= status < 600:
                return status
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _lacks_credentials(error: BaseException) -> bool:
    return any(type(each).__name__ in _NO_CREDENTIALS for each in _chain(error))


def _is_denied(error: BaseException) -> bool:
    # gcsfs says so in a word.
    return isinstance(error, PermissionError) or status_of(error) in _DENIED or str(error).startswith("Forbidden: ")


def is_missing(error: BaseException) -> bool:
    """Whether there is no such thing."""
    return isinstance(error, FileNotFoundError) or status_of(error) in {404, 410}


def lacks_bucket(error: BaseException) -> bool:
    """Whether not only the file is missing."""
    return any("NoSuchBucket" in f"{type(each).__name__} {each}" for each in _chain(error))


def cannot_read(address: Address, error: BaseException) -> InputError:
    """Why a file cannot be read."""
    problem, advice = _words(address, error)
    kind = InputBroken if isinstance(error, BrokenOff) else InputMissing
    return kind(f"cannot read {quoted(address.shown)}: {problem}; {advice}")


def cannot_write(address: Address, error: BaseException) -> OutputError:
    """Why a file cannot be written."""
    problem, advice = _words(address, error)
    return OutputError(f"cannot write {quoted(address.shown)}: {problem}; {advice}; nothing was written there")


def has_changed(address: Address) -> InputBroken:
    """A file became another one while it was read."""
    return InputBroken(f"{quoted(address.shown)} has changed while it was read; run it again")


def _words(address: Address, error: BaseException) -> tuple[str, str]:
    if _lacks_credentials(error):
        return "there are no credentials", _CREDENTIALS[address.protocol]
    if lacks_bucket(error):
        return f"no such bucket: {address.bucket}", "check its name and the endpoint"
    status = status_of(error)
    if is_missing(error):
        return "there is no such file, bucket or folder", "check the address"
    if _is_denied(error):
        return f"access is denied ({status or _text(error)})", _CREDENTIALS[address.protocol]
    if isinstance(error, BrokenOff):
        return f"it broke off in the middle ({_text(error)})", "run it again"
    if isinstance(error, TimeoutError):
        return "the store does not answer", "check the network, or try later"
    return _text(error), "check the address and the network, or try later"


def _text(error: BaseException) -> str:
    text = " ".join(visible(str(error) or type(error).__name__).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"

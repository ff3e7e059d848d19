"""Files on the web, by HTTP: any part of one where the server can, else all of it in one answer. Read only."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPException, HTTPMessage
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urlsplit, urlunsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from nlpcli.errors import InputBroken, InputError, UsageError, quoted
from nlpcli.records.remote.address import Address
from nlpcli.records.remote.failures import PASSING_STATUSES, BrokenOff, again, cannot_read, has_changed
from nlpcli.records.remote.protocol import Facts

_SECONDS = 60.0
_CHUNK = 1 << 16
# A size that no file has is none.
_RANGE = re.compile(r"bytes (?:[0-9]+-[0-9]+|\*)/([0-9]{1,18})")
_SIZE = re.compile(r"[0-9]{1,18}")
_UNQUOTED = "%/:?#[]@!$&'()*+,;=~"


class _Refused(OSError):
    """The server answers that it will not, for now or at all."""


class _Redirects(HTTPRedirectHandler):
    """From a connection that nobody can listen to none leads to one that all can."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        if not newurl.startswith("https://" if req.full_url.startswith("https://") else ("https://", "http://")):
            raise _Refused(f"the server leads from {req.type} to {urlsplit(newurl).scheme or 'elsewhere'}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class Web:
    """All files of the web."""

    def __init__(self) -> None:
        self._opener = build_opener(_Redirects)

    def facts(self, address: Address) -> Facts | None:
        facts: Facts | None = self._asked(address, lambda: self._facts(address))
        return facts

    def _facts(self, address: Address) -> Facts | None:
        # Many a server refuses HEAD, and so does every address that is signed for GET.
        with self._answer(address, "bytes=0-0") as (status, headers, _):
            if status in {404, 410}:
                return None
            token = headers.get("ETag") or headers.get("Last-Modified")
            if status == 200:
                return Facts(address, _length(headers), token, by_range=False)
            # 416: there is no first byte.
            size = _RANGE.fullmatch(headers.get("Content-Range", ""))
            return Facts(address, int(size[1]) if size else None, token, by_range=size is not None)

    def files(self, address: Address) -> list[Facts]:
        raise UsageError(f"{quoted(address.shown)} is on the web, which has no folders; name each file with -i")

    def read(self, facts: Facts, start: int, stop: int) -> bytes:
        data = bytearray()
        while len(data) < stop - start:
            # What came before it broke off need not come again.
            data += self._asked(facts.address, lambda: self._some(facts, start + len(data), stop))  # noqa: B023
        return bytes(data)

    def _some(self, facts: Facts, start: int, stop: int) -> bytes:
        """The bytes from `start` on, at least one."""
        found = bytearray()
        with self._answer(facts.address, f"bytes={start}-{stop - 1}") as (status, headers, body):
            if status != 206:
                raise _Refused(f"the server sends no part of it any more (status {status})")
            if facts.token is not None and facts.token != (headers.get("ETag") or headers.get("Last-Modified")):
                raise has_changed(facts.address)
            try:
                while chunk := body.read(_CHUNK):
                    found += chunk
            except (HTTPException, OSError):
                if not found:
                    raise
        if not found:
            raise BrokenOff("the server sends nothing")
        return bytes(found[: stop - start])

    def whole(self, facts: Facts) -> Iterator[bytes]:
        """All bytes, in one answer; raises BrokenOff where it has no end, so that it can be asked for again."""
        with self._answer(facts.address, None) as (_, headers, body):
            length = _length(headers)
            if length is None and "chunked" not in headers.get("Transfer-Encoding", "").lower():
                raise InputBroken(
                    f"cannot read {quoted(facts.address.shown)}: the server does not say how long it is, so that nobody"
                    " would see whether its end is missing; fetch it with another program, and read the file"
                )
            count = 0
            while chunk := body.read(_CHUNK):
                count += len(chunk)
                yield chunk
        if length is not None and count < length:
            raise BrokenOff(f"{count:,} of {length:,} bytes came")

    def put(self, address: Address, data: bytes, new: bool = False) -> bool:  # noqa: ARG002
        raise _read_only(address)

    def upload(self, address: Address, path: str) -> None:  # noqa: ARG002
        raise _read_only(address)

    def check_writable(self, address: Address) -> None:
        raise _read_only(address)

    def delete(self, addresses: Sequence[Address]) -> None:
        raise _read_only(addresses[0])

    def _asked(self, address: Address, attempt: Any) -> Any:
        try:
            return again(attempt, _may_pass)
        except HTTPError as error:
            raise _status_in_words(address, error.code, str(error.reason)) from error
        except URLError as error:
            reason = error.reason if isinstance(error.reason, OSError) else OSError(str(error.reason))
            raise cannot_read(address, reason) from error
        except HTTPException as error:
            raise cannot_read(address, BrokenOff(str(error) or type(error).__name__)) from error
        except OSError as error:
            raise cannot_read(address, error) from error

    @contextmanager
    def _answer(self, address: Address, part: str | None) -> Iterator[tuple[int, Any, Any]]:
        request = _request(address)
        if part is not None:
            request.add_header("Range", part)
        try:
            answer = self._opener.open(request, timeout=_SECONDS)
        except HTTPError as error:
            with error:
                if error.code not in {404, 410, 416}:
                    raise
                yield error.code, error.headers, None
            return
        except ValueError as error:
            raise _Refused("the server leads to an address that is none") from error
        with answer:
            yield answer.status, answer.headers, answer


def _request(address: Address) -> Request:
    parts = urlsplit(str(address))
    user, at, host = parts.netloc.rpartition("@")
    safe = [quote(part, safe=_UNQUOTED) for part in (parts.path, parts.query)]
    request = Request(urlunsplit((parts.scheme, host, *safe, "")), headers={"User-Agent": "nlpcli"})  # noqa: S310 - an address of the web
    if at:
        request.add_unredirected_header("Authorization", f"Basic {b64encode(unquote(user).encode()).decode()}")
    return request


def _length(headers: Any) -> int | None:
    stated = headers.get("Content-Length", "")
    return int(stated) if _SIZE.fullmatch(stated) else None


def _may_pass(error: BaseException) -> bool:
    if isinstance(error, HTTPError):
        return error.code in PASSING_STATUSES
    return isinstance(error, HTTPException | OSError) and not isinstance(error, _Refused)


def _status_in_words(address: Address, status: int, reason: str) -> InputError:
    denied = status in {401, 403, 407}
    return cannot_read(address, PermissionError(f"{status}") if denied else _Refused(f"it answers {status} {reason}"))


def _read_only(address: Address) -> UsageError:
    return UsageError(f"{quoted(address.shown)} is on the web, which is read only; choose another place with -o")

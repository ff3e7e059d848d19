"""What a hub answers, looked at before huggingface_hub makes names of folders, files and locks out of it.

huggingface_hub takes commits and ETags as names of paths as they come. Here every answer is checked when its headers
arrive: nothing of it has become a path by then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any
from urllib.parse import urlsplit

from nlpcli.errors import IntegrityError, SourceUnreachable, quoted

COMMIT = re.compile(r"[0-9a-f]{40}")
# SHA-1, SHA-256, or the MD5 of a mirror's store, which counts the parts of a large file.
_ETAG = re.compile(r"[0-9a-f]{32,128}(-\d{1,6})?")
_OID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NEVER_IN_NAMES = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udfff]")
# Devices of Windows, whatever stands behind a dot; and what Windows leaves off the end of a name.
_OF_WINDOWS = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)\s*(\.|$)|.*[. ]$", re.IGNORECASE | re.DOTALL)
_REPO_COMMIT, _LINKED_ETAG, _XET = "X-Repo-Commit", "X-Linked-Etag", "X-Xet-Hash"
_DOWNLOAD, _API = "/resolve/", "/api/"


@contextmanager
def watched_hub() -> Iterator[None]:
    """Within, answers of the hub that would become other paths than those of its cache raise.

    Raises:
        IntegrityError: a commit, an ETag or a name of a file is none.
        SourceUnreachable: an answer is not what the hub's interface promises.
    """
    from huggingface_hub import set_client_factory
    from huggingface_hub.utils import _http

    # There is no public way to ask for the factory that an embedding program may have set.
    before = _http._GLOBAL_CLIENT_FACTORY
    watch = _Watch()

    def watched() -> Any:
        client = before()
        hooks = client.event_hooks
        client.event_hooks = {**hooks, "response": [*hooks.get("response", []), watch]}
        return client

    set_client_factory(watched)
    try:
        yield
    finally:
        set_client_factory(before)


class _Watch:
    """A hook of httpx: called with every response, redirects included, before its body is read."""

    def __init__(self) -> None:
        # Where downloads were sent on to: their bodies are files, not answers to read here.
        self._files: set[str] = set()

    def __call__(self, response: Any) -> None:
        url = str(response.request.url)
        _check_headers(response)
        is_file = _DOWNLOAD in urlsplit(url).path or url in self._files
        if response.next_request is not None or "Location" in response.headers:
            self._follow(response, is_file)
        elif response.request.method == "GET" and response.status_code == 200 and not is_file:
            _check_answer(response)

    def _follow(self, response: Any, is_file: bool) -> None:
        target = str(response.request.url.join(response.headers["Location"]))
        if is_file:
            self._files.add(target)
        elif _DOWNLOAD in urlsplit(target).path:
            raise SourceUnreachable(f"the hub answers a question with a file ({quoted(target)}); check HF_ENDPOINT")


def _check_headers(response: Any) -> None:
    headers = response.headers
    if (commit := headers.get(_REPO_COMMIT)) is not None and not COMMIT.fullmatch(commit):
        raise _no_hash("commit", commit)
    if (xet := headers.get(_XET)) is not None and not _SHA256.fullmatch(xet):
        raise _no_hash("hash", xet)
    linked = headers.get(_LINKED_ETAG)
    etag = linked or headers.get("ETag")
    names_a_file = response.request.method == "HEAD" and response.status_code < 400 and not _stays(response)
    # The ETag of other answers is nobody's name: a proxy may write what it likes there.
    if etag is not None and (linked or names_a_file) and not _ETAG.fullmatch(_bare(etag)):
        raise _no_hash("ETag", etag)


def _stays(response: Any) -> bool:
    """Whether huggingface_hub follows to another place on the same host, and reads the headers there."""
    location = response.headers.get("Location")
    return location is not None and not urlsplit(location).netloc


def _bare(etag: str) -> str:
    return etag.removeprefix("W/").strip('"')


def _no_hash(what: str, value: str) -> IntegrityError:
    return IntegrityError(
        f"the hub sent {quoted(value[:80])} as {what}, which is none; nothing was kept: check the mirror (HF_ENDPOINT)"
    )


def _check_answer(response: Any) -> None:
    response.read()
    following = response.links.get("next", {}).get("url")
    if following and _DOWNLOAD in urlsplit(following).path:
        raise SourceUnreachable("the hub answers a question with a file; check HF_ENDPOINT")
    try:
        answer = response.json()
    except (ValueError, RecursionError) as error:
        raise _unreadable(f"no JSON: {error}") from error
    if isinstance(answer, list):
        for entry in answer:
            _check_entry(_mapping(entry))
    else:
        _check_description(_mapping(answer))


def _check_description(answer: dict[str, Any]) -> None:
    """Of a repository at a revision; other answers have none of these keys."""
    if "sha" in answer and not COMMIT.fullmatch(str(answer["sha"])):
        raise _no_hash("commit", str(answer["sha"]))
    siblings = answer.get("siblings")
    if siblings is not None and not isinstance(siblings, list):
        raise _unreadable("its files are no list")
    for file in siblings or ():
        check_name(_mapping(file).get("rfilename"))


def _check_entry(entry: dict[str, Any]) -> None:
    """Of a tree."""
    if "path" in entry:
        check_name(entry["path"])
    if "oid" in entry and not _OID.fullmatch(str(entry["oid"])):
        raise _no_hash("hash", str(entry["oid"]))
    if entry.get("lfs") is not None:
        large = _mapping(entry["lfs"])
        hash_ = str(large.get("oid", large.get("sha256")))
        if not _SHA256.fullmatch(hash_):
            raise _no_hash("SHA-256", hash_)


def check_name(name: object) -> None:
    """Refuse a name of a file that leads out of its repository.

    Raises:
        IntegrityError: it is absolute, has `..`, a backslash, a drive, a device or a control character, or is no text.
    """
    if isinstance(name, str) and name and not _NEVER_IN_NAMES.search(name):
        path = PurePosixPath(name)
        leads_out = path.is_absolute() or ".." in path.parts or PureWindowsPath(name).drive
        if not leads_out and not any(map(_OF_WINDOWS.match, path.parts)):
            return
    raise IntegrityError(
        f"the hub names a file {quoted(str(name)[:80])}, which is no place in a repository; nothing was kept:"
        " check the mirror (HF_ENDPOINT)"
    )


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _unreadable(f"{type(value).__name__} where a table should be")
    return value


def _unreadable(reason: str) -> SourceUnreachable:
    return SourceUnreachable(f"the hub's answer cannot be read ({reason}); try later, or check HF_ENDPOINT")

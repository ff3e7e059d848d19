"""The map of masked data: which token stands for which original, in a file that only its owner reads."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nlpcli.errors import InputBroken, InputMissing, OutputError, UsageError, quoted
from nlpcli.records.outputs import real_place
from nlpcli.records.part_files import PartFile
from nlpcli.signals import put_away_if_killed
from nlpcli.text.personal.tokens import Known

if TYPE_CHECKING:
    from filelock import FileLock

_FORMAT = "nlpcli mask map 1"
_NAME = re.compile(r"[A-Z]+(?:_[A-Z]+)*_[1-9][0-9]*")
_OWNER_ONLY = stat.S_IRUSR | stat.S_IWUSR
# A map is saved now and then while a run goes on, and takes no more of its time than this part.
_SECONDS_BETWEEN, _SHARE = 0.2, 0.2
# So long a token that is not in the map is waited for; so long someone may look whether a map is being written.
_MOST_SECONDS, _SECONDS_FOR_A_LOOK = 5.0, 0.5


class ReadMap(NamedTuple):
    """What stands in a map: token (without brackets) → original; and the labels that its tokens may have."""

    originals: Mapping[str, str]
    labels: frozenset[str]


def read_map(path: str) -> ReadMap:
    """What stands in a map.

    Raises:
        InputMissing: there is no such file, or it cannot be read.
        InputBroken: it is no map. No message says what stands in it.
    """
    try:
        data = _place(path).read_bytes()
    except OSError as error:
        raise InputMissing(f"--map: cannot read {quoted(path)}: {error.strerror}; check the path") from None
    try:
        value = json.loads(data)
        tokens, labels = value["tokens"], value["labels"]
        sound = value["format"] == _FORMAT and all(isinstance(label, str) for label in labels)
        sound = sound and all(_NAME.fullmatch(name) and isinstance(text, str) for name, text in tokens.items())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        sound = False
    if not sound:
        raise InputBroken(f"{quoted(path)} is no map of --mask; choose another file with --map") from None
    return ReadMap(tokens, frozenset(labels))


def _place(path: str) -> Path:
    """Where the file is; a link stays what it is."""
    place = real_place(path)
    if not isinstance(place, Path):
        raise UsageError(f"--map is a file of this machine, not {quoted(path)}")
    return place


class MaskMap:
    """A map that grows with a run; a run at a time. It is whole on the disk at any time, and up to date at the end.

    Args:
        path: its file, which is made where there is none.
        known: what was read of it before; None: there was none.
        labels: those that tokens may have.
    """

    def __init__(self, path: str, known: Known | None, labels: Iterable[str]) -> None:
        self._path = path
        self._place = _place(path)
        self._known = dict(known.originals) if known else {}
        self._tokens = dict(self._known)
        self._labels = sorted(labels)
        self._saved = len(self._tokens)
        self._saving = threading.Lock()
        self._ended = threading.Event()
        self._end = ExitStack()
        self._begun = False

    def begin(self) -> None:
        """Take the file for this run.

        Raises:
            UsageError: another run has it, or has changed it.
            OutputError: it cannot be written.
        """
        from filelock import Timeout

        try:
            self._end.enter_context(_lock(self._place).acquire(timeout=_SECONDS_FOR_A_LOOK))
        except Timeout:
            raise UsageError(
                f"another run writes {quoted(self._path)}; wait for it, or use a map of your own"
            ) from None
        self._open()
        self._end.enter_context(put_away_if_killed(self.save))
        self._begun = True
        # Not of the thread that writes results: it may wait for a reader that waits for the map.
        threading.Thread(target=self._save_now_and_then, name="nlpcli-map", daemon=True).start()

    def _save_now_and_then(self) -> None:
        pause = _SECONDS_BETWEEN
        while not self._ended.wait(pause):
            began = time.monotonic()
            with suppress(OutputError):  # it is said at the end, where it is still so
                self.save()
            pause = max(_SECONDS_BETWEEN, (time.monotonic() - began) / _SHARE)

    def _open(self) -> None:
        """Raises where the file is not what was read of it."""
        try:
            os.close(os.open(self._place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY))
        except FileExistsError:
            if read_map(self._path).originals != self._known:
                raise UsageError(f"{quoted(self._path)} has changed since this run began; begin it again") from None
            self._close_to_others()
        except OSError as error:
            raise self._no_place(error) from error
        else:
            self._write()

    def _close_to_others(self) -> None:
        if os.name == "posix" and stat.S_IMODE(self._place.stat().st_mode) & ~_OWNER_ONLY:
            try:
                self._place.chmod(_OWNER_ONLY)
            except OSError as error:
                raise self._no_place(error) from error

    def _no_place(self, error: OSError) -> OutputError:
        return OutputError(f"cannot write {quoted(self._path)}: {error.strerror}; choose another place with --map")

    def add(self, tokens: Iterable[tuple[str, str]]) -> None:
        """Tokens (without brackets) with their originals, before they go out; they are saved soon."""
        self._tokens.update(tokens)

    def save(self) -> None:
        """The file has all tokens.

        Raises:
            OutputError: it cannot be written.
        """
        with self._saving:
            if len(self._tokens) > self._saved:
                self._write()

    def _write(self) -> None:
        tokens = dict(self._tokens)
        value: dict[str, Any] = {"format": _FORMAT, "labels": self._labels, "tokens": tokens}
        try:
            with PartFile(self._place, quoted(self._path)) as part:
                part.stream.write(json.dumps(value, indent=0).encode() + b"\n")
                part.put_in_place()
        except OSError as error:
            raise self._no_place(error) from error
        self._saved = len(tokens)

    def close(self) -> None:
        """Save it, also after a failure: what has gone out can be read again. Does nothing to a map not begun."""
        self._ended.set()
        with self._end:
            if self._begun:
                self.save()


class GrowingMap:
    """A map that a run of --mask at the other end of a pipe may still be writing.

    Its originals are looked up in what was read last; one that is not there is waited for as long as that run goes on,
    and no longer than it needs to save.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self.originals = _Originals(path)

    @property
    def labels(self) -> frozenset[str]:
        """Every label that a token may have."""
        return self.originals.read().labels


class _Originals(Mapping[str, str]):
    def __init__(self, path: str) -> None:
        self._path = path
        self._read: ReadMap | None = None
        self._given_up: set[str] = set()

    def read(self) -> ReadMap:
        """What was read last."""
        if self._read is None:
            self._read = read_map(self._path)
        return self._read

    def __getitem__(self, name: str) -> str:
        until = time.monotonic() + _MOST_SECONDS
        while name not in self.read().originals:
            if name in self._given_up:
                raise KeyError(name)
            # Asked before it is read again: a run that has ended has saved everything.
            if not _is_being_written(self._path) or time.monotonic() > until:
                self._given_up.add(name)
            else:
                time.sleep(_SECONDS_BETWEEN / 4)
            self._read = read_map(self._path)
        return self.read().originals[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.read().originals)

    def __len__(self) -> int:
        return len(self.read().originals)


def _is_being_written(path: str) -> bool:
    from filelock import Timeout

    try:
        with _lock(_place(path)).acquire(timeout=0):
            return False
    except Timeout:
        return True


def _lock(place: Path) -> FileLock:
    from filelock import FileLock

    mark = hashlib.sha256(os.fsencode(place)).hexdigest()[:20]
    return FileLock(Path(tempfile.gettempdir()) / f"nlpcli-map-{mark}.lock", is_singleton=False)

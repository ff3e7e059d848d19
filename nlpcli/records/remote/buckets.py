"""S3, Google Cloud Storage, Azure and the hub: through fsspec and the library that it has for each."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from nlpcli.errors import ExtraMissing, InputMissing
from nlpcli.records.remote.address import Address
from nlpcli.records.remote.failures import BrokenOff, again, cannot_read, cannot_write, is_missing, lacks_bucket
from nlpcli.records.remote.protocol import Facts

# Protocol → the extra that brings its library.
_EXTRAS = {"s3": "s3", "gs": "gcs", "az": "azure"}
# What changes whenever a file does, in the order in which it is believed; an answer about one file and a list of many
# give the same.
_TOKENS = ("ETag", "etag", "generation", "blob_id", "md5Hash", "content_md5")
_AT_A_TIME = 16
_LOGGERS = (
    *("s3fs", "gcsfs", "adlfs", "fsspec", "aiobotocore", "botocore", "azure", "google"),
    "huggingface_hub.utils._http",
)
# These can be asked whether a file might be written without one being there for a moment.
_BEGIN_WRITING = frozenset({"s3", "gs"})


class Buckets:
    """All files of a protocol that fsspec knows."""

    def __init__(self, protocol: str) -> None:
        """Raises ExtraMissing, or InputMissing where the library wants to know more before it begins."""
        import fsspec

        # They say by warnings and logs of their own what is said here in one line.
        for name in _LOGGERS:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._protocol = protocol
        self._writable: set[str] = set()
        try:
            self._files = fsspec.filesystem(protocol, use_listings_cache=False, skip_instance_cache=True)
        except ImportError as error:
            raise ExtraMissing(f"{protocol}://", _EXTRAS[protocol]) from error
        except ValueError as error:
            raise InputMissing(f"cannot use {protocol}://: {error}; set what its library asks for") from error

    def facts(self, address: Address) -> Facts | None:
        try:
            found = again(partial(self._files.info, address.key))
        except Exception as error:
            if is_missing(error) and not lacks_bucket(error):
                return None
            raise cannot_read(address, error) from error
        return None if found["type"] != "file" else self._facts(found)

    def _facts(self, found: Mapping[str, Any]) -> Facts:
        token = next((str(found[name]) for name in _TOKENS if found.get(name)), None)
        return Facts(Address(self._protocol, found["name"]), found["size"], token)

    def files(self, address: Address) -> list[Facts]:
        find = self._files.glob if address.is_pattern else self._files.find
        try:
            found = again(partial(find, address.key.rstrip("/"), detail=True))
        except Exception as error:
            if is_missing(error) and not lacks_bucket(error):
                return []
            raise cannot_read(address, error) from error
        # Consoles make an empty object for each folder.
        facts = [self._facts(each) for each in found.values() if each["type"] == "file" and each["name"][-1:] != "/"]
        return sorted(facts, key=lambda each: each.address.key)

    def read(self, facts: Facts, start: int, stop: int) -> bytes:
        def attempt() -> bytes:
            data: bytes = self._files.cat_file(facts.address.key, start=start, end=stop)
            if len(data) != stop - start:
                raise BrokenOff(f"{len(data):,} of {stop - start:,} bytes came")
            return data

        try:
            return again(attempt)
        except Exception as error:
            raise cannot_read(facts.address, error) from error

    def whole(self, facts: Facts) -> Iterator[bytes]:
        try:
            data: bytes = again(partial(self._files.cat_file, facts.address.key))
        except Exception as error:
            raise cannot_read(facts.address, error) from error
        yield data

    def put(self, address: Address, data: bytes, new: bool = False) -> bool:
        try:
            again(partial(self._files.pipe_file, address.key, data, **({"mode": "create"} if new else {})))
        except FileExistsError:
            return False
        except (NotImplementedError, ValueError):  # fsspec's, of a store that cannot be asked for a file that is new
            return self.facts(address) is None and self.put(address, data)
        except Exception as error:
            raise cannot_write(address, error) from error
        return True

    def upload(self, address: Address, path: str) -> None:
        try:
            again(partial(self._files.put_file, path, address.key))
        except Exception as error:
            raise cannot_write(address, error) from error

    def check_writable(self, address: Address) -> None:
        folder = address.parent.key
        if folder in self._writable:
            return
        if self._protocol not in _BEGIN_WRITING:
            self._check_bucket(address)
            return
        try:
            upload = self._files.open(address.key, "wb", autocommit=False)
            try:
                upload._initiate_upload()
                upload.discard()
            finally:
                upload.closed = True  # else it would be written when it is forgotten
        except Exception as error:
            raise cannot_write(address, error) from error
        self._writable.add(folder)

    def _check_bucket(self, address: Address) -> None:
        """Raises OutputError where there is none, or nobody may look."""
        try:
            is_there = self._protocol != "az" or self._files.exists(address.bucket)
        except Exception as error:
            raise cannot_write(address, error) from error
        if not is_there:
            raise cannot_write(address, FileNotFoundError("NoSuchBucket"))

    def delete(self, addresses: Sequence[Address]) -> None:
        with ThreadPoolExecutor(_AT_A_TIME, "nlpcli-delete") as pool:
            list(pool.map(self._delete, addresses))

    def _delete(self, address: Address) -> None:
        try:
            again(partial(self._files.rm_file, address.key))
        except Exception as error:
            if not is_missing(error):
                raise cannot_write(address, error) from error

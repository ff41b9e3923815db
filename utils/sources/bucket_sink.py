"""What an object is read into: bounded, counted and digested as it comes."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import BinaryIO, NamedTuple

from utils.errors import NightShiftError, from_os_error
from utils.processes import deadline
from utils.sources import bucket_errors as errors
from utils.sources.bucket_place import Place


class Said(NamedTuple):
    """What a service says of an object that it gave: bytes, ETag, and MD5 in hexadecimal."""

    size_bytes: int | None
    etag: str | None
    md5: str | None


class Sink:
    """A file that takes so many bytes and no more; ``size_bytes`` and ``md5`` are what came."""

    def __init__(self, file: BinaryIO, place: Place, key: str, most: int, listed: int | None):
        self.size_bytes = 0
        self._file, self._place, self._key, self._most, self._listed = (
            file,
            place,
            key,
            most,
            listed,
        )
        self._digest = hashlib.md5(usedforsecurity=False)

    def write(self, block: bytes) -> int:
        """Take a block.

        Raises:
            RetryableError: the object is larger than it was when it was listed, or time is over.
            PermanentError: it is larger than what may be downloaded.
            ResourceError: the disk is full.
        """
        deadline.check(f"Reading {errors.short(self._key)}")
        self.size_bytes += len(block)
        if self._listed is not None and self.size_bytes > self._listed:
            raise errors.changed(self._place, self._key)
        if self.size_bytes > self._most:
            raise errors.too_large(self._place, self._key)
        self._digest.update(block)
        try:
            return self._file.write(block)
        except OSError as error:
            raise self._unwritable(error) from error

    @property
    def md5(self) -> str:
        """Of what came, in hexadecimal."""
        return self._digest.hexdigest()

    def _unwritable(self, error: OSError) -> NightShiftError:
        return from_os_error(error, f"writing {errors.short(self._key)}")


def moment(told: datetime | None) -> datetime | None:
    """A time as a service tells it, in UTC."""
    return None if told is None else told.astimezone(UTC)


def hexadecimal(md5: str | bytearray | None) -> str | None:
    """An MD5 as a service tells it, in base64 or as bytes, in hexadecimal."""
    return None if not md5 else (base64.b64decode(md5) if isinstance(md5, str) else md5).hex()

"""Buckets of S3, Azure Blob and Google Cloud Storage: what is in one, page by page, and one object.

A listing is never held whole: it goes on after the last key that was seen, in this process or
another (`after`). Each provider's own client does the asking, behind the same two functions
(docs/decisions/0041).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path, PurePosixPath
from types import ModuleType

from utils import clock
from utils.config import Settings
from utils.errors import PermanentError
from utils.models.found_object import FoundObject
from utils.models.source import SourceDefinition
from utils.processes import deadline
from utils.sources import bucket_azure, bucket_errors, bucket_gcs, bucket_place, bucket_s3
from utils.sources.bucket_place import Place, Service
from utils.sources.bucket_sink import Said, Sink
from utils.storage import files, names

_SERVICES: dict[Service, ModuleType] = {
    Service.S3: bucket_s3,
    Service.AZURE: bucket_azure,
    Service.GCS: bucket_gcs,
}
# All chosen. A bucket may answer with empty pages (what was removed is passed over), but not long.
_EMPTY_PAGES = 200
_STILL_SECONDS = 300.0
_KEY_CHARACTERS = 4_096  # S3 and Google: 1,024 bytes; Azure: 1,024 characters


def list_pages(
    definition: SourceDefinition, settings: Settings, after: str | None = None
) -> Iterator[list[FoundObject]]:
    """What a bucket holds, in pages of up to 1,000 as they come, by the service's order of keys.

    Keys are relative to the folder of the source's address. Left out: what stands for a folder,
    and keys with a NUL character, which no database keeps. Close the iterator to break off.

    Args:
        definition: The source; its address is sealed as in its row.
        settings: Whether endpoints of the local network are allowed; the key of sealed addresses.
        after: The last key that was seen: the listing goes on after it.

    Raises:
        PermanentError: no such bucket, forbidden, credentials refused, a listing that does not go
            forward; the message says what to do.
        RetryableError: it does not answer, or does not get on; ``ThrottledError`` with its delay.
        SettingsError: the libraries for it are not installed.
    """
    place = bucket_place.of(definition, settings)
    last: str | None = None
    empty, moved_at = 0, clock.monotonic()
    with closing(_SERVICES[place.service].pages(place, settings, after)) as raw:
        for page in raw:
            deadline.check(f"The listing of {place.shown}")
            if page:
                last, empty, moved_at = _in_order(place, page, last), 0, clock.monotonic()
            elif (empty := empty + 1) >= _EMPTY_PAGES or _is_still(moved_at):
                raise bucket_errors.stuck(place, f"{empty} pages without a key")
            kept = [one for one in page if is_file(one) and (after is None or one.key > after)]
            if kept:
                yield kept


def fetch(
    definition: SourceDefinition, found: FoundObject, target: Path, settings: Settings
) -> None:
    """Copy an object as it was listed to ``target``, whole or not at all.

    Only the content that was listed is taken (its etag is the condition), and its size and, where
    the service tells one, its MD5 are compared.

    Raises:
        RetryableError: it changed or vanished since, was cut short or damaged, or nothing answers.
        PermanentError: it is too large, archived or forbidden, or there is no such bucket.
        ResourceError: the disk is full.
    """
    place = bucket_place.of(definition, settings)
    if (found.size_bytes or 0) > settings.max_download_bytes:
        raise bucket_errors.too_large(place, found.key)
    with files.whole_file(target) as temporary, temporary.open("wb") as file:
        sink = Sink(file, place, found.key, settings.max_download_bytes, found.size_bytes)
        said: Said = _SERVICES[place.service].read(place, found, settings, sink)
        _verify(place, found, said, sink)


def is_file(one: FoundObject) -> bool:
    """False for what stands for a folder, and for a key that no database keeps."""
    is_folder = not one.key or (not one.size_bytes and one.key.endswith(("/", "_$folder$")))
    return not (is_folder or "\0" in one.key)


def local_name(key: str) -> str:
    """A name for a file of an object: safe everywhere, with its suffix, and of this key alone."""
    path = PurePosixPath(key)
    suffix = path.suffix
    title = path.name.removesuffix(suffix)
    return names.of_fetched(title, hashlib.sha256(key.encode()).hexdigest()[:16], suffix)


def _in_order(place: Place, page: Sequence[FoundObject], last: str | None) -> str:
    """The last key of a page, each of whose keys is after the one before it."""
    for one in page:
        key = one.key
        if last is not None and key <= last and not _is_after(key, last):
            raise PermanentError(
                f"The listing of {place.shown} goes backwards: {bucket_errors.short(key)} comes "
                f"after {bucket_errors.short(last)}. What is not listed in order (directory "
                "buckets of S3 Express, accounts with a hierarchy) can't be looked into."
            )
        if len(key) > _KEY_CHARACTERS:
            raise PermanentError(f"{place.shown} has a key of {len(key):,} characters.")
        last = key
    return last or ""


def _is_after(key: str, last: str) -> bool:
    """True in the order of UTF-16, which is Azure's where it is not that of UTF-8."""
    return key.encode("utf-16-be", "replace") > last.encode("utf-16-be", "replace")


def _is_still(since: float) -> bool:
    return clock.monotonic() - since > _STILL_SECONDS


def _verify(place: Place, found: FoundObject, said: Said, sink: Sink) -> None:
    """Compare what came with what was listed and with what the service says of it."""
    if found.etag and said.etag and said.etag != found.etag:
        raise bucket_errors.changed(place, found.key)
    told = said.size_bytes
    if told is not None and sink.size_bytes < told:
        raise bucket_errors.cut(place, found.key, f"{sink.size_bytes:,} of {told:,} bytes came")
    if found.size_bytes is not None and sink.size_bytes != found.size_bytes:
        raise bucket_errors.changed(place, found.key)
    if said.md5 is not None and said.md5 != sink.md5:
        raise bucket_errors.damaged(place, found.key, "its MD5 is another")

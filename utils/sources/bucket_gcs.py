"""Google Cloud Storage, through Google's own client, which gcsfs stands on too.

An object's ETag changes with its labels; its generation changes with its content alone, so that
is what a `FoundObject` has for an etag here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from utils.config import Settings
from utils.errors import NightShiftError, PermanentError
from utils.models.found_object import FoundObject
from utils.sources import bucket_errors as errors
from utils.sources.bucket_place import Place, Service, Way, way_to
from utils.sources.bucket_sink import Said, Sink, hexadecimal, moment

PAGE = 1_000
_TIMEOUT = (10, 60)  # seconds: to connect, and between two answers
_RETRY_SECONDS = 60.0  # for one page that is refused for now
_FIELDS = "items(name,size,generation,updated),nextPageToken"
_SCOPE = "https://www.googleapis.com/auth/devstorage.read_only"


def pages(place: Place, settings: Settings, after: str | None) -> Iterator[list[FoundObject]]:
    """A bucket's objects below its prefix, by UTF-8, from the key ``after`` on."""
    with way_to(place.endpoint, settings) as way, translated(place, None, way):
        from google.cloud.storage.retry import DEFAULT_RETRY

        listed = _client(place, way).list_blobs(
            place.bucket,
            prefix=place.prefix or None,
            start_offset=None if after is None else place.prefix + after,
            page_size=PAGE,
            fields=_FIELDS,
            timeout=_TIMEOUT,
            retry=DEFAULT_RETRY.with_timeout(_RETRY_SECONDS),
        )
        for page in listed.pages:
            yield [_found(place, one) for one in page]


def read(place: Place, found: FoundObject, settings: Settings, sink: Sink) -> Said:
    """An object as it was listed, block by block into ``sink``."""
    generation = int(found.etag) if found.etag and found.etag.isdecimal() else None
    with way_to(place.endpoint, settings) as way, translated(place, found.key, way):
        blob = _client(place, way).bucket(place.bucket).blob(place.prefix + found.key)
        blob.download_to_file(
            sink,
            if_generation_match=generation,
            raw_download=True,  # as it is kept, and not unpacked on the way
            single_shot_download=True,
            timeout=_TIMEOUT,
            retry=None,  # a second try would write after the first
        )
    etag = str(blob.generation) if blob.generation is not None else None
    return Said(None, etag, hexadecimal(blob.md5_hash))


def _client(place: Place, way: Way) -> Any:
    """A client that tells who we are to Google alone: what it sends is as good as a password."""
    import google.auth
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage

    options = {"api_endpoint": place.endpoint} if place.endpoint else None
    if place.is_anonymous or not place.is_own:
        credentials, project = AnonymousCredentials(), None
    else:
        credentials, project = google.auth.default(scopes=[_SCOPE])
    client = storage.Client(
        project=project or "none",  # it is asked for, and read by nobody: we make no buckets
        credentials=credentials,
        client_options=options,
        use_auth_w_custom_endpoint=place.is_own,
    )
    client._bucket_metadata_cache = None  # or a thread asks for the bucket's place, for traces
    if way.proxy:
        client._http.trust_env = False
        client._http.proxies = {"http": way.proxy, "https": way.proxy}
    return client


def _found(place: Place, one: Any) -> FoundObject:
    return FoundObject(
        key=place.relative(one.name),
        size_bytes=one.size,
        etag=None if one.generation is None else str(one.generation),
        modified_at=moment(one.updated),
    )


@contextmanager
def translated(place: Place, key: str | None, way: Way) -> Iterator[None]:
    """Errors of Google's client as ours; ``key``: what is read, None for a listing."""
    try:
        from google.api_core.exceptions import GoogleAPICallError, RetryError
        from google.auth.exceptions import (
            DefaultCredentialsError,
            GoogleAuthError,
            TransportError,
        )
        from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
    except ImportError:
        raise errors.not_installed(Service.GCS) from None
    try:
        yield
    except (GoogleAPICallError, RetryError) as error:
        last = error.cause if isinstance(error, RetryError) else error
        if isinstance(last, GoogleAPICallError):
            raise _refusal(place, key, last, way) from None
        raise errors.no_answer(place, str(last)[:300], way) from None
    except DefaultCredentialsError:
        raise errors.no_credentials(place) from None
    except (DataCorruption, InvalidResponse) as error:
        raise errors.damaged(place, key or "", str(error)[:300]) from None
    except (TransportError, OSError) as error:
        raise errors.no_answer(place, str(error)[:300], way) from None
    except GoogleAuthError as error:
        raise errors.refused_credentials(place, str(error)[:300]) from None


def _refusal(place: Place, key: str | None, error: Any, way: Way) -> NightShiftError:
    status, said = error.code, str(error.message)[:300]
    if way.refused or way.unreachable:
        return errors.no_answer(place, said, way)
    if status == 404:
        return errors.missing(place) if key is None else errors.gone(place, key)
    if status in {304, 412} and key is not None:
        return errors.changed(place, key)
    if status == 429:
        headers = getattr(error.response, "headers", {}) or {}
        return errors.throttled(place, headers.get("Retry-After"))
    if status == 401:
        return errors.refused_credentials(place, said)
    if status == 403:
        return errors.forbidden(place, key, said)
    if status == 400 and key is None:
        return PermanentError(f"{place.shown} can't be asked for: {said}")
    return errors.answered(place, status, said)

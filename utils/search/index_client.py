"""A connection to the vector index: embedded in this process, or a server's.

Embedded Chroma that several processes write corrupts in silence. Here a process opens it under a
lock file, works, and closes it again (15–25 ms): four processes writing at once kept all of 4,800
passages. A process that only asks, and often, keeps it open (``keep_open``): the lock is held
while it asks, and if another process has opened the index since, it is opened anew.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from filelock import FileLock

from utils.config import Settings
from utils.errors import PermanentError, RetryableError, from_os_error
from utils.storage import home

_PLACE = "chroma"
_OPENED_BY = "chroma.opened"  # a file of the home: a name of the last opening that may write
_POLL_SECONDS = 0.005  # for the lock's file; others hold it for some milliseconds


class _Kept(NamedTuple):
    """An index that is open, and the last opening by whoever may write that it knows of."""

    client: Any
    known: str


_kept: dict[Path, _Kept | None] = {}  # homes whose index this process keeps open
_asking = Lock()  # of this process one thread asks at a time, as with the file's lock


def keep_open(settings: Settings) -> None:
    """Keep the embedded index open from now on: for a process that asks often."""
    _kept.setdefault(settings.home, None)


@contextmanager
def connected(settings: Settings, only_reads: bool = False) -> Iterator[Any]:
    """A client of the index; ``only_reads``: what others keep open stays as it is.

    Raises:
        RetryableError: it fails, or its server does not answer.
    """
    from chromadb.errors import ChromaError

    quiet = _quiet().model_copy()  # a client writes its place into it
    try:
        if settings.chroma_url:
            with _served(settings.chroma_url, settings, quiet) as client:
                yield client
        else:
            home.prepare(settings)
            with _asking, FileLock(settings.home / "chroma.lock", poll_interval=_POLL_SECONDS):
                client = _opened(settings.home, quiet, only_reads)
                try:
                    yield client
                finally:
                    if settings.home not in _kept:
                        client.close()
    except ChromaError as error:
        raise RetryableError(f"The vector index failed: {error}") from error
    except OSError as error:
        raise from_os_error(error, "opening the vector index") from error


@cache
def _quiet() -> Any:
    """Settings of Chroma; reading the environment for them takes 10 ms."""
    from chromadb.config import Settings as ChromaSettings

    return ChromaSettings(anonymized_telemetry=False)


def _opened(folder: Path, quiet: Any, only_reads: bool) -> Any:
    """The index of a home; the one that is open, if nobody else may have written since."""
    import chromadb

    note, kept = folder / _OPENED_BY, _kept.get(folder)
    last = note.read_text() if note.exists() else ""
    if kept is None or kept.known != last:
        if kept is not None:
            kept.client.close()
        kept = _Kept(chromadb.PersistentClient(str(folder / _PLACE), quiet), last)
    if not only_reads:
        kept = kept._replace(known=secrets.token_hex(8))
        note.write_text(kept.known)
    if folder in _kept:
        _kept[folder] = kept
    return kept.client


@contextmanager
def _served(url: str, settings: Settings, quiet: Any) -> Iterator[Any]:
    import chromadb
    import httpx

    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise PermanentError(f"NIGHTSHIFT_CHROMA_URL is no http address: {url}")
    headers = {}
    if settings.chroma_token:
        headers["Authorization"] = f"Bearer {settings.chroma_token.get_secret_value()}"
    try:
        yield chromadb.HttpClient(
            host=parts.hostname,
            port=parts.port or (443 if parts.scheme == "https" else 80),
            ssl=parts.scheme == "https",
            headers=headers,
            settings=quiet,
        )
    except (httpx.HTTPError, ValueError) as error:
        raise RetryableError(f"The Chroma server at {url} did not answer: {error}") from error

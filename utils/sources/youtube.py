"""yt-dlp: what an address holds, and a download of one entry of it.

A download is no more than bytes that arrived: yt-dlp accepts a body that was cut short
without a Content-Length, and any page that is no media. Its caller verifies the file.
"""

from __future__ import annotations

import shutil
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yt_dlp
from yt_dlp.networking.exceptions import HTTPError, TransportError
from yt_dlp.utils import DownloadError, ExtractorError

from utils.config import Settings
from utils.errors import (
    NightShiftError,
    PermanentError,
    RetryableError,
    ThrottledError,
    from_os_error,
)
from utils.media import tools
from utils.models.item import Entry, Fetched
from utils.processes import deadline, retry_after
from utils.sources import address

_PERMANENT = {400, 401, 403, 404, 410, 451}


def entries(url: str, settings: Settings) -> list[Entry]:
    """What ``url`` holds: one entry for a video, several for a channel, a playlist or a feed.

    Raises:
        PermanentError: the address is refused, private, gone, or not known.
        RetryableError: the site did not answer; ``ThrottledError`` with its delay.
    """
    address.check(url, settings.allow_private_urls)
    with _client(extract_flat="in_playlist", skip_download=True) as client:
        try:
            info = client.extract_info(url, download=False)
        except DownloadError as error:
            raise _translated(error, url) from error
    found = list(_flat(info, url))
    pages = Counter(entry.url for entry in found)
    return [
        entry.model_copy(update={"number": number}) if pages[entry.url] > 1 else entry
        for number, entry in enumerate(found, start=1)
    ]


def download(entry: Entry, folder: Path, settings: Settings) -> Fetched:
    """Download one entry into a folder of its own below ``folder``.

    Raises:
        PermanentError, RetryableError, ThrottledError, ResourceError: as ``entries``.
    """
    address.check(entry.url, settings.allow_private_urls)
    target = folder / uuid.uuid4().hex
    try:
        target.mkdir(parents=True)
    except OSError as error:
        raise from_os_error(error, f"making {target}") from error
    options = {
        "format": settings.download_format,
        "max_filesize": settings.max_download_bytes,
        "outtmpl": str(target / "%(title).80B.%(ext)s"),
        "noplaylist": entry.number is None,
        "playlist_items": str(entry.number) if entry.number else None,
        "match_filter": _refuse_live,
        "progress_hooks": [lambda progress: _watch(progress, entry, settings)],
    }
    try:
        with _client(**options) as client:
            try:
                info = client.extract_info(entry.url, download=True)
            except DownloadError as error:
                raise _translated(error, entry.url) from error
        return _fetched(info, entry)
    except NightShiftError:
        shutil.rmtree(target, ignore_errors=True)
        raise


def _refuse_live(info: dict[str, Any], *, incomplete: bool = False) -> str | None:
    return "it is a live stream, which has no end" if info.get("is_live") else None


def _watch(progress: dict[str, Any], entry: Entry, settings: Settings) -> None:
    """Called by yt-dlp at each block: an end for what has none."""
    deadline.check(f"The download of {entry.url}")
    if (progress.get("downloaded_bytes") or 0) > settings.max_download_bytes:
        raise PermanentError(f"{entry.url} is larger than NIGHTSHIFT_MAX_DOWNLOAD_BYTES.")


def _client(**options: Any) -> Any:
    return yt_dlp.YoutubeDL(
        {
            "quiet": True,
            "no_warnings": True,
            "noprogress": True,
            "logger": _Silent(),
            "restrictfilenames": True,  # names come from strangers
            "ffmpeg_location": str(tools.folder()),
            "retries": 0,  # the step's policy retries, and knows throttled from permanent
            "extractor_retries": 0,
            "fragment_retries": 2,
            "skip_unavailable_fragments": False,
            "socket_timeout": 30,
            "cachedir": False,
            "overwrites": True,
            **options,
        }
    )


class _Silent:
    """What yt-dlp would print is in the errors that it raises."""

    def debug(self, message: str) -> None:
        """Say nothing."""

    info = warning = error = debug


def _flat(info: dict[str, Any], url: str) -> Iterator[Entry]:
    if info.get("_type") in {"playlist", "multi_video"}:
        for part in info.get("entries") or ():
            if part:
                yield from _flat(part, part.get("webpage_url") or part.get("url") or url)
        return
    yield Entry(
        url=info.get("webpage_url") or info.get("url") or url,
        site=str(info.get("extractor_key") or info.get("ie_key") or "Generic"),
        site_id=str(info.get("id") or url),
        title=info.get("title"),
        duration_seconds=info.get("duration"),
    )


def _fetched(info: dict[str, Any], entry: Entry) -> Fetched:
    if info.get("entries"):
        info = next(part for part in info["entries"] if part)
    done = info.get("requested_downloads") or [{}]
    if "filepath" not in done[0]:
        raise PermanentError(
            f"{entry.url} is larger than NIGHTSHIFT_MAX_DOWNLOAD_BYTES, live, or holds nothing."
        )
    path = Path(done[0]["filepath"])
    if not path.exists() or path.stat().st_size == 0:
        raise RetryableError(f"{entry.url} gave a file of 0 bytes.")
    return Fetched(
        path=path,
        title=str(info.get("title") or entry.title or path.stem),
        url=entry.url,
        declared_seconds=info.get("duration") or entry.duration_seconds,
    )


def _translated(error: DownloadError, url: str) -> NightShiftError:
    """Tell throttled, passing and permanent apart by what yt-dlp wraps."""
    cause = error.exc_info[1] if error.exc_info else None
    while isinstance(cause, ExtractorError) and isinstance(cause.cause, Exception):
        cause = cause.cause
    said = str(error.msg or error).removeprefix("ERROR: ").split("; please report")[0]
    said = said.split(" (caused by ")[0]
    if isinstance(cause, HTTPError):
        delay = retry_after.seconds(cause.response.headers.get("Retry-After"))
        if cause.status == 429 or (cause.status == 503 and delay is not None):
            return ThrottledError(f"{url} is throttled ({cause.status}).", delay)
        if cause.status in _PERMANENT:
            return PermanentError(f"{url} can't be fetched: the site answered {cause.status}.")
        return RetryableError(f"{url}: the site answered {cause.status}.")
    if isinstance(cause, TransportError):
        return RetryableError(
            f"{url} can't be reached: {said}. Is there a network, is the address right?"
        )
    if isinstance(cause, ExtractorError) and cause.expected:
        return PermanentError(f"{url} can't be fetched: {said}")
    if isinstance(cause, OSError):
        return from_os_error(cause, f"downloading {url}")
    if cause is None:  # a body shorter than its Content-Length
        return RetryableError(f"{url} was cut short: {said}")
    return PermanentError(f"{url} can't be fetched: {said}")

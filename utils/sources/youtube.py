"""yt-dlp: what an address holds, and a download of one entry of it.

A download is no more than bytes that arrived: yt-dlp accepts a body that was cut short
without a Content-Length, and any page that is no media. Its caller verifies the file.
"""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path
from typing import Any

from yt_dlp.networking.exceptions import HTTPError, RequestError, TransportError
from yt_dlp.utils import DownloadError, ExtractorError, UnsupportedError

from utils.config import Settings
from utils.errors import (
    NightShiftError,
    PermanentError,
    RetryableError,
    ThrottledError,
    from_os_error,
)
from utils.models.item import Entry, Fetched
from utils.models.source import SourceDefinition, SourceKind, SourceOptions
from utils.privacy.redaction import hidden
from utils.processes import deadline, retry_after
from utils.sources import address, atom, cookies, index_page, refusals, sponsors, wanted
from utils.sources.client import Client, client
from utils.sources.entries import listed, listing_of
from utils.storage import sealing

_PERMANENT = {400, 401, 403, 404, 410, 451}


def entries(
    url: str, settings: Settings, definition: SourceDefinition | None = None
) -> list[Entry]:
    """What ``url`` holds: one entry for a video, several for a channel, a playlist or a feed.

    Args:
        url: An address; its secrets may be sealed.
        settings: What may be fetched from where.
        definition: The source that it is: whose cookies are sent.

    Raises:
        PermanentError: the address is refused, private, gone, or not known; its ``refusal`` says
            why, where the site does.
        RetryableError: the site did not answer; ``ThrottledError`` with its delay.
        NotTakenError: it is a stream that has not begun.
    """
    plain = sealing.opened(url, settings)
    address.check(plain)
    own = definition.options if definition else SourceOptions()
    with (
        cookies.copied(own.cookies_file) as jar,
        client(settings, extract_flat="in_playlist", skip_download=True, **jar) as opened,
    ):
        is_http = definition is not None and definition.kind is SourceKind.HTTP
        info = _asked(opened, plain, url, download=False, is_folder=is_http)
    return listed(info, plain, settings, is_http)


def download(
    entry: Entry, folder: Path, settings: Settings, definition: SourceDefinition | None = None
) -> Fetched:
    """Download one entry into a folder of its own below ``folder``.

    Args:
        entry: What a listing named.
        folder: Where to.
        settings: What may be fetched from where, in which format.
        definition: The source that it is of: format, cookies, how fast, what is cut out of it.

    Raises:
        PermanentError, RetryableError, ThrottledError, ResourceError: as ``entries``.
        NotTakenError: it runs live, or is older than its source wants.
    """
    plain = sealing.opened(entry.url, settings)
    address.check(plain)
    target = folder / uuid.uuid4().hex
    try:
        target.mkdir(parents=True)
    except OSError as error:
        raise from_os_error(error, f"making {target}") from error
    own = definition.options if definition else SourceOptions()
    options = {
        "format": own.format or settings.download_format,
        "ratelimit": own.rate_limit,
        "max_filesize": settings.max_download_bytes,
        "outtmpl": str(target / "media.%(ext)s"),
        "noplaylist": entry.number is None,
        "playlist_items": str(entry.number) if entry.number else None,
        "match_filter": wanted.filter_of(entry, definition),
        "progress_hooks": [lambda progress: _watch(progress, entry, settings)],
    }
    try:
        with cookies.copied(own.cookies_file) as jar, client(settings, **options, **jar) as opened:
            sponsors.cut(opened.ydl, own.sponsor_segments)
            info = _asked(opened, plain, entry.url, download=True)
        return _fetched(info, entry, plain)
    except NightShiftError:
        shutil.rmtree(target, ignore_errors=True)
        raise


def _watch(progress: dict[str, Any], entry: Entry, settings: Settings) -> None:
    """Called by yt-dlp at each block: an end for what has none."""
    deadline.check(f"The download of {entry.url}")
    if (progress.get("downloaded_bytes") or 0) > settings.max_download_bytes:
        raise PermanentError(f"{entry.url} is larger than NIGHTSHIFT_MAX_DOWNLOAD_BYTES.")


def _fetched(info: dict[str, Any], entry: Entry, plain: str) -> Fetched:
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
    # A plain file has no title but its name: what was said of it where it is listed comes first.
    said, named = entry.title, info.get("title")
    is_plain = entry.feed is not None or entry.site.lower() == "generic"
    title = (said or named) if is_plain else (named or said)
    return Fetched(
        path=path,
        title=hidden(str(title or path.stem), plain),
        url=entry.url,
        # Of the file first: what was cut out of it is missing in the page's.
        declared_seconds=done[0].get("duration") or info.get("duration") or entry.duration_seconds,
        listing=listing_of(info, entry),
    )


def _asked(
    opened: Client, plain: str, url: str, download: bool, is_folder: bool = False
) -> dict[str, Any]:
    """What yt-dlp finds at the address ``plain``, which is called ``url`` where it fails.

    ``is_folder``: the page may be a folder's, whose links to media are its entries.
    """
    try:
        info: dict[str, Any] = opened.ydl.extract_info(plain, download=download)
        return info
    except NightShiftError:
        raise
    except Exception as error:  # noqa: BLE001  of 1,800 extractors, about pages of strangers
        is_unknown = isinstance(_cause(error), UnsupportedError) and not download
        if is_unknown and (found := _otherwise(opened, plain, is_folder)) is not None:
            return found
        # Not chained: a log of it would quote the address as it is.
        said = hidden(str(getattr(error, "msg", None) or error), plain)
        raise _not_connected(error, url, opened) or _translated(error, url, said) from None


def _otherwise(opened: Client, plain: str, is_folder: bool) -> dict[str, Any] | None:
    """What yt-dlp does not read: an Atom feed, or the page of a folder; None if it is neither."""
    try:
        with opened.ydl.urlopen(plain) as answer:
            body, at = answer.read(atom.MAX_BYTES + 1), answer.url
    except RequestError:
        return None
    found = atom.read(body, plain)
    return index_page.read(body, at) if found is None and is_folder else found


def _not_connected(error: Exception, url: str, opened: Client) -> NightShiftError | None:
    """What our proxy would not, or could not, connect to; None if it is no reason."""
    cause = _cause(error)
    answered = cause.status if isinstance(cause, HTTPError) else None
    if opened.refused and (answered in {None, 403}):
        return PermanentError(f"{url} can't be fetched: {opened.refused[-1]}")
    if opened.unreachable and (answered == 502 or isinstance(cause, TransportError)):
        return RetryableError(f"{url} can't be reached: {opened.unreachable[-1]}")
    return None


def _cause(error: Exception) -> BaseException | None:
    """What yt-dlp wraps; None where it says itself what is wrong."""
    if not isinstance(error, DownloadError):
        return error
    cause: BaseException | None = error.exc_info[1] if error.exc_info else None
    while isinstance(cause, ExtractorError) and isinstance(cause.cause, Exception):
        cause = cause.cause
    return cause


def _translated(error: Exception, url: str, said: str) -> NightShiftError:
    """Tell throttled, passing and permanent apart by what yt-dlp wraps."""
    cause = _cause(error)
    said = said.removeprefix("ERROR: ").split("; please report")[0].split(" (caused by ")[0]
    if sponsors.is_unanswered(said):
        return RetryableError(f"{url} was not fetched, because its segments are not known: {said}")
    if isinstance(cause, HTTPError):
        delay = retry_after.seconds(cause.response.headers.get("Retry-After"))
        if cause.status == 429 or (cause.status == 503 and delay is not None):
            return ThrottledError(f"{url} is throttled ({cause.status}).", delay)
        if cause.status in _PERMANENT:
            refused = PermanentError(f"{url} can't be fetched: the site answered {cause.status}.")
            refused.refusal = refusals.by_status(cause.status)
            return refused
        return RetryableError(f"{url}: the site answered {cause.status}.")
    if isinstance(cause, TransportError):
        return RetryableError(
            f"{url} can't be reached: {said}. Is there a network, is the address right?"
        )
    if isinstance(cause, ExtractorError) and cause.expected:
        return refusals.refused(url, said, cause)
    if isinstance(cause, OSError):
        return from_os_error(cause, f"downloading {url}")
    if cause is None:  # a body shorter than its Content-Length
        return RetryableError(f"{url} was cut short: {said}")
    return PermanentError(f"{url} can't be fetched: {said}")

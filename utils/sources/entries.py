"""From what yt-dlp says of an address to entries, and by what each is known the next night.

A feed's guid first, then a site's id, then the address: its host, its token may be others
tomorrow.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from yt_dlp.utils import clean_html, unsmuggle_url

from utils.config import Settings
from utils.models import sanitize
from utils.models.item import Entry
from utils.models.listing import Listing
from utils.privacy.redaction import hidden
from utils.storage import sealing

# What allows a request, or says until when, or who sent one: not what is asked for. Names that
# may as well say which file it is (key, hash, id, v) are none of these.
_PASSING = {
    "token", "access_token", "auth_token", "authtoken", "auth", "authorization", "jwt", "hmac",
    "sig", "sign", "signature", "policy", "key-pair-id", "hdnts", "hdnea", "hdntl", "expires",
    "expire", "expiry", "exp", "session", "sessionid", "session_id", "nonce", "timestamp",
}  # fmt: skip
_PASSING_BEGINNINGS = ("x-amz-", "x-goog-", "x-oss-", "utm_", "token-", "token_")
# Beside a signature or an end these are parts of it (Azure, nginx); alone they may name a file.
_PASSING_BESIDE = {"md5", "hash", "st", "se", "sp", "sv", "sr", "spr", "skoid", "sktid", "skt",
                   "ske", "sks", "skv", "e"}  # fmt: skip
_FILE = re.compile(r"\.\w{1,8}$")
# What stands in a playlist for a film that nobody may see.
_PLACEHOLDERS = {"[Private video]": "private", "[Deleted video]": "removed"}
_GUID = "force_videoid"  # where yt-dlp's reader of feeds hides a guid


def listed(
    info: dict[str, Any], plain: str, settings: Settings, has_versions: bool = False
) -> list[Entry]:
    """The entries that an address holds, without secrets; each once.

    Args:
        info: What yt-dlp found at it.
        plain: The address.
        settings: How secrets are sealed.
        has_versions: A file that its server says was modified since is another entry.
    """
    found = []
    for part, url in _parts(info, plain):
        entry = _entry(part, url, plain, settings)
        found.append(_version(entry, part) if has_versions and part.get("direct") else entry)
    pages = Counter(entry.url for entry in found)
    numbered = [
        entry.model_copy(update={"number": number})
        if pages[entry.url] > 1 and entry.feed is None
        else entry
        for number, entry in enumerate(found, start=1)
    ]
    return list({entry.item_id: entry for entry in _told_apart(numbered)}.values())


def place_of(address: str) -> str:
    """An address without scheme, user, fragment and what changes from night to night."""
    parts = urlsplit(address)
    given = parse_qsl(parts.query, keep_blank_values=True)
    passing = {name for name, _ in given if _is_passing(name)}
    if passing:
        passing |= {name for name, _ in given if name.lower() in _PASSING_BESIDE}
    kept = sorted((name, value) for name, value in given if name not in passing)
    host = parts.netloc.rpartition("@")[2].lower()
    return f"{host}{parts.path}" + (f"?{urlencode(kept)}" if kept else "")


def listing_of(info: dict[str, Any], entry: Entry | None = None) -> Listing | None:
    """What a feed or a page says of an entry; None if neither says more than a title.

    Args:
        info: What yt-dlp found, at the listing or at the entry's own page.
        entry: The entry as the listing had it: that stands before its page.
    """
    description = (entry and entry.description) or _text(info.get("description"))
    published = (entry and entry.published_at) or _moment(info)
    if not (description or published):
        return None
    source = "the feed" if entry and entry.feed else "the site"
    title = entry.title if entry else _text(info.get("title"))
    return Listing(source=source, title=title, description=description, published_at=published)


def _parts(info: dict[str, Any], url: str) -> Iterator[tuple[dict[str, Any], str]]:
    if info.get("_type") in {"playlist", "multi_video"}:
        for part in info.get("entries") or ():
            if part:
                yield from _parts(part, part.get("webpage_url") or part.get("url") or url)
        return
    yield info, info.get("webpage_url") or info.get("url") or url


def _entry(info: dict[str, Any], url: str, listing: str, settings: Settings) -> Entry:
    """One entry without secrets; yt-dlp takes ids and titles of plain files from the address."""
    address, smuggled = unsmuggle_url(url, {})
    guid = _text(str(smuggled.get(_GUID) or ""))
    site = str(info.get("extractor_key") or info.get("ie_key") or "Generic")
    title = info.get("title")

    def without_secrets(text: str) -> str:
        return hidden(hidden(text, listing), url)

    before = Entry(
        url=sealing.sealed(url, settings),
        site=site,
        site_id=without_secrets(str(info.get("id") or url)),
    )
    place = place_of(address)
    is_passing = site == "Generic" and not guid and place != _with_all(address)
    entry = Entry(
        url=sealing.sealed(address, settings),
        site=site,
        site_id=(guid and without_secrets(guid)) or before.site_id,
        title=without_secrets(str(title)) if title else None,
        duration_seconds=info.get("duration"),
        feed=place_of(listing) if guid else None,
        place=place if is_passing and _names_a_file(place) else None,
        description=_text(info.get("description")),
        published_at=_moment(info),
        live_status=_word(info.get("live_status")) or ("is_live" if info.get("is_live") else None),
        availability=_PLACEHOLDERS.get(str(title)) or _word(info.get("availability")),
    )
    is_known_otherwise = before.item_id != entry.item_id
    return entry.model_copy(update={"former_ids": (before.item_id,)} if is_known_otherwise else {})


def _version(entry: Entry, info: dict[str, Any]) -> Entry:
    """A plain file as it is now: by its address, and when its server says it was modified."""
    modified = info.get("timestamp")  # yt-dlp's name for Last-Modified
    if not isinstance(modified, (int, float)):
        return entry
    place = f"{entry.place or place_of(entry.url)} {modified:.0f}"
    return entry.model_copy(update={"place": place, "former_ids": ()})


def _told_apart(entries: Sequence[Entry]) -> Iterator[Entry]:
    """Entries of one listing, where one place under several titles is several entries."""
    titles: dict[str, set[str | None]] = {}
    for entry in entries:
        if entry.place:
            titles.setdefault(entry.place, set()).add(entry.title)
    for entry in entries:
        if entry.place and len(titles[entry.place]) > 1:
            yield entry.model_copy(update={"place": f"{entry.place} {entry.title}"})
        else:
            yield entry


def _is_passing(name: str) -> bool:
    lower = unquote(name).lower()
    return lower in _PASSING or lower.startswith(_PASSING_BEGINNINGS)


def _with_all(address: str) -> str:
    """What ``place_of`` would be if nothing of the address were left out."""
    parts = urlsplit(address)
    kept = sorted(parse_qsl(parts.query, keep_blank_values=True))
    return f"{parts.netloc.lower()}{parts.path}" + (f"?{urlencode(kept)}" if kept else "")


def _names_a_file(place: str) -> bool:
    """False where only what was left out told this address from others: ``/get?token=…``."""
    path, _, query = place.partition("?")
    return bool(query) or bool(_FILE.search(path.rpartition("/")[2]))


def _word(value: Any) -> str | None:
    """A word of yt-dlp's; anything else that an extractor says is none."""
    return value if isinstance(value, str) and value.isidentifier() and len(value) < 32 else None


def _text(value: Any) -> str | None:
    """A stranger's text without its markup; None where there is none."""
    plain = clean_html(value) if isinstance(value, str) else None
    return sanitize.text(plain).strip() or None if plain else None


def _moment(info: dict[str, Any]) -> datetime | None:
    """When an entry was published; naive where only the day is known."""
    stamp = info.get("timestamp") or info.get("release_timestamp")
    try:
        if isinstance(stamp, (int, float)):
            return datetime.fromtimestamp(stamp, UTC)
        day = info.get("upload_date") or info.get("release_date")
        return datetime.strptime(day, "%Y%m%d") if isinstance(day, str) else None
    except (ValueError, OverflowError, OSError):
        return None

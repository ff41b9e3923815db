"""Atom feeds, which yt-dlp does not read: as it would say what an RSS feed holds.

What comes from a stranger is bounded, and has no entities of its own.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin
from xml.etree import ElementTree

from yt_dlp.utils import smuggle_url, unified_timestamp

MAX_BYTES = 16 * 2**20
_MAX_ENTRIES = 10_000
_NAME = "{http://www.w3.org/2005/Atom}"


def read(body: bytes, url: str) -> dict[str, Any] | None:
    """What an Atom feed at ``url`` holds, as yt-dlp's playlist; None if it is no Atom feed."""
    if len(body) > MAX_BYTES or b"http://www.w3.org/2005/Atom" not in body or b"<!" in _head(body):
        return None
    try:
        feed = ElementTree.fromstring(body)
    except (ElementTree.ParseError, ValueError):
        return None
    if feed.tag != f"{_NAME}feed":
        return None
    entries = (_entry(one, url) for one in feed.findall(f"{_NAME}entry")[:_MAX_ENTRIES])
    found = [entry for entry in entries if entry is not None]
    return {"_type": "playlist", "id": url, "title": _text(feed, "title"), "entries": found}


def _head(body: bytes) -> bytes:
    """What stands before the feed's own element: declarations, and comments."""
    return body[: max(body.find(b"<feed"), 0)] if b"<feed" in body else body


def _entry(entry: ElementTree.Element, feed_url: str) -> dict[str, Any] | None:
    links = [link.attrib for link in entry.findall(f"{_NAME}link") if link.get("href")]
    rel = {name: [one for one in links if one.get("rel", "alternate") == name]
           for name in ("enclosure", "alternate")}  # fmt: skip
    played = [one for one in rel["enclosure"] if one.get("type", "")[:6] in {"audio/", "video/"}]
    chosen = next(iter((*played, *rel["enclosure"], *rel["alternate"])), None)
    if chosen is None:
        return None
    url = urljoin(feed_url, chosen["href"])
    guid = _text(entry, "id")
    return {
        "_type": "url_transparent",
        "url": smuggle_url(url, {"force_videoid": guid}) if guid else url,
        "title": _text(entry, "title"),
        "description": _text(entry, "summary") or _text(entry, "content"),
        "timestamp": unified_timestamp(_text(entry, "published") or _text(entry, "updated")),
    }


def _text(element: ElementTree.Element, name: str) -> str | None:
    found = element.find(f"{_NAME}{name}")
    return ("".join(found.itertext()).strip() or None) if found is not None else None

"""Subscriptions of other programs: OPML, lists of addresses, exports of channels as JSON or CSV."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from xml.parsers import expat

from utils.errors import PermanentError
from utils.models.source import SourceKind
from utils.sources.definitions.found import Found, kind_at, mapped, page_of

_COMMENTS = ("#", ";", "]", "//")  # those of yt-dlp's lists, and of people
_PINCHFLAT = re.compile(r"/sources/[0-9a-f-]{36}/feed(\.xml)?$")
_IDS = {"channel_id": "channel", "playlist_id": "playlist"}


def opml(body: bytes) -> list[Found]:
    """The outlines of an OPML file that name an address.

    Raises:
        PermanentError: it is no XML, or defines entities.
    """
    outlines: list[dict[str, str]] = []
    parser = expat.ParserCreate()
    parser.StartElementHandler = lambda tag, given: outlines.append(given | {"": tag.lower()})
    parser.EntityDeclHandler = _refuse
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError) as error:
        raise PermanentError(f"It is no OPML that can be read: {error}.") from None
    if not outlines or outlines[0][""] != "opml":
        raise PermanentError("It is XML, but no OPML: such a file begins with <opml>.")
    lower = [{name.lower(): value for name, value in one.items()} for one in outlines]
    return [_outline(one) for one in lower if one[""] == "outline" and _address(one)]


def text(lines: Iterable[str]) -> list[Found]:
    """Addresses, ids and handles of channels, one a line; comments begin with #."""
    found = []
    for line in lines:
        plain = line.strip()
        if plain and not plain.startswith(_COMMENTS):
            found.append(_line(re.split(r"\s+#", plain)[0].strip()))
    return found


def takeout(body: str) -> list[Found]:
    """Google's export of subscriptions: id, address and title of each channel."""
    rows = [row for row in csv.reader(body.splitlines()) if any(cell.strip() for cell in row)]
    return [_row(row) for row in rows if not _is_head(row)]


def exported(entries: Sequence[Any]) -> list[Found]:
    """Channels and playlists as TubeArchivist and NewPipe export them."""
    return [_exported(entry) for entry in entries if isinstance(entry, Mapping)]


def is_exported(entry: Any) -> bool:
    """True for a channel or a playlist of such an export."""
    return isinstance(entry, Mapping) and bool(set(_IDS) & set(entry) or "service_id" in entry)


def _refuse(*_: Any) -> None:
    raise ValueError("it defines entities, which are not expanded here")


def _address(outline: Mapping[str, str]) -> str:
    is_link = outline.get("type", "").lower() in {"link", "include"}
    return outline.get("xmlurl") or (outline.get("url", "") if is_link else "")


def _outline(outline: Mapping[str, str]) -> Found:
    url = page_of(_address(outline))
    name = outline.get("title") or outline.get("text") or ""
    if _PINCHFLAT.search(url):
        page = outline.get("htmlurl", "")
        if page.startswith("http") and kind_at(page) is SourceKind.YOUTUBE:
            return _subscribed(name, page)
        notes = (
            "this is Pinchflat's own feed of what it has fetched; give the channel's address to be "
            "independent of it",
        )
        return mapped(name, url, SourceKind.FEED, notes)
    is_page = kind_at(url) is SourceKind.YOUTUBE and "youtu" in url
    return _subscribed(name, url, None if is_page else SourceKind.FEED)


def _line(word: str) -> Found:
    url = page_of(word)
    if not url.startswith(("http://", "https://")):
        return Found(name=word[:200], why_not="it is no address, no channel's id and no @handle")
    return mapped("", url)


def _is_head(row: Sequence[str]) -> bool:
    return not any("://" in cell or re.fullmatch(r"UC[\w-]{22}", cell.strip()) for cell in row)


def _row(row: Sequence[str]) -> Found:
    cells = [cell.strip() for cell in row]
    address = next((cell for cell in cells if "://" in cell), "") or page_of(cells[0])
    title = next((cell for cell in reversed(cells) if "://" not in cell and cell != cells[0]), "")
    return _subscribed(title, page_of(address.replace("http://www.youtube", "https://www.youtube")))


def _exported(entry: Mapping[str, Any]) -> Found:
    given = next((name for name in _IDS if isinstance(entry.get(name), str)), None)
    names = _names(entry)
    name = next((value for value in names if value), "")
    if given is None:
        url = entry.get("url")
        if not isinstance(url, str):
            return Found(
                name=name or "without a name", why_not="it names neither an id nor an address"
            )
        return _subscribed(name, page_of(url))
    if entry.get(f"{_IDS[given]}_subscribed") is False:
        return Found(name=name or entry[given], why_not="it is known there, but not subscribed to")
    return _subscribed(name, page_of(str(entry[given])))


def _names(entry: Mapping[str, Any]) -> Iterator[str]:
    for key in ("channel_name", "playlist_name", "name", "title", "custom_name"):
        if isinstance(value := entry.get(key), str):
            yield value


def _subscribed(name: str, url: str, kind: SourceKind | None = None) -> Found:
    return mapped(name, url, kind)

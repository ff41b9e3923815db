"""A web server's page of a folder: the media files that it links to, as yt-dlp's playlist."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from utils.media import formats

_MAX_ENTRIES = 10_000


def read(body: bytes, url: str) -> dict[str, Any] | None:
    """The files in the folder of a page at ``url``; None if it links to none.

    Only what lies in that folder or below it at the same server: a page may link anywhere.
    """
    links = _Links()
    links.feed(body.decode("utf-8", "replace"))
    base = urlsplit(url)
    folder = base.path.rpartition("/")[0] + "/"
    found: dict[str, str] = {}
    for link in links.found:
        address = _joined(url, link)
        parts = urlsplit(address)
        name = PurePosixPath(unquote(parts.path)).name
        is_here = parts[:2] == base[:2] and parts.path.startswith(folder)
        if is_here and ".." not in parts.path.split("/") and formats.kind_of(Path(name)):
            found[address] = name
    if not found:
        return None
    entries = [
        {"_type": "url", "ie_key": "Generic", "url": address, "id": name, "title": name}
        for address, name in list(found.items())[:_MAX_ENTRIES]
    ]
    return {"_type": "playlist", "id": url, "title": None, "entries": entries}


class _Links(HTMLParser):
    """The links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a" and len(self.found) < 10 * _MAX_ENTRIES:
            self.found += [value for name, value in attrs if name == "href" and value]


def _joined(url: str, link: str) -> str:
    try:
        return urldefrag(urljoin(url, link.strip()))[0]
    except ValueError:
        return ""

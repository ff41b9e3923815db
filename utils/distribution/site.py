"""A site of plain files: a page for each item, an index with search, a feed and a site map.

An item's page lies with its files in a folder of its own. What belongs to all items is made anew
of all that is published, and each file of it is replaced at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from utils.distribution import (
    artwork,
    captions,
    index_files,
    place,
    playable_audio,
    site_index,
    site_pages,
    site_search,
)
from utils.distribution.call import Call
from utils.errors import PermanentError
from utils.models.publishing import Package, Published
from utils.models.targets import SiteTarget

_POSTER, _CARD, _COVER = (1280, 720), (640, 360), (1000, 1000)  # pixels
_SEARCH = "search-index.js"


def publish(package: Package, target: SiteTarget, call: Call) -> Published:
    """Put an item's page in place, with all that it shows.

    Raises:
        PermanentError: there is nothing to show.
    """
    media = playable_audio.of(package, call)
    if media is None:
        raise PermanentError(f"{package.title} has no file that could be shown.")
    folder = place.folder_of(package)
    suffix = media.path.suffix.lower()
    extra: dict[str, Any] = {"page": f"{folder}/index.html", "media": f"{folder}/media{suffix}"}
    made = [place.put(call, target, media.path, extra["media"], media.mime_type)]
    shapes = {"poster": _COVER if media.mime_type.startswith("audio/") else _POSTER, "card": _CARD}
    for name, size in shapes.items():
        path = call.work / f"{name}.jpg"
        if picture := artwork.made(package, size, path):
            extra[name] = f"{folder}/{name}.jpg"
            extra["by_model"] = picture.by_model
            made.append(place.put(call, target, path, extra[name], "image/jpeg"))
    if captions.are_there(package) and not media.mime_type.startswith("image/"):
        path = call.work / "captions.vtt"
        path.write_text(captions.text(package, "vtt"), encoding="utf-8")
        extra["captions"] = f"{folder}/captions.vtt"
        made.append(place.put(call, target, path, extra["captions"], "text/vtt"))
    page = call.work / "page.html"
    page.write_text(site_pages.item(package, target, media.mime_type, extra), encoding="utf-8")
    made.append(place.put(call, target, page, extra["page"], "text/html; charset=utf-8"))
    address = place.address(target, extra["page"])
    return Published(address=address, objects=tuple(made), remote_id=package.item_id, extra=extra)


def refresh(packages: Sequence[tuple[Package, Published]], target: SiteTarget, call: Call) -> None:
    """Write the index, its pages, the search index, the feed and the site map anew."""
    # What lies there from when the target was of another kind is published anew first.
    packages = [(package, row) for package, row in packages if row.extra.get("page")]
    files = {
        name: index_files.of(site_pages.asset(name), mime_type)
        for name, mime_type in site_pages.ASSETS.items()
    }
    search = site_search.written(packages)
    files[_SEARCH] = index_files.of(search, "text/javascript; charset=utf-8")
    if target.public_url:  # both name pages by their web addresses
        feed = site_index.feed(packages, target)
        files["feed.xml"] = index_files.of(feed, "application/atom+xml")
        files["sitemap.xml"] = index_files.of(
            site_index.site_map(packages, target), "application/xml"
        )
    pages = site_pages.index(packages, target, hashlib.sha256(search).hexdigest()[:12])
    for name, page in reversed(pages.items()):  # the first page comes last: all it names is there
        files[name] = index_files.of(page.encode(), "text/html; charset=utf-8")
    index_files.replace(call, target, files)


def retract(row: Published, target: SiteTarget, call: Call) -> None:
    """Take an item's page and files away; the index is made anew without it."""
    for one in row.objects:
        place.remove(call, target, one.name)


def verify(row: Published, target: SiteTarget, call: Call) -> tuple[str, ...]:
    """Its files where they lie, and whether the site finds it."""
    wrong = [said for one in row.objects if (said := place.check(call, target, one))]
    for name in ("index.html", *site_pages.ASSETS):
        if index_files.read(call, target, name) is None:
            wrong.append(f"{name} is gone")
    data = index_files.read(call, target, _SEARCH)
    if data is None:
        wrong.append(f"{_SEARCH} is gone")
    elif (pages := site_search.pages_in(data)) is None:
        wrong.append(f"{_SEARCH} is damaged")
    elif row.extra.get("page") not in pages:
        wrong.append(f"{_SEARCH} does not have the item")
    return tuple(wrong)

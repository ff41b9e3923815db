"""What tells others of a site: its Atom feed and its site map. Both need its web address."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from utils.distribution import place
from utils.distribution.xml_text import line, plain
from utils.models.publishing import Package, Published
from utils.models.targets import SiteTarget

_ATOM = "http://www.w3.org/2005/Atom"
_SITE_MAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_FEED_ENTRIES, _SITE_MAP_ENTRIES = 100, 50_000  # the latter is the protocol's own bound
_EPOCH = "1970-01-01T00:00:00+00:00"


def feed(packages: Sequence[tuple[Package, Published]], target: SiteTarget) -> bytes:
    """The newest items as an Atom feed (RFC 4287)."""
    root = Element("feed", xmlns=_ATOM)
    home, own = place.address(target, "index.html"), place.address(target, "feed.xml")
    _add(root, "id", uuid.uuid5(uuid.NAMESPACE_URL, own).urn)
    _add(root, "title", line(target.title, 300))
    newest = packages[0][0].published_at.isoformat() if packages else _EPOCH
    _add(root, "updated", newest)
    ElementTree.SubElement(root, "link", rel="self", href=own)
    ElementTree.SubElement(root, "link", rel="alternate", href=home)
    _add(ElementTree.SubElement(root, "author"), "name", line(target.title, 300))
    for package, published in packages[:_FEED_ENTRIES]:
        entry = ElementTree.SubElement(root, "entry")
        _add(entry, "id", uuid.uuid5(uuid.NAMESPACE_OID, package.item_id).urn)
        _add(entry, "title", line(package.title, 300) or package.item_id[:12])
        _add(entry, "updated", package.published_at.isoformat())
        _add(entry, "published", package.published_at.isoformat())
        ElementTree.SubElement(entry, "link", href=place.address(target, published.extra["page"]))
        if package.summary:
            _add(entry, "summary", plain(package.summary, 2000))
    return _bytes(root)


def site_map(packages: Sequence[tuple[Package, Published]], target: SiteTarget) -> bytes:
    """The pages of a site, as sitemaps.org has it."""
    root = Element("urlset", xmlns=_SITE_MAP)
    _add(ElementTree.SubElement(root, "url"), "loc", place.address(target, "index.html"))
    for package, published in packages[: _SITE_MAP_ENTRIES - 1]:
        url = ElementTree.SubElement(root, "url")
        _add(url, "loc", place.address(target, published.extra["page"]))
        _add(url, "lastmod", f"{package.published_at:%Y-%m-%d}")
    return _bytes(root)


def _add(parent: Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = text


def _bytes(root: Element) -> bytes:
    ElementTree.indent(root, space="")
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"

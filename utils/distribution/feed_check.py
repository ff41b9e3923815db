"""A feed where it lies, as a reader finds it: what of an item in it is wrong, in words."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from utils.distribution import place
from utils.distribution.podcast_feed import ITUNES, MAX_ITEMS, PODCAST
from utils.models.publishing import Published
from utils.models.targets import PodcastTarget

_CHANNEL = ("title", "link", "description", "language", f"{{{ITUNES}}}image",
            f"{{{ITUNES}}}explicit", f"{{{ITUNES}}}category", f"{{{PODCAST}}}guid")  # fmt: skip


def of_item(data: bytes, row: Published, target: PodcastTarget) -> list[str]:
    """What is wrong with a feed, and with one item in it."""
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        return [f"{target.feed} is no XML: {error}"]
    channel = root.find("channel")
    if root.tag != "rss" or channel is None:
        return [f"{target.feed} is no RSS feed"]
    missing = [name for name in _CHANNEL if channel.find(name) is None]
    wrong = [f"{target.feed} has no {name.rpartition('}')[2]}" for name in missing]
    if not row.extra.get("media"):
        return [*wrong, "it was published when the target was of another kind: publish it again"]
    everything = channel.findall("item")
    items = [one for one in everything if one.findtext("guid") == row.remote_id]
    if not items and len(everything) >= MAX_ITEMS:
        return [*wrong, f"{target.feed} has the newest {MAX_ITEMS:,} items only"]
    if len(items) != 1:
        return [*wrong, f"{target.feed} has the item {len(items)} times"]
    return [*wrong, *_wrong_in(items[0], row, target)]


def _wrong_in(item: Element, row: Published, target: PodcastTarget) -> Iterator[str]:
    played = next(one for one in row.objects if one.name == row.extra["media"])
    wanted = {
        "url": place.address(target, played.name),
        "length": str(played.size_bytes),
        "type": played.mime_type or "",
    }
    enclosures = item.findall("enclosure")
    if len(enclosures) != 1:
        yield f"the item has {len(enclosures)} enclosures in {target.feed}"
    elif enclosures[0].attrib != wanted:
        yield f"the item's enclosure in {target.feed} is {enclosures[0].attrib}, not {wanted}"
    for name in ("title", "pubDate"):
        if not item.findtext(name):
            yield f"the item has no {name} in {target.feed}"
    seen = {one.get("url") for one in item.findall(f"{{{PODCAST}}}transcript")}
    for name in row.extra.get("transcripts", ()):
        if place.address(target, name) not in seen:
            yield f"{target.feed} does not name {name}"

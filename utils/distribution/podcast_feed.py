"""The feed of a podcast: RSS 2.0 by feedgen, with the tags of iTunes and of Podcasting 2.0.

The same items make the same bytes: no time of writing stands in it.
"""

from __future__ import annotations

import html
import math
import re
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from utils.distribution import captions, place
from utils.distribution.xml_text import line, paragraphs, plain
from utils.errors import SettingsError
from utils.models.publishing import Package, Published
from utils.models.targets import PodcastTarget

CHAPTERS_TYPE = "application/json+chapters"
ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
PODCAST = "https://podcastindex.org/namespace/1.0"
# The namespace of podcast:guid, as its specification names it.
_GUIDS = uuid.UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")
# Bounds: the oldest items above it are left out; the others are what directories take.
MAX_ITEMS, _MAX_TITLE, _MAX_BYTES, _MAX_NAME, _MAX_KEYWORDS = 5000, 300, 4000, 128, 12


class _Tag(NamedTuple):
    namespace: str
    name: str
    text: str | None
    attributes: dict[str, str]


class _Tags:
    """Tags of other namespaces, as feedgen takes an extension: of a channel or of an item."""

    def __init__(self) -> None:
        self.tags: list[_Tag] = []

    def extend_ns(self) -> dict[str, str]:
        return {"podcast": PODCAST, "itunes": ITUNES}

    def extend_rss(self, parent: Any) -> Any:
        from feedgen.util import xml_elem

        channel = parent if parent.tag == "item" else parent[0]
        for one in self.tags:
            made = xml_elem(f"{{{one.namespace}}}{one.name}", channel, **one.attributes)
            made.text = one.text
        return parent

    def add(self, namespace: str, name: str, text: str | None, **attributes: str) -> None:
        self.tags.append(_Tag(namespace, name, text, attributes))


def guid_of(feed_url: str) -> str:
    """``podcast:guid`` of a feed: UUIDv5 of its URL without scheme and slashes at its end."""
    return str(uuid.uuid5(_GUIDS, re.sub(r"^[a-zA-Z][\w+.-]*://", "", feed_url).rstrip("/")))


def written(
    packages: Sequence[tuple[Package, Published]], target: PodcastTarget, artwork: str
) -> bytes:
    """The feed as XML.

    Args:
        packages: What is published, the newest first.
        target: What a person wrote of the podcast.
        artwork: The name of its picture below the target.

    Raises:
        SettingsError: feedgen is not installed.
    """
    feed = _channel(target, artwork)
    newest = max((package.published_at for package, _ in packages), default=datetime(1970, 1, 1))
    feed.lastBuildDate(_aware(newest))
    for package, published in packages[:MAX_ITEMS]:
        _add(feed.add_entry(order="append"), package, published, target)
    return bytes(feed.rss_str(pretty=True))


def _channel(target: PodcastTarget, artwork: str) -> Any:
    feed = _generator()
    address, home = place.address(target, target.feed), place.address(target, "")
    picture, title = place.address(target, artwork), line(target.title, _MAX_TITLE)
    feed.title(title)
    feed.link(href=address, rel="self", type="application/rss+xml")
    feed.link(href=home, rel="alternate")
    feed.description(_html(target.summary or target.title))
    feed.language(target.language)
    feed.generator("Night Shift")
    feed.image(url=picture, title=title, link=home)
    feed.podcast.itunes_author(line(target.author, _MAX_NAME))
    feed.podcast.itunes_owner(name=line(target.author, _MAX_NAME), email=line(target.email))
    feed.podcast.itunes_image(picture)
    category = {"cat": line(target.category)}
    feed.podcast.itunes_category(
        category | ({"sub": line(target.subcategory)} if target.subcategory else {})
    )
    feed.podcast.itunes_type("episodic")
    tags: _Tags = feed.podcasting
    tags.add(ITUNES, "explicit", _true(target.explicit))
    tags.add(PODCAST, "guid", target.guid or guid_of(address))
    tags.add(PODCAST, "locked", "yes", owner=line(target.email))
    tags.add(PODCAST, "medium", "music" if _is_music(target) else "podcast")
    return feed


def require() -> None:
    """Make sure that feeds can be written, before anything is put in place for one.

    Raises:
        SettingsError: feedgen is not installed.
    """
    try:
        import feedgen.feed  # noqa: F401
    except ImportError:
        raise SettingsError(
            "Podcasts need feedgen, which is not installed: pip install 'nightshift[publishing]'."
        ) from None


def _generator() -> Any:
    require()
    from feedgen.feed import FeedGenerator

    feed = FeedGenerator()
    feed.load_extension("podcast", atom=False)
    feed.register_extension("podcasting", _Tags, _Tags, atom=False)
    return feed


def _add(entry: Any, package: Package, published: Published, target: PodcastTarget) -> None:
    """One item of the feed."""
    title = line(package.title, _MAX_TITLE) or package.item_id[:12]
    played = next(one for one in published.objects if one.name == published.extra["media"])
    entry.title(title)
    entry.guid(package.item_id, permalink=False)
    entry.description(_html(package.summary or package.description or package.title))
    entry.enclosure(
        place.address(target, played.name), str(played.size_bytes), played.mime_type or ""
    )
    entry.pubDate(_aware(package.published_at))
    if (package.source_url or "").startswith(("https://", "http://")):
        entry.link(href=plain(package.source_url))
    for word in package.keywords[:_MAX_KEYWORDS]:
        if line(word):
            entry.category(term=line(word, _MAX_NAME))
    entry.podcast.itunes_title(title)
    entry.podcast.itunes_episode_type("full")
    if package.artist:
        entry.podcast.itunes_author(line(package.artist, _MAX_NAME))
    if package.duration_seconds:
        entry.podcast.itunes_duration(max(1, math.floor(package.duration_seconds + 0.5)))
    if picture := published.extra.get("artwork"):
        entry.podcast.itunes_image(place.address(target, picture))
    _add_tags(entry.podcasting, package, published, target)


def _add_tags(tags: _Tags, package: Package, published: Published, target: PodcastTarget) -> None:
    """What feedgen has no word for: transcripts, chapters, persons, and Apple's true and false."""
    # What somebody is warned of is not for everybody.
    tags.add(ITUNES, "explicit", _true(target.explicit or bool(package.content_warnings)))
    language = {"language": package.language} if package.language else {}
    for name in published.extra.get("transcripts", ()):
        kind = name.rpartition(".")[2]
        captioned = {} if kind == "json" else {"rel": "captions"}
        address, mime_type = place.address(target, name), captions.MIME_TYPES[kind]
        tags.add(PODCAST, "transcript", None, url=address, type=mime_type, **language, **captioned)
    if name := published.extra.get("chapters"):
        tags.add(PODCAST, "chapters", None, url=place.address(target, name), type=CHAPTERS_TYPE)
    if package.artist and line(package.artist):
        tags.add(PODCAST, "person", line(package.artist, _MAX_NAME), **_role(target))


def _role(target: PodcastTarget) -> dict[str, str]:
    """What an artist is, in the words of the Podcast Taxonomy."""
    if _is_music(target):
        return {"group": "audio post-production", "role": "music contributor"}
    return {"group": "cast", "role": "host"}


def _is_music(target: PodcastTarget) -> bool:
    return target.category == "Music"


def _html(text: str) -> str:
    """A description: HTML, of which nothing is the stranger's; at most 4,000 bytes (Apple)."""
    made = ""
    for part in paragraphs(text[:_MAX_BYTES]):
        room = _MAX_BYTES - len(made.encode()) - len("<p></p>")
        if room < 40:
            break
        made += f"<p>{_escaped(part, room)}</p>"
    return made or "<p></p>"


def _escaped(text: str, most: int) -> str:
    """A text as HTML in at most so many bytes, cut between its characters."""
    whole = html.escape(text, quote=False)
    if len(whole.encode()) <= most:
        return whole
    made, used = list[str](), 0
    for character in text:
        escaped = html.escape(character, quote=False)
        used += len(escaped.encode())
        if used > most - 3:
            return "".join(made) + "…"
        made.append(escaped)
    return "".join(made)


def _true(value: bool) -> str:
    return "true" if value else "false"


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

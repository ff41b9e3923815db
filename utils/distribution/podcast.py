"""A podcast: the files of each item, and an RSS feed of all of them.

An item's files lie in a folder of its own. The feed is made anew of all that is published, and
replaced at once: a kill in between leaves the one before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from utils.distribution import (
    artwork,
    captions,
    feed_check,
    index_files,
    place,
    playable_audio,
    podcast_feed,
)
from utils.distribution.call import Call
from utils.distribution.xml_text import line
from utils.errors import PermanentError, SettingsError
from utils.models.publishing import Package, PackageFile, Published
from utils.models.targets import PodcastTarget

_JPEG = "image/jpeg"
_CARD_COLOURS = ("#16324f", "#f2f5f9", "#4fb3a5")  # of a feed without artwork of its own. Chosen.
_FILMS = {"video/mp4", "video/quicktime"}
# What players go by is the end of the address: it says what the file is.
_SUFFIXES = {
    "audio/mpeg": ".mp3", "audio/mp4": ".m4a", "audio/x-m4a": ".m4a", "video/mp4": ".mp4",
    "audio/ogg": ".ogg", "audio/flac": ".flac", "video/webm": ".webm", "video/quicktime": ".mov",
}  # fmt: skip


def publish(package: Package, target: PodcastTarget, call: Call) -> Published:
    """Put an item's media, artwork, chapters and transcripts in place, for the feed to name.

    Raises:
        PermanentError: there is nothing to play, or nothing that players take.
        SettingsError: the target says nothing of where its files are seen.
    """
    _require(target, call)
    media = _media(package, call)
    folder = place.folder_of(package)
    suffix = _SUFFIXES.get(media.mime_type, media.path.suffix.lower())
    extra: dict[str, Any] = {"media": f"{folder}/media{suffix}", "transcripts": []}
    made = [place.put(call, target, media.path, extra["media"], media.mime_type)]
    square = call.work / "artwork.jpg"
    if artwork.made(package, artwork.SQUARE, square):
        extra["artwork"] = f"{folder}/artwork.jpg"
        made.append(place.put(call, target, square, extra["artwork"], _JPEG))
    for name, text, mime_type in _texts(package, target):
        path = call.work / name
        path.write_text(text, encoding="utf-8")
        made.append(place.put(call, target, path, f"{folder}/{name}", mime_type))
        if name == "chapters.json":
            extra["chapters"] = f"{folder}/{name}"
        else:
            extra["transcripts"].append(f"{folder}/{name}")
    address = place.address(target, extra["media"])
    return Published(address=address, objects=tuple(made), remote_id=package.item_id, extra=extra)


def _texts(package: Package, target: PodcastTarget) -> list[tuple[str, str, str]]:
    """Names, texts and types of what is written about an item."""
    found = []
    if package.chapters:
        found.append(("chapters.json", _chapters(package, target), podcast_feed.CHAPTERS_TYPE))
    if captions.are_there(package):
        found += [
            ("transcript.vtt", captions.text(package, "vtt"), captions.MIME_TYPES["vtt"]),
            ("transcript.srt", captions.text(package, "srt"), captions.MIME_TYPES["srt"]),
            ("transcript.json", captions.podcast_json(package), captions.MIME_TYPES["json"]),
        ]
    return found


def _chapters(package: Package, target: PodcastTarget) -> str:
    """Chapters as the podcast namespace has them (its jsonChapters.md, version 1.2)."""
    chapters = [
        {"startTime": one.start_seconds, "title": line(one.title, 200)}
        for one in sorted(package.chapters, key=lambda one: one.start_seconds)
    ]
    document = {
        "version": "1.2.0",
        "title": line(package.title, 300),
        "podcastName": line(target.title, 300),
        "chapters": chapters,
    }
    return json.dumps(document, ensure_ascii=False)


def refresh(
    packages: Sequence[tuple[Package, Published]], target: PodcastTarget, call: Call
) -> None:
    """Write the feed anew; ``packages`` are in the order in which it has them."""
    _require(target, call)
    picture = _feed_artwork(target, call)
    # A new picture has a new address: directories keep what they once got from an address.
    name = f"artwork-{hashlib.sha256(picture).hexdigest()[:12]}.jpg"
    # What lies there from when the target was of another kind is published anew first.
    own = [(package, row) for package, row in packages if row.extra.get("media")]
    data = podcast_feed.written(own, target, name)
    files = {
        name: index_files.of(picture, _JPEG),
        target.feed: index_files.of(data, "application/rss+xml"),
    }
    index_files.replace(call, target, files)


def _feed_artwork(target: PodcastTarget, call: Call) -> bytes:
    """The picture of the feed: what a person named, else a card with its title."""
    source = call.work / "card.png"
    if target.artwork:
        # As it is written in targets.yaml: seen from where that lies.
        source = call.settings.targets_file.parent / Path(target.artwork).expanduser()
        if not source.is_file():
            raise SettingsError(f"The artwork of {call.name}, {source}, is no file.")
    else:
        from utils.models.visual_subject import VisualSubject
        from utils.visuals import cards

        subject = VisualSubject(title=target.title, artist=target.author, kind="audio")
        cards.draw(subject, _CARD_COLOURS, None, "1:1", source)
    square = call.work / "feed_artwork.jpg"
    artwork.make(source, artwork.SQUARE, square)
    return square.read_bytes()


def retract(row: Published, target: PodcastTarget, call: Call) -> None:
    """Take an item's files away; the feed is made anew without it."""
    for one in row.objects:
        place.remove(call, target, one.name)


def verify(row: Published, target: PodcastTarget, call: Call) -> tuple[str, ...]:
    """Its files where they lie and as they are seen, and the feed as a reader finds it."""
    wrong = [said for one in row.objects if (said := place.check(call, target, one))]
    feed = index_files.read(call, target, target.feed)
    if feed is None:
        return (*wrong, f"{target.feed} is gone")
    return (*wrong, *feed_check.of_item(feed, row, target))


def _media(package: Package, call: Call) -> PackageFile:
    media = playable_audio.of(package, call)
    if media is None or media.mime_type.partition("/")[0] not in {"audio", "video"}:
        raise PermanentError(
            f"{package.title} has nothing that a podcast could play: neither sound nor film."
        )
    if media.mime_type.startswith("video/") and media.mime_type not in _FILMS:
        raise PermanentError(
            f"{package.title} is a film in {media.path.suffix.lstrip('.').upper()}, and podcast "
            "players take MP4 and MOV only: make a rendition for the web (compression.profile: "
            "web), then publish it again."
        )
    return media


def _require(target: PodcastTarget, call: Call) -> None:
    """Make sure that a feed with addresses can be written.

    Raises:
        SettingsError: where its files are seen is no web address, or feedgen is not installed.
    """
    if not (target.public_url or "").startswith(("https://", "http://")):
        raise SettingsError(
            f"The podcast {call.name} needs a public_url, such as https://media.example.org/show: "
            "a feed names its files by their web addresses."
        )
    podcast_feed.require()

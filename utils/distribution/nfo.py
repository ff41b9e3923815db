"""NFO files, as Kodi and Jellyfin read them.

Tags and forms are those of kodi.wiki (NFO files: Movies, Albums, Artists) that Jellyfin's readers
take too (its BaseNfoParser). A genre is split at slashes there: keywords are tags.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from utils.distribution import captions
from utils.distribution.xml_text import line, plain
from utils.models.publishing import Package

_ID_TYPE = "nightshift"


def movie(package: Package) -> bytes:
    """The NFO of a film."""
    root = Element("movie")
    moment = when(package)
    _add(root, "title", line(package.title, 300))
    _add(root, "plot", plain(package.description or package.summary, 4000))
    _add(root, "outline", line(package.summary, 300))
    if package.duration_seconds:
        _add(root, "runtime", str(max(1, math.floor(package.duration_seconds / 60 + 0.5))))
    _add(root, "premiered", f"{moment:%Y-%m-%d}")
    _add(root, "year", f"{moment:%Y}")
    _add(root, "studio", line(package.artist, 200))
    for word in package.keywords:
        _add(root, "tag", line(word, 100))
    for word in package.content_warnings:
        _add(root, "tag", f"warning: {line(word, 100)}")
    identity = ElementTree.SubElement(root, "uniqueid", type=_ID_TYPE, default="true")
    identity.text = package.item_id
    _add(root, "dateadded", f"{package.published_at:%Y-%m-%d %H:%M:%S}")
    _add_streams(root, package)
    return _bytes(root)


def album(title: str, artist: str | None, packages: Sequence[Package]) -> bytes:
    """The NFO of an album, of those of its songs that are published."""
    root = Element("album")
    _add(root, "title", line(title, 300))
    if artist:
        _add(root, "artist", line(artist, 200))
        _add(root, "albumartist", line(artist, 200))
        credits = ElementTree.SubElement(root, "albumArtistCredits")
        _add(credits, "artist", line(artist, 200))
    dates = [package.captured_at for package in packages if package.captured_at]
    if dates:
        _add(root, "year", f"{min(dates):%Y}")
        _add(root, "releasedate", f"{min(dates):%Y-%m-%d}")
    for package in packages:
        track = ElementTree.SubElement(root, "track")
        _add(track, "title", line(package.title, 300))
        if package.duration_seconds:
            minutes, seconds = divmod(round(package.duration_seconds), 60)
            _add(track, "duration", f"{minutes:02d}:{seconds:02d}")
    return _bytes(root)


def artist(name: str) -> bytes:
    """The NFO of an artist."""
    root = Element("artist")
    _add(root, "name", line(name, 200))
    return _bytes(root)


def when(package: Package) -> datetime:
    """When it was recorded, where that is known; else when it was published."""
    return package.captured_at or package.published_at


def item_of(data: bytes) -> str | None:
    """The item that an NFO of a film is of.

    Raises:
        ValueError: it is no XML.
    """
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from error
    found = root.find(f"uniqueid[@type='{_ID_TYPE}']")
    return found.text if root.tag == "movie" and found is not None else None


def _add_streams(root: Element, package: Package) -> None:
    """What is known of the streams: size and length of the picture, language of the subtitles."""
    details = ElementTree.SubElement(ElementTree.SubElement(root, "fileinfo"), "streamdetails")
    media = package.first("media")
    width = media.width if media and media.width else package.width
    height = media.height if media and media.height else package.height
    video = ElementTree.SubElement(details, "video")
    if width and height:
        _add(video, "width", str(width))
        _add(video, "height", str(height))
        _add(video, "aspect", f"{width / height:.2f}")
    if package.duration_seconds:
        _add(video, "durationinseconds", str(round(package.duration_seconds)))
    if captions.are_there(package) and package.language:
        _add(ElementTree.SubElement(details, "subtitle"), "language", line(package.language, 20))


def _add(parent: Element, name: str, text: str) -> None:
    if text:
        ElementTree.SubElement(parent, name).text = text


def _bytes(root: Element) -> bytes:
    ElementTree.indent(root)
    head = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    return head + bytes(ElementTree.tostring(root, encoding="utf-8")) + b"\n"

"""What is published of an item as it came: the words of its tags, its site and its chapters."""

from __future__ import annotations

from collections.abc import Iterator

from utils.models.approval import Label
from utils.models.listing import Listing
from utils.models.metadata import Metadata
from utils.models.probe import FfprobeReport
from utils.models.video_analysis import VideoAnalysis


def of(
    title: str,
    facts: Metadata | None,
    listing: Listing | None,
    ffprobe: FfprobeReport | None,
    video: VideoAnalysis | None,
) -> tuple[Label, ...]:
    """Each text once, the most telling first; the item's own ``title`` is not repeated."""
    found = {
        text.strip(): Label(name=name, text=text.strip())
        for name, text in reversed([*_texts(facts, listing), *_chapters(ffprobe, video)])
        if text and text.strip() and text.strip() != title.strip()
    }
    return tuple(reversed(found.values()))


def _texts(facts: Metadata | None, listing: Listing | None) -> Iterator[tuple[str, str | None]]:
    if facts:
        yield "title of its tags", facts.title
        yield "artist", facts.artist
        yield "album", facts.album
    yield "description", listing.description if listing else None
    if facts:
        yield "description", facts.description
        yield from (("keyword", word) for word in facts.keywords)
        yield from (("person", name) for name in facts.people)
        yield "place", facts.location_name


def _chapters(
    ffprobe: FfprobeReport | None, video: VideoAnalysis | None
) -> Iterator[tuple[str, str | None]]:
    """The chapters of the file, and the shots, which are chapters where a file has none."""
    for raw in (ffprobe.raw.get("chapters") if ffprobe else None) or ():
        tags = raw.get("tags") if isinstance(raw, dict) else None
        if isinstance(tags, dict):
            yield "chapter title", str(tags.get("title") or "")
    yield from (("shot", shot.description) for shot in (video.shots if video else ()))

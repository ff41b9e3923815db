"""All that is known of an item as a whole, each fact with who says so."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from utils.db import item_relations, ledger, library, listings
from utils.db.schema import Item
from utils.distribution import chapters
from utils.documents import recording, review
from utils.models.analysis import Analysis
from utils.models.exposure import ExposureReport
from utils.models.metadata import Metadata
from utils.models.probe import FfprobeReport
from utils.models.record import ItemRecord
from utils.models.rendition import COMPRESSIONS, Compression, Thumbnails
from utils.models.sidecars import SidecarReport
from utils.models.signal import SignalReport
from utils.models.verdict import Verdict
from utils.models.video_analysis import VideoAnalysis

# Each field of `Metadata` that people are shown, with what it counts; in groups, in their order.
_GROUPS: dict[str, tuple[tuple[str, str], ...]] = {
    "file": (("container", ""), ("duration_seconds", "length"), ("size_bytes", "bytes"),
             ("bit_rate", "bit_rate"), ("timecode", ""), ("chapter_count", "number")),
    "picture": (("video_codec", ""), ("width", "pixels"), ("height", "pixels"),
                ("display_width", "pixels"), ("display_height", "pixels"), ("frame_rate", "rate"),
                ("frame_rate_mode", ""), ("bit_depth", "number"), ("color_space", ""),
                ("hdr_format", "")),
    "sound": (("audio_codec", ""), ("channels", "number"), ("sample_rate", "hertz"),
              ("audio_languages", "list"), ("subtitle_languages", "list")),
    "camera": (("captured_at", "moment"), ("camera_make", ""), ("camera_model", ""), ("lens", ""),
               ("focal_length_mm", "millimetres"), ("focal_length_35mm", "millimetres"),
               ("focal_class", "")),
    "place": (("latitude", "degrees"), ("longitude", "degrees"), ("altitude_metres", "metres"),
              ("location_name", "")),
    "written": (("title", ""), ("artist", ""), ("album", ""), ("description", ""),
                ("keywords", "list"), ("people", "list"), ("rating", "number")),
}  # fmt: skip


class Fact(NamedTuple):
    """A fact: its name, its value in what ``unit`` says, and the tag or field that says so.

    A moment without a zone is what the camera's clock showed.
    """

    name: str
    value: Any
    unit: str
    source: str | None


class Doubts(NamedTuple):
    """What is no more than likely, what a rendition lacks, what was not made; each in words."""

    guessed: tuple[str, ...]
    lost: tuple[str, ...]
    lacks: tuple[tuple[str, str], ...]
    unread: tuple[str, ...]


def of_item(s: Session, row: Item) -> dict[str, Any]:
    """All of it; what is not known is None or empty.

    ``groups``: facts by what they are about; the rest are the models and documents of the steps.
    """
    there = item_relations.related_to(s, row.id)
    with ledger.preloaded(s, row.id):
        metadata = ledger.latest_result(s, row.id, "consolidate_metadata", Metadata)
        encode = ledger.latest_result(s, row.id, COMPRESSIONS, Compression)
        beside = ledger.latest_result(s, row.id, "read_sidecars", SidecarReport)
        ffprobe = ledger.latest_result(s, row.id, "extract_ffprobe", FfprobeReport)
        record = library.load(s, row.id, {"segments", *item_relations.KINDS - there})
        return {
            "groups": _groups(metadata or _of_row(row)),
            "doubts": _doubts(row, metadata, encode, beside),
            "record": record,
            "chapters": chapters.of(ffprobe, record.shots, row.duration_seconds),
            "analysis": ledger.latest_result(s, row.id, "analyze_content", Analysis),
            "video": ledger.latest_result(s, row.id, "ai_video_analysis", VideoAnalysis),
            "signal": ledger.latest_result(s, row.id, "analyze_signal", SignalReport),
            "exposure": ledger.latest_result(s, row.id, "analyze_exposure", ExposureReport),
            "verdict": ledger.latest_result(s, row.id, "judge_quality", Verdict),
            "approval": review.approval(s, row),
            "listing": listings.of(s, row.id) if "description" in there else None,
            "pictures": ledger.latest_result(s, row.id, "generate_thumbnails", Thumbnails),
            "recording": recording.document(s, row),
        }


def place_of(record: ItemRecord) -> tuple[float, float] | None:
    """Latitude and longitude in degrees, where both are on this earth."""
    latitude, longitude = record.latitude, record.longitude
    if latitude is None or longitude is None:
        return None
    return (latitude, longitude) if abs(latitude) <= 90 and abs(longitude) <= 180 else None


def _of_row(row: Item) -> Metadata:
    """What is known before anybody put the facts together."""
    return Metadata(
        kind=row.kind,
        size_bytes=row.size_bytes,
        duration_seconds=row.duration_seconds,
    )


def _groups(metadata: Metadata) -> dict[str, list[Fact]]:
    found = {
        group: [
            Fact(name, value, unit, _source(metadata, name))
            for name, unit in names
            if (value := getattr(metadata, name)) not in (None, (), "", 0)
            and not _says_nothing_new(metadata, name)
        ]
        for group, names in _GROUPS.items()
    }
    return {group: facts for group, facts in found.items() if facts}


def _source(metadata: Metadata, name: str) -> str | None:
    if name == "captured_at":
        return metadata.captured_at_source
    return metadata.sources.get(name)


def _says_nothing_new(metadata: Metadata, name: str) -> bool:
    """True for the size of the picture as shown where it is the size as stored."""
    stored = (metadata.width, metadata.height)
    is_shown_as_stored = (metadata.display_width, metadata.display_height) == stored
    return name.startswith("display_") and is_shown_as_stored


def _doubts(
    row: Item, metadata: Metadata | None, encode: Compression | None, beside: SidecarReport | None
) -> Doubts:
    return Doubts(
        (*(metadata.guessed if metadata else ()), *(encode.guessed if encode else ())),
        encode.dropped if encode and encode.rendition else (),
        tuple((lack["step"], lack["reason"]) for lack in row.lacks or ()),
        beside.unread if beside else (),
    )

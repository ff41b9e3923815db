"""Streams and tracks out of the tools' raw reports."""

from __future__ import annotations

import math
from typing import Any

from utils.models.probe import FfprobeReport, MediaInfoReport

Stream = dict[str, Any]


def of_kind(report: FfprobeReport | None, kind: str) -> list[Stream]:
    """ffprobe's streams of ``kind`` (video without attached pictures)."""
    streams = report.raw.get("streams", []) if report else []
    return [s for s in streams if s.get("codec_type") == kind and not is_attached(s)]


def is_attached(stream: Stream) -> bool:
    """True for a cover."""
    return bool(stream.get("disposition", {}).get("attached_pic"))


def main(report: FfprobeReport | None) -> Stream:
    """The first picture that is no cover; empty where there is none."""
    return next(iter(of_kind(report, "video")), {})


def frames(report: FfprobeReport | None, index: int | None) -> list[Stream]:
    """The first frames of a stream."""
    found = report.raw.get("frames", []) if report and index is not None else []
    return [frame for frame in found if frame.get("stream_index") == index]


def side_data(report: FfprobeReport | None, stream: Stream) -> list[Stream]:
    """What lies beside the picture: of the stream, then of its first frames."""
    carriers = [stream, *frames(report, stream.get("index"))]
    return [side for carrier in carriers for side in carrier.get("side_data_list", [])]


def tracks(report: MediaInfoReport | None, *kinds: str) -> list[Stream]:
    """MediaInfo's tracks of the first of ``kinds`` that has any."""
    for kind in kinds:
        found = [t for t in (report.tracks if report else ()) if t.get("track_type") == kind]
        if found:
            return found
    return []


def picture(report: MediaInfoReport | None, ffprobe: FfprobeReport | None) -> Stream:
    """MediaInfo's main picture: not the cover of a song."""
    if ffprobe is not None and not main(ffprobe):
        return {}
    return next(iter(tracks(report, "Video", "Image")), {})


def word(value: Any) -> str | None:
    """A value that says something: ffprobe writes ``unknown`` where it does not know."""
    text = str(value).strip() if value is not None else ""
    return (
        None if text.lower() in {"", "unknown", "unspecified", "reserved", "n/a", "und"} else text
    )


def length_seconds(stream: dict[str, Any]) -> float | None:
    """Seconds of a stream; Matroska keeps them in a tag, as 00:00:05.021000000."""
    if (known := _number(stream.get("duration"))) is not None:
        return known
    tags = {name.lower(): value for name, value in stream.get("tags", {}).items()}
    parts = str(tags.get("duration", "")).split(":")
    numbers = [_number(part) for part in parts]
    if len(numbers) != 3 or None in numbers:
        return None
    hours, minutes, seconds = (number or 0.0 for number in numbers)
    return hours * 3600 + minutes * 60 + seconds


def _number(value: str | None) -> float | None:
    """A number; None for "N/A", "nan" and "inf"."""
    try:
        number = float(value) if value is not None else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None

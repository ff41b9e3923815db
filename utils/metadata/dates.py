"""When something was taken, with its zone where one is known."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from utils.metadata import tags as look
from utils.models.metadata import CaptureTime
from utils.models.probe import ExifReport, FfprobeReport, MediaInfoReport

# Tags in the order in which they are believed: what a camera calls the moment of the shot
# before what may be that of a copy, local time with a zone before local time without.
# (tag, tag of its offset): the offset stands beside EXIF times (EXIF 2.31), within others.
_TAGS: tuple[tuple[str, str | None], ...] = (
    ("Keys:CreationDate", None),
    ("*:CreationDate", None),
    ("ExifIFD:DateTimeOriginal", "ExifIFD:OffsetTimeOriginal"),
    ("XML:CreationDateValue", None),
    ("H264:DateTimeOriginal", None),
    ("XMP-exif:DateTimeOriginal", None),
    ("UserData:DateTimeOriginal", None),
    ("*:ContentCreateDate", None),
    ("*:DateTimeOriginal", None),
    ("*:DateRecorded", None),
    ("ExifIFD:CreateDate", "ExifIFD:OffsetTimeDigitized"),
    ("Composite:GPSDateTime", None),
    ("Composite:DateTimeCreated", None),
    ("XMP-photoshop:DateCreated", None),
    ("XMP-xmp:CreateDate", None),
)
# Seconds since 1904 in UTC, says the QuickTime specification, and phones keep to it.
_UTC_TAGS = ("QuickTime:CreateDate", "*:MediaCreateDate", "*:TrackCreateDate")
# Cameras know no zone, and many write their clock's local time there; phones write UTC, and so
# do programs, which name no maker.
_LOCAL_THERE = re.compile(
    "gopro|dji|canon|nikon|fuji|panasonic|olympus|om digital|pentax|ricoh|casio|kodak|leica",
    re.IGNORECASE,
)

# Tags of ffprobe that name a maker; in a title "canon" is music.
_MAKER = re.compile(r"make$|manufacturer|handler_name")
_TIME = re.compile(
    r"(?P<year>\d{4})[:/-](?P<month>\d{2})[:/-](?P<day>\d{2})[T ]"
    r"(?P<hour>\d{2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<zone>Z|UTC|[+-]\d{2}:?\d{2})?"
)
# What an unset clock writes: second 0 of QuickTime, of Unix and of FAT.
_ZEROS = (datetime(1904, 1, 1), datetime(1970, 1, 1), datetime(1980, 1, 1))
_A_ZONE = timedelta(hours=14)  # as far as zones go, UTC+14
_YEARS = range(1826, 2200)  # since the first photograph; a clock beyond is wrong


def captured(
    exif: ExifReport | None, ffprobe: FfprobeReport | None, mediainfo: MediaInfoReport | None
) -> CaptureTime | None:
    """When it was taken; None where no source says so, or only an unset clock does."""
    if exif and (known := of_tags(exif.tags)):
        return known
    if ffprobe and (known := _of_ffprobe(ffprobe)):
        return known
    return _of_mediainfo(mediainfo) if mediainfo else None


def of_tags(tags: Mapping[str, Any]) -> CaptureTime | None:
    """The same of ExifTool's tags alone."""
    for name, offset in _TAGS:
        for tag, value in look.found(tags, name):
            zone = look.text(tags, offset) if offset else None
            if at := moment(value, zone):
                return _taken(at, tag)
    maker = " ".join(str(v) for _, v in look.found(tags, *look.MAKE, "*:HandlerDescription"))
    for tag, value in look.found(tags, *_UTC_TAGS):
        if at := moment(value, None if _LOCAL_THERE.search(maker) else "Z"):
            return _taken(at, tag)
    return None


def moment(value: Any, zone: str | None = None) -> datetime | None:
    """The time that ``value`` writes, ``zone`` if it names none itself.

    None for what is no time, for years before photography, and for the zeros of unset clocks.
    """
    match = _TIME.match(str(value).strip().removeprefix("UTC "))
    if match is None:
        return None
    year, month, day, hour, minute, second = (
        int(match[name] or 0) for name in ("year", "month", "day", "hour", "minute", "second")
    )
    micro = int((match["fraction"] or "0").ljust(6, "0")[:6])
    try:
        at = datetime(year, month, day, hour, minute, second, micro)
    except ValueError:  # month 13, the 31st of February, second 60
        return None
    if at.year not in _YEARS or any(
        abs(at - zero) <= _A_ZONE and at.minute % 15 == at.second == 0 for zero in _ZEROS
    ):
        return None
    return at.replace(tzinfo=_zone(match["zone"] or zone))


def _zone(text: str | None) -> timezone | None:
    text = (text or "").strip()
    if text in {"Z", "UTC"}:
        return UTC
    match = re.fullmatch(r"([+-])(\d{2}):?(\d{2})", text)
    if match is None or int(match[3]) > 59:
        return None
    away = timedelta(hours=int(match[2]), minutes=int(match[3]))
    if away > _A_ZONE:
        return None
    return timezone(-away if match[1] == "-" else away) if away else UTC


def _taken(at: datetime, source: str) -> CaptureTime:
    return CaptureTime(at=at, is_zone_known=at.tzinfo is not None, source=source)


def _of_ffprobe(report: FfprobeReport) -> CaptureTime | None:
    workers: list[tuple[str, Mapping[str, Any]]] = [("format", report.raw.get("format", {}))]
    workers += [(f"stream {s.get('index')}", s) for s in report.raw.get("streams", [])]
    for name in ("com.apple.quicktime.creationdate", "date_recorded", "creation_time"):
        for where, worker in workers:
            values = {str(k).lower(): v for k, v in worker.get("tags", {}).items()}
            if at := moment(values.get(name, "")):
                # The Z of ``creation_time`` is ffmpeg's reading of the specification.
                maker = " ".join(str(v) for tag, v in values.items() if _MAKER.search(tag))
                if name == "creation_time" and _LOCAL_THERE.search(maker):
                    at = at.replace(tzinfo=None)
                return _taken(at, f"ffprobe {where} {name}")
    return None


def _of_mediainfo(report: MediaInfoReport) -> CaptureTime | None:
    for track, field in _fields(report):
        value = str(track[field])
        if at := moment(value, "Z" if "UTC" in value else None):
            return _taken(at, f"mediainfo {field}")
    return None


def _fields(report: MediaInfoReport) -> Iterator[tuple[dict[str, Any], str]]:
    # Not ``released_date``: that is the day of the record.
    for field in ("recorded_date", "mastered_date", "encoded_date", "tagged_date"):
        for track in report.tracks:
            if field in track:
                yield track, field

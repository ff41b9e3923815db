"""When something was taken, with its zone where one is known."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple

from utils.metadata import tags as look
from utils.models.metadata import CaptureTime
from utils.models.probe import ExifReport, FfprobeReport, MediaInfoReport


class _Tag(NamedTuple):
    """A tag of time, and the tags beside it of its zone and of its parts of a second."""

    name: str
    offset: str | None = None
    fraction: str | None = None


# By meaning: when it was taken, before when a copy was made, before when that was changed; and of
# one meaning local time with its zone before local time without. EXIF keeps zone and parts of a
# second in tags of their own (EXIF 2.31). Apple's key of the same name is a QuickTime file's; a
# document's CreationDate is when the document was made.
_TAKEN = (
    *(_Tag(f"{group}:CreationDate") for group in ("Keys", "VideoKeys", "Track1", "Track2")),
    _Tag("ExifIFD:DateTimeOriginal", "ExifIFD:OffsetTimeOriginal", "ExifIFD:SubSecTimeOriginal"),
    _Tag("IFD0:DateTimeOriginal", "IFD0:OffsetTimeOriginal"),
    _Tag("XML:CreationDateValue"),
    _Tag("H264:DateTimeOriginal"),
    _Tag("XMP-exif:DateTimeOriginal", "XMP-exif:OffsetTimeOriginal"),
    _Tag("UserData:DateTimeOriginal"),
    _Tag("UserData:ContentCreateDate"),
    _Tag("ItemList:ContentCreateDate"),
    _Tag("*:DateTimeOriginal"),
    _Tag("*:DateRecorded"),
    _Tag("Composite:DateTimeCreated"),
    _Tag("XMP-photoshop:DateCreated"),
)
_MADE = (
    _Tag("ExifIFD:CreateDate", "ExifIFD:OffsetTimeDigitized", "ExifIFD:SubSecTimeDigitized"),
    _Tag("XMP-exif:DateTimeDigitized"),
    _Tag("Composite:GPSDateTime"),
    _Tag("XMP-xmp:CreateDate"),
    _Tag("PNG:CreationTime"),
)
# Seconds since 1904 in UTC, says the QuickTime specification, and phones keep to it.
_UTC_TAGS = ("QuickTime:CreateDate", "*:MediaCreateDate", "*:TrackCreateDate")
# A camera that has no other date writes this one as it shoots; an editor's says nothing.
_CHANGED = _Tag("IFD0:ModifyDate", "ExifIFD:OffsetTime", "ExifIFD:SubSecTime")
# When the file as such was made, in formats without any other (DPX, Photo CD, a page as XMP).
_FILED = (_Tag("*:CreateDate"), _Tag("XMP-pdf:CreationDate"))
# Bought songs and films carry the day of their release where phones have that of the shot.
_BOUGHT = ("ItemList:PurchaseDate", "ItemList:AppleStoreCatalogID", "ItemList:AppleStoreAccount",
           "ItemList:Album")  # fmt: skip
# Cameras know no zone, and many write their clock's local time there; phones write UTC, and so
# do programs, which name no maker.
_LOCAL_THERE = re.compile(
    "gopro|dji|canon|nikon|fuji|panasonic|olympus|om digital|pentax|ricoh|casio|kodak|leica"
    "|samsung techwin|insta360|arashi vision",
    re.IGNORECASE,
)

# Tags of ffprobe that name a maker; in a title "canon" is music.
_MAKER = re.compile(r"make$|manufacturer|handler_name")
_EDITOR = re.compile(
    r"photoshop|lightroom|gimp|imagemagick|picasa|paint|acdsee|irfanview|photos? ?\d|capture one"
    r"|darktable|rawtherapee|photoscape|snapseed|windows photo|aperture|iphoto|silverfast|scan",
    re.IGNORECASE,
)
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
    if known := taken(tags) or _first(tags, _MADE):
        return known
    maker = " ".join(str(v) for _, v in look.found(tags, *look.MAKE, "*:HandlerDescription"))
    for tag, value in look.found(tags, *_UTC_TAGS):
        if at := moment(value, None if _LOCAL_THERE.search(maker) else "Z"):
            return _taken(at, tag)
    software = look.text(tags, "IFD0:Software", "XMP-xmp:CreatorTool") or ""
    is_cameras = look.text(tags, "IFD0:Make") and not _EDITOR.search(software)
    return (_first(tags, (_CHANGED,)) if is_cameras else None) or _first(tags, _FILED)


def taken(tags: Mapping[str, Any]) -> CaptureTime | None:
    """When it was taken, by tags that mean just that; not when a copy was made or changed."""
    known = _first(tags, _TAKEN)
    if known is None or known.is_zone_known:
        return known
    # The same moment, as another tag has it with its zone.
    for tag in _TAKEN:
        for other in _moments(tags, tag):
            if other.is_zone_known and other.at.replace(tzinfo=None) == known.at:
                return other
    return known


def moment(value: Any, zone: str | None = None, fraction: str | None = None) -> datetime | None:
    """The time that ``value`` writes, ``zone`` and digits of a second if it names none itself.

    None for what is no time, for years before photography, and for the zeros of unset clocks.
    """
    match = _TIME.match(str(value).strip().removeprefix("UTC "))
    if match is None:
        return None
    year, month, day, hour, minute, second = (
        int(match[name] or 0) for name in ("year", "month", "day", "hour", "minute", "second")
    )
    digits = match["fraction"] or (fraction if fraction and fraction.isdecimal() else "0")
    try:
        at = datetime(year, month, day, hour, minute, second, int(digits.ljust(6, "0")[:6]))
    except ValueError:  # month 13, the 31st of February, second 60
        return None
    if at.year not in _YEARS or any(
        abs(at - zero) <= _A_ZONE and at.minute % 15 == at.second == 0 for zero in _ZEROS
    ):
        return None
    return at.replace(tzinfo=_zone(match["zone"] or zone))


def _first(tags: Mapping[str, Any], order: tuple[_Tag, ...]) -> CaptureTime | None:
    return next((known for tag in order for known in _moments(tags, tag)), None)


def _moments(tags: Mapping[str, Any], tag: _Tag) -> Iterator[CaptureTime]:
    for name, value in look.found(tags, tag.name):
        if name == "ItemList:ContentCreateDate" and look.text(tags, *_BOUGHT):
            continue
        zone = look.text(tags, tag.offset) if tag.offset else None
        fraction = look.text(tags, tag.fraction) if tag.fraction else None
        if at := moment(value, zone, fraction):
            yield _taken(at, name)


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

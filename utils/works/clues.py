"""What a file says of the work that it is a part of: identifiers, its name, when, by what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from utils.media import formats
from utils.metadata import tags as look
from utils.models.item import MediaItem, MediaKind
from utils.models.probe import ContainerProbe, ExifReport, FfprobeReport
from utils.models.work import WorkClues, WorkPlace

_CONTENT_ID = ("Apple:ContentIdentifier", "Keys:ContentIdentifier", "*:ContentIdentifier",
               "*:MediaGroupUUID")  # fmt: skip
_BURST_ID = ("Apple:BurstUUID", "XMP-GCamera:BurstID", "*:BurstUUID", "*:BurstID")
# As ExifTool names the formats: CR3, NEF.
_RAW = frozenset(suffix[1:].upper() for suffix in formats.RAW)
# A Live Photo's film has 3 s at most; an edited one may be a little longer.
_MAX_MOTION_SECONDS = 10.0
_PICTURES = (".heic", ".HEIC", ".jpg", ".JPG", ".jpeg", ".JPEG", ".heif", ".HEIF")
_MAX_PLACES = 20  # of one content; more are a person's backups

# What cameras call the parts of one recording.
_GOPRO = re.compile(r"G([HXPS])(\d{2})(\d{4})|GO(P)R(\d{4})", re.IGNORECASE)
_INSTA360 = re.compile(r"(?:PRO_)?VID_(\d{8}_\d{6})_(\d{2})_(\d{3})", re.IGNORECASE)
_DVD = re.compile(r"VTS_(\d{2})_([1-9])", re.IGNORECASE)
_NUMBERED = re.compile(r"(.*?)(\d{1,9})(\D*)", re.DOTALL)
_CLOCK = re.compile(r"(?<!\d)\d{14}(?!\d)")  # DJI writes the moment into each part's name


def of(
    item: MediaItem,
    paths: Sequence[Path],
    probed: FfprobeReport,
    exif: ExifReport,
    is_beside_picture: bool,
) -> WorkClues:
    """The clues of one file.

    Args:
        item: The file.
        paths: Where its content lies; its name and folder count.
        probed: Container and streams.
        exif: Its tags.
        is_beside_picture: A picture of the same name lies beside it.
    """
    probe, kind = probed.container, probed.container.kind
    content_id = look.text(exif.tags, *_CONTENT_ID)
    return WorkClues(
        item_id=item.item_id,
        kind=kind,
        is_raw=kind is MediaKind.IMAGE and look.text(exif.tags, "File:FileType") in _RAW,
        is_motion=_is_motion(probe, exif, content_id, is_beside_picture),
        camera=_camera(exif),
        captured_at=_moment(exif),
        content_id=content_id and content_id.lower(),
        burst_id=(look.text(exif.tags, *_BURST_ID) or "").lower() or None,
        duration_seconds=None if kind is MediaKind.IMAGE else probe.duration_seconds,
        starts_at_seconds=look.number(probed.raw.get("format", {}).get("start_time")),
        size_bytes=item.size_bytes,
        picture=_picture(probe),
        places=tuple(place(path, kind) for path in paths[:_MAX_PLACES]),
    )


def place(path: Path, kind: MediaKind) -> WorkPlace:
    """What a path says; a camera's names for parts count for films alone."""
    stem, recording, part = path.stem, None, None
    if kind is MediaKind.VIDEO:
        recording, part = _recording(path)
    series, number = None, None
    if found := _NUMBERED.fullmatch(_CLOCK.sub("", stem)[::-1]):  # the last number of the name
        series = f"{found[3][::-1]}#{found[1][::-1]}{path.suffix}".lower()
        number = int(found[2][::-1])
    return WorkPlace(
        folder=str(path.parent),
        stem=stem.lower(),
        series=series,
        number=number,
        recording=recording,
        part=part,
    )


def needs_neighbours(path: Path, exif: ExifReport) -> bool:
    """True for a file that may be a Live Photo's film without saying so."""
    return path.suffix.lower() in {".mov", ".mp4"} and _is_apple(exif)


def has_picture(path: Path) -> bool:
    """True if a picture of the same name lies beside a film, as phones store a Live Photo."""
    try:
        return any(path.with_suffix(suffix).is_file() for suffix in _PICTURES)
    except (OSError, ValueError):
        return False


def _recording(path: Path) -> tuple[str | None, int | None]:
    """The recording that a film's name says it is a part of, and which part, from 1."""
    if found := _GOPRO.fullmatch(path.stem):
        if found[4]:  # GOPR0123, then GP010123, GP020123
            return f"gopro p {found[5]}", 1
        first = 2 if found[1].lower() == "p" else 1
        return f"gopro {found[1].lower()} {found[3]}", int(found[2]) + first - 1
    if found := _INSTA360.fullmatch(path.stem):
        return f"insta360 {found[1]}", int(found[3])
    if (found := _DVD.fullmatch(path.stem)) and path.suffix.lower() == ".vob":
        return f"dvd {found[1]}", int(found[2])
    return None, None


def _is_motion(
    probe: ContainerProbe, exif: ExifReport, content_id: str | None, is_beside_picture: bool
) -> bool:
    length = probe.duration_seconds
    if probe.kind is not MediaKind.VIDEO or length is None or length > _MAX_MOTION_SECONDS:
        return False
    return content_id is not None or (is_beside_picture and _is_apple(exif))


def _is_apple(exif: ExifReport) -> bool:
    return (exif.make or "").strip().lower() == "apple"


def _camera(exif: ExifReport) -> str | None:
    parts = (exif.make, exif.model, look.text(exif.tags, "ExifIFD:SerialNumber"))
    return " ".join(part.lower() for part in parts if part) or None


def _moment(exif: ExifReport) -> datetime | None:
    """When it was taken, with the fraction of a second where the camera notes one."""
    part = str(exif.tags.get("ExifIFD:SubSecTimeOriginal", "")).strip()
    if exif.created is None or exif.created.microsecond or not part.isascii():
        return exif.created
    if not part.isdigit():
        return exif.created
    return exif.created.replace(microsecond=int(part.ljust(6, "0")[:6]))


def _picture(probe: ContainerProbe) -> str | None:
    seen: Any = probe.video
    return f"{seen.codec} {seen.width}x{seen.height}" if seen else None

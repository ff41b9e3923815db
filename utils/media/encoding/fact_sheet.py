"""What a file says of itself, for a source and its rendition to be held against each other.

Whatever a rendition lacks of it is named (docs/decisions/0034-renditions-keep.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from utils.errors import PermanentError, SettingsError
from utils.media.encoding import mp4_keys, subtitles
from utils.media.encoding.stream_plan import Plan
from utils.media.probing import exiftool, ffprobe, mediainfo
from utils.metadata import codec, dates, exif, hdr, location
from utils.metadata import tags as look
from utils.models.metadata import HdrDetails, Place
from utils.models.probe import ExifReport, FfprobeReport, MediaInfoReport

# Said of the container or by an encoder, and not of what was recorded; or compared on their own.
_TECHNICAL = re.compile(
    r"^(major_brand|minor_version|compatible_brands|encoder|encoded_by_ffmpeg|creation_time|duration"
    r"|handler_name|vendor_id|bps|number_of_(bytes|frames)|_statistics_.*|timecode|track|media_type"
    r"|date_recorded|recording_location|location(-\w+)?|.*creationdate|.*location\.iso6709"
    r"|.*location\.accuracy\.horizontal|hw|gapless_playback|isfragment\w*|title|make|model)$"
)
# Of ExifTool's groups those that say what ffprobe says too, or how the file is built.
_OF_CONTAINERS = re.compile(
    r"^(File|ExifTool|Composite|QuickTime|Track\d+|VideoKeys|AudioKeys|Keys|ItemList|UserData|Meta"
    r"|Matroska|Chapter\w*|Info\w*|Tag\w*|Vorbis|FLAC|Opus|Theora|RIFF|H264|M2TS|MPEG|ID3\w*|AAC|AIFF|ASF"
    r"|Flash|MXF|Real\w*|PNG|JFIF|ICC\w*|WebP|GIF|APE|DV|AC3|Ogg|Speex)$"
)
_EXIF = re.compile(r"^(IFD\d|ExifIFD|GPS|InteropIFD|SubIFD\d*)$")
_PREFIX = "com.apple.quicktime."
_QUALITIES = ("matrix", "primaries", "transfer", "range")


class Track(NamedTuple):
    """One sound or subtitle; ``cues`` is None where they were not counted."""

    language: str | None
    title: str | None
    dispositions: frozenset[str]
    cues: int | None = None


class FactSheet(NamedTuple):
    """``captured`` is naive where no zone is known; ``tags`` are the container's by lower name.

    ``tracks`` are by the number of their stream, ``chapters`` the titles in order; ``notes`` counts
    ExifTool's tags beside the container's own: XMP, Exif, a camera's.
    """

    captured: datetime | None
    place: Place | None
    place_name: str | None
    make: str | None
    model: str | None
    lens: str | None
    focal_length: float | None
    focal_length_35mm: float | None
    title: str | None
    notes: dict[str, int]
    tags: dict[str, str]
    chapters: tuple[str, ...]
    tracks: dict[int, Track]
    has_cover: bool
    light: HdrDetails
    rotation_degrees: int


def read(path: Path) -> FactSheet:
    """The facts of ``path``, as far as ffprobe, ExifTool and MediaInfo tell them."""
    said = ffprobe.report(path)
    tags, tracks = _exif(path), _mediainfo(path)
    lower = _tags(said)
    captured = dates.captured(tags, said, tracks)
    known = tags.tags if tags else {}
    streams: list[dict[str, Any]] = said.raw["streams"]
    counted = subtitles.cues(path) if said.container.subtitles else {}
    return FactSheet(
        captured=captured.at if captured else None,
        place=location.locate(tags, said),
        place_name=location.name(known),
        make=look.text(known, *look.MAKE) or _tag(lower, "make"),
        model=look.text(known, *look.MODEL) or _tag(lower, "model"),
        lens=(exif.extended(tags).lens if tags else None) or _tag(lower, "camera.lens_model"),
        focal_length=look.positive(known, *look.FOCAL_LENGTH),
        focal_length_35mm=look.positive(known, *look.FOCAL_LENGTH_35MM),
        title=said.container.title or _tag(lower, "title"),
        notes=_notes(known),
        tags=lower,
        chapters=tuple(
            str(chapter.get("tags", {}).get("title", "")) for chapter in said.raw["chapters"]
        ),
        tracks={s["index"]: _track(s, counted.get(s["index"])) for s in streams},
        has_cover=said.container.picture is not None,
        light=hdr.describe(said, tracks),
        rotation_degrees=codec.rotation(said, _picture(streams), {}) or 0,
    )


def keys(source: FactSheet, made: Mapping[str, str]) -> dict[str, str]:
    """What an MP4 is to get as keys besides the tags that its muxer has written (``made``)."""
    facts = {
        _PREFIX + "creationdate": source.captured and source.captured.isoformat(),
        mp4_keys.PLACE: source.place and iso_6709(source.place),
        _PREFIX + "location.name": source.place_name,
        _PREFIX + "make": source.make,
        _PREFIX + "model": source.model,
        _PREFIX + "camera.lens_model": source.lens,
        _PREFIX + "camera.focal_length.35mm_equivalent": _number(source.focal_length_35mm),
        _PREFIX + "camera.focal_length": _number(source.focal_length),
    }
    written = {name: value for name, value in facts.items() if value}
    said = set(written.values())
    for name, value in source.tags.items():
        if name not in written and value not in said and value not in made.values():
            written |= {name: value} if not _TECHNICAL.match(name) else {}
    return written


def arguments(source: FactSheet) -> tuple[str, ...]:
    """The same as ffmpeg's arguments for Matroska and Vorbis comments, under Matroska's names."""
    at = source.captured
    facts = {
        "DATE_RECORDED": at and at.isoformat(" "),
        "RECORDING_LOCATION": source.place and iso_6709(source.place),
        "MAKE": source.make,
        "MODEL": source.model,
        "LENS_MODEL": source.lens,
        "FOCAL_LENGTH": _number(source.focal_length),
    }
    return tuple(
        part for name, value in facts.items() if value for part in ("-metadata", f"{name}={value}")
    )


def creation_time(source: FactSheet) -> tuple[str, ...]:
    """The moment of capture as ffmpeg's argument for the container's own date, which is in UTC.

    It is what media servers sort by. A camera's clock without a zone says no moment.
    """
    at = source.captured
    if at is None or at.tzinfo is None:
        return ()
    return ("-metadata", f"creation_time={at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}")


def iso_6709(place: Place) -> str:
    """``+48.1173+011.5167+520.000/`` (ISO 6709, annex H)."""
    height = "" if place.altitude_metres is None else f"{place.altitude_metres:+.3f}"
    degrees = f"{place.latitude:+.7f}", f"{place.longitude:+.7f}"
    latitude, longitude = (text.rstrip("0") for text in degrees)
    return (
        f"{latitude[0]}{_padded(latitude[1:], 2)}{longitude[0]}{_padded(longitude[1:], 3)}{height}/"
    )


def lost(before: FactSheet, after: FactSheet, plan: Plan) -> tuple[str, ...]:
    """What of ``before`` is not in ``after``, in words; streams that ``plan`` drops left out."""
    has_picture = any(s.type == "video" and not s.is_cover for s in plan.streams)
    return (
        *_lost_facts(before, after),
        *_lost_chapters(before, after),
        *_lost_of_tracks(before, after, plan),
        *(_lost_light(before, after) if has_picture else ()),
        *(("its turn",) if has_picture and after.rotation_degrees else ()),
    )


def _lost_facts(before: FactSheet, after: FactSheet) -> Iterator[str]:
    if before.captured and not _is_same_time(before.captured, after.captured):
        yield f"capture date {before.captured.isoformat(' ')}"
    if before.place and not _is_same_place(before.place, after.place):
        yield f"place {iso_6709(before.place)}"
    for name, one, other in (
        ("place name", before.place_name, after.place_name),
        ("camera make", before.make, after.make),
        ("camera model", before.model, after.model),
        ("lens", before.lens, after.lens),
        ("focal length of", _number(before.focal_length), _number(after.focal_length)),
        (
            "35 mm equivalent of",
            _number(before.focal_length_35mm),
            _number(after.focal_length_35mm),
        ),
        ("title", before.title, after.title),
    ):
        if one and one != other and one not in after.tags.values():
            yield f"{name} {one}"
    for group, count in before.notes.items():
        if group not in after.notes:
            yield f"{count} tags of {group}"
    kept = {value.strip() for value in after.tags.values()}
    for name, value in before.tags.items():
        if not _TECHNICAL.match(name.removeprefix(_PREFIX)) and value.strip() not in kept:
            yield f"tag {name}"


def _lost_chapters(before: FactSheet, after: FactSheet) -> Iterator[str]:
    missing = len(before.chapters) - len(after.chapters)
    if missing > 0:
        yield f"{missing} chapters"
    untitled = sum(
        bool(one) and one != other
        for one, other in zip(before.chapters, after.chapters, strict=False)
    )
    if untitled:
        yield f"titles of {untitled} chapters"


def _lost_of_tracks(before: FactSheet, after: FactSheet, plan: Plan) -> Iterator[str]:
    """Of the streams that are kept; which is the default says nothing where there is one."""
    alone = {kind for kind in ("video", "audio", "subtitle") if plan.tracks(kind) == 1}
    for number, stream in enumerate(s for s in plan.streams if not s.is_cover):
        one, other = before.tracks.get(stream.number), after.tracks.get(number)
        if one is None or other is None or stream.type not in {"audio", "subtitle", "video"}:
            continue
        what = {"audio": "sound", "video": "picture"}.get(stream.type, stream.type)
        of = f"of {what} {stream.number}"
        if one.language and one.language != other.language and stream.type != "video":
            yield f"language {one.language} {of}"
        if one.title and one.title != other.title and stream.type != "video":
            yield f"title {one.title} {of}"
        marks = one.dispositions - ({"default"} if stream.type in alone else set())
        for name in sorted(marks - other.dispositions):
            yield f"mark {name.replace('_', ' ')} {of}"
        missing = (one.cues or 0) - (other.cues or 0)
        if missing > 0:
            yield f"{missing} cue{'s' if missing > 1 else ''} {of}"


def _lost_light(before: FactSheet, after: FactSheet) -> Iterator[str]:
    for name in _QUALITIES:
        one, other = getattr(before.light, name), getattr(after.light, name)
        if one and one != other and not (name == "matrix" and one == "gbr"):
            yield f"colour {name} {one} (now {other or 'not named'})"
    for name in ("max_cll_nits", "max_fall_nits"):
        one, other = getattr(before.light, name), getattr(after.light, name)
        if one and one != other:
            yield f"light level {name.removesuffix('_nits').replace('_', '')} {one} cd/m²"


def _track(stream: dict[str, Any], cues: int | None) -> Track:
    tags = {name.lower(): value for name, value in stream.get("tags", {}).items()}
    marks = {name for name, on in stream.get("disposition", {}).items() if on}
    language = tags.get("language")
    return Track(
        language=None if language in {None, "und"} else str(language),
        title=tags.get("title") or tags.get("name"),
        dispositions=frozenset(marks - {"attached_pic", "still_image"}),
        cues=cues,
    )


def _notes(known: Mapping[str, Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in known:
        group = name.partition(":")[0]
        group = "XMP" if group.startswith("XMP") else "Exif" if _EXIF.match(group) else group
        if not _OF_CONTAINERS.match(group):
            found[group] = found.get(group, 0) + 1
    return dict(sorted(found.items()))


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:g}"


def _tags(said: FfprobeReport) -> dict[str, str]:
    """Of the container; of Ogg, which has none, those of its first stream."""
    tags = said.raw["format"].get("tags") or {}
    if not tags and said.raw["streams"]:
        tags = said.raw["streams"][0].get("tags", {})
    return {str(name).lower(): str(value) for name, value in tags.items()}


def _tag(tags: Mapping[str, str], name: str) -> str | None:
    return tags.get(_PREFIX + name) or tags.get(name) or tags.get(name.replace("camera.", ""))


def _picture(streams: list[dict[str, Any]]) -> dict[str, Any]:
    return next((s for s in streams if s.get("codec_type") == "video"), {})


def _exif(path: Path) -> ExifReport | None:
    try:
        return exiftool.report(path)
    except (PermanentError, SettingsError):  # what it knows is of use, and no condition
        return None


def _mediainfo(path: Path) -> MediaInfoReport | None:
    try:
        return mediainfo.report(path)
    except (PermanentError, SettingsError):
        return None


def _is_same_time(one: datetime, other: datetime | None) -> bool:
    """To the second; a zone that is known must be the same."""
    if other is None or (one.tzinfo is None) != (other.tzinfo is None):
        return False
    if one.tzinfo and other.tzinfo and one.utcoffset() != other.utcoffset():
        return False
    return abs((one - other).total_seconds()) < 1


def _is_same_place(one: Place, other: Place | None) -> bool:
    if other is None or (one.altitude_metres is None) != (other.altitude_metres is None):
        return False
    near = abs(one.latitude - other.latitude) < 1e-4 and abs(one.longitude - other.longitude) < 1e-4
    height = abs((one.altitude_metres or 0) - (other.altitude_metres or 0)) < 1
    return near and height


def _padded(number: str, digits: int) -> str:
    whole, _, fraction = number.partition(".")
    return f"{whole:0>{digits}}.{fraction or '0'}"

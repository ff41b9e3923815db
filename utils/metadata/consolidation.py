"""One item's facts out of all reports, each from the best source that has it.

Technical facts: MediaInfo, then ffprobe, then ExifTool, then what was derived. The camera's:
its own notes (extended EXIF), then the general tags. Where MediaInfo and ffprobe contradict
each other on the stored size, one of them has turned or cropped it: ffprobe's is stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from utils.metadata import dates, location, streams, written
from utils.metadata import exif as exif_tags
from utils.metadata import tags as look
from utils.models.item import MediaKind
from utils.models.metadata import (
    AudioTracks,
    CaptureTime,
    CodecDetails,
    ExtendedExif,
    FocalLength,
    HdrDetails,
    Metadata,
    Place,
)
from utils.models.notes import Note, NoteKind
from utils.models.probe import ContainerProbe, ExifReport, FfprobeReport, MediaInfoReport
from utils.models.sidecars import SidecarFacts
from utils.models.signal import SignalReport, agree
from utils.models.tool_reports import ToolReports


class Found(NamedTuple):
    """What one source says of one field."""

    source: str
    value: Any


def consolidate(reports: ToolReports) -> Metadata:
    """The facts and, for each that is known, its source."""
    ffprobe, mediainfo, exif = reports.ffprobe, reports.mediainfo, reports.exif
    probe, subtitles = ffprobe.container, reports.subtitle_tracks
    extended, codec = reports.camera or ExtendedExif(), reports.codec or CodecDetails()
    hdr, focal = reports.hdr or HdrDetails(), reports.focal_length or FocalLength()
    captured, place = _when(reports), _where(reports)
    notes = written.gathered(reports)
    found = (
        _container(ffprobe, mediainfo, exif, _files(reports), reports.signal)
        | _written(reports, notes)
        | _picture(ffprobe, mediainfo, exif, extended, codec)
        | _sound(probe, mediainfo, reports.audio_tracks)
        | {
            "hdr_format": [Found("hdr", hdr.format and hdr.format.value)],
            "subtitle_languages": [Found("subtitle tracks", subtitles and subtitles.languages)],
            "timecode": [Found("codec", codec.timecode)],
        }
        | _camera(exif or ExifReport(), extended, focal)
        | _when_and_where(reports, extended, captured, place)
    )
    chosen = {field: best for field, offers in found.items() if (best := _best(offers))}
    facts = {field: best.value for field, best in chosen.items()} | {"notes": notes}
    sources = {field: best.source for field, best in chosen.items()}
    if captured:
        sources["captured_at_zone_known"] = sources["captured_at_source"] = captured.source
    return Metadata(
        **facts,
        chapter_count=probe.chapter_count,
        captured_at_zone_known=bool(captured and captured.is_zone_known),
        captured_at_source=captured.source if captured else None,
        sources=dict(sorted({**sources, "chapter_count": "ffprobe"}.items())),
        guessed=tuple(_guesses(reports, facts)),
    )


def _when(reports: ToolReports) -> CaptureTime | None:
    """When it was taken: as an editor's XMP says, then the file, then the service it came from.

    An XMP that repeats the file's own local time knows less than the file, which has the zone.
    """
    beside = {file.kind: file.captured for file in _files(reports) if file.captured}
    xmp, export = beside.get("xmp"), beside.get("export")
    inside = dates.taken(reports.exif.tags) if reports.exif else None
    if xmp and not (inside and inside.at.replace(tzinfo=None) == xmp.at.replace(tzinfo=None)):
        return xmp
    found = inside or export
    return found or dates.captured(reports.exif, reports.ffprobe, reports.mediainfo)


def _where(reports: ToolReports) -> Place | None:
    beside = {file.kind: file.place for file in _files(reports) if file.place}
    inside = location.locate(reports.exif, reports.ffprobe)
    return beside.get("xmp") or inside or beside.get("export")


def _files(reports: ToolReports) -> tuple[SidecarFacts, ...]:
    return reports.sidecars.files if reports.sidecars else ()


def _written(reports: ToolReports, notes: tuple[Note, ...]) -> dict[str, list[Found]]:
    """What people wrote; the source of several is that of the first."""
    tags = reports.exif.tags if reports.exif else {}
    first = {note.kind: note.source for note in reversed(notes)}
    kinds: tuple[tuple[str, NoteKind], ...] = (("keywords", "keyword"), ("people", "person"))
    stars = [Found(file.name, file.rating) for file in _files(reports)]
    return {
        "description": [Found(n.source, n.text) for n in notes if n.kind == "description"],
        **{
            field: [Found(first.get(kind, ""), written.texts(notes, kind))] for field, kind in kinds
        },
        "rating": [*stars, Found("exiftool", written.rating(tags))],
    }


def _guesses(reports: ToolReports, facts: dict[str, Any]) -> Iterator[str]:
    """In words: which texts were read in another encoding than the file names."""
    known = dict(reports.ffprobe.guesses)
    for report in (reports.mediainfo, reports.exif):
        known |= report.guesses if report else {}
    fields: dict[str, list[str]] = {}
    texts = [(field, value) for field, value in facts.items() if isinstance(value, str)]
    texts += [(note.kind, note.text) for note in facts["notes"]]
    for field, text in texts:
        if encoding := known.get(text):
            fields.setdefault(encoding, []).append(field)
    for file in _files(reports):
        if file.guessed_encoding:
            fields.setdefault(file.guessed_encoding, []).append(file.name)
    for encoding, names in fields.items():
        yield f"{', '.join(dict.fromkeys(names))}: read as {encoding}, a guess"


def _best(offers: list[Found]) -> Found | None:
    return next((offer for offer in offers if offer.value not in (None, "", ())), None)


def _container(
    ffprobe: FfprobeReport,
    mediainfo: MediaInfoReport | None,
    exif: ExifReport | None,
    beside: tuple[SidecarFacts, ...],
    signal: SignalReport | None,
) -> dict[str, list[Found]]:
    probe, said = ffprobe.container, mediainfo or MediaInfoReport()
    general = next(iter(streams.tracks(mediainfo, "General")), {})
    tags, known = streams.container_tags(ffprobe), exif.tags if exif else {}

    def texts(field: str, *names: str) -> list[Found]:
        offers = [
            Found("mediainfo", next((general[n] for n in names if general.get(n)), None)),
            Found("ffprobe", tags.get(field)),
            Found("exiftool", look.text(known, f"XMP-dc:{field.title()}", f"*:{field.title()}")),
        ]
        if offers[1].value == offers[2].value:  # of several of a kind MediaInfo takes another
            offers.reverse()
        # What ffprobe could not read it shows as U+FFFD.
        return [offer for offer in offers if "�" not in str(offer.value)]

    duration = _duration(probe, said, signal)
    if probe.kind is MediaKind.IMAGE:
        duration = []  # ffprobe gives a still the length of one frame
    return {
        "kind": [Found("ffprobe", probe.kind)],
        "container": [
            Found("mediainfo", said.container),
            Found("ffprobe", probe.format_names[0] or None),
            Found("exiftool", look.text(known, "File:FileType")),
        ],
        "duration_seconds": duration,
        "size_bytes": [Found("ffprobe", probe.size_bytes)],
        "bit_rate": [
            Found("mediainfo", said.overall_bit_rate or None),
            Found("ffprobe", probe.bit_rate or None),
        ]
        if duration
        else [],
        "title": [
            *(Found(file.name, file.title) for file in beside),
            *texts("title", "title", "track_name", "movie_name"),
            Found("exiftool", look.text(known, "IPTC:ObjectName", "IFD0:XPTitle")),
        ],
        "artist": texts("artist", "performer", "album_performer", "director"),
        "album": texts("album", "album"),
    }


def _duration(
    probe: ContainerProbe, said: MediaInfoReport, signal: SignalReport | None
) -> list[Found]:
    """As declared where the decode agrees, else as decoded: headers of joined files lie."""
    declared = [
        Found("mediainfo", said.duration_seconds or None),
        Found("ffprobe", probe.duration_seconds or None),
    ]
    if signal is None or not signal.decoded_seconds:
        return declared
    true = [f for f in declared if f.value and agree(f.value, signal.decoded_seconds)]
    return true or [Found("decode", round(signal.decoded_seconds, 3))]


def _picture(
    ffprobe: FfprobeReport,
    mediainfo: MediaInfoReport | None,
    exif: ExifReport | None,
    extended: ExtendedExif,
    codec: CodecDetails,
) -> dict[str, list[Found]]:
    video = ffprobe.container.video
    if video is None:
        return {}
    said = mediainfo or MediaInfoReport()
    tags = exif.tags if exif else {}
    width, height = _size(ffprobe.container, said, tags)
    shown = _displayed(width, height, ffprobe, extended, codec)
    is_still = ffprobe.container.kind is MediaKind.IMAGE
    rates = [
        Found("mediainfo", said.frame_rate or None),
        Found("ffprobe", video.frame_rate),
        Found("codec", codec.frame_rate),
    ]
    return {
        "video_codec": [Found("mediainfo", said.video_codec), Found("ffprobe", video.codec)],
        "width": [width],
        "height": [height],
        "display_width": [shown[0]],
        "display_height": [shown[1]],
        "frame_rate": [] if is_still else rates,
        "frame_rate_mode": []
        if is_still
        else [Found("mediainfo", said.frame_rate_mode), Found("codec", codec.frame_rate_mode)],
        "bit_depth": [
            Found("exiftool", exif_tags.still_depth(tags) if is_still else None),
            Found("mediainfo", said.bit_depth or None),
            Found("codec", codec.bit_depth),
        ],
        "color_space": [Found("mediainfo", said.color_space)],
    }


def _size(
    probe: ContainerProbe, said: MediaInfoReport, tags: dict[str, Any]
) -> tuple[Found, Found]:
    if str(tags.get("File:MIMEType")).startswith(("image/heic", "image/heif", "image/avif")):
        # ffprobe lists the pictures of a HEIF in the file's order, not the primary one first.
        primary = [look.above_zero(tags.get(f"File:Image{side}")) for side in ("Width", "Height")]
        if all(primary):
            return Found("exiftool", primary[0]), Found("exiftool", primary[1])
    video = probe.video
    ours = (video.width, video.height) if video else (None, None)
    theirs = (said.width or None, said.height or None)
    if all(theirs) and (not all(ours) or ours == theirs):
        return Found("mediainfo", theirs[0]), Found("mediainfo", theirs[1])
    if all(ours):
        return Found("ffprobe", ours[0]), Found("ffprobe", ours[1])
    width, height = (look.above_zero(look.positive(tags, f"*:Image{side}"))
                     for side in ("Width", "Height"))  # fmt: skip
    return Found("exiftool", width), Found("exiftool", height)


def _displayed(
    width: Found,
    height: Found,
    ffprobe: FfprobeReport,
    extended: ExtendedExif,
    codec: CodecDetails,
) -> tuple[Found, Found]:
    """After pixel aspect and rotation; pixels of unknown shape are taken for square."""
    if width.value is None or height.value is None:
        return width, height
    stretched = round(width.value * (codec.sample_aspect_ratio or 1))
    rotation = codec.rotation_degrees
    source = "codec"
    if rotation is None and ffprobe.container.kind is MediaKind.IMAGE:
        rotation, source = extended.orientation_degrees, "extended exif"
    if rotation is None:
        # The codec step did not run: ffprobe counts the other way, which a quarter does not mind.
        video = ffprobe.container.video
        rotation, source = (video.rotation_degrees if video else None), "ffprobe"
    turned = (stretched, height.value)
    if rotation is not None and rotation % 180 == 90:
        turned = turned[::-1]
    how = source if rotation or stretched != width.value else width.source
    return Found(how, turned[0]), Found(how, turned[1])


def _sound(
    probe: ContainerProbe, mediainfo: MediaInfoReport | None, audio: AudioTracks | None
) -> dict[str, list[Found]]:
    if not probe.audio:
        return {}
    said, first = mediainfo or MediaInfoReport(), probe.audio[0]
    named = tuple(dict.fromkeys(s.language for s in probe.audio if s.language))
    return {
        "audio_codec": [Found("mediainfo", said.audio_codec), Found("ffprobe", first.codec)],
        "channels": [
            Found("mediainfo", said.audio_channels or None),
            Found("ffprobe", first.channels or None),
        ],
        # Of Opus MediaInfo says what was recorded; it is played at 48 kHz.
        "sample_rate": [
            Found("mediainfo", (first.codec != "opus" and said.audio_sample_rate) or None),
            Found("ffprobe", first.sample_rate or None),
        ],
        "audio_languages": [
            Found("audio tracks", audio and audio.languages),
            Found("ffprobe", named),
        ],
    }


def _camera(exif: ExifReport, extended: ExtendedExif, focal: FocalLength) -> dict[str, list[Found]]:
    by = f"focal length ({focal.source})"
    return {
        "camera_make": [Found("extended exif", extended.make), Found("exiftool", exif.make)],
        "camera_model": [Found("extended exif", extended.model), Found("exiftool", exif.model)],
        "lens": [Found("extended exif", extended.lens)],
        "focal_length_mm": [
            Found(by, focal.focal_length_mm),
            Found("exiftool", exif.focal_length_mm),
        ],
        "focal_length_35mm": [Found(by, focal.focal_length_35mm)],
        "focal_class": [Found(by, focal.focal_class)],
        "focal_source": [Found(by, focal.source)],
    }


def _when_and_where(
    reports: ToolReports, extended: ExtendedExif, captured: CaptureTime | None, place: Place | None
) -> dict[str, list[Found]]:
    exif, by = reports.exif or ExifReport(), place.source if place else ""
    return {
        "captured_at": [Found(captured.source, captured.at)] if captured else [],
        "latitude": [Found(by, place and place.latitude), Found("exiftool", exif.latitude)],
        "longitude": [Found(by, place and place.longitude), Found("exiftool", exif.longitude)],
        "altitude_metres": [
            Found(by, place and place.altitude_metres),
            Found("extended exif", None if place else extended.altitude_metres),
        ],
        "location_name": [
            *(Found(file.name, file.location_name) for file in _files(reports)),
            Found("extended exif", extended.location_name),
        ],
    }

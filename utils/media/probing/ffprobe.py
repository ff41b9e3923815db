"""Container and streams, by ffprobe."""

from __future__ import annotations

import json
import math
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from utils.errors import PermanentError
from utils.media import formats, tools
from utils.media.probing import picture, unreadable
from utils.metadata import encodings
from utils.metadata.streams import length_seconds, word
from utils.models import sanitize
from utils.models.item import MediaKind
from utils.models.probe import (
    LIBRARY,
    AudioStream,
    ContainerProbe,
    FfprobeReport,
    SubtitleStream,
    VideoStream,
)
from utils.processes import child_process

_ESTIMATED = "Estimating duration from bitrate"
# Brands of ISO files that hold a still picture (HEIF and AVIF, ISO/IEC 23008-12), and those whose
# pictures may move.
_IMAGE_BRANDS = {"heic", "heix", "heim", "heis", "mif1", "avif"}
_SEQUENCE_BRANDS = {"msf1", "hevc", "hevx", "avis"}


# Frames carry what no header does: mastering display, HDR10+, light levels. A second of sound may
# lie before the first picture, so the first of so many packets are decoded, of pictures key
# frames only. Measured: 28 ms CPU instead of 16 for 1080p H.264, 0.5 s for 4K ProRes.
_PACKETS = 48
_FRAME = (
    "media_type,stream_index,key_frame,pts_time,pict_type,interlaced_frame,top_field_first,"
    "color_range,color_space,color_primaries,color_transfer"
)
# Four times 8K. A decompression bomb of more is not decoded, whatever its name.
_MAX_PIXELS = 2**27
_MAX_RATE = 1000.0
# Dispositions of sounds that nobody wants to hear first.
_SECONDARY = ("comment", "visual_impaired", "descriptions", "karaoke", "clean_effects")
# Names of stills: their headers and tags say all, and a photo of 200 megapixels is no bomb.
_STILLS = {
    ".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif", ".jxl",
    ".jp2", ".psd", ".exr", ".dpx", ".qoi",
}  # fmt: skip


def report(path: Path) -> FfprobeReport:
    """All that ffprobe says of ``path``, from one call.

    Raises:
        PermanentError: it is no media file, or a playlist or another format that is refused.
    """
    printed, is_estimated = _ask(path)
    guesses: dict[str, str] = {}
    printed = sanitize.value(encodings.all_repaired(printed, guesses))
    container = parse(printed, path, is_estimated)
    return FfprobeReport(container=container, raw=_placeless(printed), guesses=guesses)


def probe(path: Path) -> ContainerProbe:
    """Container and streams of ``path``.

    Raises:
        PermanentError: it is no media file, or a playlist or another format that is refused.
    """
    return report(path).container


def _ask(path: Path) -> tuple[dict[str, Any], bool]:
    if picture.is_raw(path):
        return _by_library(path), False
    try:
        finished = child_process.run(command(path), path)
    except PermanentError as error:
        if not os.access(path, os.R_OK):
            raise PermanentError(f"{path} may not be read. Change its permissions.") from error
        if picture.is_picture(path):
            return _by_library(path, error), False
        raise unreadable.refusal(path, str(error)) from error
    return _with_frames(json.loads(finished.stdout), path), _ESTIMATED in finished.stderr


def _with_frames(printed: dict[str, Any], path: Path) -> dict[str, Any]:
    """What was printed of a WebP or PNG that moves, with the size and frames that ffprobe lacks."""
    streams = printed.get("streams", [])
    codec = streams[0].get("codec_name") if len(streams) == 1 else None
    if codec != "apng" and (codec != "webp" or streams[0].get("width")):
        return printed
    try:
        found = picture.read(path)
    except PermanentError:
        return printed
    size = {"width": found.width, "height": found.height, "nb_frames": str(found.frames)}
    return printed | {"streams": [streams[0] | size]}


def _by_library(path: Path, refused: PermanentError | None = None) -> dict[str, Any]:
    """What a library says of a picture, as ffprobe would print it.

    Raises:
        PermanentError: no library reads it either; ``refused`` is what ffprobe said.
    """
    try:
        found = picture.read(path)
    except PermanentError as error:
        said = str(error).removeprefix(f"{path.name}: ")
        raise unreadable.refusal(path, f"{refused}; {said}" if refused else str(error)) from error
    stream = {"index": 0, "codec_type": "video", "codec_name": found.format.lower()}
    size = {"width": found.width, "height": found.height}
    return {
        "format": {"format_name": f"{found.format.lower()}{LIBRARY}"},
        "streams": [stream | {name: value for name, value in size.items() if value}],
    }


def command(path: Path) -> list[str]:
    """The command line that prints everything about ``path`` as JSON."""
    frames = [
        *("-show_frames", "-read_intervals", f"%+#{_PACKETS}"),
        *("-skip_frame", "nokey", "-max_pixels", str(_MAX_PIXELS)),
        *("-show_entries", f"frame={_FRAME}:frame_tags=:frame_side_data"),
    ]
    return [
        str(tools.find("ffprobe")),
        *("-v", "warning", "-print_format", "json"),
        *("-show_format", "-show_streams", "-show_stream_groups", "-show_chapters"),
        *([] if path.suffix.lower() in _STILLS else frames),
        *tools.input_arguments(path),
    ]


def parse(printed: dict[str, Any], path: Path, is_estimated: bool = False) -> ContainerProbe:
    """Make a probe of what ffprobe printed; ``path`` is for messages and the size."""
    container = printed.get("format", {})
    streams = printed.get("streams", [])
    pictures = [_video(s) for s in streams if _is(s, "video") and _attached(s)]
    videos = [_video(s) for s in streams if _is(s, "video") and not _attached(s)]
    videos = _untiled(videos, printed.get("stream_groups", []))
    if _brand(printed) in _SEQUENCE_BRANDS:
        videos = sorted(videos, key=_moving, reverse=True)
    audio = tuple(_audio(s) for s in streams if _is(s, "audio"))
    if not videos and not audio:
        raise unreadable.refusal(path, f"{path.name}: neither picture nor sound was found")
    names = tuple(container.get("format_name", "").split(","))
    tags = {name.lower(): value for name, value in container.get("tags", {}).items()}
    kind = _kind(names, _brand(printed), videos, audio)
    if names[0] == "jpeg_pipe" and formats.kind_of(path) is MediaKind.VIDEO:
        kind = MediaKind.VIDEO  # JPEGs in a row are one more film
    return ContainerProbe(
        kind=kind,
        format_names=names,
        duration_seconds=_float(container.get("duration")),
        duration_is_estimated=is_estimated,
        size_bytes=int(container.get("size") or path.stat().st_size),
        bit_rate=_int(container.get("bit_rate")),
        created_at=_time(tags.get("creation_time")),
        title=None if "�" in (title := tags.get("title") or "") else title or None,
        video=videos[0] if videos else None,
        picture=pictures[0] if pictures else None,
        audio=audio,
        subtitles=tuple(
            SubtitleStream(
                index=s["index"], codec=s.get("codec_name", "unknown"), language=_language(s)
            )
            for s in streams
            if _is(s, "subtitle")
        ),
        chapter_count=len(printed.get("chapters", [])),
        by_library=names[0].endswith(LIBRARY)
        or (kind is MediaKind.IMAGE and _brand(printed) in _IMAGE_BRANDS | _SEQUENCE_BRANDS),
    )


def _brand(printed: dict[str, Any]) -> str:
    """The major brand of an ISO file; empty for any other."""
    return str(printed.get("format", {}).get("tags", {}).get("major_brand", "")).strip()


def _moving(video: VideoStream) -> tuple[bool, int]:
    """Puts the picture that moves first, the larger of several."""
    return (video.frame_count or 1) > 1, (video.width or 0) * (video.height or 0)


def _placeless(printed: dict[str, Any]) -> dict[str, Any]:
    """Without the file's name, and of the frames only the first of each stream."""
    seen: dict[int, int] = {}
    frames = []
    for frame in printed.get("frames", []):
        index = frame.get("stream_index", -1)
        seen[index] = seen.get(index, 0) + 1
        if seen[index] <= (2 if frame.get("media_type") == "video" else 1):
            frames.append(frame)
    container = {name: v for name, v in printed.get("format", {}).items() if name != "filename"}
    return {
        "format": container,
        "streams": printed.get("streams", []),
        "chapters": printed.get("chapters", []),
        "frames": frames,
    }


def _untiled(videos: list[VideoStream], groups: list[dict[str, Any]]) -> list[VideoStream]:
    """The pictures, with one that is stored in tiles as the whole that they make."""
    for group in groups:
        whole: dict[str, Any] = next(iter(group.get("components", [])), {})
        if group.get("type") == "Tile Grid" and whole.get("width") and videos:
            size = {"width": whole["width"], "height": whole.get("height")}
            tiles = {"tile_group": group["index"], **size}
            return [videos[0].model_copy(update=tiles), *videos[1:]]
    return videos


def _kind(
    names: tuple[str, ...],
    brand: str,
    videos: list[VideoStream],
    audio: tuple[AudioStream, ...],
) -> MediaKind:
    if not videos:
        return MediaKind.AUDIO
    if audio:
        return MediaKind.VIDEO
    still = any(name == "image2" or name.endswith(("_pipe", LIBRARY)) for name in names)
    if brand in _SEQUENCE_BRANDS or videos[0].codec == "webp":
        return MediaKind.VIDEO if _moving(videos[0])[0] else MediaKind.IMAGE
    single = videos[0].frame_count == 1 or (videos[0].duration_seconds or 1) == 0
    if still or brand in _IMAGE_BRANDS or (names[0] in {"gif", "apng"} and single):
        return MediaKind.IMAGE
    return MediaKind.VIDEO


def _is(stream: dict[str, Any], kind: str) -> bool:
    return bool(stream.get("codec_type") == kind)


def _attached(stream: dict[str, Any]) -> bool:
    return bool(stream.get("disposition", {}).get("attached_pic"))


def _video(stream: dict[str, Any]) -> VideoStream:
    rotations = [
        side["rotation"] for side in stream.get("side_data_list", []) if "rotation" in side
    ]
    return VideoStream(
        index=stream["index"],
        codec=stream.get("codec_name", "unknown"),
        width=stream.get("width") or None,
        height=stream.get("height") or None,
        frame_rate=frame_rate(stream),
        pixel_format=stream.get("pix_fmt"),
        duration_seconds=length_seconds(stream),
        frame_count=_int(stream.get("nb_frames")),
        bit_rate=_int(stream.get("bit_rate")),
        rotation_degrees=int(rotations[0]) if rotations else None,
        color_transfer=word(stream.get("color_transfer")),
        color_primaries=word(stream.get("color_primaries")),
        color_matrix=word(stream.get("color_space")),
        color_range=word(stream.get("color_range")),
    )


def _audio(stream: dict[str, Any]) -> AudioStream:
    marks = stream.get("disposition", {})
    return AudioStream(
        index=stream["index"],
        codec=stream.get("codec_name", "unknown"),
        channels=_int(stream.get("channels")),
        sample_rate=_int(stream.get("sample_rate")),
        duration_seconds=length_seconds(stream),
        bit_rate=_int(stream.get("bit_rate")),
        language=_language(stream),
        is_default=bool(marks.get("default")),
        is_secondary=any(marks.get(mark) for mark in _SECONDARY),
    )


def frame_rate(stream: dict[str, Any]) -> float | None:
    """Frames per second: the mean, or the base rate where the mean is absurd (raw DV)."""
    mean = _ratio(stream.get("avg_frame_rate"))
    return mean if mean is None or mean <= _MAX_RATE else _ratio(stream.get("r_frame_rate"))


def _language(stream: dict[str, Any]) -> str | None:
    language = stream.get("tags", {}).get("language")
    return None if language in {None, "", "und"} else str(language)


def _float(value: str | None) -> float | None:
    """A number; None for "N/A", "nan" and "inf"."""
    try:
        number = float(value) if value is not None else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _int(value: str | int | None) -> int | None:
    try:
        return int(value) if value is not None else None
    except ValueError:
        return None


def _ratio(value: str | None) -> float | None:
    numerator, _, denominator = (value or "").partition("/")
    top, bottom = _float(numerator), _float(denominator or "1")
    return round(top / bottom, 4) if top and bottom else None


def _time(value: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if value else None
    except ValueError:
        return None

"""How the picture is coded: what players and encoders ask before they take a file."""

from __future__ import annotations

import re
from typing import Any

from utils.metadata import streams
from utils.metadata import tags as look
from utils.models.item import MediaKind
from utils.models.metadata import CodecDetails, DataStream
from utils.models.probe import FfprobeReport, MediaInfoReport

_TIMECODE = re.compile(r"\d{2}:\d{2}:\d{2}[:;.]\d{2,3}")
_GOP = re.compile(r"\bN=(\d+)\b")
_LEVEL = re.compile(r"@L(?:evel )?(\d+(?:\.\d+)?b?)")
_CHROMA = ((r"^(yuvj?a?|nv|p)4?20|^(nv12|nv21|p0\d\d)", "4:2:0"), (r"4?22|^(uyvy|yuyv|nv16|p2)",
           "4:2:2"), (r"444|^(rgb|bgr|gbr|argb|abgr|xyz|nv24|p4)", "4:4:4"), (r"440", "4:4:0"),
           (r"411", "4:1:1"), (r"410", "4:1:0"), (r"^gray|^mono|^ya", "4:0:0"))  # fmt: skip
# Above this share r_frame_rate and avg_frame_rate differ by more than rounding.
_VARIES = 0.01


def details(ffprobe: FfprobeReport | None, mediainfo: MediaInfoReport | None) -> CodecDetails:
    """The coding of the main picture, and what else the file carries."""
    stream, track = streams.main(ffprobe), streams.picture(mediainfo, ffprobe)
    pixels = streams.word(stream.get("pix_fmt"))
    is_still = ffprobe is not None and ffprobe.container.kind is MediaKind.IMAGE
    rate = None if is_still else frame_rate(stream, track)
    order = streams.word(stream.get("field_order"))
    return CodecDetails(
        codec=streams.word(stream.get("codec_name")) or streams.word(track.get("format")),
        profile=streams.word(stream.get("profile")) or _profile(track),
        level=_level(stream, track),
        pixel_format=pixels,
        chroma_subsampling=streams.word(track.get("chroma_subsampling")) or chroma(pixels),
        bit_depth=bit_depth(stream, track),
        bit_rate=look.above_zero(track.get("bit_rate")) or look.above_zero(stream.get("bit_rate")),
        bit_rate_mode=_mode(track.get("bit_rate_mode")),
        scan_type=_scan_type(track, order),
        field_order=order,
        gop_size=_gop_size(ffprobe, stream, track, rate),
        reference_frames=_reference_frames(stream, track),
        cabac=_cabac(stream, track),
        frame_rate=rate,
        frame_rate_mode=frame_rate_mode(stream, track),
        sample_aspect_ratio=sample_aspect_ratio(stream, track),
        display_aspect_ratio=_rounded(look.ratio(stream.get("display_aspect_ratio")))
        or look.number(track.get("display_aspect_ratio")),
        rotation_degrees=rotation(ffprobe, stream, track),
        timecode=_timecode(ffprobe, mediainfo),
        encoder=streams.word(track.get("writing_library"))
        or streams.word(stream.get("tags", {}).get("encoder")),
        attached_pictures=_attached_pictures(ffprobe),
        data_streams=_data_streams(ffprobe),
    )


def frame_rate(stream: dict[str, Any], track: dict[str, Any]) -> float | None:
    """Frames a second, on average where it varies; exact where a fraction is given."""
    over = look.number(track.get("framerate_num")), look.number(track.get("framerate_den"))
    exact = over[0] / over[1] if over[0] and over[1] else None
    stated = look.number(track.get("frame_rate"))
    if exact and stated and abs(exact / stated - 1) > _VARIES:
        exact = None  # of the header, not of the stream
    return _rounded(exact or stated or look.ratio(stream.get("avg_frame_rate")))


def frame_rate_mode(stream: dict[str, Any], track: dict[str, Any]) -> str | None:
    """CFR or VFR.

    By ffprobe alone only VFR can be told: where the smallest step between frames
    (``r_frame_rate``) is not that of the average; twice of it is a field rate.
    """
    if (mode := _mode(track.get("frame_rate_mode"))) is not None:
        return mode.replace("CBR", "CFR").replace("VBR", "VFR")
    base, average = (look.ratio(stream.get(f"{name}_frame_rate")) for name in ("r", "avg"))
    if not base or not average:
        return None
    return "VFR" if min(abs(base / average - n) for n in (1, 2)) > _VARIES else None


def sample_aspect_ratio(stream: dict[str, Any], track: dict[str, Any]) -> float | None:
    """A stored pixel's width by its height; ``0:1`` is ffprobe's for unknown."""
    return _rounded(look.ratio(stream.get("sample_aspect_ratio")) or None) or (
        look.number(track.get("pixel_aspect_ratio")) or None
    )


def rotation(
    ffprobe: FfprobeReport | None, stream: dict[str, Any], track: dict[str, Any]
) -> int | None:
    """Degrees to turn clockwise for display. ffprobe counts the other way round."""
    for side in streams.side_data(ffprobe, stream):
        if (angle := look.number(side.get("rotation"))) is not None:
            return round(-angle) % 360
    angle = look.number(track.get("rotation"))
    return None if angle is None else round(angle) % 360


def bit_depth(stream: dict[str, Any], track: dict[str, Any]) -> int | None:
    """Bits a sample: stated, else by the pixel format."""
    stated = look.above_zero(track.get("bit_depth")) or look.above_zero(
        stream.get("bits_per_raw_sample")
    )
    if stated:
        return stated
    pixels = str(stream.get("pix_fmt") or "")
    if match := re.search(r"(?:p|gray|x2rgb|x2bgr|p0|p2|p4)(9|1[0-6])(?:le|be)?$", pixels):
        return int(match[1])
    return 8 if re.fullmatch(r"yuvj?a?4\d\dp|nv\d\d|gray|rgb24|bgr24|gbrp|pal8", pixels) else None


def chroma(pixel_format: str | None) -> str | None:
    """The chroma subsampling of a pixel format such as yuv420p10le."""
    if pixel_format is None:
        return None
    return next((name for form, name in _CHROMA if re.search(form, pixel_format)), None)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _mode(value: Any) -> str | None:
    text = (streams.word(value) or "").upper()
    return {"CONSTANT": "CBR", "VARIABLE": "VBR"}.get(text, text) or None


def _profile(track: dict[str, Any]) -> str | None:
    return streams.word(str(track.get("format_profile") or "").partition("@")[0])


def _level(stream: dict[str, Any], track: dict[str, Any]) -> str | None:
    if match := _LEVEL.search(str(track.get("format_profile") or "")):
        return match[1]
    level, codec = look.integer(stream.get("level")), stream.get("codec_name")
    if level is None or level <= 0:
        return None
    if codec == "h264":
        return f"{level / 10:g}"
    if codec == "hevc":
        return f"{level / 30:g}"
    return f"{2 + (level >> 2)}.{level & 3}" if codec == "av1" and level < 31 else None


def _scan_type(track: dict[str, Any], order: str | None) -> str | None:
    if stated := streams.word(track.get("scan_type")):
        return stated.lower()
    if order is None:
        return None
    return "progressive" if order == "progressive" else "interlaced"


def _gop_size(
    ffprobe: FfprobeReport | None, stream: dict[str, Any], track: dict[str, Any], rate: float | None
) -> int | None:
    if match := _GOP.search(str(track.get("format_settings__gop") or "")):
        return int(match[1])
    # Only key frames are shown, and only those among the first packets: in practice intra-only.
    keys = [
        time
        for frame in streams.frames(ffprobe, stream.get("index"))
        if frame.get("key_frame") and (time := look.number(frame.get("pts_time"))) is not None
    ]
    if len(keys) < 2 or not rate or keys[1] <= keys[0]:
        return None
    return max(1, round((keys[1] - keys[0]) * rate))


def _reference_frames(stream: dict[str, Any], track: dict[str, Any]) -> int | None:
    stated = look.above_zero(track.get("format_settings__reference_frames"))
    # ffprobe says 1 for every codec that does not set it.
    return stated or (
        look.above_zero(stream.get("refs")) if stream.get("codec_name") == "h264" else None
    )


def _cabac(stream: dict[str, Any], track: dict[str, Any]) -> bool | None:
    """H.264's entropy coding; None for codecs that have no choice."""
    stated = {"Yes": True, "No": False}.get(str(track.get("format_settings__cabac")))
    baseline = stream.get("codec_name") == "h264" and "Baseline" in str(stream.get("profile"))
    if stated is None and baseline:
        return False  # ITU-T H.264, A.2.1: the profile has CAVLC only
    return stated


def _timecode(ffprobe: FfprobeReport | None, mediainfo: MediaInfoReport | None) -> str | None:
    """The first frame's; not that of MPEG-2's groups of pictures, which merely count from 0."""
    raw = ffprobe.raw if ffprobe else {}
    workers = [raw.get("format", {}), *raw.get("streams", [])]
    said = [worker.get("tags", {}).get("timecode") for worker in workers]
    said += [
        track.get("time_code_of_first_frame")
        for track in (mediainfo.tracks if mediainfo else ())
        if "Group of pictures" not in str(track.get("time_code_source"))
    ]
    return next((str(s) for s in said if s and _TIMECODE.fullmatch(str(s))), None)


def _attached_pictures(ffprobe: FfprobeReport | None) -> int:
    found = ffprobe.raw.get("streams", []) if ffprobe else []
    return sum(streams.is_attached(stream) for stream in found)


def _data_streams(ffprobe: FfprobeReport | None) -> tuple[DataStream, ...]:
    return tuple(
        DataStream(
            index=stream["index"],
            kind=kind,
            codec=streams.word(stream.get("codec_name")),
            tag=_tag(stream.get("codec_tag_string")),
            handler=streams.word(stream.get("tags", {}).get("handler_name")),
        )
        for kind in ("data", "attachment")
        for stream in streams.of_kind(ffprobe, kind)
    )


def _tag(value: Any) -> str | None:
    tag = streams.word(value)
    return None if tag is None or "[0]" in tag else tag

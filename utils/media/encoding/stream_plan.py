"""What becomes of each stream under each profile: encoded, copied, converted, or named as lost.

Pure: a layout and options go in, a plan and a command line come out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import ffmpeg

from utils.media import tools
from utils.media.encoding import rendition_colours
from utils.media.imaging import filters as colours
from utils.media.streams import Layout, Stream
from utils.models.options import CompressionOptions


class Encoder(NamedTuple):
    """A video encoder; ``crf`` where no target is given: VMAF 92–94 on one clip of 1080p25.

    ``lowest``, ``highest``, ``step`` bound a search. Above the highest crf flat areas show
    bands that VMAF does not see.
    """

    codec: str
    settings: dict[str, Any]
    pixel_format: str
    crf: int
    lowest: float
    highest: float
    step: float


ENCODERS = {
    "h264": Encoder(
        "h264", {"c:v:0": "libx264", "preset:v:0": "veryfast"}, "yuv420p", 23, 14, 38, 0.1
    ),
    # This build takes whole numbers only.
    "av1": Encoder(
        "av1", {"c:v:0": "libsvtav1", "preset:v:0": 8}, "yuv420p10le", 35, 16, 58, 1
    ),
}  # fmt: skip

_TEXT = {"subrip", "ass", "ssa", "webvtt", "mov_text", "text", "eia_608"}
_STYLED = {"ass", "ssa"}
_MATROSKA_SUBTITLES = {
    "subrip", "ass", "ssa", "webvtt", "hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle",
}  # fmt: skip
_MATROSKA_SOUNDS = {
    "aac", "ac3", "eac3", "dts", "truehd", "mlp", "flac", "opus", "vorbis", "mp3", "mp2", "alac",
    "tta", "wavpack", "pcm_f32le", "pcm_f64le",
}  # fmt: skip
LOSSLESS = {"flac", "alac", "tta", "wavpack", "ape", "mlp", "truehd"}
_MP4_COVERS = {"mjpeg", "png", "bmp"}
_COVER_NAMES = {"mjpeg": ("cover.jpg", "image/jpeg"), "png": ("cover.png", "image/png")}
_UNKNOWN = {"unknown", "none"}


class Plan(NamedTuple):
    """What an encode does; ``streams`` are kept in this order, the first is the main one.

    ``output`` are ffmpeg's options but the crf; ``tags`` further arguments; ``cover`` is a
    picture that the container takes only from a file of its own. ``guessed`` says in words what
    the source does not say and was taken for granted. An MP4 is completed by ``mp4_keys.finish``.
    """

    suffix: str
    codec: str
    streams: tuple[Stream, ...]
    output: dict[str, Any]
    tags: tuple[str, ...] = ()
    encoder: Encoder | None = None
    filters: tuple[str, ...] = ()
    cover: Stream | None = None
    dropped: tuple[str, ...] = ()
    guessed: tuple[str, ...] = ()

    def tracks(self, kind: str) -> int:
        """How many streams of a type the rendition is to have, without covers."""
        return sum(s.type == kind and not s.is_cover for s in self.streams)


def for_video(layout: Layout, options: CompressionOptions, is_intact: bool) -> Plan:
    """The plan of ``web`` (MP4) or ``archive`` (Matroska).

    Args:
        layout: The source's.
        options: The profile, the codec and the sound.
        is_intact: Nothing failed to decode, so that sound may be copied.
    """
    archive = options.profile == "archive"
    picture = layout.of("video")[0]
    encoder = ENCODERS[video_codec(picture, options)]
    sounds = tuple(s for s in layout.of("audio") if s.codec not in _UNKNOWN)
    readable = _MATROSKA_SUBTITLES | _TEXT if archive else _TEXT
    subtitles = tuple(s for s in layout.of("subtitle") if s.codec in readable)
    attachments = layout.of("attachment") if archive else ()
    covers = () if archive else tuple(c for c in layout.covers if c.codec in _MP4_COVERS)[:1]
    attached = next((c for c in layout.covers if archive and c.codec in _COVER_NAMES), None)
    kept = (picture, *sounds, *subtitles, *attachments, *covers)

    output: dict[str, Any] = encoder.settings | {
        "pix_fmt:v:0": encoder.pixel_format,
        "fps_mode:v:0": "vfr",
        "enc_time_base:v:0": "demux",  # else times of a variable rate are rounded to the mean one
        "f": "matroska" if archive else "mp4",
    }
    filters = (*_filters(picture), *rendition_colours.filters(picture, encoder.pixel_format))
    if filters:
        output["filter:v:0"] = ",".join(filters)
    for number, sound in enumerate(sounds):
        output |= _sound(number, sound, options, is_intact)
    for number, subtitle in enumerate(subtitles):
        output[f"c:s:{number}"] = _subtitle_codec(subtitle, archive)
    if attachments:
        output["c:t"] = "copy"
    if covers:
        output |= {"c:v:1": "copy", "disposition:v:1": "attached_pic"}
    tags = _titles(sounds, subtitles)
    if timecode := _timecode(layout):
        tags += ("-metadata:s:v:0", f"timecode={timecode}")
    if attached:
        name, mime = _COVER_NAMES[attached.codec]
        tags += (f"-metadata:s:t:{len(attachments)}", f"mimetype={mime}")
        tags += (f"-metadata:s:t:{len(attachments)}", f"filename={name}")
    return Plan(
        suffix=".mkv" if archive else ".mp4",
        codec=encoder.codec,
        streams=kept,
        output=output,
        tags=tags,
        encoder=encoder,
        filters=filters,
        cover=attached,
        dropped=(
            *_lost(layout, (*kept, *((attached,) if attached else ()))),
            *_reduced(picture, encoder, subtitles, archive),
        ),
        guessed=_guessed(picture, subtitles),
    )


def for_sound(layout: Layout, options: CompressionOptions) -> Plan:
    """The plan of a song, or of a video's sound alone.

    Its first track that can be decoded becomes Opus, or FLAC.
    """
    archive = options.profile == "archive"
    sounds = layout.of("audio")
    sound = next((s for s in sounds if s.codec not in _UNKNOWN), sounds[0])
    cover = next(iter(layout.covers), None)
    kept: tuple[Stream, ...] = (sound,)
    reduced: tuple[str, ...] = ()
    if archive:
        output: dict[str, Any] = {"c:a": "flac", "f": "flac"}
        if cover and cover.codec in _COVER_NAMES:
            kept = (sound, cover)
            output |= {"c:v": "copy", "disposition:v:0": "attached_pic"}
        if sound.codec.startswith(("pcm_f", "pcm_s32", "pcm_s64")):
            reduced = ("more than 24 bits",)
        cover = None
    else:
        output = {
            "c:a": "libopus",
            "b:a": _bit_rate(sound, options, limit=256),
            "f": "opus",
            "fflags": "+bitexact",
        }  # else a random serial number: no two encodes alike
    if archive and layout.chapter_count:
        reduced += (f"{layout.chapter_count} chapters",)
    filters = [_LOUDNESS] if options.normalize_loudness else []
    if not archive:
        filters.append("aformat=channel_layouts=7.1|5.1|stereo|mono")  # no 5.1(side) in libopus
    if filters:
        output |= {"af": ",".join(filters), "ar": "48000"}  # loudnorm resamples to 192 kHz
    return Plan(
        suffix=".flac" if archive else ".opus",
        codec="flac" if archive else "opus",
        streams=kept,
        output=output,
        tags=("-metadata:s:a:0", f"title={sound.title}")
        if sound.title and len(layout.of("audio")) > 1
        else (),
        cover=cover,
        dropped=(*_lost(layout, (*kept, *((cover,) if cover else ()))), *reduced),
    )


def command(path: Path, plan: Plan, target: Path, crf: float | None = None,
            extra: tuple[str, ...] = ()) -> list[str]:  # fmt: skip
    """ffmpeg's command line; ``extra`` are arguments known only when it runs (a cover)."""
    texts = {f"sub_charenc:{s.number}": s.encoding for s in plan.streams if s.encoding}
    source = ffmpeg.input(f"file:{path}", **tools.input_options(), **texts)
    output = plan.output | ({"crf:v:0": f"{crf:g}"} if crf is not None else {})
    streams = [source[str(stream.number)] for stream in plan.streams]
    # What is last is the target; a dictionary can't hold an option twice.
    *arguments, name = ffmpeg.output(*streams, str(target), **output, map_metadata="0").get_args()
    return [
        str(tools.find("ffmpeg")),
        *("-hide_banner", "-nostdin", "-v", "error", "-y"),
        *("-nostats", "-progress", "pipe:1", "-stats_period", "0.2"),
        *arguments,
        *(*plan.tags, *extra, name),
    ]


def video_codec(picture: Stream, options: CompressionOptions) -> str:
    """The chosen codec; else H.264 for the web, AV1 where 8 bits would lose something."""
    if options.video_codec:
        return options.video_codec
    return "av1" if options.profile == "archive" or picture.is_deep or picture.is_hdr else "h264"


_LOUDNESS = "loudnorm=I=-16:TP=-1.5:LRA=11"  # for streaming, as EBU R 128 s2 has it


def _filters(picture: Stream) -> tuple[str, ...]:
    filters: list[str] = []
    if picture.is_interlaced:  # neither encoder here keeps fields
        filters.append("bwdif=mode=send_frame:deint=interlaced")
    if (picture.width or 0) % 2 or (picture.height or 0) % 2:
        # 4:2:0 has no odd sizes. One line less is sharper than a picture scaled by a pixel.
        filters.append("crop=trunc(iw/2)*2:trunc(ih/2)*2")
    return tuple(filters)


def _guessed(picture: Stream, subtitles: tuple[Stream, ...]) -> tuple[str, ...]:
    matrix = rendition_colours.untold_matrix(picture)
    name = {"bt709": "BT.709", "smpte170m": "BT.601"}.get(matrix or "")
    found = [f"colours not named, taken for {name} by the picture's size"] if name else []
    return (*found, *(f"{_words(s)} read as {s.encoding}" for s in subtitles if s.encoding))


def _sound(number: int, sound: Stream, options: CompressionOptions, intact: bool) -> dict[str, Any]:
    """Options of one track of a video."""
    archive = options.profile == "archive"
    if options.normalize_loudness:
        altered = {f"filter:a:{number}": _LOUDNESS, f"ar:a:{number}": "48000"}
    else:
        altered = {}
        limit = _kbps(sound, options) * 1100
        small_aac = sound.codec == "aac" and 0 < (sound.bit_rate or 0) <= limit
        if intact and (sound.codec in _MATROSKA_SOUNDS if archive else small_aac):
            return {f"c:a:{number}": "copy"}
    if archive:
        return altered | {f"c:a:{number}": "flac"}
    return altered | {f"c:a:{number}": "aac", f"b:a:{number}": _bit_rate(sound, options, limit=288)}


def _kbps(sound: Stream, options: CompressionOptions) -> int:
    return options.audio_kbps * max(2, sound.channels or 2) // 2


def _bit_rate(sound: Stream, options: CompressionOptions, limit: int) -> str:
    """``limit``: what the encoder takes at most for a channel, in kb/s."""
    return f"{min(_kbps(sound, options), limit * (sound.channels or 1))}k"


def _subtitle_codec(subtitle: Stream, archive: bool) -> str:
    if not archive:
        return "copy" if subtitle.codec == "mov_text" else "mov_text"
    if subtitle.codec in _MATROSKA_SUBTITLES and not subtitle.encoding:
        return "copy"
    if subtitle.codec == "webvtt":
        return "webvtt"
    return "ass" if subtitle.codec in {"eia_608", *_STYLED} else "srt"


def _titles(sounds: tuple[Stream, ...], subtitles: tuple[Stream, ...]) -> tuple[str, ...]:
    """Titles of tracks, which MP4 and Matroska name differently."""
    found: list[str] = []
    for letter, streams in (("a", sounds), ("s", subtitles)):
        for number, stream in enumerate(streams):
            if stream.title:
                found += [f"-metadata:s:{letter}:{number}", f"title={stream.title}"]
    return tuple(found)


def _timecode(layout: Layout) -> str | None:
    """Of a data stream; both containers keep it as a tag of the picture."""
    return next((s.timecode for s in layout.streams if s.timecode), None)


def _lost(layout: Layout, kept: tuple[Stream, ...]) -> tuple[str, ...]:
    indexes = {stream.number for stream in kept}
    has_picture = any(s.type == "video" and not s.is_cover for s in kept)
    return tuple(
        _words(stream)
        for stream in layout.streams
        if stream.number not in indexes
        and not (stream.tag == "tmcd" and stream.timecode and has_picture)
    )


def _words(stream: Stream) -> str:
    """``subtitle 3 (hdmv_pgs_subtitle)``: what it is, its index in the source, its codec."""
    if stream.is_cover:
        return f"cover picture {stream.number} ({stream.codec})"
    name = {"audio": "sound", "data": "data stream", "video": "picture"}.get(stream.type)
    codec = stream.tag if stream.codec in _UNKNOWN | {"bin_data"} else stream.codec
    language = f", {stream.language}" if stream.language not in {None, "und"} else ""
    return f"{name or stream.type} {stream.number} ({codec}{language})"


def _reduced(
    picture: Stream, encoder: Encoder, subtitles: tuple[Stream, ...], archive: bool
) -> tuple[str, ...]:
    """What is kept, but not as it is."""
    found: list[str] = []
    pixels = picture.pixel_format or ""
    if any(mark in pixels for mark in ("422", "444", "rgb", "bgr", "gbr")):
        found.append(f"colour detail ({pixels} becomes 4:2:0)")
    if colours.has_alpha(picture.codec, picture.pixel_format):
        found.append("transparency" + (", if there is any" if not pixels else ""))
    if picture.has_hidden_alpha:
        found.append("transparency")
    if (picture.width or 0) % 2 or (picture.height or 0) % 2:
        found.append(f"a line of its odd size of {picture.width}×{picture.height}")
    if any(mark in pixels for mark in ("p12", "p14", "p16", "48", "64", "f32")):
        found.append("more than 10 bits")
    if picture.is_deep and encoder.codec == "h264":
        found.append("more than 8 bits")
    if picture.is_interlaced:
        found.append("fields (the picture is deinterlaced)")
    if not archive:
        found += [f"styling of {_words(s)}" for s in subtitles if s.codec in _STYLED]
    return tuple(found)

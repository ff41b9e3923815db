"""Makes an item small: Opus for sound, H.264 or AV1 for video, verified before it counts."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import ffmpeg
import humanize

from utils.media import process, tools, verify
from utils.media.files import whole_file
from utils.models.item import MediaKind
from utils.models.options import CompressionOptions
from utils.models.probe import ContainerProbe
from utils.models.rendition import Compression, Rendition
from utils.models.signal import SignalReport

# crf by codec where none is chosen: VMAF 92–94 on one 10 s clip of 1080p25, measured before
# this project began.
_CRF = {"h264": 23, "av1": 35}


def compress(
    path: Path,
    probe: ContainerProbe,
    signal: SignalReport,
    options: CompressionOptions,
    folder: Path,
) -> Compression:
    """Encode ``path`` into ``folder``, and keep the result only if it pays.

    Raises:
        PermanentError: the encode fails, or its output does not decode to the source's
            length, frames and streams.
    """
    if reason := not_worth_it(probe, options):
        return Compression(source_bytes=probe.size_bytes, encoded_bytes=0, reason=reason)
    video = probe.kind is MediaKind.VIDEO
    # Named for its options: renditions of other options stay what the ledger says they are.
    digest = hashlib.sha256(options.model_dump_json().encode()).hexdigest()[:8]
    target = folder / f"rendition-{digest}{'.mp4' if video else '.opus'}"
    with whole_file(target) as temporary:
        process.run(command(path, probe, options, temporary), path)
        verify.rendition(temporary, probe, signal)
        encoded = temporary.stat().st_size
        saving = 1 - encoded / probe.size_bytes
        if saving < options.min_saving:
            temporary.unlink()
    if saving < options.min_saving:
        return Compression(
            source_bytes=probe.size_bytes,
            encoded_bytes=encoded,
            reason=f"source kept: the encode would save {saving:.0%}, less than "
            f"{options.min_saving:.0%}",
        )
    return Compression(
        source_bytes=probe.size_bytes,
        encoded_bytes=encoded,
        reason=f"saves {saving:.0%}: {_size(probe.size_bytes)} → {_size(encoded)}",
        rendition=Rendition(
            path=target,
            kind=probe.kind.value,
            codec=options.video_codec if video else "opus",
            size_bytes=encoded,
        ),
    )


def not_worth_it(probe: ContainerProbe, options: CompressionOptions) -> str | None:
    """Why an encode can't pay, from the probe alone; None if it may."""
    if probe.kind is MediaKind.AUDIO:
        rate = probe.bit_rate or 0
        if 0 < rate <= options.audio_kbps * 1000 * (1 + options.min_saving):
            return f"source kept: it has {rate // 1000} kb/s already"
    elif options.video_codec == "h264" and probe.video and _is_deep(probe.video.pixel_format):
        return "source kept: H.264 would lose its more than 8 bits; choose av1"
    return None


def command(
    path: Path, probe: ContainerProbe, options: CompressionOptions, target: Path
) -> list[str]:
    """The ffmpeg command line.

    Chapters, languages and titles are carried over; subtitles and further pictures are not.
    """
    source = ffmpeg.input(f"file:{path}", **tools.input_options())
    sound = [source[str(stream.index)] for stream in probe.audio]
    if probe.kind is MediaKind.VIDEO and probe.video:
        streams = [source[str(probe.video.index)], *sound]
        output = _video(options) | (
            {"c:a": "aac", "b:a": f"{options.audio_kbps}k"} if sound else {}
        )
    else:
        streams = sound[:1]
        output = {"c:a": "libopus", "b:a": f"{options.audio_kbps}k", "f": "opus"}
    filters = []
    if options.normalize_loudness:
        filters.append("loudnorm=I=-16:TP=-1.5:LRA=11")  # for streaming, as EBU R 128 s2 has it
    if probe.kind is MediaKind.AUDIO:
        filters.append("aformat=channel_layouts=7.1|5.1|stereo|mono")  # libopus takes no 5.1(side)
    if filters and sound:
        output |= {"af": ",".join(filters), "ar": "48000"}  # loudnorm resamples to 192 kHz
    arguments = ffmpeg.output(*streams, str(target), **output, map_metadata="0").get_args()
    return [
        str(tools.find("ffmpeg")),
        *("-hide_banner", "-nostdin", "-v", "error", "-y"),
        *arguments,
    ]


def _video(options: CompressionOptions) -> dict[str, Any]:
    crf = options.crf if options.crf is not None else _CRF[options.video_codec]
    even = {"vf": "scale=trunc(iw/2)*2:trunc(ih/2)*2", "movflags": "+faststart", "f": "mp4"}
    if options.video_codec == "av1":
        codec = {"c:v": "libsvtav1", "preset": 8, "pix_fmt": "yuv420p10le"}
    else:
        codec = {"c:v": "libx264", "preset": "veryfast", "pix_fmt": "yuv420p"}
    return {**even, **codec, "crf": crf}


def _is_deep(pixel_format: str | None) -> bool:
    """True for formats with more than 8 bits, such as yuv420p10le."""
    return bool(re.search(r"p(9|1\d)(le|be)$", pixel_format or ""))


def _size(size_bytes: int) -> str:
    return humanize.naturalsize(size_bytes, binary=True)

"""Container facts by MediaInfo, in-process (8 ms a file).

MediaInfo opens what playlists and manifests name, by absolute path and by http too, and has no
option against it: it is not asked about text.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from pymediainfo import MediaInfo

from utils.errors import RetryableError, SettingsError, from_os_error
from utils.metadata import tags as look
from utils.models import sanitize
from utils.models.probe import MediaInfoReport
from utils.storage import safe_link

# Fields that say where the file lies and when it was copied, and what follows from its name.
_OF_THE_FILE_SYSTEM = (
    "complete_name", "folder_name", "file_name", "file_extension", "file_creation_date",
    "file_last_modification_date", "count", "other_",
)  # fmt: skip
_BASE64 = re.compile(r' dt="binary\.base64">([^<]*)<')
_HEAD_BYTES = 512
_WIDE_TEXT = re.compile(rb"\xff\xfe[\x09-\x7e]\0|\xfe\xff\0[\x09-\x7e]")


def report(path: Path) -> MediaInfoReport:
    """What MediaInfo says about ``path``; nothing about text."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise from_os_error(error, f"reading {path.name}") from error
    if is_text(head):
        return MediaInfoReport()
    try:
        with safe_link.isolated(path) as link:
            printed = MediaInfo.parse(str(link), output="OLDXML")
    except (FileNotFoundError, RuntimeError) as error:
        raise RetryableError(f"MediaInfo could not open {path.name}: {error}") from error
    except OSError as error:
        raise SettingsError(
            "MediaInfo's library was not found. Install it (Debian: libmediainfo0v5; Homebrew: "
            "media-info), or leave the step out with --skip extract_mediainfo."
        ) from error
    return parse([track.to_data() for track in MediaInfo(_worded(printed)).tracks])


def _worded(printed: str) -> str:
    """MediaInfo's XML with its base64 as text: it writes whatever holds a control character so."""
    return _BASE64.sub(lambda match: f">{escape(_decoded(match[1]))}<", sanitize.unmarked(printed))


def _decoded(text: str) -> str:
    try:
        return sanitize.text(base64.b64decode(text).decode(errors="replace"))
    except binascii.Error:
        return ""


def is_text(head: bytes) -> bool:
    """Whether a file that begins so is text: a playlist, a manifest, SVG, a script.

    Media have bytes below 9 within their first ones; UTF-16 text has them too, after its mark.
    """
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith((b"#EXTM3U", b"<")):
        return True
    return bool(_WIDE_TEXT.match(head)) or not any(byte < 9 or 13 < byte < 27 for byte in head)


def parse(printed: Sequence[dict[str, Any]]) -> MediaInfoReport:
    """Make a report of a file's tracks, as pymediainfo gives them."""
    tracks = tuple(_placeless(track) for track in printed[: sanitize.MAX_ENTRIES])
    general, video, audio, image = (
        next((track for track in tracks if track.get("track_type") == name), {})
        for name in ("General", "Video", "Audio", "Image")
    )
    video = video or image
    duration = look.number(general.get("duration"))
    return MediaInfoReport(
        container=general.get("format"),
        duration_seconds=None if duration is None else duration / 1000,
        overall_bit_rate=look.integer(general.get("overall_bit_rate")),
        created=general.get("encoded_date") or general.get("tagged_date"),
        video_codec=video.get("format"),
        video_profile=video.get("format_profile"),
        width=look.integer(video.get("width")),
        height=look.integer(video.get("height")),
        frame_rate=look.number(video.get("frame_rate")),
        frame_rate_mode=video.get("frame_rate_mode"),
        bit_depth=look.integer(video.get("bit_depth")),
        color_space=video.get("color_space"),
        chroma_subsampling=video.get("chroma_subsampling"),
        hdr_format=video.get("hdr_format"),
        audio_codec=audio.get("format"),
        audio_channels=look.integer(audio.get("channel_s")),
        audio_sample_rate=look.integer(audio.get("sampling_rate")),
        tracks=tracks,
    )


def _placeless(track: dict[str, Any]) -> dict[str, Any]:
    """A track without the file's name and times, and without ``other_…`` (the same, in words)."""
    return {
        name: sanitize.value(value)
        for name, value in track.items()
        if not name.startswith(_OF_THE_FILE_SYSTEM)
    }

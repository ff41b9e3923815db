"""Container facts by MediaInfo, in a process that stays open (mediainfo_child.py).

MediaInfo opens what playlists and manifests name, by absolute path and by http too, and has no
option against it: it is not asked about text.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, unescape

import pymediainfo
from pymediainfo import MediaInfo

from utils.errors import PermanentError, RetryableError, SettingsError, from_os_error
from utils.media.probing import mediainfo_child
from utils.metadata import encodings
from utils.metadata import tags as look
from utils.models import sanitize
from utils.models.probe import MediaInfoReport
from utils.processes.open_tool import OpenTool
from utils.storage import safe_link

# Fields that say where the file lies and when it was copied, and what follows from its name.
_OF_THE_FILE_SYSTEM = (
    "complete_name", "folder_name", "file_name", "file_extension", "file_creation_date",
    "file_last_modification_date", "count", "other_",
)  # fmt: skip
# A text whose bytes were read as Latin-1, before what looks like a control character is taken out.
_TEXT = re.compile(r">([^<>]*[\x80-\xff][^<>]*)<")
_BASE64 = re.compile(r' dt="binary\.base64">([^<]*)<')
_HEAD_BYTES = 512
# Measured: 42 MiB for photos and films, of which Python is the most. A zipped profile is
# inflated whole: 2 GB of a PNG of 1 MB.
_MEMORY_BYTES = 384 * 2**20
_ANSWER_BYTES = 8 * 2**20  # a film of a hundred tracks is described in 1 MiB
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
    with safe_link.isolated(path) as link:
        printed = _ask(link, path)
    guesses: dict[str, str] = {}
    texts = dict.fromkeys(match[1] for match in _TEXT.finditer(printed))
    meant = encodings.all_repaired([unescape(text) for text in texts], guesses)
    known = {text: escape(read) for text, read in zip(texts, meant, strict=True)}
    xml = _worded(_TEXT.sub(lambda match: f">{known[match[1]]}<", printed))
    found = parse([track.to_data() for track in MediaInfo(xml).tracks])
    return found.model_copy(update={"guesses": guesses})


def command() -> list[str]:
    """The command line of the process that stays open."""
    packages = Path(pymediainfo.__file__).parent.parent
    return [sys.executable, "-I", mediainfo_child.__file__, str(packages)]


def _ask(link: Path, about: Path) -> str:
    """MediaInfo's XML about the file behind ``link``."""
    question = json.dumps(str(link)).encode() + b"\n"
    answer: dict[str, str] = json.loads(tool.ask(question, b"\n", about))
    if "not_opened" in answer:
        raise RetryableError(f"MediaInfo could not open {about.name}: {answer['not_opened']}")
    if "too_large" in answer:
        raise PermanentError(
            f"MediaInfo needs more than {_MEMORY_BYTES >> 20} MiB of memory for {about.name}."
        )
    if "no_library" in answer:
        raise SettingsError(
            "MediaInfo's library was not found. Install it (Debian: libmediainfo0v5; Homebrew: "
            "media-info), or leave the step out with --skip extract_mediainfo."
        )
    return answer["xml"]


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


tool = OpenTool("MediaInfo", command, _MEMORY_BYTES, _ANSWER_BYTES)

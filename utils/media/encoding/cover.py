"""Cover pictures, for containers that take one only from outside: Opus and Matroska."""

from __future__ import annotations

import base64
import struct
from pathlib import Path

from utils.errors import PermanentError
from utils.media import tools
from utils.media.encoding.stream_plan import Plan
from utils.processes import child_process

# In an Opus file a cover is an argument in base64, and Linux takes 128 KiB for one.
_MOST_BYTES, _LONG_SIDE = 90_000, 500
_FIT = f"scale='min({_LONG_SIDE},iw)':'min({_LONG_SIDE},ih)':force_original_aspect_ratio=decrease"
_SMALL = ("-vf", _FIT, "-c:v", "mjpeg", "-q:v", "4", "-pix_fmt", "yuvj420p", "-f", "mjpeg")
_AS_IT_IS = ("-c", "copy", "-f", "rawvideo")


def arguments(path: Path, plan: Plan, folder: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What makes ffmpeg attach the plan's cover, and what is lost if it can't be taken.

    ``folder`` must last until the encode is done.
    """
    if plan.cover is None:
        return (), ()
    lost = (f"cover picture {plan.cover.number} ({plan.cover.codec})",)
    picture = folder / "cover"
    try:
        child_process.run(command(path, plan, picture), path)
    except PermanentError:  # a damaged picture is no reason to lose the song
        return (), lost
    if plan.encoder:
        return ("-attach", f"file:{picture}"), ()
    data = picture.read_bytes()
    if not 0 < len(data) <= _MOST_BYTES:
        return (), lost
    return ("-metadata:s:a:0", f"METADATA_BLOCK_PICTURE={block(data)}"), ()


def command(path: Path, plan: Plan, target: Path) -> list[str]:
    """ffmpeg's command line: the picture as it is for Matroska, small for a song."""
    assert plan.cover
    return [
        str(tools.find("ffmpeg")),
        *("-hide_banner", "-nostdin", "-v", "error", "-y"),
        *tools.input_arguments(path),
        *("-map", f"0:{plan.cover.number}", "-frames:v", "1"),
        *(_AS_IT_IS if plan.encoder else _SMALL),
        str(target),
    ]


def block(jpeg: bytes) -> str:
    """A front cover as Vorbis comments hold it: FLAC's picture block in base64 (RFC 9639, 8.8)."""
    mime = b"image/jpeg"
    head = struct.pack(">II", 3, len(mime)) + mime + struct.pack(">I", 0)
    size = struct.pack(">IIIII", 0, 0, 0, 0, len(jpeg))  # 0: see the picture itself
    return base64.b64encode(head + size + jpeg).decode()

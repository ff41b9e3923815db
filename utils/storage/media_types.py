"""What a file is, by its name: the same on every machine."""

from __future__ import annotations

import mimetypes
from pathlib import Path

# What the table in Python lacks, or has otherwise; the host's own is not asked.
_TYPES = mimetypes.MimeTypes().types_map[True] | {
    ".mkv": "video/matroska", ".m4a": "audio/mp4", ".m4v": "video/mp4", ".mts": "video/mp2t",
    ".ts": "video/mp2t", ".m2ts": "video/mp2t", ".ogg": "audio/ogg", ".oga": "audio/ogg",
    ".opus": "audio/ogg", ".flac": "audio/flac", ".wav": "audio/wav", ".wv": "audio/x-wavpack",
    ".avif": "image/avif", ".webp": "image/webp", ".heic": "image/heic", ".heif": "image/heif",
    ".jxl": "image/jxl", ".dng": "image/x-adobe-dng", ".srt": "application/x-subrip",
    ".vtt": "text/vtt", ".lrc": "text/plain", ".ass": "text/x-ssa", ".ssa": "text/x-ssa",
    ".json": "application/json", ".md": "text/markdown", ".m4p": "audio/mp4", ".3gp": "video/3gpp",
}  # fmt: skip


def media_type(path: Path) -> str:
    """What a file is by its name, the same on every machine."""
    return _TYPES.get(path.suffix.lower(), "application/octet-stream")

"""Small songs with tags as other programs write them."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.media import ffmpeg
from utils.media import tools
from utils.media.probing import ffprobe
from utils.processes import child_process

RECORDING = "f980fc14-e29b-481d-ad3a-5ed9b4ab6340"
ARTIST = "cc197bad-dc9c-440d-a5b5-d52ba2e14234"
# Marks of right-to-left writing and of vowels belong to the names.
NAMES = {"title": "Ночь 夜 لَيْل", "artist": "Кино & 桜", "album": "Größe", "comment": "keep ‮me"}
FORMATS = ("mp3", "flac", "m4a", "opus", "ogg")


def make(folder: Path) -> dict[str, Path]:
    """A song a format: two seconds, tags in several scripts, a cover where the format has one."""
    cover = folder / "cover.jpg"
    ffmpeg("-f", "lavfi", "-i", "color=c=red:s=64x64", "-frames:v", "1", cover)
    tags = [part for name, value in NAMES.items() for part in ("-metadata", f"{name}={value}")]
    picture: list[str | Path] = [
        "-i",
        cover,
        "-map",
        "0",
        "-map",
        "1",
        "-disposition:v",
        "attached_pic",
    ]
    options: dict[str, list[str | Path]] = {
        "mp3": [*picture, "-id3v2_version", "3", "-write_id3v1", "1"],
        "flac": picture,
        "m4a": [*picture, "-c:v", "copy", "-c:a", "aac", "-movflags", "+faststart"],
        "opus": [],
        "ogg": ["-c:a", "libvorbis"],
    }
    for name in FORMATS:
        sound = ["-f", "lavfi", "-i", "sine=f=440:d=2"]
        ffmpeg(*sound, *options[name], *tags, folder / f"song.{name}")
    return {name: folder / f"song.{name}" for name in FORMATS}


def tags_of(path: Path) -> dict[str, str]:
    """The tags of a file as ffprobe reads them, names in small letters."""
    raw = ffprobe.report(path).raw
    found = raw["format"].get("tags") or raw["streams"][0].get("tags") or {}
    return {name.lower(): value for name, value in found.items() if name.lower() != "encoder"}


def decoded(path: Path) -> str:
    """The MD5 of what a decoder makes of the sound."""
    ffmpeg = str(tools.find("ffmpeg"))
    command = [ffmpeg, "-v", "error", *tools.input_arguments(path), "-map", "0:a", "-f", "md5", "-"]
    return child_process.run(command, path).stdout


def id3(version: int, *frames: tuple[str, bytes], flags: int = 0, padding: int = 0) -> bytes:
    """An ID3v2 tag by hand; frames are an id and their data."""
    body = b"".join(_frame(version, name, data) for name, data in frames) + bytes(padding)
    if flags & 0x80 and version < 4:
        body = body.replace(b"\xff", b"\xff\x00")
    return b"ID3" + bytes((version, 0, flags)) + sevens(len(body)) + body


def _frame(version: int, name: str, data: bytes) -> bytes:
    if version == 2:
        return name.encode() + len(data).to_bytes(3, "big") + data
    size = sevens(len(data)) if version == 4 else struct.pack(">I", len(data))
    return name.encode() + size + b"\0\0" + data


def sevens(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))

"""Fragmented MP4 as ffmpeg writes it for HLS: what is in it, and how each segment begins.

Read from the boxes themselves (ISO/IEC 14496-12): a few kilobytes of each file, no tool is started.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from utils.errors import PermanentError

_FOLDERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"moof", b"traf"}
_PICTURES = {b"avc1", b"avc3", b"hvc1", b"hev1", b"av01"}
_SOUNDS = {b"mp4a", b"Opus", b"fLaC", b"ac-3", b"ec-3"}
_NOT_A_KEY_FRAME = 0x10000  # sample_is_non_sync_sample
_MOST_BYTES = 1 << 24  # of boxes before a segment's media; ours have a few kilobytes


class Track(NamedTuple):
    """A picture or a sound; ``codec`` by RFC 6381, ``width`` and ``height`` as it is coded.

    ``skipped``: what an edit list leaves out at the beginning, in units of ``timescale``.
    """

    number: int
    is_picture: bool
    codec: str
    timescale: int
    skipped: int = 0
    width: int | None = None
    height: int | None = None


class Beginning(NamedTuple):
    """The first sample of a segment: whether a player can begin with it, and when it is shown."""

    is_key: bool
    seconds: float


def tracks(path: Path) -> tuple[Track, ...]:
    """The tracks of an initialisation segment.

    Raises:
        PermanentError: it is none, or a codec in it has no name here.
    """
    try:
        found = tuple(_track(body) for name, body in _boxes(path.read_bytes(), (b"trak",)))
    except (struct.error, IndexError, KeyError, StopIteration) as error:
        raise PermanentError(f"{path.name} is no initialisation segment ({error!r}).") from error
    if not found:
        raise PermanentError(f"{path.name} holds no track.")
    return found


def beginning(path: Path, track: Track) -> Beginning:
    """How a segment begins in one of its tracks.

    Raises:
        PermanentError: the track is not in it.
    """
    try:
        for _, body in _boxes(_before_media(path), (b"traf",)):
            parts = dict(_boxes(body))
            if struct.unpack_from(">I", parts[b"tfhd"], 4)[0] == track.number:
                return _first(parts, track)
    except (struct.error, IndexError, KeyError) as error:
        raise PermanentError(f"{path.name} is no segment ({error!r}).") from error
    raise PermanentError(f"{path.name} has nothing of track {track.number}.")


def _boxes(data: bytes, only: tuple[bytes, ...] = ()) -> Iterator[tuple[bytes, bytes]]:
    """All boxes with what is in them, also those inside others; of ``only`` they are not opened."""
    at = 0
    while at + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", data, at + 8)[0], 16
        size = size or len(data) - at
        if size < head:
            raise IndexError(f"a box of {size} bytes")
        body = data[at + head : at + size]
        if not only or name in only:
            yield name, body
        if name in _FOLDERS and name not in only:
            yield from _boxes(body, only)
        at += size


def _before_media(path: Path) -> bytes:
    """What stands before a segment's media."""
    with path.open("rb") as file:
        data = b""
        while len(head := file.read(8)) == 8 and head[4:] != b"mdat" and len(data) < _MOST_BYTES:
            size = struct.unpack(">I", head[:4])[0]
            data += head + file.read(min(max(size - 8, 0), _MOST_BYTES))
    return data


def _track(body: bytes) -> Track:
    parts = dict(_boxes(body))
    head = parts[b"tkhd"]
    number = struct.unpack_from(">I", head, 20 if head[0] else 12)[0]
    media = parts[b"mdhd"]
    timescale = struct.unpack_from(">I", media, 20 if media[0] else 12)[0]
    entry = parts[b"stsd"][8:]
    name, described = entry[4:8], entry[8 : struct.unpack_from(">I", entry)[0]]
    skipped = _skipped(parts.get(b"elst"))
    if name in _PICTURES:
        width, height = struct.unpack_from(">HH", described, 24)
        codec = _picture_codec(name, dict(_boxes(described[78:])))
        return Track(number, True, codec, timescale, skipped, width, height)
    if name in _SOUNDS:
        return Track(number, False, _sound_codec(name, described), timescale, skipped)
    raise KeyError(name.decode("latin-1"))


def _skipped(edits: bytes | None) -> int:
    if not edits or not struct.unpack_from(">I", edits, 4)[0]:
        return 0
    moment: int = struct.unpack_from(">q" if edits[0] else ">i", edits, 16 if edits[0] else 12)[0]
    return max(0, moment)


def _picture_codec(name: bytes, parts: dict[bytes, bytes]) -> str:
    if name in {b"avc1", b"avc3"}:
        return f"{name.decode()}.{parts[b'avcC'][1:4].hex()}"
    if name == b"av01":
        told = parts[b"av1C"]
        deep = 10 if told[2] & 0x40 else 8
        tier = "H" if told[2] & 0x80 else "M"
        return f"av01.{told[1] >> 5}.{told[1] & 31:02d}{tier}.{deep:02d}"
    told = parts[b"hvcC"]
    profile, compatible = told[1], struct.unpack_from(">I", told, 2)[0]
    turned = int(f"{compatible:032b}"[::-1], 2)
    tier = "H" if profile & 0x20 else "L"
    constraints = [f"{one:X}" for one in told[6:12].rstrip(b"\0")]
    return ".".join(
        [name.decode(), f"{profile & 31}", f"{turned:X}", f"{tier}{told[12]}", *constraints]
    )


def _sound_codec(name: bytes, described: bytes) -> str:
    if name != b"mp4a":
        return name.decode()
    told = dict(_boxes(described[28:]))[b"esds"][4:]
    at, kind = 0, None
    while at < len(told):  # descriptors: a tag, a length of seven bits a byte, what is in it
        tag, at = told[at], at + 1
        while told[at] & 0x80:
            at += 1
        at += 1
        if tag == 3:
            at += 3
        elif tag == 4:
            kind, at = told[at], at + 13
        elif tag == 5:
            first = told[at] >> 3
            number = 32 + ((told[at] & 7) << 3 | told[at + 1] >> 5) if first == 31 else first
            return f"mp4a.{kind:x}.{number}"
        else:
            break
    return f"mp4a.{kind:x}"


def _first(parts: dict[bytes, bytes], track: Track) -> Beginning:
    """The first sample, by the flags of the run, else of the fragment."""
    head, run, time = parts[b"tfhd"], parts[b"trun"], parts[b"tfdt"]
    starts = struct.unpack_from(">Q" if time[0] else ">I", time, 4)[0]
    told = struct.unpack_from(">I", run)[0] & 0xFFFFFF
    at = 8 + (4 if told & 1 else 0)
    flags: int | None = None
    if told & 4:
        flags, at = struct.unpack_from(">I", run, at)[0], at + 4
    at += 4 * (bool(told & 0x100) + bool(told & 0x200))
    if told & 0x400:
        flags, at = struct.unpack_from(">I", run, at)[0] if flags is None else flags, at + 4
    shift = struct.unpack_from(">i", run, at)[0] if told & 0x800 else 0
    if flags is None:
        flags = _of_fragment(head)
    shown = (starts + shift - track.skipped) / track.timescale
    return Beginning(not flags & _NOT_A_KEY_FRAME, shown)


def _of_fragment(head: bytes) -> int:
    told = struct.unpack_from(">I", head)[0] & 0xFFFFFF
    if not told & 0x20:
        return 0
    skipped = 8 * bool(told & 1) + 4 * sum(bool(told & bit) for bit in (2, 8, 16))
    flags: int = struct.unpack_from(">I", head, 8 + skipped)[0]
    return flags

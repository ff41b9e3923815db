"""The end of an MP4: metadata keys that ffmpeg's muxer leaves out, and the index at the front.

ffmpeg writes either the tags of players (``©nam``, cover) or keys (``use_metadata_tags``), not
both, and place and capture date with its zone are keys only. So it writes the players' tags and
leaves the index (``moov``) at the end; here keys are added to it as QuickTime keeps them
(``moov/meta``: ``keys`` and ``ilst``), the place again as Android keeps it (``udta/©xyz``), and it
is moved before the media, for players that begin before all is there (ISO/IEC 14496-12).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

from utils.errors import PermanentError

PLACE = "com.apple.quicktime.location.ISO6709"
_HOLDERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl"}
_UTF8 = 1
_LANGUAGE = 0x55C4  # "und", three letters of five bits
_CHUNK_BYTES = 1 << 23
_LAST_32_BIT = (1 << 32) - 1
_MOST_INDEX_BYTES = 1 << 29


class _Box(NamedTuple):
    kind: bytes
    start: int
    header: int
    size: int


def finish(written: Path, target: Path, keys: Mapping[str, str]) -> None:
    """Write the MP4 ``written`` to ``target`` with ``keys``, its index before its media.

    Raises:
        PermanentError: ``written`` is no MP4 as ffmpeg makes it.
    """
    with written.open("rb") as source:
        boxes = list(_top(source, written.stat().st_size))
        index = next((box for box in boxes if box.kind == b"moov"), None)
        if index is None or boxes[0].kind != b"ftyp" or index.size > _MOST_INDEX_BYTES:
            raise PermanentError("The encoder wrote no MP4 that can be completed.")
        others = [box for box in boxes if box is not index]
        source.seek(index.start + index.header)
        body = source.read(index.size - index.header)
        moved = _moved(body + _meta(keys), others, index, keys)
        with target.open("wb") as made:
            _copy(source, others[0], made)
            made.write(moved)
            for box in others[1:]:
                _copy(source, box, made)


def _top(source: BinaryIO, end: int) -> Iterator[_Box]:
    at = 0
    while at + 8 <= end:
        source.seek(at)
        size, kind = struct.unpack(">I4s", source.read(8))
        header = 8
        if size == 1:
            size, header = struct.unpack(">Q", source.read(8))[0], 16
        size = size or end - at
        if size < header or at + size > end:
            raise PermanentError("The encoder wrote an MP4 whose boxes do not fit.")
        yield _Box(kind, at, header, size)
        at += size


def _moved(body: bytes, others: list[_Box], index: _Box, keys: Mapping[str, str]) -> bytes:
    """The index with its offsets into the media as they are once it lies before it."""
    if place := keys.get(PLACE):
        body = _with_place(body, place)
    shift, wide = 0, False
    while True:  # twice at most: with wide offsets the index grows
        offsets = _Offsets(shift, others[0].start + others[0].size, index.start, wide)
        made = _box(b"moov", _rebuilt(body, offsets))
        is_too_small = not wide and index.start + len(made) > _LAST_32_BIT
        if len(made) == shift and not is_too_small:
            return made
        shift, wide = len(made), wide or is_too_small


class _Offsets(NamedTuple):
    """Between ``first`` and ``last`` they grow by ``shift``; ``wide`` ones have 64 bits."""

    shift: int
    first: int
    last: int
    wide: bool

    def of(self, offset: int) -> int:
        return offset + self.shift if self.first <= offset < self.last else offset


def _rebuilt(body: bytes, offsets: _Offsets) -> bytes:
    made, at = [], 0
    while at + 8 <= len(body):
        size, kind = struct.unpack_from(">I4s", body, at)
        if size < 8 or at + size > len(body):
            raise PermanentError("The encoder wrote an MP4 whose index does not fit.")
        part = body[at + 8 : at + size]
        if kind in _HOLDERS:
            made.append(_box(kind, _rebuilt(part, offsets)))
        elif kind in {b"stco", b"co64"}:
            made.append(_chunks(kind, part, offsets))
        else:
            made.append(body[at : at + size])
        at += size
    return b"".join(made)


def _chunks(kind: bytes, part: bytes, offsets: _Offsets) -> bytes:
    count = struct.unpack_from(">I", part, 4)[0]
    known = struct.unpack_from(f">{count}{'I' if kind == b'stco' else 'Q'}", part, 8)
    wide = offsets.wide or kind == b"co64"
    moved = struct.pack(f">{count}{'Q' if wide else 'I'}", *map(offsets.of, known))
    return _box(b"co64" if wide else b"stco", part[:8] + moved)


def _meta(keys: Mapping[str, str]) -> bytes:
    """``meta`` with handler ``mdta``: names in ``keys``, values in ``ilst`` by their number."""
    if not keys:
        return b""
    handler = _box(b"hdlr", bytes(8) + b"mdta" + bytes(13))
    names = b"".join(_box(b"mdta", name.encode()) for name in keys)
    values = b"".join(
        _box(struct.pack(">I", number), _box(b"data", struct.pack(">II", _UTF8, 0) + text.encode()))
        for number, text in enumerate(keys.values(), start=1)
    )
    table = _box(b"keys", struct.pack(">II", 0, len(keys)) + names)
    return _box(b"meta", handler + table + _box(b"ilst", values))


def _with_place(body: bytes, place: str) -> bytes:
    text = place.encode()
    entry = _box(b"\xa9xyz", struct.pack(">HH", len(text), _LANGUAGE) + text)
    at = 0
    while at + 8 <= len(body):
        size, kind = struct.unpack_from(">I4s", body, at)
        if kind == b"udta" and entry[4:8] in body[at : at + size]:
            return body  # ffmpeg has written it
        if kind == b"udta":
            grown = _box(b"udta", entry + body[at + 8 : at + size])
            return body[:at] + grown + body[at + size :]
        at += max(8, size)
    return body + _box(b"udta", entry)


def _box(kind: bytes, part: bytes) -> bytes:
    return struct.pack(">I4s", len(part) + 8, kind) + part


def _copy(source: BinaryIO, box: _Box, made: BinaryIO) -> None:
    source.seek(box.start)
    if box.size <= _CHUNK_BYTES:
        made.write(source.read(box.size))
        return
    left = box.size
    while left:
        chunk = source.read(min(left, _CHUNK_BYTES))
        if not chunk:
            raise PermanentError("The encoded MP4 became shorter while it was completed.")
        made.write(chunk)
        left -= len(chunk)

"""Vorbis and Opus in Ogg: the packet of comments is made anew; packets of sound stay as they are.

If the comments take another number of pages, the pages after them are numbered anew, and so have
other checksums.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

from utils.music.recordings.tagging import comments
from utils.music.recordings.tagging.comments import Comments
from utils.music.recordings.tagging.fields import (
    MAX_BYTES,
    MOST_PARTS,
    Field,
    TagsError,
    Values,
    require,
)

_CONTINUED, _FIRST = 1, 2
_NO_PACKET_ENDS = 2**64 - 1
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
# What the packet of comments begins with, and how many packets stand before the sound.
_KINDS = {b"\x01vorbis": (b"\x03vorbis", 3), b"OpusHead": (b"OpusTags", 2)}


class _Page(NamedTuple):
    """A page of a stream; ``segments`` are the lengths of its pieces, 255 for one that goes on."""

    flags: int
    position: int
    serial: int
    number: int
    segments: bytes
    data: bytes


class _Head(NamedTuple):
    """The packets before the sound, and where the pages after them begin."""

    first: _Page
    packets: tuple[bytes, ...]
    pages: int
    end: int

    @property
    def mark(self) -> bytes:
        return next(mark for kind, (mark, _) in _KINDS.items() if self.packets[0].startswith(kind))


def read(file: BinaryIO) -> dict[Field, tuple[str, ...]]:
    """The values of each field that there is.

    Raises:
        TagsError: the pages are damaged, or hold neither Vorbis nor Opus alone.
    """
    return comments.values(_comments(_head(file)))


def write(source: BinaryIO, target: BinaryIO, changes: Values) -> None:
    """Copy a file with other values of some fields.

    Raises:
        TagsError: the pages are damaged, or hold neither Vorbis nor Opus alone.
    """
    head = _head(source)
    packet = head.mark + comments.packed(comments.changed(_comments(head), changes))
    made = list(_pages((packet, *head.packets[2:]), head.first.serial))
    target.write(_packed(head.first))
    for page in made:
        target.write(_packed(page))
    moved = 1 + len(made) - head.pages
    source.seek(head.end)
    for page in _each_page(source):
        is_ours = page.serial == head.first.serial and moved
        target.write(_packed(page._replace(number=page.number + moved) if is_ours else page))


def _comments(head: _Head) -> Comments:
    require(head.packets[1].startswith(head.mark), "no comments where they should be")
    return comments.unpacked(head.packets[1][len(head.mark) :])


def _head(file: BinaryIO) -> _Head:
    file.seek(0)
    pages = _each_page(file)
    first = next(pages, None)
    require(first is not None, "no page")
    assert first
    wanted = next((count for kind, (_, count) in _KINDS.items() if first.data.startswith(kind)), 0)
    if not wanted:
        raise TagsError("this Ogg file holds neither Vorbis nor Opus first")
    packets, count, size = [first.data], 1, 0
    begun: list[bytes] = []
    while len(packets) < wanted:
        page = next(pages, None)
        require(page is not None, "it ends before the sound")
        assert page
        if page.flags & _FIRST or page.serial != first.serial:
            raise TagsError("several streams lie in this Ogg file")
        count, size = count + 1, size + len(page.data)
        require(size <= MAX_BYTES, "more than 64 MiB before the sound")
        require(count <= MOST_PARTS, "the number of its pages")
        packets += _joined(page, begun)
    require(len(packets) == wanted and not begun, "the sound begins within its comments")
    return _Head(first, tuple(packets), count, file.tell())


def _joined(page: _Page, begun: list[bytes]) -> list[bytes]:
    """The packets that end on a page; ``begun``: the pieces of one that goes on, changed here."""
    ended, at = [], 0
    for size in page.segments:
        begun.append(page.data[at : at + size])
        at += size
        if size < 255:
            ended.append(b"".join(begun))
            begun.clear()
    return ended


def _pages(packets: Sequence[bytes], serial: int) -> Iterator[_Page]:
    """Packets before the sound on pages of their own, numbered from 1."""
    segments, data = b"", b"".join(packets)
    for packet in packets:
        segments += b"\xff" * (len(packet) // 255) + bytes((len(packet) % 255,))
    at, is_continued = 0, False
    for number, start in enumerate(range(0, len(segments), 255), 1):
        some = segments[start : start + 255]
        size = sum(some)
        position = 0 if min(some) < 255 else _NO_PACKET_ENDS
        flags = _CONTINUED if is_continued else 0
        yield _Page(flags, position, serial, number, some, data[at : at + size])
        at, is_continued = at + size, some[-1] == 255


def _each_page(file: BinaryIO) -> Iterator[_Page]:
    while head := file.read(27):
        require(len(head) == 27 and head[:5] == b"OggS\0", "a page of Ogg")
        segments = file.read(head[26])
        data = file.read(sum(segments))
        require(len(segments) == head[26] and len(data) == sum(segments), "a page of Ogg is cut")
        numbers = (head[6:14], head[14:18], head[18:22])
        position, serial, number = (int.from_bytes(part, "little") for part in numbers)
        page = _Page(head[5], position, serial, number, segments, data)
        require(_packed(page)[22:26] == head[22:26], "the checksum of a page")
        yield page


def _packed(page: _Page) -> bytes:
    parts = (
        b"OggS\0", bytes((page.flags,)), page.position.to_bytes(8, "little"),
        page.serial.to_bytes(4, "little"), (page.number % 2**32).to_bytes(4, "little"), bytes(4),
        bytes((len(page.segments),)), page.segments, page.data,
    )  # fmt: skip
    whole = b"".join(parts)
    return whole[:22] + _checksum(whole).to_bytes(4, "little") + whole[26:]


def _checksum(data: bytes) -> int:
    """Ogg's CRC-32: zlib's, with bits the other way round, and nothing before and after it."""
    plain = zlib.crc32(data.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{plain:032b}"[::-1], 2)

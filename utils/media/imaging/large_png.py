"""A large PNG made small strip by strip: decoded as a whole, 12,000 × 12,000 × 16 bits take 864 MB.

ffmpeg and Pillow hold the whole picture. Here its pixels are inflated some rows at a time, given to
Pillow's decoder behind the row before them (which their filters refer to), and scaled down at once.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from utils.errors import PermanentError, from_os_error
from utils.processes import deadline

if TYPE_CHECKING:
    from PIL.Image import Image

OnChunk = Callable[[bytes], None]

# A frame of more than this is worth the detour, which takes about as long.
_LARGE_BYTES = 200 * 10**6
_LEAST_WIDTH = 1280  # of the small picture: twice that of a still
_STRIP_BYTES = 8 * 2**20
_MOST_STRIP_BYTES = 64 * 2**20  # a row of the small picture may need more than a strip
_MOST_HEIGHT = 16384  # of the small picture
_READ_BYTES = 1 << 16
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# By depth and colour type: Pillow's mode, and how it reads the bytes, the high ones and the low
# ones of 16 bits. All other kinds take ffmpeg a third of the memory at the same size.
_KINDS = {
    (8, 2): ("RGB", ("RGB",)),
    (8, 6): ("RGBA", ("RGBA",)),
    (16, 2): ("RGB", ("RGB;16B", "RGB;16L")),
    (16, 6): ("RGBA", ("RGBA;16B", "RGBA;16L")),
}
_HEAD_BYTES = len(_SIGNATURE) + 25  # with IHDR
_KEPT = (b"eXIf", b"pHYs")  # how it is to be turned, and the shape of a pixel


class _Header(NamedTuple):
    """What IHDR says."""

    width: int
    height: int
    depth: int
    colour: int
    compression: int
    filtering: int
    interlacing: int

    @property
    def row_bytes(self) -> int:
        return self.width * (3 if self.colour == 2 else 4) * self.depth // 8

    @property
    def factor(self) -> int:
        return self.width // _LEAST_WIDTH

    @property
    def is_for_us(self) -> bool:
        return (
            (self.depth, self.colour) in _KINDS
            and (self.compression, self.filtering, self.interlacing) == (0, 0, 0)
            and self.row_bytes * self.height > _LARGE_BYTES
            and self.factor > 1
            and self.factor * self.row_bytes <= _MOST_STRIP_BYTES
            and self.height // self.factor <= _MOST_HEIGHT
        )


def reduced(path: Path, target: Path) -> bool:
    """Write a PNG at ``path`` that is too large to be decoded whole to ``target``, smaller.

    Returns:
        False, and nothing is written, if it is no such PNG.

    Raises:
        PermanentError: it is damaged.
    """
    try:
        with path.open("rb") as file:
            header = _header(file)
            if header is None or not header.is_for_us:
                return False
            _reduce(file, header, path.name, target)
    except OSError as error:
        raise from_os_error(error, f"reading {path.name}") from error
    return True


def _header(file: IO[bytes]) -> _Header | None:
    if file.read(len(_SIGNATURE)) != _SIGNATURE:
        return None
    length, kind = struct.unpack(">I4s", file.read(8).ljust(8, b"\0"))
    data = file.read(length + 4) if length == 13 else b""
    if kind != b"IHDR" or len(data) < 17:
        return None
    return _Header(*struct.unpack(">IIBBBBB", data[:13]))


def _reduce(file: IO[bytes], header: _Header, name: str, target: Path) -> None:
    from PIL import Image

    factor, kept = header.factor, list[bytes]()
    small = Image.new("RGB", (-(-header.width // factor), -(-header.height // factor)))
    rows = max(1, _STRIP_BYTES // header.row_bytes // factor) * factor
    before, inflated = bytes(header.row_bytes), _Inflated(file, kept.append)
    for top in range(0, header.height, rows):
        deadline.check(f"decoding {name}")
        count = min(rows, header.height - top)
        try:
            filtered = inflated.read(count * (header.row_bytes + 1))
            strip, before = _decoded(header, count, b"\0" + before + filtered)
        except (ValueError, zlib.error, struct.error) as error:
            raise PermanentError(
                f"{name} is damaged: {top:,} of {header.height:,} rows decode ({error}). "
                "Get the file again."
            ) from error
        small.paste(strip.reduce(factor), (0, top // factor))
    written = io.BytesIO()
    small.save(written, "PNG", compress_level=1)
    png = written.getvalue()
    target.write_bytes(png[:_HEAD_BYTES] + b"".join(kept) + png[_HEAD_BYTES:])


def _decoded(header: _Header, count: int, filtered: bytes) -> tuple[Image, bytes]:
    """``count`` rows that stand behind another one, and the last of them, byte for byte."""
    from PIL import Image

    mode, readings = _KINDS[header.depth, header.colour]
    wrapped = zlib.compress(filtered, 0)
    size = (header.width, count + 1)
    views = [Image.frombytes(mode, size, wrapped, "zip", one) for one in readings]
    last = bytearray(header.row_bytes)
    for at, view in enumerate(views):
        last[at :: len(views)] = view.crop((0, count, header.width, count + 1)).tobytes()
    # Without its transparency, as ffmpeg shows it.
    return views[0].crop((0, 1, header.width, count + 1)).convert("RGB"), bytes(last)


class _Inflated:
    """The rows of a PNG as they are stored, read on and on; ``keep`` is given other chunks."""

    def __init__(self, file: IO[bytes], keep: OnChunk) -> None:
        self._chunks = _pixels(file, keep)
        self._zlib = zlib.decompressobj()

    def read(self, size: int) -> bytes:
        """The next ``size`` bytes.

        Raises:
            ValueError: the file ends before, or a checksum is wrong.
        """
        found = bytearray()
        while len(found) < size:
            if not (data := self._zlib.unconsumed_tail):
                data = next(self._chunks, b"")
                if not data:
                    raise ValueError("it ends too early")
            found += self._zlib.decompress(data, size - len(found))
        return bytes(found)


def _pixels(file: IO[bytes], keep: OnChunk) -> Iterator[bytes]:
    """The data of all IDAT chunks, in pieces."""
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind == b"IEND":
            return
        checksum, left, other = zlib.crc32(kind), length, b""
        while left:
            piece = file.read(min(left, _READ_BYTES))
            if not piece:
                return
            left -= len(piece)
            checksum = zlib.crc32(piece, checksum)
            if kind == b"IDAT":
                yield piece
            elif kind in _KEPT and length <= _READ_BYTES:
                other += piece
        if (stored := file.read(4)) != checksum.to_bytes(4, "big"):
            raise ValueError("a checksum is wrong")
        if other:
            keep(head + other + stored)

"""What a font file says of itself: which characters it draws, its family's name, its height.

Tables of OpenType (ISO/IEC 14496-22), read here because Pillow does not show them.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

_COLLECTION = b"ttcf"
_MAX_BYTES = 1 << 26  # of a font; Noto's largest has 20 MiB
_MAX_GROUPS = 100_000
_MAX_CODE = 0x110000
_FAMILY, _TYPOGRAPHIC_FAMILY = 1, 16
_BROKEN = (struct.error, IndexError, OSError, ValueError)


class FontFacts(NamedTuple):
    """``characters``: code points with a glyph; empty of what is no font.

    ``height``: of a line, in the size of its type, as Windows and libass count it.
    """

    family: str
    characters: frozenset[int]
    height: float = 1.0


@lru_cache(maxsize=64)
def read(path: Path, index: int = 0) -> FontFacts:
    """The facts of the font with this number in a file; of none where the file is broken."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            return FontFacts("", frozenset())
        data = path.read_bytes()
        tables = _tables(data, index)
        characters = _characters(tables[b"cmap"])
        return FontFacts(_family(tables[b"name"]), characters, _height(tables))
    except (*_BROKEN, KeyError):
        return FontFacts("", frozenset())


def _tables(data: bytes, index: int) -> dict[bytes, bytes]:
    start = struct.unpack_from(">I", data, 12 + 4 * index)[0] if data[:4] == _COLLECTION else 0
    (number,) = struct.unpack_from(">H", data, start + 4)
    found = {}
    for entry in range(number):
        tag, _, offset, length = struct.unpack_from(">4sIII", data, start + 12 + 16 * entry)
        if tag in {b"cmap", b"name", b"head", b"OS/2"}:
            found[tag] = data[offset : offset + length]
    return found


def _characters(table: bytes) -> frozenset[int]:
    """Of all Unicode subtables of formats 4 and 12: those that fonts have."""
    found: set[int] = set()
    (number,) = struct.unpack_from(">H", table, 2)
    for entry in range(number):
        platform, encoding, offset = struct.unpack_from(">HHI", table, 4 + 8 * entry)
        if platform == 0 or (platform == 3 and encoding in {1, 10}):
            (form,) = struct.unpack_from(">H", table, offset)
            if form == 4:
                found |= _of_segments(table[offset:])
            elif form == 12:
                found |= _of_groups(table[offset:])
    return frozenset(found)


def _of_segments(table: bytes) -> set[int]:
    (doubled,) = struct.unpack_from(">H", table, 6)
    count = doubled // 2
    ends = struct.unpack_from(f">{count}H", table, 14)
    starts = struct.unpack_from(f">{count}H", table, 16 + doubled)
    deltas = struct.unpack_from(f">{count}H", table, 16 + 2 * doubled)
    at = 16 + 3 * doubled
    offsets = struct.unpack_from(f">{count}H", table, at)
    found = set()
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        for code in range(start, min(end, 0xFFFE) + 1):
            glyph = code
            if offsets[number]:
                place = at + 2 * number + offsets[number] + 2 * (code - start)
                (glyph,) = struct.unpack_from(">H", table, place)
                if not glyph:
                    continue
            if (glyph + deltas[number]) & 0xFFFF:
                found.add(code)
    return found


def _of_groups(table: bytes) -> set[int]:
    (number,) = struct.unpack_from(">I", table, 12)
    found: set[int] = set()
    for entry in range(min(number, _MAX_GROUPS)):
        start, end, glyph = struct.unpack_from(">III", table, 16 + 12 * entry)
        found.update(range(start + (glyph == 0), min(end + 1, _MAX_CODE)))
    return found


def _height(tables: dict[bytes, bytes]) -> float:
    if b"OS/2" not in tables:
        return 1.0
    (units,) = struct.unpack_from(">H", tables[b"head"], 18)
    above, below = struct.unpack_from(">HH", tables[b"OS/2"], 74)
    return (above + below) / units if units and above + below else 1.0


def _family(table: bytes) -> str:
    """The name by which libass finds it: that of the family with its weights, else the other."""
    _, number, storage = struct.unpack_from(">HHH", table, 0)
    names: dict[int, str] = {}
    for entry in range(number):
        platform, _, language, name, length, offset = struct.unpack_from(
            ">HHHHHH", table, 6 + 12 * entry
        )
        is_english = platform == 0 or (platform == 3 and language == 0x409)
        if is_english and name in {_FAMILY, _TYPOGRAPHIC_FAMILY}:
            raw = table[storage + offset : storage + offset + length]
            names[name] = raw.decode("utf-16-be", errors="replace")
    return names.get(_FAMILY) or names.get(_TYPOGRAPHIC_FAMILY) or ""

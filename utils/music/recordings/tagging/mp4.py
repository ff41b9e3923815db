"""M4A: the list of iTunes' tags is made anew, every other box stays as it is.

Where the index stands before the sound, its offsets follow the sound.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

from utils.music.recordings.tagging.fields import (
    MAX_BYTES,
    MOST_PARTS,
    Field,
    TagsError,
    Values,
    require,
)

_TEXTS: dict[Field, bytes] = {"title": b"\xa9nam", "artist": b"\xa9ART", "album": b"\xa9alb"}
_APPLE = b"com.apple.iTunes"
_FREE: dict[Field, str] = {
    "isrc": "ISRC",
    "recording_mbid": "MusicBrainz Track Id",
    "artist_mbid": "MusicBrainz Artist Id",
}
_HANDLER = bytes(8) + b"mdirappl" + bytes(9)
_UTF8 = (1).to_bytes(4)
_HOLDING_OFFSETS = (b"trak", b"mdia", b"minf", b"stbl")


class Box(NamedTuple):
    """A box of the format, without its head."""

    kind: bytes
    data: bytes


class _Place(NamedTuple):
    """Where the index of a file lies."""

    start: int
    size: int


def read(file: BinaryIO) -> dict[Field, tuple[str, ...]]:
    """The values of each field that there is.

    Raises:
        TagsError: the boxes are damaged, or tags of another kind.
    """
    found: dict[Field, tuple[str, ...]] = {}
    for item in _items(_index(file)[1]):
        for field in (*_TEXTS, *_FREE):
            if _is(item, field) and (values := _values(item)):
                found.setdefault(field, values)
    return found


def write(source: BinaryIO, target: BinaryIO, changes: Values) -> None:
    """Copy a file with other values of some fields.

    Raises:
        TagsError: the boxes are damaged, or tags of another kind.
    """
    place, boxes = _index(source)
    items = _items(boxes)
    for field, values in changes.items():
        old = [item for item in items if _is(item, field)]
        at = items.index(old[0]) if old else len(items)
        items = [item for item in items if item not in old]
        items.insert(at, _item(field, values))
    boxes = _with_items(boxes, items)
    grown = 8 + sum(len(_packed(box)) for box in boxes) - place.size
    boxes = [_moved(box, place.start + place.size, grown) for box in boxes]
    source.seek(0)
    _copy(source, target, place.start)
    target.write(_packed(Box(b"moov", b"".join(map(_packed, boxes)))))
    source.seek(place.start + place.size)
    shutil.copyfileobj(source, target, 2**20)


def _index(file: BinaryIO) -> tuple[_Place, list[Box]]:
    """Where ``moov`` lies, and the boxes in it."""
    found, at = None, 0
    end = file.seek(0, 2)
    while at < end:
        file.seek(at)
        told = file.read(16)
        require(len(told) >= 8, "a box is cut")
        size, kind, head = int.from_bytes(told[:4]), told[4:8], 8
        if size == 1:
            size, head = int.from_bytes(told[8:16]), 16
        size = size or end - at
        require(head <= size <= end - at, f"the size of {kind!r}")
        if kind in {b"moof", b"sidx"}:
            raise TagsError("it is stored in fragments, as for streaming")
        if kind == b"moov":
            require(found is None and head == 8 and size <= MAX_BYTES, "its index")
            found = _Place(at, size)
        at += size
    require(found is not None, "it has no index")
    assert found
    file.seek(found.start + 8)
    return found, list(_boxes(file.read(found.size - 8)))


def _boxes(data: bytes) -> Iterator[Box]:
    at = number = 0
    while at < len(data):
        if len(data) - at < 8 and not any(data[at:]):  # QuickTime ends a list with four zeros
            yield Box(b"", data[at:])
            return
        number += 1
        require(number <= MOST_PARTS, "the number of its boxes")
        size = int.from_bytes(data[at : at + 4])
        require(8 <= size <= len(data) - at, "a box in its index")
        yield Box(data[at + 4 : at + 8], data[at + 8 : at + size])
        at += size


def _packed(box: Box) -> bytes:
    if not box.kind:
        return box.data
    return (8 + len(box.data)).to_bytes(4) + box.kind + box.data


def _items(boxes: Sequence[Box]) -> list[Box]:
    """The tags: what lies in moov/udta/meta/ilst."""
    if any(box.kind == b"meta" and b"mdta" in box.data[:40] for box in boxes):
        raise TagsError("its tags are QuickTime's own kind (mdta), which is not written")
    user = next((box for box in boxes if box.kind == b"udta"), None)
    meta = user and next((box for box in _boxes(user.data) if box.kind == b"meta"), None)
    if not meta:
        return []
    if b"mdirappl" not in meta.data[:48] and b"mdir" not in meta.data[:48]:
        raise TagsError("its tags are not iTunes' kind (mdir)")
    listed = next((box for box in _boxes(meta.data[4:]) if box.kind == b"ilst"), None)
    return list(_boxes(listed.data)) if listed else []


def _with_items(boxes: Sequence[Box], items: Sequence[Box]) -> list[Box]:
    """The boxes of moov with these tags; what holds them is made where it is missing."""
    listed = Box(b"ilst", b"".join(map(_packed, items)))
    user = next((box for box in boxes if box.kind == b"udta"), Box(b"udta", b""))
    inside = list(_boxes(user.data))
    meta = next((box for box in inside if box.kind == b"meta"), None)
    version, parts = (meta.data[:4], list(_boxes(meta.data[4:]))) if meta else (
        bytes(4), [Box(b"hdlr", _HANDLER)]
    )  # fmt: skip
    parts = _put(parts, listed)
    inside = _put(inside, Box(b"meta", version + b"".join(map(_packed, parts))))
    return _put(list(boxes), Box(b"udta", b"".join(map(_packed, inside))))


def _put(boxes: list[Box], one: Box) -> list[Box]:
    """``one`` in the place of the first of its kind, else behind the last that is a box."""
    kinds = [box.kind for box in boxes]
    if one.kind in kinds:
        boxes[kinds.index(one.kind)] = one
    else:
        boxes.insert(kinds.index(b"") if b"" in kinds else len(boxes), one)
    return boxes


def _is(item: Box, field: Field) -> bool:
    if field in _TEXTS:
        return item.kind == _TEXTS[field]
    if item.kind != b"----":
        return False
    told = {box.kind: box.data[4:] for box in _boxes(item.data) if box.kind != b"data"}
    name = told.get(b"name", b"").decode(errors="replace")
    return told.get(b"mean") == _APPLE and name.casefold() == _FREE[field].casefold()


def _values(item: Box) -> tuple[str, ...]:
    texts = [box.data[8:].decode(errors="replace") for box in _boxes(item.data)
             if box.kind == b"data"]  # fmt: skip
    return tuple(text for text in texts if text)


def _item(field: Field, values: Sequence[str]) -> Box:
    data = [Box(b"data", _UTF8 + bytes(4) + value.encode()) for value in values]
    if field in _TEXTS:  # iTunes knows one value of each
        return Box(_TEXTS[field], _packed(data[0]))
    named = [Box(b"mean", bytes(4) + _APPLE), Box(b"name", bytes(4) + _FREE[field].encode())]
    return Box(b"----", b"".join(map(_packed, [*named, *data])))


def _moved(box: Box, behind: int, by: int) -> Box:
    """A box whose offsets into the file, those ``behind`` a place, are ``by`` bytes further."""
    if box.kind in _HOLDING_OFFSETS:
        inside = [_moved(part, behind, by) for part in _boxes(box.data)]
        return Box(box.kind, b"".join(map(_packed, inside)))
    width = {b"stco": 4, b"co64": 8}.get(box.kind)
    if width is None or not by:
        return box
    head, told = box.data[:8], box.data[8:]
    require(len(told) == width * int.from_bytes(head[4:]), "the table of its offsets")
    offsets = [int.from_bytes(told[at : at + width]) for at in range(0, len(told), width)]
    offsets = [offset + by if offset >= behind else offset for offset in offsets]
    if any(not 0 <= offset < 1 << 8 * width for offset in offsets):
        raise TagsError("it is too large for its table of offsets (4 GiB)")
    return Box(box.kind, head + b"".join(offset.to_bytes(width) for offset in offsets))


def _copy(source: BinaryIO, target: BinaryIO, size: int) -> None:
    while size:
        piece = source.read(min(size, 2**20))
        require(bool(piece), "it ended while it was read")
        target.write(piece)
        size -= len(piece)

"""FLAC: its block of comments is made anew, every other block and all frames stay as they are."""

from __future__ import annotations

import shutil
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
    sevens,
)

_COMMENTS, _LAST = 4, 0x80
_MAX_BLOCK = 2**24 - 1


class _Head(NamedTuple):
    """What stands before the sound: ``before`` the first block, blocks as kind and data."""

    before: bytes
    blocks: tuple[tuple[int, bytes], ...]
    size: int


def read(file: BinaryIO) -> dict[Field, tuple[str, ...]]:
    """The values of each field that there is.

    Raises:
        TagsError: the blocks are damaged.
    """
    known = _comments(_head(file))
    return comments.values(known) if known else {}


def write(source: BinaryIO, target: BinaryIO, changes: Values) -> None:
    """Copy a file with other values of some fields.

    Raises:
        TagsError: the blocks are damaged, or the comments get too long.
    """
    head = _head(source)
    known = _comments(head) or Comments(b"Night Shift", (), b"")
    data = comments.packed(comments.changed(known, changes))
    if len(data) > _MAX_BLOCK:
        raise TagsError("its comments would be longer than the 16 MiB of a FLAC block")
    at = next((at for at, (kind, _) in enumerate(head.blocks) if kind == _COMMENTS), None)
    blocks = list(head.blocks)
    if at is None:
        blocks.insert(1, (_COMMENTS, data))  # the first describes the sound
    else:
        blocks[at] = (_COMMENTS, data)
    target.write(head.before)
    for number, (kind, block) in enumerate(blocks, 1):
        last = _LAST if number == len(blocks) else 0
        target.write(bytes((kind | last,)) + len(block).to_bytes(3) + block)
    source.seek(head.size)
    shutil.copyfileobj(source, target, 2**20)


def _comments(head: _Head) -> Comments | None:
    data = next((data for kind, data in head.blocks if kind == _COMMENTS), None)
    return None if data is None else comments.unpacked(data)


def _head(file: BinaryIO) -> _Head:
    file.seek(0)
    before = file.read(10)
    if before[:3] == b"ID3":  # some programs put one before a FLAC
        size = sevens(before[6:])
        require(size < MAX_BYTES, "the ID3 tag before the FLAC")
        before += file.read(size + (10 if before[5] & 0x10 else 0)) + file.read(4)
    else:
        before = before[:4]
        file.seek(4)
    require(before[-4:] == b"fLaC", "no FLAC where it should begin")
    blocks: list[tuple[int, bytes]] = []
    is_last, total = False, 0
    while not is_last:
        told = file.read(4)
        require(len(told) == 4, "a block is cut")
        size = int.from_bytes(told[1:])
        total += size
        require(total <= MAX_BYTES, "more than 64 MiB before the sound")
        require(len(blocks) < MOST_PARTS, "the number of its blocks")
        data = file.read(size)
        require(len(data) == size, "a block is cut")
        blocks.append((told[0] & ~_LAST, data))
        is_last = bool(told[0] & _LAST)
    require(blocks[0][0] == 0, "its first block does not describe the sound")
    return _Head(before, tuple(blocks), file.tell())

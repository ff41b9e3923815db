"""ID3v2 at the beginning of an MP3, versions 2.2 to 2.4: frames that are not asked for stay as they
are, byte for byte; so does all that follows, ID3v1 and APE tags at the end included.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

from utils.music.recordings.tagging.fields import (
    MAX_BYTES,
    Field,
    TagsError,
    Values,
    require,
    sevens,
)

_OWNER = b"http://musicbrainz.org"  # of the frame that holds a recording's id, as Picard has it
_DESCRIBED: dict[Field, str] = {"artist_mbid": "MusicBrainz Artist Id"}
_TEXTS: dict[Field, str] = {"title": "TIT2", "artist": "TPE1", "album": "TALB", "isrc": "TSRC"}
_IDS_2 = {"TIT2": "TT2", "TPE1": "TP1", "TALB": "TAL", "TSRC": "TRC", "UFID": "UFI", "TXXX": "TXX"}
_FRAME_ID = re.compile(rb"[A-Z][A-Z0-9]{2,3}")
_ENCODINGS = ("latin-1", "utf-16", "utf-16-be", "utf-8")
_PADDING = 1024
_UNSYNCHRONISED, _EXTENDED, _FOOTER = 0x80, 0x40, 0x10
# A frame that is compressed or encrypted: kept, not read. Second byte of its flags.
_CODED = {3: 0xC0, 4: 0x0C}


class Frame(NamedTuple):
    """One frame: its id, its two bytes of flags (none in 2.2), its data as it is stored."""

    id: str
    flags: bytes
    data: bytes


class Tag(NamedTuple):
    """A tag: ``flags`` are those that are kept; ``size`` its bytes, with header and padding."""

    version: int
    flags: int
    frames: tuple[Frame, ...]
    size: int


def read(file: BinaryIO) -> dict[Field, tuple[str, ...]]:
    """The values of each field that the tag has.

    Raises:
        TagsError: it is damaged, or of an unknown version.
    """
    tag, found = _parsed(file), dict[Field, tuple[str, ...]]()
    for frame in tag.frames:
        for field in (*_TEXTS, *_DESCRIBED, "recording_mbid"):
            if _is(frame, field, tag.version) and (values := _values(frame, tag.version)):
                found.setdefault(field, values)
    return found


def write(source: BinaryIO, target: BinaryIO, changes: Values) -> None:
    """Copy a file with other values of some fields.

    Raises:
        TagsError: the tag is damaged, or of an unknown version.
    """
    tag = _parsed(source)
    frames = list(tag.frames)
    for field, values in changes.items():
        old = [frame for frame in frames if _is(frame, field, tag.version)]
        at = frames.index(old[0]) if old else len(frames)
        frames = [frame for frame in frames if frame not in old]
        frames.insert(at, _frame(field, values, tag.version))
    body = b"".join(_packed(frame, tag.version) for frame in frames)
    room = tag.size - 10
    size = room if room >= len(body) else len(body) + _PADDING
    if size > MAX_BYTES:
        raise TagsError(f"its tags would be larger than {MAX_BYTES >> 20} MiB")
    target.write(b"ID3" + bytes((tag.version, 0, tag.flags)) + _syncsafe(size))
    target.write(body.ljust(size, b"\0"))
    source.seek(tag.size)
    shutil.copyfileobj(source, target, 2**20)


def _parsed(file: BinaryIO) -> Tag:
    file.seek(0)
    header = file.read(10)
    if header[:3] != b"ID3" or len(header) < 10:
        return Tag(4, 0, (), 0)
    version, flags, size = header[3], header[5], sevens(header[6:10])
    require(max(header[6:10]) < 0x80, "the size of its ID3 tag")
    if version not in {2, 3, 4} or (version == 2 and flags & _EXTENDED) or size > MAX_BYTES:
        raise TagsError(f"its ID3 tag (2.{version}, {size} bytes) is of a kind that is not written")
    body = file.read(size)
    require(len(body) == size, "its ID3 tag is cut")
    if flags & _UNSYNCHRONISED and version < 4:
        body = body.replace(b"\xff\x00", b"\xff")
    if flags & _EXTENDED:
        body = body[_extended(body, version) :]
    frames = _frames(body, version)
    footer = 10 if version == 4 and flags & _FOOTER else 0
    return Tag(version, flags & _UNSYNCHRONISED if version == 4 else 0, frames, 10 + size + footer)


def _extended(body: bytes, version: int) -> int:
    """How long the extended header is: a checksum and the like, which would be wrong now."""
    return 4 + int.from_bytes(body[:4]) if version == 3 else sevens(body[:4])


def _frames(body: bytes, version: int) -> tuple[Frame, ...]:
    """All frames; iTunes writes 2.4 with sizes as in 2.3."""
    try:
        return tuple(_each_frame(body, version, is_safe=version == 4))
    except TagsError:
        if version != 4:
            raise
        return tuple(_each_frame(body, version, is_safe=False))


def _each_frame(body: bytes, version: int, is_safe: bool) -> Iterator[Frame]:
    width, head, at = (3, 6, 0) if version == 2 else (4, 10, 0)
    while at < len(body) and body[at]:
        name = body[at : at + width]
        told = body[at + width : at + 2 * width]
        size = sevens(told) if is_safe else int.from_bytes(told)
        is_right = len(name) == width and _FRAME_ID.fullmatch(name) is not None
        require(is_right and (not is_safe or max(told) < 0x80), "a frame of its ID3 tag")
        data = body[at + head : at + head + size]
        require(len(data) == size, "a frame of its ID3 tag is cut")
        yield Frame(name.decode(), body[at + 2 * width : at + head], data)
        at += head + size
    require(not any(body[at:]), "what follows the frames of its ID3 tag")


def _is(frame: Frame, field: Field, version: int) -> bool:
    """True if a frame holds a field."""
    if field in _TEXTS:
        return frame.id == _id(_TEXTS[field], version)
    if field == "recording_mbid":
        is_it = frame.id == _id("UFID", version)
        return is_it and frame.data.partition(b"\0")[0].lower() == _OWNER
    if frame.id != _id("TXXX", version) or not (texts := _texts(frame.data)):
        return False
    return texts[0].casefold() == _DESCRIBED[field].casefold()


def _values(frame: Frame, version: int) -> tuple[str, ...]:
    """The values of a frame that ``_is`` one of ours."""
    if version in _CODED and len(frame.flags) == 2 and frame.flags[1] & _CODED[version]:
        return ()
    if frame.id == _id("UFID", version):
        found = [frame.data.partition(b"\0")[2].decode("latin-1")]
    else:
        texts = _texts(frame.data)
        found = texts[1:] if frame.id == _id("TXXX", version) else texts
    return tuple(text for text in found if text)


def _texts(data: bytes) -> list[str]:
    """The strings of a frame's data: an encoding, then strings that NUL divides."""
    if not data or data[0] >= len(_ENCODINGS):
        return []
    if data[0] != 1:
        return data[1:].decode(_ENCODINGS[data[0]], "replace").rstrip("\0").split("\0")
    text = data[1:].decode("utf-16", "replace")  # each string may have a mark of its own
    return [one.lstrip("\ufeff\ufffe") for one in text.rstrip("\0").split("\0")]


def _frame(field: Field, values: Sequence[str], version: int) -> Frame:
    if field == "recording_mbid":
        data = _OWNER + b"\0" + values[0].encode("latin-1")
        return Frame(_id("UFID", version), _no_flags(version), data)
    if field in _TEXTS:
        name, strings = _TEXTS[field], ["\0".join(values) if version == 4 else "/".join(values)]
    else:
        name, strings = "TXXX", [_DESCRIBED[field], *values]
        if version < 4:
            strings = [strings[0], "/".join(values)]
    return Frame(_id(name, version), _no_flags(version), _encoded(strings, version))


def _encoded(strings: Sequence[str], version: int) -> bytes:
    """Strings of one frame: UTF-8 in 2.4; before that Latin-1 where it is ASCII, else UTF-16."""
    if version == 4:
        return b"\x03" + "\0".join(strings).encode()
    if all(one.isascii() for one in strings):
        return b"\x00" + "\0".join(strings).encode("ascii")
    return b"\x01" + b"\0\0".join(b"\xff\xfe" + one.encode("utf-16-le") for one in strings)


def _packed(frame: Frame, version: int) -> bytes:
    size = len(frame.data)
    if version == 2:
        require(size < 2**24, "a frame is larger than ID3 2.2 can hold")
        return frame.id.encode() + size.to_bytes(3) + frame.data
    told = _syncsafe(size) if version == 4 else size.to_bytes(4)
    return frame.id.encode() + told + frame.flags + frame.data


def _id(name: str, version: int) -> str:
    return _IDS_2[name] if version == 2 else name


def _no_flags(version: int) -> bytes:
    return b"" if version == 2 else b"\0\0"


def _syncsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))

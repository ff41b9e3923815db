"""Vorbis comments, as FLAC, Vorbis and Opus have them: ``NAME=value``, any number of each."""

from __future__ import annotations

from typing import NamedTuple

from utils.music.recordings.tagging.fields import Field, Values, require

_NAMES: dict[Field, str] = {
    "title": "TITLE",
    "artist": "ARTIST",
    "album": "ALBUM",
    "isrc": "ISRC",
    "recording_mbid": "MUSICBRAINZ_TRACKID",
    "artist_mbid": "MUSICBRAINZ_ARTISTID",
}


class Comments(NamedTuple):
    """Comments as they are stored; ``rest`` is what follows them."""

    vendor: bytes
    comments: tuple[bytes, ...]
    rest: bytes


def unpacked(data: bytes) -> Comments:
    """Comments out of their bytes.

    Raises:
        TagsError: they are damaged.
    """
    vendor, at = _sized(data, 0)
    require(len(data) >= at + 4, "its comments are cut")
    count, at = int.from_bytes(data[at : at + 4], "little"), at + 4
    require(count * 4 <= len(data) - at, "the number of its comments")
    found = []
    for _ in range(count):
        comment, at = _sized(data, at)
        found.append(comment)
    return Comments(vendor, tuple(found), data[at:])


def packed(known: Comments) -> bytes:
    """The bytes of comments."""
    parts = [known.vendor, *known.comments]
    sized = [len(part).to_bytes(4, "little") + part for part in parts]
    sized.insert(1, len(known.comments).to_bytes(4, "little"))
    return b"".join(sized) + known.rest


def values(known: Comments) -> dict[Field, tuple[str, ...]]:
    """The values of each field that there is."""
    found = {}
    for field in _NAMES:
        texts = [
            comment.partition(b"=")[2].decode(errors="replace")
            for comment in known.comments
            if _is(comment, field)
        ]
        if given := tuple(text for text in texts if text):
            found[field] = given
    return found


def changed(known: Comments, changes: Values) -> Comments:
    """The same with other values of some fields, where the old ones stood."""
    comments = list(known.comments)
    for field, texts in changes.items():
        old = [at for at, comment in enumerate(comments) if _is(comment, field)]
        at = old[0] if old else len(comments)
        comments = [comment for comment in comments if not _is(comment, field)]
        comments[at:at] = [f"{_NAMES[field]}={text}".encode() for text in texts]
    return known._replace(comments=tuple(comments))


def _is(comment: bytes, field: Field) -> bool:
    name, equals, _ = comment.partition(b"=")
    return bool(equals) and name.upper() == _NAMES[field].encode()


def _sized(data: bytes, at: int) -> tuple[bytes, int]:
    size = int.from_bytes(data[at : at + 4], "little")
    found = data[at + 4 : at + 4 + size]
    require(len(data) >= at + 4 and len(found) == size, "a comment is cut")
    return found, at + 4 + size

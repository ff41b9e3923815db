"""Which files of an item a browser can play, the surest first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from utils.db.schema import Item
from utils.documents.item_files import ORIGINAL, ItemFile
from utils.models.item import MediaKind
from utils.models.rendition import Rendition
from utils.storage.media_types import media_type

# What HTML says of a codec (RFC 6381), and how many browsers play it: 0 all, 1 those of the last
# years, 2 some. Levels are those that such files have at least: browsers take them as a family.
_CODECS = {
    "h264": ("avc1.640028", 0), "aac": ("mp4a.40.2", 0), "mp3": ("mp3", 0), "vp8": ("vp8", 1),
    "vp9": ("vp9", 1), "av1": ("av01.0.05M.08", 1), "opus": ("opus", 1), "vorbis": ("vorbis", 1),
    "flac": ("flac", 1), "alac": ("alac", 2), "hevc": ("hvc1.1.6.L120.90", 2),
    "ac3": ("ac-3", 2), "eac3": ("ec-3", 2),
}  # fmt: skip
# As MediaInfo names them, whose names an item's row has where it could read the file.
_ALSO = {"avc": "h264", "mpeg audio": "mp3", "ac-3": "ac3", "e-ac-3": "eac3"}
# Containers, and what may be in them. Matroska and QuickTime are tried without their type: browsers
# deny types that they play.
_MP4 = {"h264", "hevc", "av1", "vp9", "aac", "mp3", "opus", "flac", "alac", "ac3", "eac3"}
_WEBM, _OGG = {"vp8", "vp9", "av1", "opus", "vorbis"}, {"opus", "vorbis", "flac"}
_CONTAINERS: dict[str, tuple[str | None, int, set[str]]] = {
    ".mp4": ("video/mp4", 0, _MP4), ".m4v": ("video/mp4", 0, _MP4),
    ".m4a": ("audio/mp4", 0, _MP4), ".aac": ("audio/aac", 0, {"aac"}),
    ".mp3": ("audio/mpeg", 0, {"mp3"}), ".webm": ("video/webm", 1, _WEBM),
    ".opus": ("audio/ogg", 1, _OGG), ".ogg": ("audio/ogg", 1, _OGG),
    ".oga": ("audio/ogg", 1, _OGG), ".flac": ("audio/flac", 1, {"flac"}),
    ".wav": ("audio/wav", 0, set()), ".mov": (None, 2, _MP4), ".mkv": (None, 2, set(_CODECS)),
}  # fmt: skip
_PICTURES = frozenset(("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif"))
_BARE = frozenset(("audio/mpeg", "audio/wav", "audio/aac", "audio/flac"))  # need no codecs


class Playable(NamedTuple):
    """A file that may play; ``type`` with its codecs, None where the browser is to find out."""

    name: str
    kind: str
    path: Path
    type: str | None
    sureness: int  # 0: everywhere, 1: in browsers of the last years, 2: in some

    @property
    def is_original(self) -> bool:
        """True of the item itself."""
        return self.kind == ORIGINAL


def of(row: Item, files: Sequence[ItemFile], rendition: Rendition | None) -> list[Playable]:
    """The files that a browser may play, the surest first; of two alike the smaller made one."""
    found = []
    for file in files:
        is_made = rendition is not None and file.path == rendition.path
        if file.kind != ORIGINAL and not is_made:
            continue
        codecs = _codecs(row, rendition if is_made else None)
        if one := _playable(file, codecs):
            found.append(one)
    return sorted(found, key=lambda one: (one.sureness, one.is_original))


def picture(files: Sequence[ItemFile]) -> ItemFile | None:
    """The original of an image, if browsers show it as it is."""
    first = next((one for one in files if one.kind == ORIGINAL), None)
    return first if first and media_type(first.path) in _PICTURES else None


def _codecs(row: Item, rendition: Rendition | None) -> list[str]:
    """The codecs of a file; of a rendition that of its picture, or of its only sound."""
    if rendition is None:
        said = [one.lower() for one in (row.video_codec, row.audio_codec) if one]
        return [_ALSO.get(one, one) for one in said]
    return [rendition.codec.lower()]


def _playable(file: ItemFile, codecs: Sequence[str]) -> Playable | None:
    known = _CONTAINERS.get(file.path.suffix.lower())
    if known is None:
        return None
    container, sureness, takes = known
    if takes and not set(codecs) <= takes:
        return None
    said = [_CODECS[one] for one in codecs if one in _CODECS]
    kind = container
    if container and said and container not in _BARE:
        kind = f'{container}; codecs="{", ".join(name for name, _ in said)}"'
    sureness = max([sureness, *(sure for _, sure in said)])
    return Playable(file.name, file.kind, file.path, kind, sureness)


def is_played(kind: str) -> bool:
    """True of kinds that have a player."""
    return kind in (MediaKind.VIDEO, MediaKind.AUDIO)

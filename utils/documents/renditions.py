"""The files of an item for people: what each is, how large, how good, and which can be compared."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.orm import Session

from utils.db import ledger
from utils.db.schema import Item
from utils.documents import item_files
from utils.documents.item_files import ORIGINAL, SUBTITLES, ItemFile
from utils.models.metadata import Metadata
from utils.models.rendition import COMPRESSIONS, Compression
from utils.models.signal import SignalReport
from utils.storage.media_types import media_type

_PICTURES = ("contact_sheet", "waveform", "spectrogram", "thumbnail", "scene", "still")


class Rendition(NamedTuple):
    """A file of an item; what is not known of it is None.

    ``name`` is the one that the API has it under; ``size_bytes`` is None where the file is not on
    this machine. ``bit_rate`` in bits a second; ``score`` in units of ``metric``; ``saved_bytes``:
    how much smaller than the original.
    """

    name: str
    kind: str
    media_type: str
    size_bytes: int | None
    codec: str | None = None
    width: int | None = None
    height: int | None = None
    bit_rate: float | None = None
    loudness_lufs: float | None = None
    score: float | None = None
    metric: str | None = None
    saved_bytes: int | None = None
    reason: str | None = None

    @property
    def medium(self) -> str:
        """video, audio, image, text or another part of its type."""
        return self.media_type.split("/")[0]

    @property
    def is_compared(self) -> bool:
        """True for what can be seen or heard beside another."""
        return self.size_bytes is not None and self.medium in {"video", "audio", "image"}


class Renditions(NamedTuple):
    """``whole``: the item itself and its encodes, which can be compared; then what belongs to them.

    ``kept``: why there is no encode, where the step looked at it; ``dropped`` and ``guessed`` as
    `Compression` has them.
    """

    whole: tuple[Rendition, ...]
    pictures: tuple[Rendition, ...]
    words: tuple[Rendition, ...]
    made: tuple[Rendition, ...]
    kept: str | None
    dropped: tuple[str, ...]
    guessed: tuple[str, ...]

    def named(self, name: str | None) -> Rendition | None:
        """The file that can be compared by its name."""
        every = (*self.whole, *self.made)
        return next((one for one in every if one.name == name and one.is_compared), None)


def of_item(s: Session, row: Item) -> Renditions:
    """All files of an item."""
    with ledger.preloaded(s, row.id):
        files = item_files.of_item(s, row)
        encode = ledger.latest_result(s, row.id, COMPRESSIONS, Compression)
        facts = ledger.latest_result(s, row.id, "consolidate_metadata", Metadata)
        signal = ledger.latest_result(s, row.id, "analyze_signal", SignalReport)
    made_path = encode.rendition.path if encode and encode.rendition else None
    whole: list[Rendition] = []
    for file in files:
        if file.kind == ORIGINAL:
            whole.append(_original(file, row, facts, signal))
        elif encode and file.path == made_path:
            whole.append(_encoded(file, row, encode))
    rest = [file for file in files if file.kind != ORIGINAL and file.path != made_path]
    return Renditions(
        tuple(whole),
        _plain(file for kind in _PICTURES for file in rest if file.kind == kind),
        _plain(file for file in rest if file.kind == SUBTITLES),
        _plain(file for file in rest if file.kind not in {*_PICTURES, SUBTITLES}),
        encode.reason if encode and encode.rendition is None else None,
        encode.dropped if encode and encode.rendition else (),
        encode.guessed if encode and encode.rendition else (),
    )


def _original(
    file: ItemFile, row: Item, facts: Metadata | None, signal: SignalReport | None
) -> Rendition:
    codecs = (facts.video_codec, facts.audio_codec) if facts else (row.video_codec, row.audio_codec)
    size = size_of(file.path)
    rate = facts.bit_rate if facts else None
    return Rendition(
        file.name, file.kind, media_type(file.path), size,
        codec=" + ".join(filter(None, codecs)) or None,
        width=row.width, height=row.height,
        bit_rate=rate or _bit_rate(row.size_bytes, row.duration_seconds),
        loudness_lufs=signal.loudness_lufs if signal else None,
    )  # fmt: skip


def _encoded(file: ItemFile, row: Item, encode: Compression) -> Rendition:
    size = size_of(file.path)
    return Rendition(
        file.name, file.kind, media_type(file.path), size,
        codec=encode.rendition.codec if encode.rendition else None,
        bit_rate=_bit_rate(size, row.duration_seconds),
        score=encode.score, metric=encode.metric,
        saved_bytes=encode.source_bytes - encode.encoded_bytes,
        reason=encode.reason,
    )  # fmt: skip


def _plain(files: Iterable[ItemFile]) -> tuple[Rendition, ...]:
    return tuple(
        Rendition(file.name, file.kind, media_type(file.path), size_of(file.path)) for file in files
    )


def _bit_rate(size_bytes: int | None, seconds: float | None) -> float | None:
    return size_bytes * 8 / seconds if size_bytes and seconds else None


def size_of(path: Path) -> int | None:
    """Bytes of a file; None where it is not on this machine now."""
    try:
        return path.stat().st_size
    except OSError:
        return None

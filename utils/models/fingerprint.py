"""By what an item is recognised in another encoding, and what was recognised."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from utils.models.base import Frozen
from utils.models.item import MediaKind


class Frame(Frozen):
    """One still of an item: its 64-bit perceptual hash as 16 hex digits.

    ``flat``: so little contrast that the hash is noise; such a frame is never compared.
    """

    time_seconds: float | None
    phash: str = Field(pattern="^[0-9a-f]{16}$")
    flat: bool = False


class Inside(Frozen):
    """The same of the stills without their border: bars, a plain frame.

    ``share``: of the picture's area, what is inside.
    """

    frames: tuple[Frame, ...]
    detail: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    aspect: float
    share: float = 1.0


class Fingerprint(Frozen):
    """The fingerprints of one item.

    ``inside`` is there only where the stills have a border. ``patches`` and ``thumbnail`` are an
    image's, without its border, by which a part of it is known (utils/similarity/patches.py).
    ``detail``: 256-bit perceptual hash (64 hex digits) of the middle still that is not flat.
    ``aspect``: width to height of the stills.
    ``audio``: Chromaprint's sub-fingerprints, one each 0.1238 s, 32 bits little-endian, in
    Base64; None where there is none, and ``audio_missing`` says why. ``audio_stream`` is the
    stream that was listened to.
    """

    not_in_key: ClassVar[frozenset[str]] = frozenset({"audio_missing", "audio_stream"})

    item_id: str
    kind: MediaKind
    duration_seconds: float | None
    frames: tuple[Frame, ...] = ()
    detail: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")
    aspect: float | None = None
    inside: Inside | None = None
    patches: str | None = None
    thumbnail: str | None = None
    audio: str | None = None
    audio_missing: str | None = None
    audio_stream: int | None = None


class Match(Frozen):
    """How alike two items are, 0 to 1, and by which evidence, in words."""

    score: float
    evidence: str


class NearDuplicate(Frozen):
    """Another item that is alike."""

    item_id: str
    score: float
    evidence: str


class NearDuplicates(Frozen):
    """What one look into the library found.

    ``matches``: best first, without pairs that a person called different.
    ``refuted``: items that an earlier look had linked, and that no longer match.
    """

    item_id: str
    matches: tuple[NearDuplicate, ...] = ()
    refuted: tuple[str, ...] = ()


class Copy(Frozen):
    """An item as a person compares it with its duplicates; None is unknown.

    ``inside``: the share of its picture that is no border.
    """

    item_id: str
    title: str
    kind: str
    paths: tuple[Path, ...]
    size_bytes: int
    duration_seconds: float | None
    width: int | None
    height: int | None
    added_at: datetime
    inside: float = 1.0


class Pair(Frozen):
    """Two items, why they are thought alike, and what a person said of it."""

    first: str
    second: str
    score: float
    evidence: str
    decision: Literal["same", "different"] | None = None


class DuplicateGroup(Frozen):
    """Items that are one work: what looks best to keep first, and why that one."""

    copies: tuple[Copy, ...]
    pairs: tuple[Pair, ...]
    why_keep: str

    @property
    def keep(self) -> Copy:
        """The copy that looks best."""
        return self.copies[0]

"""What files beside an item say of it."""

from __future__ import annotations

from utils.models.base import Frozen
from utils.models.metadata import CaptureTime, Place
from utils.models.notes import Note
from utils.models.probe import SidecarKind


class SidecarFacts(Frozen):
    """What one file beside an item says of it; ``guessed_encoding`` is how its bytes were read."""

    name: str
    kind: SidecarKind
    captured: CaptureTime | None = None
    place: Place | None = None
    location_name: str | None = None
    title: str | None = None
    rating: int | None = None
    notes: tuple[Note, ...] = ()
    language: str | None = None
    guessed_encoding: str | None = None


class SidecarReport(Frozen):
    """What lies beside an item, the most trusted first; ``unread``: why which could not be read."""

    files: tuple[SidecarFacts, ...] = ()
    unread: tuple[str, ...] = ()

"""What a look into a source would find and take, before it does."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from utils.models.base import Frozen
from utils.models.source import Refresh, SourceKind


class Sighting(Frozen):
    """One object that a look found, as its source tells of it: what it does not say is None."""

    key: str
    name: str
    size_bytes: int | None = None
    duration_seconds: float | None = None
    dated_at: datetime | None = None


class SourcePreview(Frozen):
    """What a source holds now; nothing was taken or written down.

    ``waiting``: what was found before and is to be taken. ``vanished``: None where the source does
    not say it (a site's listing is no whole list). ``keys``: the first of what is new or may have
    changed; ``sightings``: the same with what is told of them. What was moved counts as new and as
    vanished here: only a run tells it apart. ``left_out``: what is no media, by suffix;
    ``skipped``: entries of a site that are not taken now, by why. ``is_whole``: False where the
    time that was given for the look was over before its end.
    """

    name: str
    kind: SourceKind
    listed: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    vanished: int | None = None
    waiting: int = 0
    keys: tuple[str, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    left_out: dict[str, int] = Field(default_factory=dict)
    skipped: dict[str, int] = Field(default_factory=dict)
    is_whole: bool = True


class RefreshPreview(Frozen):
    """What a refresh would take: how much, and for how long and how much money, as predicted.

    ``unknown_sizes``: so many are not counted in ``size_bytes``. ``cost_usd``: None where no bill
    of such items is known; ``cost_at_most_usd``: what the ceilings allow, None without them.
    """

    name: str
    refresh: Refresh
    objects: int
    to_fetch: int
    size_bytes: int
    unknown_sizes: int
    minutes: float
    cost_usd: float | None
    cost_at_most_usd: float | None

"""What a look into a source would find and take, before it does."""

from __future__ import annotations

from pydantic import Field

from utils.models.base import Frozen
from utils.models.source import Refresh, SourceKind


class SourcePreview(Frozen):
    """What a source holds now; nothing was taken or written down.

    ``waiting``: what was found before and is to be taken. ``vanished``: None where the source does
    not say it (a site's listing is no whole list). ``keys``: the first of what is new or may have
    changed. What was moved counts as new and as vanished here: only a run tells it apart.
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
    left_out: dict[str, int] = Field(default_factory=dict)


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

"""How far a worker is, as it is kept in the database for whoever looks from another process."""

from __future__ import annotations

from threading import Lock
from typing import Any

from utils.observability import progress

_MOST = 64  # items whose share is kept; far more than are in work at once


class Told:
    """The last that was heard of each item in work, and of the whole; ``hear`` is a watcher.

    ``news`` is a document such as ``{"total": 12, "settled": 3, "items": {ID: 0.4}, "reading":
    {"name": "film.mp4", "share": 0.2}, "waiting": "paused"}``: the shares (0–1) of steps that tell
    theirs, and why nothing is begun now, if so.
    """

    def __init__(self) -> None:
        self._lock, self._is_new = Lock(), False
        self._total: int | None = None
        self._settled = 0
        self._shares: dict[str, float] = {}
        self._reading: dict[str, Any] | None = None
        self._waiting: str | None = None

    def hear(self, event: progress.Event) -> None:
        """Note an event; called from the threads that do the work."""
        with self._lock:
            self._is_new = True
            match event:
                case progress.Begun(total):
                    self._total = (self._total or 0) + total
                case progress.Stepping(item_id):
                    self._shares.pop(item_id, None)
                    self._waiting = self._reading = None
                case progress.Advancing(item_id, _, _, share):
                    if item_id in self._shares or len(self._shares) < _MOST:
                        self._shares[item_id] = round(share, 3)
                case progress.Reading(path, share):
                    name = path.name.encode(errors="replace").decode()
                    self._reading = {"name": name, "share": round(share, 3)}
                    self._reading = None if share >= 1 else self._reading
                case progress.Settled(item_id):
                    self._settled += 1
                    self._shares.pop(item_id, None)
                case progress.Paused(reason):
                    self._waiting = reason

    def news(self) -> dict[str, Any] | None:
        """The document, if there is anything new since it was asked for last."""
        with self._lock:
            if not self._is_new:
                return None
            self._is_new = False
            return {
                "total": self._total,
                "settled": self._settled,
                "items": dict(self._shares),
                "reading": self._reading,
                "waiting": self._waiting,
            }

    def untold(self) -> None:
        """The last news reached nobody: they are new still."""
        with self._lock:
            self._is_new = True

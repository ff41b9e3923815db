"""What looking things up at MusicBrainz came to, counted while it goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from utils.errors import NightShiftError
from utils.models.music import Entity, Fault, Outcome

MOST_FAULTS = 100


@dataclass
class Tally:
    """Counts of a run. ``left``: look-ups that wait for the next one."""

    tracks: int = 0
    requests: int = 0
    cache_hits: int = 0
    not_found: int = 0
    merged: int = 0
    several: int = 0
    refused: int = 0
    throttled: int = 0
    left: int = 0
    errors: int = 0
    kept: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)

    def note(self, what: str, error: NightShiftError) -> None:
        """Note what could not be looked up, and why."""
        self.errors += 1
        if len(self.faults) < MOST_FAULTS:
            fault = Fault(what=what, error_class=type(error).__name__, message=str(error)[:1000])
            self.faults.append(fault)

    def count(self, told: Sequence[Entity]) -> None:
        """Count what was kept, by kind."""
        self.kept.update(one.kind.value for one in told if one.found)

    def outcome(self) -> Outcome:
        """Success, nothing new, in part, or nothing at all."""
        if self.errors:
            return Outcome.PARTIAL if self.kept or self.not_found else Outcome.FAILED
        return Outcome.SUCCESS if self.requests or self.kept else Outcome.NO_UPDATES

    def metrics(self) -> dict[str, float]:
        """The counts by name; those of kinds are ``recordings``, ``artists`` and so on."""
        kinds = {"isrc": "isrcs", "recording": "recordings", "artist": "artists", "area": "areas"}
        return {
            "rows": self.tracks,
            "new": self.kept.total(),
            **{name: self.kept[kind] for kind, name in kinds.items()},
            "requests": self.requests,
            "cache_hits": self.cache_hits,
            "not_found": self.not_found,
            "merged": self.merged,
            "several_recordings": self.several,
            "refused_recordings": self.refused,
            "throttled": self.throttled,
            "left": self.left,
            "errors": self.errors,
        }

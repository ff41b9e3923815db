"""Which plays are one listening that several services kept, or several exports of one.

A play of Spotify lasted from its end less its length to its end; Last.fm and ListenBrainz note
when something began. Two plays of one account and one folded title and artist are the same
listening, if the moment of one lies within the other, give or take a tolerance. Each play stands
for at most one of every other source: who hears a song twice has two plays at each service.

The outcome follows from the plays alone, not from the order in which they came.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from utils.models.music import Origin, Service

# Chosen: pauses and clocks of devices; scrobblers note the beginning within seconds.
BETWEEN_SERVICES_SECONDS = 120
WITHIN_SERVICE_SECONDS = 5  # API and export round the same moment
# Chosen: how long a play may have lasted whose length its service does not tell (Spotify's API).
UNKNOWN_SECONDS = 600


class Heard(NamedTuple):
    """What of a play decides; ``moment`` is seconds since 1970."""

    id: int
    key: str
    service: Service
    origin: Origin
    moment: float
    ms_played: int | None
    precision_seconds: int

    @property
    def source(self) -> tuple[int, bool, str]:
        """Who tells of it, those that tell most first: plays of one source are all different."""
        worth = {Service.SPOTIFY: 0, Service.LISTENBRAINZ: 2, Service.LASTFM: 3}[self.service]
        return worth + (self.origin is Origin.API), self.precision_seconds > 1, self.service


def partners(plays: Iterable[Heard]) -> dict[int, int | None]:
    """For each play, by id, the one that is counted in its place; None where it counts itself."""
    found: dict[int, int | None] = {}
    counted: list[Heard] = []
    ordered = sorted(plays, key=lambda play: (play.source, play.moment, play.key))
    for _, same in groupby(ordered, key=lambda play: play.source):
        of_source = list(same)
        repeated = _repeated(of_source)
        of_source = [play for play in of_source if play.id not in repeated]
        matched = _matched(of_source, counted)
        found |= {play.id: matched.get(play.id) for play in of_source}
        found |= {one: matched.get(first, first) for one, first in repeated.items()}
        counted += [play for play in of_source if play.id not in matched]
    return found


def _repeated(plays: Sequence[Heard]) -> dict[int, int]:
    """Plays of one source, name and second under two ids of the track: the longest counts."""
    kept: dict[tuple[int, int | None], Heard] = {}
    found: dict[int, int] = {}
    for play in sorted(plays, key=lambda one: (-(one.ms_played or 0), one.key)):
        length = play.ms_played if play.precision_seconds > 1 else None
        first = kept.setdefault((int(play.moment), length), play)
        if first is not play:
            found[play.id] = first.id
    return found


def _matched(plays: Sequence[Heard], counted: Sequence[Heard]) -> dict[int, int]:
    """Which of some plays, in the order of their moments, are which of those that count.

    Of those within which a moment lies, the one that ends first is taken: so the most are matched.
    """
    if not counted:
        return {}
    spans = sorted((*_span(of, plays[0]), of.key, of.id) for of in counted)
    found: dict[int, int] = {}
    open_spans: list[tuple[float, str, int]] = []
    at = 0
    for play in plays:
        while at < len(spans) and spans[at][0] <= play.moment:
            _, end, key, identity = spans[at]
            heapq.heappush(open_spans, (end, key, identity))
            at += 1
        while open_spans and open_spans[0][0] < play.moment:
            heapq.heappop(open_spans)
        if open_spans:
            found[play.id] = heapq.heappop(open_spans)[2]
    return found


def _span(counted: Heard, of: Heard) -> tuple[float, float]:
    """From when to when the moment of a play like ``of`` may lie, to be this one."""
    same = counted.service is of.service
    slack = WITHIN_SERVICE_SECONDS if same else BETWEEN_SERVICES_SECONDS
    length = (counted.ms_played or 0) / 1000
    if counted.service is not Service.SPOTIFY:
        begin, end = counted.moment, counted.moment + length
    elif counted.ms_played is None:
        begin, end = counted.moment - UNKNOWN_SECONDS, counted.moment
    else:
        begin, end = counted.moment - length, counted.moment
    before = of.precision_seconds if of.precision_seconds > 1 else 0
    after = counted.precision_seconds if counted.precision_seconds > 1 else 0
    return begin - slack - before, end + slack + after

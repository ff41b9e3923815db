"""Throttles: until when a service wants a lane to rest, told to every process by a flag.

The moment is the database's own, where it has a clock, so that machines need not agree.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from utils.db import flags
from utils.db.holders import clock

PREFIX = "lane:"  # of the flags' names


def slow(s: Session, lane: str, seconds: float, why: str) -> None:
    """Have nothing start in a lane for ``seconds``; one that rests for longer does so."""
    if rest(s, lane) >= seconds:
        return
    until = clock(s) + timedelta(seconds=seconds)
    flags.put(s, _name(lane), {"until": until.isoformat(), "why": why[:500]})


def rest(s: Session, lane: str) -> float:
    """Seconds for which nothing may start in a lane; 0 if it is open."""
    flag = flags.get(s, _name(lane))
    if flag is None:
        return 0.0
    until = datetime.fromisoformat(flag.value["until"])
    return max(0.0, (until - clock(s)).total_seconds())


def _name(lane: str) -> str:
    return f"{PREFIX}{lane}"

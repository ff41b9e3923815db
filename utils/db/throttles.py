"""Throttles: until when a service wants nothing more of a lane, told to every process by a flag.

The moment is the database's own, where it has a clock, so that machines need not agree.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from utils.db import flags
from utils.db.workers import shared_now

PREFIX = "lane:"  # of the flags' names


def throttle(s: Session, lane: str, seconds: float, why: str) -> None:
    """Have nothing start in a lane for ``seconds``; a longer cooldown stays as it is."""
    if cooldown(s, lane) >= seconds:
        return
    until = shared_now(s) + timedelta(seconds=seconds)
    flags.put(s, _name(lane), {"until": until.isoformat(), "why": why[:500]})


def cooldown(s: Session, lane: str) -> float:
    """Seconds for which nothing may start in a lane; 0 if it is open."""
    flag = flags.get(s, _name(lane))
    if flag is None:
        return 0.0
    until = datetime.fromisoformat(flag.value["until"])
    return max(0.0, (until - shared_now(s)).total_seconds())


def _name(lane: str) -> str:
    return f"{PREFIX}{lane}"

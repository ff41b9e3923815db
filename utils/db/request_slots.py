"""Slots of requests: one every so many seconds, handed out to whichever process asks next.

A slot is taken by one statement that moves the service's moment on, so that no two get the same.
The moment is the database's own, where it has a clock (utils/db/workers.py).
"""

from __future__ import annotations

from functools import cache

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from utils.clock import now

MAX_HOLD_SECONDS = 1800.0
# A moment that lies so far ahead was written before somebody set the clock back.
_CLOCK_WAS_SET_BACK_US = 3600 * 1_000_000
# Plain SQL: SQLAlchemy would compile an ON CONFLICT anew each time, 2 ms of a processor.
_TAKE = """
INSERT INTO request_slots (service, next_us) VALUES (:service, {now} + :step)
ON CONFLICT (service) DO UPDATE SET next_us = :step + {latest}(
    {now}, CASE WHEN request_slots.next_us > {now} + :too_far THEN 0 ELSE request_slots.next_us END
)
RETURNING next_us - :step - {now}
"""
_HOLD = """
INSERT INTO request_slots (service, next_us) VALUES (:service, {now} + :held)
ON CONFLICT (service) DO UPDATE SET next_us = {latest}(
    {now} + :held,
    CASE WHEN request_slots.next_us > {now} + :too_far THEN 0 ELSE request_slots.next_us END
)
"""
# What is read when the row is locked; the other database has no clock of its own.
_CLOCK = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"


def take(s: Session, service: str, seconds: float) -> float:
    """Take the next free slot of a service; returns how many seconds from now it lies, 0 or more.

    Args:
        s: A session; its transaction is to end at once, for others wait for it.
        service: Whose slot.
        seconds: How long after it the slot after that one is.
    """
    step = _microseconds(seconds)
    given = {"service": service, "step": step, "too_far": _CLOCK_WAS_SET_BACK_US + 10 * step}
    wait: int = s.execute(_statement(_TAKE, _dialect(s)), given | _now(s)).scalar_one()
    return max(0, wait) / 1_000_000


def hold(s: Session, service: str, seconds: float) -> None:
    """Hand out no slot of a service for ``seconds``, half an hour at most."""
    held = _microseconds(min(seconds, MAX_HOLD_SECONDS))
    given = {"service": service, "held": held, "too_far": _CLOCK_WAS_SET_BACK_US}
    s.execute(_statement(_HOLD, _dialect(s)), given | _now(s))


@cache
def _statement(template: str, dialect: str) -> TextClause:
    if dialect == "postgresql":
        return text(template.format(now=_CLOCK, latest="GREATEST"))
    return text(template.format(now=":now", latest="MAX"))


def _dialect(s: Session) -> str:
    return s.get_bind().dialect.name


def _now(s: Session) -> dict[str, int]:
    """The moment by this machine's clock, where the database has none."""
    return {} if _dialect(s) == "postgresql" else {"now": _microseconds(now().timestamp())}


def _microseconds(seconds: float) -> int:
    return round(seconds * 1_000_000)

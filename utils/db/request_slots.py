"""Slots of requests: one every so many seconds, handed out to whichever process asks next.

A slot is taken by one statement that moves the service's moment on, so that no two get the same.
The moment is the database's own, where it has a clock (utils/db/workers.py).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, case, cast, extract, func, literal
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db.request_tables import RequestSlot
from utils.db.session import upsert

MAX_HOLD_SECONDS = 1800.0
# A moment that lies so far ahead was written before somebody set the clock back.
_CLOCK_WAS_SET_BACK_US = 3600 * 1_000_000


def take(s: Session, service: str, seconds: float) -> float:
    """Take the next free slot of a service; returns how many seconds from now it lies, 0 or more.

    Args:
        s: A session; its transaction is to end at once, for others wait for it.
        service: Whose slot.
        seconds: How long after it the slot after that one is.
    """
    step, moment = round(seconds * 1_000_000), _now_us(s)
    begins = _later(s, _sane(moment), moment)
    statement = upsert(s)(RequestSlot).values(service=service, next_us=moment + step)
    row = s.execute(
        statement.on_conflict_do_update(
            index_elements=[RequestSlot.service], set_={"next_us": begins + step}
        ).returning(RequestSlot.next_us, moment)
    ).one()
    return float(max(0, row[0] - step - row[1])) / 1_000_000


def hold(s: Session, service: str, seconds: float) -> None:
    """Hand out no slot of a service for ``seconds``, half an hour at most."""
    until = _now_us(s) + round(min(seconds, MAX_HOLD_SECONDS) * 1_000_000)
    statement = upsert(s)(RequestSlot).values(service=service, next_us=until)
    s.execute(
        statement.on_conflict_do_update(
            index_elements=[RequestSlot.service],
            set_={"next_us": _later(s, _sane(_now_us(s)), until)},
        )
    )


def _sane(moment: Any) -> Any:
    """The moment that stands there, unless no clock of today can have written it."""
    is_wrong = RequestSlot.next_us > moment + _CLOCK_WAS_SET_BACK_US
    return case((is_wrong, moment), else_=RequestSlot.next_us)


def _later(s: Session, one: Any, other: Any) -> Any:
    is_server = s.get_bind().dialect.name == "postgresql"
    return func.greatest(one, other) if is_server else func.max(one, other)


def _now_us(s: Session) -> Any:
    """Now, in microseconds, as an expression: a server's clock is read when the row is locked."""
    if s.get_bind().dialect.name == "postgresql":
        return cast(extract("epoch", func.clock_timestamp()) * 1_000_000, BigInteger)
    return literal(_microseconds(now()), BigInteger)


def _microseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)

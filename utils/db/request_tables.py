"""The table of requests to services that want few of them: when the next may be sent."""

from __future__ import annotations

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from utils.db.base import Base


class RequestSlot(Base):
    """From when on a service may be asked again, by any process of any machine.

    ``next_us``: microseconds since 1970, by the clock that all workers share.
    """

    __tablename__ = "request_slots"

    service: Mapped[str] = mapped_column(String(32), primary_key=True)
    next_us: Mapped[int] = mapped_column(BigInteger)

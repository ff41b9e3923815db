"""When something is to be published, as a person writes it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from utils.clock import now
from utils.errors import UsageError

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


def at(text: str, timezone: str) -> datetime:
    """The moment in UTC; without a zone of its own it is one of ``timezone``.

    ``20:00`` is the next time that clocks show it.

    Raises:
        UsageError: it is no moment, over, or one that clocks leave out.
    """
    zone = ZoneInfo(timezone)
    if found := _CLOCK.fullmatch(text.strip()):
        today = now().astimezone(zone).date()
        clock_time = time(int(found[1]), int(found[2]))
        first, second = (
            _in(datetime.combine(today + timedelta(days=more), clock_time), zone)
            for more in range(2)
        )
        return first if first > now() else second
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(
            f"{text!r} is no moment such as 20:00, 2026-12-24T20:00 or 2026-12-24T20:00+01:00."
        ) from None
    moment = _in(moment, zone)
    if moment <= now():
        raise UsageError(f"{text} is over. Leave --at out to publish now.")
    return moment


def _in(moment: datetime, zone: ZoneInfo) -> datetime:
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    made = moment.replace(tzinfo=zone).astimezone(UTC)
    if made.astimezone(zone).replace(tzinfo=None) != moment:
        raise UsageError(f"{moment:%Y-%m-%d %H:%M} is left out by the clocks of {zone.key}.")
    return made

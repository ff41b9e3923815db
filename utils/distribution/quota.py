"""What a target may use of a service in a day, kept in the database: YouTube's units."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from utils.clock import now
from utils.config import Settings
from utils.db import publication_quota
from utils.db.session import session
from utils.distribution import targets
from utils.errors import DeferredError
from utils.models.targets import YoutubeTarget

_PACIFIC = ZoneInfo("America/Los_Angeles")  # where YouTube's days begin


def of(target: str, settings: Settings) -> Callable[[int], None]:
    """What reserves units of a target's day; free where the target counts none."""

    def reserve(units: int) -> None:
        found = targets.one(settings, target)
        if not isinstance(found, YoutubeTarget):
            return
        name = f"quota:{target}:{now().astimezone(_PACIFIC):%Y-%m-%d}"
        try:
            with session() as s:
                publication_quota.reserve(s, name, units, found.daily_quota)
        except DeferredError as error:
            raise DeferredError(
                f"{target}: {error}. It goes on at {next_day():%H:%M} UTC."
            ) from None

    return reserve


def next_day() -> datetime:
    """When the next day of quotas begins, in UTC."""
    today = now().astimezone(_PACIFIC).date()
    begins = datetime.combine(today + timedelta(days=1), time(0, 1), tzinfo=_PACIFIC)
    return begins.astimezone(ZoneInfo("UTC"))

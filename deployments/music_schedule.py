"""The schedule that asks Spotify for plays: on where there is a login, off where there is none.

It would fail every half hour without one. Asked of Prefect's API without Prefect.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import httpx

from deployments import rest
from utils.config import Settings
from utils.db import spotify_credentials
from utils.db.session import session

_DEPLOYMENT = "deployments/name/spotify-ingestion/spotify-ingestion"


class Schedule(NamedTuple):
    """How the schedule is and how it should be; ``is_on`` is None where it is not registered."""

    is_on: bool | None
    is_wanted: bool

    @property
    def is_right(self) -> bool:
        """True if nothing is to be done."""
        return self.is_on is None or self.is_on is self.is_wanted


def look(settings: Settings) -> Schedule:
    """How it is at Prefect's server, and whether there is a login.

    Raises:
        NightShiftError: the server or the database does not answer.
    """
    with rest.connected(settings) as client:
        return _looked(client, settings)


def bring_together(settings: Settings) -> str:
    """Switch the schedule on or off as it should be; says how it is, for people.

    Raises:
        NightShiftError: the server or the database does not answer.
    """
    with rest.connected(settings) as client:
        found = _looked(client, settings)
        if found.is_on is None:
            return "spotify-ingestion is not registered"
        if not found.is_right:
            _switch(client, found.is_wanted)
    if found.is_wanted:
        return "spotify-ingestion: its schedule is on, every 30 minutes"
    return f"spotify-ingestion: its schedule is off until there is a login: {HOW}"


HOW = "nightshift music login"


def _looked(client: httpx.Client, settings: Settings) -> Schedule:
    known = rest.found(client, _DEPLOYMENT)
    schedules = _schedules(known)
    is_on = all(one["active"] for one in schedules) if schedules else None
    with session() as s:
        return Schedule(is_on, spotify_credentials.is_there(s, settings.music))


def _switch(client: httpx.Client, on: bool) -> None:
    known = rest.found(client, _DEPLOYMENT)
    for one in _schedules(known):
        path = f"deployments/{known['id']}/schedules/{one['id']}"
        rest.ask(client, "PATCH", path, {"active": on})


def _schedules(known: Any) -> list[dict[str, Any]]:
    return list(known["schedules"]) if known else []

"""Schedules that are on only where they have something to do: plays of Spotify, publications.

Without a login, or without a target, each would begin a run for nothing, or fail. Asked of
Prefect's API without Prefect.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import httpx

from deployments import rest
from utils.config import Settings
from utils.db import spotify_credentials
from utils.db.session import session
from utils.distribution import targets


class Switched(NamedTuple):
    """A deployment with a schedule; it ``is_wanted`` where there is ``what``, made by ``how``."""

    name: str
    every: str
    what: str
    how: str
    is_wanted: Callable[[Settings], bool]


def _is_logged_in(settings: Settings) -> bool:
    with session() as s:
        return spotify_credentials.is_there(s, settings.music)


def _has_targets(settings: Settings) -> bool:
    return bool(targets.load(settings).targets)


SPOTIFY = Switched(
    "spotify-ingestion/spotify-ingestion", "every 30 minutes", "a login",
    "nightshift music login", _is_logged_in,
)  # fmt: skip
PUBLICATIONS = Switched(
    "distribution/on-demand", "every 15 minutes", "a target", "targets.yaml", _has_targets
)


class Schedule(NamedTuple):
    """How a schedule is and how it should be; ``is_on`` is None where it is not registered."""

    is_on: bool | None
    is_wanted: bool

    @property
    def is_right(self) -> bool:
        """True if nothing is to be done."""
        return self.is_on is None or self.is_on is self.is_wanted


def look(one: Switched, settings: Settings) -> Schedule:
    """How it is at Prefect's server, and how it should be.

    Raises:
        NightShiftError: the server or the database does not answer.
    """
    with rest.connected(settings) as client:
        return _looked(client, one, settings)


def bring_together(one: Switched, settings: Settings) -> str:
    """Switch a schedule on or off as it should be; says how it is, for people.

    Raises:
        NightShiftError: the server or the database does not answer.
    """
    flow = one.name.partition("/")[0]
    with rest.connected(settings) as client:
        found = _looked(client, one, settings)
        if found.is_on is None:
            return f"{flow} is not registered"
        if not found.is_right:
            _switch(client, one, found.is_wanted)
    if found.is_wanted:
        return f"{flow}: its schedule is on, {one.every}"
    return f"{flow}: its schedule is off until there is {one.what}: {one.how}"


def _looked(client: httpx.Client, one: Switched, settings: Settings) -> Schedule:
    schedules = _schedules(rest.found(client, f"deployments/name/{one.name}"))
    is_on = all(schedule["active"] for schedule in schedules) if schedules else None
    return Schedule(is_on, one.is_wanted(settings))


def _switch(client: httpx.Client, one: Switched, on: bool) -> None:
    known = rest.found(client, f"deployments/name/{one.name}")
    for schedule in _schedules(known):
        path = f"deployments/{known['id']}/schedules/{schedule['id']}"
        rest.ask(client, "PATCH", path, {"active": on})


def _schedules(known: Any) -> list[dict[str, Any]]:
    return list(known["schedules"]) if known else []

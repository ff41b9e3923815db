"""What the music library answers: rows of lists, and what was asked."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, Field, model_validator

from utils.models.base import Frozen

Thing = Literal["artists", "tracks", "albums", "genres"]
Order = Literal["plays", "minutes"]
Step = Literal["day", "week", "month", "year"]
Origin = Literal["country", "city", "heard"]


# A day behind the first and before the last moment: no zone makes another year of these.
_FIRST = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
_LAST = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)


def _utc(moment: datetime) -> datetime:
    if not _FIRST <= moment <= _LAST:
        raise ValueError("no calendar has this day in every zone")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_utc)]


class Asked(Frozen):
    """Which plays are asked about.

    ``since`` and ``until``: moments with a zone; what was played at ``until`` is not among them.
    ``place``: where the artist comes from, a country's code or name, or the name of an area.
    """

    since: Moment | None = None
    until: Moment | None = None
    place: str | None = Field(default=None, pattern=r"\S", max_length=200)

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Asked:
        if self.since and self.until and self.until <= self.since:
            raise ValueError("until is not after since: nothing can lie between")
        return self


class Heard(Frozen):
    """How often something was heard, and how long."""

    plays: int = Field(description="Plays that count: of music, each once.")
    minutes: float = Field(
        description="As it was heard; a play without a length counts as the track's length, "
        "and as 0 where that is not known either."
    )


class Top(Heard):
    """An artist, a track, an album or a genre; ``by``: the artist of a track or an album."""

    name: str
    by: str | None
    key: str = Field(description="Its key in the tables, such as `artist_key`.")


class PlaceHeard(Heard):
    """Where artists come from, or where it was heard; a null ``name`` is: not known."""

    name: str | None
    country_code: str | None = Field(description="ISO 3166-1 alpha-2.")
    artists: int = Field(description="How many artists were heard of this place, or there.")
    latitude: float | None
    longitude: float | None


class OnMap(Frozen):
    """What a map shows: countries by their shades, and circles where ``cities`` are known."""

    countries: tuple[PlaceHeard, ...]
    cities: tuple[PlaceHeard, ...]


class Span(Heard):
    """A day, week (ISO 8601), month or year of the timeline; 0 plays where nothing was heard."""

    name: str = Field(description="2026-11-26, 2026-W48, 2026-11 or 2026.")
    begins_on: date


class Habit(Heard):
    """An hour of a weekday, in the time zone of the settings."""

    weekday: int = Field(description="1 is Monday.")
    hour: int


class FirstHeard(Heard):
    """What was heard for the first time in the period, and how often in it."""

    name: str
    by: str | None
    key: str
    first_heard_at: datetime


class Missing(Heard):
    """A track that the library has no file of."""

    name: str
    by: str | None
    album: str | None
    key: str
    isrc: str | None
    recording_mbid: str | None
    last_heard_at: datetime


class Totals(Heard):
    """All plays of what was asked."""

    artists: int
    tracks: int
    without_length: int = Field(description="Plays whose minutes are not known: they count as 0.")
    first_at: datetime | None
    last_at: datetime | None

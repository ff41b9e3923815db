"""The music library over HTTP: what was heard most, where, when, first, and has no file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from pydantic import Field, ValidationError, model_validator

from nightshift.api.access import Reader
from nightshift.api.listing import Moment
from nightshift.api.problems import problem
from utils.errors import RetryableError, UsageError
from utils.models.base import Frozen
from utils.models.music_answers import (
    Asked,
    FirstHeard,
    Habit,
    Heard,
    Missing,
    Order,
    Origin,
    PlaceHeard,
    Span,
    Step,
    Thing,
)
from utils.music.reports import answer_documents as documents
from utils.music.reports import answers
from utils.music.star_schema import tables
from utils.privacy.redaction import shown_within

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

router = APIRouter(tags=["music"])

# Each may take the memory that utils/music/star_schema/tables.py gives a connection.
_at_once = BoundedSemaphore(2)  # of this process
_PATIENCE_SECONDS = 30.0  # chosen


class Plays(Frozen):
    """Which plays are asked about."""

    since: Moment | None = Field(None, description="Played then or later; as `after` of items.")
    until: Moment | None = Field(None, description="Played before that moment.")
    place: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        pattern=r"\S",
        description="Where the artist comes from: a country's code or name, a city or area.",
    )

    @model_validator(mode="after")
    def _can_be(self) -> Plays:
        try:
            self.asked()
        except ValidationError as error:
            raise ValueError(error.errors()[0]["msg"].removeprefix("Value error, ")) from None
        return self

    def asked(self) -> Asked:
        """The same as the library has it."""
        return Asked(since=self.since, until=self.until, place=self.place)


class TopQuery(Plays):
    """What the most heard is asked of."""

    of: Thing = "artists"
    by: Order = "plays"
    limit: int = Field(20, ge=1, le=1_000)
    details: bool = Field(False, description="With `by` and `key`.")


class PlacesQuery(Plays):
    """How places are told apart."""

    by: Origin = Field("country", description="`heard`: where it was heard.")
    limit: int = Field(300, ge=1, le=1_000)


class TimelineQuery(Plays):
    """How long each row is."""

    by: Step = "month"


class NewQuery(Plays):
    """What is new."""

    of: Thing = "artists"
    limit: int = Field(20, ge=1, le=1_000)


class MissingQuery(Plays):
    """What is missing."""

    limit: int = Field(20, ge=1, le=1_000)
    least: int = Field(1, ge=1, le=1_000_000, description="Plays at least.")


class MostHeard(Frozen):
    """A row of the most heard."""

    name: str
    plays: int
    minutes: float
    by: str | None = Field(None, description="The artist of a track or an album; with `details`.")
    key: str | None = Field(None, description="Its key in the tables; with `details`.")


@router.get("/music/top", response_model_exclude_unset=True)
def most_heard(
    request: Request, wanted: Annotated[TopQuery, Query()], _caller: Reader
) -> list[MostHeard]:
    """List the artists, tracks, albums or genres that were heard most."""
    columns = documents.TOP if wanted.details else documents.BRIEF
    with opened(request) as (connection, _):
        rows = answers.top(connection, wanted.asked(), wanted.of, wanted.limit, wanted.by)
    return [MostHeard(**row) for row in _shown(rows, columns)]


@router.get("/music/places")
def heard_places(
    request: Request, wanted: Annotated[PlacesQuery, Query()], _caller: Reader
) -> list[PlaceHeard]:
    """List where artists come from, or where it was heard; the last, without a name: not known."""
    with opened(request) as (connection, _):
        rows = answers.places(connection, wanted.asked(), wanted.by, wanted.limit)
    return [PlaceHeard(**row) for row in _shown(rows, documents.PLACES)]


@router.get("/music/timeline")
def music_timeline(
    request: Request, wanted: Annotated[TimelineQuery, Query()], _caller: Reader
) -> list[Span]:
    """List how much was heard by day, week, month or year, without gaps."""
    with opened(request) as (connection, zone):
        try:
            rows = answers.timeline(connection, wanted.asked(), wanted.by, zone)
        except UsageError as error:
            raise problem(422, "Invalid request", str(error)) from error
    return list(rows)


@router.get("/music/habits")
def music_habits(
    request: Request, wanted: Annotated[Plays, Query()], _caller: Reader
) -> list[Habit]:
    """List the 168 hours of the week with their plays."""
    with opened(request) as (connection, _):
        return list(answers.habits(connection, wanted.asked()))


@router.get("/music/new")
def new_music(
    request: Request, wanted: Annotated[NewQuery, Query()], _caller: Reader
) -> list[FirstHeard]:
    """List what was heard for the first time in the period, the latest first."""
    with opened(request) as (connection, _):
        rows = answers.new(connection, wanted.asked(), wanted.of, wanted.limit)
    return [FirstHeard(**row) for row in _shown(rows, documents.NEW)]


@router.get("/music/missing")
def missing_music(
    request: Request, wanted: Annotated[MissingQuery, Query()], _caller: Reader
) -> list[Missing]:
    """List tracks that were heard and are no file of the library."""
    with opened(request) as (connection, _):
        rows = answers.missing(connection, wanted.asked(), wanted.limit, wanted.least)
    return [Missing(**row) for row in _shown(rows, documents.MISSING)]


@contextmanager
def opened(request: Request) -> Iterator[tuple[DuckDBPyConnection, ZoneInfo]]:
    """The tables of the newest build for one request; few at once, for each takes memory."""
    settings = request.app.state.settings
    if not _at_once.acquire(timeout=_PATIENCE_SECONDS):
        raise RetryableError("Too many questions are asked at once. Ask again later.")
    try:
        connection = tables.opened(settings)
        try:
            yield connection, ZoneInfo(settings.timezone)
        finally:
            connection.close()
    finally:
        _at_once.release()


def _shown(rows: Iterable[Heard], columns: Sequence[str]) -> list[dict[str, Any]]:
    """Rows without what is secret in an address, should a name be one."""
    return [shown_within(row) for row in documents.documents(rows, columns)]

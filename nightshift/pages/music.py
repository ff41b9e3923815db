"""What was listened to: totals, plots, a map; where it came from, and what was not taken."""

from __future__ import annotations

from datetime import datetime
from importlib.util import find_spec
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_skeleton, get_day_names, get_month_names
from fastapi import APIRouter, Query, Request, Response

from nightshift.api.music import opened
from nightshift.pages import charts, texts
from nightshift.pages.charts import Columns, Heat
from nightshift.pages.formats import Formats
from nightshift.pages.rendering import formats_of, language_of, page
from nightshift.pages.viewer import Reading, Viewer
from utils.config import Settings
from utils.db import music_totals, play_rejects
from utils.db.session import session
from utils.models.music_answers import Asked, Habit, Span, Step
from utils.models.music_import import IN_WORDS
from utils.models.sanitize import visible
from utils.music.reports import countries
from utils.music.reports import page as answers_page
from utils.music.spotify import account_status
from utils.music.star_schema import tables
from utils.privacy.redaction import shown_within

router = APIRouter()

_ROWS = 10  # of each list
_REJECTS = 50
_KEPT_VIEWS = 24  # that were asked lately: a build never changes
_FIRST_YEAR = 1990

Year = Annotated[int | None, Query(ge=_FIRST_YEAR, le=9000)]
Month = Annotated[int | None, Query(ge=1, le=12)]
Place = Annotated[str | None, Query(max_length=200)]


@router.get("/music")
def show(
    request: Request, viewer: Reading, year: Year = None, month: Month = None, place: Place = None
) -> Response:
    """All that was heard, in a year or a month, or by artists of a place."""
    if (lacking := lacks(request)) is not None:
        return page(request, "music_empty.html.j2", viewer, lacking=lacking)
    zone = ZoneInfo(_settings(request).timezone)
    asked = _asked(zone, year, month, (place or "").strip() or None)
    found, ever = _view(request, asked, zone), _view(request, Asked(), zone)
    return page(
        request,
        "music.html.j2",
        viewer,
        year=year,
        month=month if year else None,
        place=asked.place,
        years=_years(ever, zone),
        seen=found,
        timeline=columns(request, viewer, found["timeline"]["spans"], found["step"]),
        week=week(request, viewer, [row for row, _ in found["habits"]["squares"]]),
        tops={name: [row for row, _ in rows] for name, rows in found["tops"].items()},
        missing=[row for row, _ in found["missing"]],
        **words(request, viewer),
    )


@router.get("/music/imports")
def show_imports(request: Request, viewer: Reading) -> Response:
    """Where plays came from, what of it was no play, and whether Spotify goes on telling."""
    with session() as s:
        histories, counts = music_totals.histories(s), play_rejects.by_reason(s)
        rejects = [
            (one.place, one.reason, one.added_at) for one in play_rejects.newest(s, _REJECTS)
        ]
    settings = _settings(request)
    return page(
        request,
        "music_imports.html.j2",
        viewer,
        histories=histories,
        counts=counts,
        rejects=[(visible(str(place)), reason, at) for place, reason, at in rejects],
        words={reason.value: text for reason, text in IN_WORDS.items()},
        account=shown_within(account_status.of(settings)),
        build=tables.newest(settings),
    )


def lacks(request: Request) -> str | None:
    """What stands between a person and their plots; None if nothing does."""
    if find_spec("duckdb") is None:
        return "duckdb"
    if tables.newest(_settings(request)) is not None:
        return None
    with session() as s:
        return "build" if music_totals.has_plays(s) else "plays"


def columns(request: Request, viewer: Viewer, spans: list[Span], step: Step) -> Columns:
    """How much was heard when."""
    language = language_of(request, viewer)
    fmt, catalogue = formats_of(request, viewer), texts.catalogue(language)
    forms = {"day": "MMMd", "month": "yMMM", "year": "y"}

    def name(span: Span) -> str:
        if step == "week":
            return span.name
        return format_skeleton(forms[step], span.begins_on, locale=language)

    label = {
        "day": catalogue.gettext("Plays by day"),
        "week": catalogue.gettext("Plays by week"),
        "month": catalogue.gettext("Plays by month"),
        "year": catalogue.gettext("Plays by year"),
    }[step]
    heard = {"": [span.plays for span in spans]}
    return charts.columns(label, [name(span) for span in spans], heard, says(fmt, language),
                          catalogue.gettext("When"))  # fmt: skip


def week(request: Request, viewer: Viewer, rows: list[Habit]) -> Heat:
    """How much was heard in which hour of which weekday."""
    language = language_of(request, viewer)
    fmt, _ = formats_of(request, viewer), texts.catalogue(language).gettext
    names = get_day_names("abbreviated", locale=language)
    days = [(names[day], [row.plays for row in rows if row.weekday == day + 1]) for day in range(7)]
    hours = [f"{hour}:00" for hour in range(24)]
    return charts.heat(_("Plays by hour and weekday"), days, hours, fmt.number, 6)


def words(request: Request, viewer: Viewer) -> dict[str, Any]:
    """What templates say of music: `country(name)`, `plays(number)`, `ranking(…)`, month names."""
    language = language_of(request, viewer)
    fmt = formats_of(request, viewer)
    months = get_month_names("abbreviated", "stand-alone", locale=language)
    return {
        "country": lambda name: country(language, name),
        "plays": says(fmt, language),
        "ranking": lambda label, head, rows: ranking(label, head, rows, fmt),
        "month_name": lambda number: months[number],
    }


def says(fmt: Formats, language: str) -> charts.Say:
    """A number of plays in words."""
    catalogue = texts.catalogue(language)

    def say(value: float) -> str:
        words = catalogue.ngettext("%(num)s play", "%(num)s plays", round(value))
        return str(words % {"num": fmt.number(round(value))})

    return say


def ranking(label: str, head: tuple[str, str], rows: list[Any], fmt: Formats) -> charts.Bars:
    """The most heard, as bars."""
    made = [
        (visible(row.name or ""), visible(getattr(row, "by", None) or ""), row.plays, None)
        for row in rows
    ]
    return charts.linked(label, head, made, fmt.number)


def _view(request: Request, asked: Asked, zone: ZoneInfo) -> dict[str, Any]:
    """What is to be seen of plays; made once of a build, which never changes."""
    build = tables.newest(_settings(request))
    if not hasattr(request.app.state, "music"):
        request.app.state.music = {}
    known: dict[Any, dict[str, Any]] = request.app.state.music
    key = (build.name if build else "", asked)
    if key not in known:
        with opened(request) as (connection, _):
            found = answers_page.view(connection, asked, _ROWS, zone)
        while len(known) >= _KEPT_VIEWS:
            known.pop(next(iter(known)))
        known[key] = found
    return known[key]


def _asked(zone: ZoneInfo, year: int | None, month: int | None, place: str | None) -> Asked:
    if year is None:
        return Asked(place=place)
    begin = datetime(year, month or 1, 1, tzinfo=zone)
    end = begin.replace(year=year + 1) if month in {None, 12} else begin.replace(month=month + 1)
    return Asked(since=begin, until=end.replace(month=1) if month == 12 else end, place=place)


def _years(ever: dict[str, Any], zone: ZoneInfo) -> list[int]:
    totals = ever["totals"]
    if totals.first_at is None or totals.last_at is None:
        return []
    first, last = (moment.astimezone(zone).year for moment in (totals.first_at, totals.last_at))
    return list(range(last, max(first, _FIRST_YEAR) - 1, -1))


def country(language: str, name: str | None) -> str:
    """A country in the person's language, by its English name or its code."""
    code = countries.code(name) if name else None
    known: str | None = Locale.parse(language).territories.get(code) if code else None
    return known or name or ""


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings

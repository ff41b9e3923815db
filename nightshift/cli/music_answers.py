"""What `nightshift music` answers: top, places, timeline, habits, new, missing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nightshift.cli.bars import print_bars, shade
from nightshift.cli.filters import Since, Until, asked
from nightshift.cli.listing import Csv, print_records
from nightshift.cli.music_output import Form, headed, is_given, numbers, opened_tables
from nightshift.cli.output import Json, console
from utils.models.music_answers import Order, Origin, Step, Thing

Place = Annotated[
    str | None,
    typer.Option(
        "--place",
        metavar="PLACE",
        help="Where the artist comes from: a country's code or name, a city or area.",
    ),
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="Rows at most.")]
Plot = Annotated[
    Path | None,
    typer.Option("--plot", metavar="FILE.png", help="Draw it, too; what is there is replaced."),
]
_THINGS = "artists|tracks|albums|genres"
What = Annotated[Thing, typer.Argument(metavar=_THINGS, show_default=False)]

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
TITLES = {
    "country": "Where the artists come from",
    "city": "Where the artists come from",
    "heard": "Where it was heard",
}
ONE = {"artists": "artist", "tracks": "track", "albums": "album", "genres": "genre"}


def top(
    what: What,
    since: Since = None,
    until: Until = None,
    place: Place = None,
    limit: Limit = 20,
    by: Annotated[Order, typer.Option("--by", help="plays, or minutes.")] = "plays",
    details: Annotated[
        bool, typer.Option("--details", help="JSON and CSV with artist and key, too.")
    ] = False,
    as_json: Json = False,
    as_csv: Csv = False,
    plot: Plot = None,
) -> None:
    """Show what was heard most.

    Days are those of the time zone in the settings; the year 2025 is
    --since 2025-01-01 --until 2026-01-01.
    Minutes are as long as it was played. A history that does not say how
    long (Last.fm) counts the track's length, and 0 where that is not known.
    A play counts for each genre of its artist. Equals stand by name.
    """
    from utils.music.reports import answers, plots
    from utils.music.reports.answer_documents import BRIEF, TOP

    wanted = asked(since, until, place)
    with opened_tables(wanted) as (connection, _):
        rows = answers.top(connection, wanted, what, limit, by)
    form = Form(TOP if details else BRIEF, as_json, as_csv, plot)
    title = headed(f"The most heard {what}", wanted)
    if is_given(rows, form, lambda path: plots.ranking(rows, title, by, path)):
        return
    has_artist = any(row.by for row in rows)
    print_bars(
        ("", ONE[what], *(["artist"] if has_artist else []), "plays", "minutes"),
        [
            (str(n), row.name, *([row.by or "–"] if has_artist else []), *numbers(row))
            for n, row in enumerate(rows, start=1)
        ],
        [getattr(row, by) for row in rows],
    )


def places(
    since: Since = None,
    until: Until = None,
    place: Place = None,
    limit: Limit = 50,
    by: Annotated[
        Origin, typer.Option("--by", help="country, city, or heard: where it was heard.")
    ] = "country",
    heard: Annotated[bool, typer.Option("--heard", help="The same as --by heard.")] = False,
    as_json: Json = False,
    as_csv: Csv = False,
    plot: Plot = None,
) -> None:
    """Show where the artists come from, or where it was heard.

    What is not known of is the last row. The plot is a map, drawn without
    a network.
    """
    from utils.music.reports import answers, maps
    from utils.music.reports.answer_documents import PLACES

    wanted, origin = asked(since, until, place), "heard" if heard else by
    with opened_tables(wanted) as (connection, _):
        rows = answers.places(connection, wanted, origin, limit)
        seen = answers.on_map(connection, wanted, origin)
    title = headed(TITLES[origin], wanted)
    form = Form(PLACES, as_json, as_csv, plot)
    if is_given(rows, form, lambda path: maps.draw(seen, title, path)):
        return
    is_city = origin == "city"
    print_bars(
        ("place" if is_city else "country", "code", "artists", "plays", "minutes"),
        [
            (row.name or "not known", row.country_code or "–", f"{row.artists:,}", *numbers(row))
            for row in rows
        ],
        [row.plays for row in rows],
    )


def timeline(
    since: Since = None,
    until: Until = None,
    place: Place = None,
    by: Annotated[Step, typer.Option("--by", help="day, week, month or year.")] = "month",
    as_json: Json = False,
    as_csv: Csv = False,
    plot: Plot = None,
) -> None:
    """Show how much was heard when, also where it was nothing.

    From the first play to the last, or as far as --since and --until go.
    Weeks begin on Monday (ISO 8601).
    """
    from zoneinfo import ZoneInfo

    from utils.music.reports import answers, plots
    from utils.music.reports.answer_documents import TIMELINE

    wanted = asked(since, until, place)
    with opened_tables(wanted) as (connection, settings):
        rows = answers.timeline(connection, wanted, by, ZoneInfo(settings.timezone))
    form, title = Form(TIMELINE, as_json, as_csv, plot), headed(f"Plays by {by}", wanted)
    if is_given(rows, form, lambda path: plots.columns(rows, title, path)):
        return
    print_bars(
        (by, "plays", "minutes"),
        [(row.name, *numbers(row)) for row in rows],
        [row.plays for row in rows],
    )


def habits(
    since: Since = None,
    until: Until = None,
    place: Place = None,
    as_json: Json = False,
    as_csv: Csv = False,
    plot: Plot = None,
) -> None:
    """Show at which hours of which weekdays it was listened.

    In the time zone that the tables were built in.
    """
    from utils.music.reports import answers, plots
    from utils.music.reports.answer_documents import HABITS

    wanted = asked(since, until, place)
    with opened_tables(wanted) as (connection, _):
        rows = answers.habits(connection, wanted)
    form, title = Form(HABITS, as_json, as_csv, plot), headed("The hours of the week", wanted)
    if is_given(rows, form, lambda path: plots.week(rows, title, path)):
        return
    if not console.is_terminal:
        print_records([row.model_dump() for row in rows], HABITS, as_csv=False)
        return
    most = max(row.plays for row in rows)
    hours = "".join(f"{hour:<6}" for hour in range(0, 24, 3))
    console.print(f"{'':11}{hours}", markup=False, style="bold")
    for begin in range(0, len(rows), 24):
        day = rows[begin : begin + 24]
        cells = "".join(2 * shade(row.plays / most if most else 0) for row in day)
        plays = sum(row.plays for row in day)
        console.print(f"{WEEKDAYS[begin // 24]:11}{cells}{plays:>8,} plays", markup=False)


def new(
    what: Annotated[Thing, typer.Argument(metavar=f"[{_THINGS}]")] = "artists",
    since: Since = None,
    until: Until = None,
    place: Place = None,
    limit: Limit = 20,
    as_json: Json = False,
    as_csv: Csv = False,
    plot: Plot = None,
) -> None:
    """Show what was heard for the first time in the period, the latest first.

    Plays are those in the period. Without --since it is everything that was
    ever heard, the last discovered first.
    """
    from zoneinfo import ZoneInfo

    from utils.music.reports import answers, plots
    from utils.music.reports.answer_documents import NEW

    wanted = asked(since, until, place)
    with opened_tables(wanted) as (connection, settings):
        rows, zone = answers.new(connection, wanted, what, limit), ZoneInfo(settings.timezone)
    form, title = Form(NEW, as_json, as_csv, plot), headed(f"New {what}", wanted)
    if is_given(rows, form, lambda path: plots.ranking(rows, title, "plays", path)):
        return
    has_artist = any(row.by for row in rows)
    print_bars(
        ("first heard", ONE[what], *(["artist"] if has_artist else []), "plays", "minutes"),
        [
            (
                f"{row.first_heard_at.astimezone(zone):%Y-%m-%d}",
                row.name,
                *([row.by or "–"] if has_artist else []),
                *numbers(row),
            )
            for row in rows
        ],
        [row.plays for row in rows],
    )


def missing(
    since: Since = None,
    until: Until = None,
    place: Place = None,
    limit: Limit = 20,
    least: Annotated[int, typer.Option("--least", min=1, help="Plays at least.")] = 1,
    as_json: Json = False,
    as_csv: Csv = False,
    plot: Plot = None,
) -> None:
    """Show tracks that were heard and are no file of the library, the most heard first."""
    from utils.music.reports import answers, plots
    from utils.music.reports.answer_documents import MISSING

    wanted = asked(since, until, place)
    with opened_tables(wanted) as (connection, _):
        rows = answers.missing(connection, wanted, limit, least)
    form = Form(MISSING, as_json, as_csv, plot)
    title = headed("Heard, and no file in the library", wanted)
    if is_given(rows, form, lambda path: plots.ranking(rows, title, "plays", path)):
        return
    print_bars(
        ("track", "artist", "album", "plays"),
        [(row.name, row.by or "–", row.album or "–", f"{row.plays:,}") for row in rows],
        [row.plays for row in rows],
    )

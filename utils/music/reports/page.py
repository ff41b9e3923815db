"""All answers as one HTML file: no script, no request to anywhere, readable from the disk.

Plots are SVG in the page, each beside or above a table of its numbers. What strangers named is
escaped, on one line and isolated from the direction of its surroundings.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, Template

from utils.clock import now
from utils.models.music_answers import Asked, Habit, Heard, Span, Step, Thing, Totals
from utils.models.sanitize import visible
from utils.music.reports import answers, canvas, color_scale, maps, page_map, plots
from utils.storage.files import whole_file

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_THINGS: tuple[Thing, ...] = ("artists", "tracks", "albums", "genres")
_MOST_TICKS = 8


def write(
    connection: DuckDBPyConnection, asked: Asked, limit: int, timezone: str, path: Path
) -> None:
    """Write the page.

    Args:
        connection: Of ``utils.music.star_schema.tables.opened``.
        asked: Which plays.
        limit: Rows of each list at most.
        timezone: Of the days, such as Europe/Berlin.
        path: The file; what is there is replaced.

    Raises:
        PermanentError: the tables can't be read.
    """
    page = _template().render(view(connection, asked, limit, ZoneInfo(timezone)))
    with whole_file(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def view(
    connection: DuckDBPyConnection, asked: Asked, limit: int, zone: ZoneInfo
) -> dict[str, Any]:
    """What the page shows, by the names of its template."""
    totals = answers.totals(connection, asked)
    step = _step(totals)
    spans = answers.timeline(connection, asked, step, zone)
    seen = answers.on_map(connection, asked, "country")
    return {
        "heading": canvas.heading("What was heard", asked, zone),
        "zone": zone,
        "made_at": now().astimezone(zone),
        "totals": totals,
        "step": step,
        "timeline": _columns(spans),
        "tops": {one: _barred(answers.top(connection, asked, one, limit)) for one in _THINGS},
        "seen": seen,
        "countries": _barred([one for one in seen.countries if one.country_code][:limit]),
        "elsewhere": sum(one.plays for one in seen.countries if not one.country_code),
        "map": page_map.of(seen),
        "off_map": maps.off_map(maps.by_country(seen.countries)),
        "habits": _week(answers.habits(connection, asked)),
        "new": answers.new(connection, asked, "artists", limit),
        "missing": _barred(answers.missing(connection, asked, limit)),
        "shades": {"light": color_scale.LIGHT, "dark": color_scale.DARK, "land": color_scale.LAND},
    }


def _step(totals: Totals) -> Step:
    """The step that gives a timeline of a few to a hundred columns."""
    if totals.first_at is None or totals.last_at is None:
        return "month"
    long = totals.last_at - totals.first_at
    if long <= timedelta(days=62):
        return "day"
    if long <= timedelta(days=400):
        return "week"
    return "month" if long <= timedelta(days=5000) else "year"


def _barred(rows: Sequence[Heard]) -> list[tuple[Any, float]]:
    """Rows, and how long the bar of each is, 0 to 100."""
    most = max((row.plays for row in rows), default=0)
    return [(row, round(100 * row.plays / most, 2)) for row in rows]


def _columns(spans: Sequence[Span]) -> dict[str, Any]:
    """The columns of a timeline, its scale, and which of them are named where."""
    top = nice(max((span.plays for span in spans), default=0))
    number = max(len(spans), 1)
    shown = plots.ticks(len(spans), _MOST_TICKS)
    return {
        "spans": spans,
        "heights": [round(100 * span.plays / top, 2) for span in spans],
        "top": top,
        "ticks": [(round(100 * (at + 0.5) / number, 2), spans[at].name) for at in shown],
    }


def nice(most: int) -> int:
    """The least even number of one digit and zeros that is no less: the top of a scale."""
    power = 1
    while True:
        for one in (2, 4, 6, 8, 10):
            if one * power >= most:
                return one * power
        power *= 10


def _week(rows: Sequence[Habit]) -> dict[str, Any]:
    """The week's squares with their shades, and the rows of its table."""
    most = max((row.plays for row in rows), default=0)
    return {
        "squares": [(row, plots.share_class(row.plays, most)) for row in rows],
        "days": [
            (name, [row.plays for row in rows if row.weekday == n])
            for n, name in enumerate(_WEEKDAYS, start=1)
        ],
        "legend": page_map.legend(plots.share_bounds(most)),
    }


def _shown(value: object) -> object:
    """What the page says of a value: text from strangers on its line, with all that is in it."""
    return visible(value) if type(value) is str else value  # Markup is ours


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("utils.music.reports", "."),
        autoescape=True,  # names come from strangers
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["short"] = canvas.short
    return environment.get_template("page.html.j2")

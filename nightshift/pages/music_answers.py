"""Questions of the music library as `nightshift music` answers them: drawn, or as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from nightshift.api.music import opened
from nightshift.pages import charts, music
from nightshift.pages.rendering import formats_of, page
from nightshift.pages.viewer import Reading, Viewer
from utils.config import Settings
from utils.errors import UsageError
from utils.models.base import Frozen
from utils.models.music_answers import Asked, Order, Origin, Step, Thing
from utils.models.sanitize import visible
from utils.music.reports import answer_documents as documents
from utils.music.reports import answers
from utils.privacy.redaction import shown

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

router = APIRouter()

Question = Literal["top", "places", "timeline", "habits", "new", "missing"]
_COLUMNS = {"top": documents.TOP, "places": documents.PLACES, "timeline": documents.TIMELINE,
            "habits": documents.HABITS, "new": documents.NEW,
            "missing": documents.MISSING}  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheets take for one begins so


class Form(Frozen):
    """What is asked, as the form has it: an empty field asks for nothing."""

    question: Question = "top"
    of: Thing = "artists"
    by: Order = "plays"
    origin: Origin = "country"
    step: Step = "month"
    since: str = ""
    until: str = ""
    place: str = ""
    limit: Annotated[int, Query(ge=1, le=1000)] = 20


class Answer(NamedTuple):
    """Rows, and what is wrong with the question if there are none for it."""

    rows: Sequence[Any]
    problem: str | None = None


@router.get("/music/answers")
def show(request: Request, viewer: Reading, form: Annotated[Form, Query()]) -> Response:
    """One question with its plot."""
    if (lacking := music.lacks(request)) is not None:
        return page(request, "music_empty.html.j2", viewer, lacking=lacking)
    answer = _answered(request, form)
    return page(
        request,
        "music_answers.html.j2",
        viewer,
        form=form,
        query=form.model_dump(exclude_defaults=True),
        problem=answer.problem,
        number=len(answer.rows),
        **_drawn(request, viewer, form, answer.rows),
    )


@router.get("/music/answers.csv")
def download(request: Request, _viewer: Reading, form: Annotated[Form, Query()]) -> Response:
    """The same with all its columns."""
    answer = _answered(request, form)
    if answer.problem:
        raise UsageError(answer.problem)
    columns = _COLUMNS[form.question]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    for row in documents.documents(answer.rows, columns):
        writer.writerow([_plain(value) for value in row.values()])
    headers = {"content-disposition": f'attachment; filename="music-{form.question}.csv"'}
    return Response(out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _answered(request: Request, form: Form) -> Answer:
    try:
        asked = _asked(request, form)
    except ValidationError as error:
        return Answer((), error.errors()[0]["msg"].removeprefix("Value error, "))
    except ValueError:
        return Answer((), "no date")
    with opened(request) as (connection, zone):
        try:
            return Answer(_rows(connection, asked, form, zone))
        except UsageError as error:
            return Answer((), str(error))


def _rows(
    connection: DuckDBPyConnection, asked: Asked, form: Form, zone: ZoneInfo
) -> Sequence[Any]:
    match form.question:
        case "top":
            return answers.top(connection, asked, form.of, form.limit, form.by)
        case "places":
            return answers.places(connection, asked, form.origin, form.limit)
        case "timeline":
            return answers.timeline(connection, asked, form.step, zone)
        case "habits":
            return answers.habits(connection, asked)
        case "new":
            return answers.new(connection, asked, form.of, form.limit)
        case "missing":
            return answers.missing(connection, asked, form.limit)


def _asked(request: Request, form: Form) -> Asked:
    settings: Settings = request.app.state.settings
    zone = ZoneInfo(settings.timezone)

    def moment(day: str) -> datetime | None:
        return datetime.fromisoformat(day.strip()).replace(tzinfo=zone) if day.strip() else None

    place = form.place.strip()[:200] or None
    return Asked(since=moment(form.since), until=moment(form.until), place=place)


def _drawn(request: Request, viewer: Viewer, form: Form, rows: Sequence[Any]) -> dict[str, Any]:
    """The plot of an answer, under the name of its kind."""
    if form.question == "timeline":
        return {"columns": music.columns(request, viewer, list(rows), form.step)}
    if form.question == "habits":
        return {"week": music.week(request, viewer, list(rows))}
    fmt = formats_of(request, viewer)
    is_long = form.question == "top" and form.by == "minutes"
    made = []
    for row in rows:
        name, by = row.name or "", getattr(row, "by", None) or ""
        if form.question == "places" and form.origin != "city":
            name = music.country(fmt.locale, row.country_code)
        if form.question == "new":
            by = " · ".join(part for part in (by, fmt.day(row.first_heard_at)) if part)
        made.append((visible(name), visible(by), row.minutes if is_long else row.plays, None))
    return {"bars": lambda label, head: charts.linked(label, head, made, fmt.number)}


def _plain(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula, and no address in it with its secrets."""
    if not isinstance(value, str):
        return value
    text = shown(visible(value))
    return f"'{text}" if text.startswith(_FORMULA) else text

"""The options by which commands choose items."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from utils.models.music_answers import Asked
    from utils.models.search import SearchFilters

_DAY = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S"]

Kind = Annotated[str | None, typer.Option("--kind", help="video, audio or image.")]
Language = Annotated[str | None, typer.Option("--language", help="ISO 639-1, such as de.")]
After = Annotated[
    datetime | None,
    typer.Option(
        "--after", formats=_DAY, metavar="DATE", help="Captured (or else added) then or later."
    ),
]
Before = Annotated[
    datetime | None,
    typer.Option(
        "--before", formats=_DAY, metavar="DATE", help="Captured (or else added) earlier."
    ),
]
Since = Annotated[
    datetime | None,
    typer.Option("--since", formats=_DAY, metavar="DATE", help="Played then or later."),
]
Until = Annotated[
    datetime | None,
    typer.Option("--until", formats=_DAY, metavar="DATE", help="Played before; not on that day."),
]
Verdict = Annotated[
    str | None, typer.Option("--verdict", help="approve, accept, revise or reject.")
]
Approval = Annotated[str | None, typer.Option("--approval", help="approved, review or rejected.")]
Camera = Annotated[str | None, typer.Option("--camera", help="A part of its make and model.")]
MinDuration = Annotated[
    float | None, typer.Option("--min-duration", min=0, help="Seconds at least.")
]
MaxDuration = Annotated[
    float | None, typer.Option("--max-duration", min=0, help="Seconds at most.")
]
Place = Annotated[
    str | None,
    typer.Option("--place", help="How its name begins, or LATITUDE,LONGITUDE,KILOMETRES."),
]
SourceName = Annotated[str | None, typer.Option("--source", help="The name of a source.")]
Speaker = Annotated[str | None, typer.Option("--speaker", help="The name of a voice in it.")]


def filters(after: datetime | None, before: datetime | None, **given: Any) -> SearchFilters:
    """Options as filters; dates are meant in the time zone of the settings.

    Raises:
        typer.BadParameter: a value is none of those that there are.
    """
    from zoneinfo import ZoneInfo

    from pydantic import ValidationError

    from utils.config import load_settings
    from utils.models.search import SearchFilters

    zone = ZoneInfo(load_settings().timezone)
    dates = {"after": after, "before": before}
    given |= {name: day.replace(tzinfo=zone) for name, day in dates.items() if day}
    try:
        return SearchFilters.model_validate(given)
    except ValidationError as error:
        fault = error.errors()[0]
        raise typer.BadParameter(f"--{fault['loc'][0]} {fault['input']}: {fault['msg']}") from None


def asked(since: datetime | None, until: datetime | None, place: str | None) -> Asked:
    """Which plays are asked about; dates are meant in the time zone of the settings.

    Raises:
        typer.BadParameter: no play can be among them.
    """
    from zoneinfo import ZoneInfo

    from pydantic import ValidationError

    from utils.config import load_settings
    from utils.models.music_answers import Asked

    zone = ZoneInfo(load_settings().timezone)
    begin, end = (day.replace(tzinfo=zone) if day else None for day in (since, until))
    try:
        return Asked(since=begin, until=end, place=place)
    except ValidationError as error:
        fault = error.errors()[0]
        option = f"--{fault['loc'][0]}" if fault["loc"] else "--until"
        raise typer.BadParameter(
            f"{option}: {fault['msg'].removeprefix('Value error, ')}"
        ) from None

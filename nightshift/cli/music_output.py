"""How `nightshift music` gives its answers: from which tables, as JSON, CSV, drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from nightshift.cli.listing import print_records
from nightshift.cli.output import errors, print_json, shown
from utils.models.music_answers import Asked

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from utils.config import Settings
    from utils.music.reports.canvas import Heading


class Form(NamedTuple):
    """How an answer is given: ``columns`` of JSON and CSV."""

    columns: Sequence[str]
    as_json: bool
    as_csv: bool
    plot: Path | None


@contextmanager
def opened_tables(wanted: Asked) -> Iterator[tuple[DuckDBPyConnection, Settings]]:
    """The tables, opened for one answer; where there is nothing to answer, that is said."""
    from utils.config import load_settings
    from utils.music.reports import answers
    from utils.music.star_schema import tables

    settings = load_settings()
    connection = tables.opened(settings)
    try:
        if (build := tables.newest(settings)) and build.timezone != settings.timezone:
            errors.print(
                f"The tables were built in the time zone {build.timezone}, which days and hours "
                f"still are of; the settings have {settings.timezone}: nightshift music build",
                markup=False,
            )
        if not answers.totals(connection, wanted).plays:
            errors.print(_why_nothing(connection, wanted), markup=False)
        yield connection, settings
    finally:
        connection.close()


def _why_nothing(connection: DuckDBPyConnection, wanted: Asked) -> str:
    from utils.music.reports import answers

    if not answers.totals(connection, Asked()).plays:
        return ("Nothing was listened to yet: nightshift music import FILE…, or nightshift music "
                "login; then nightshift music build.")  # fmt: skip
    if wanted.place and answers.totals(connection, Asked(place=wanted.place)).plays == 0:
        return (f"No artist that was heard comes from {shown(wanted.place)}, as far as is known: "
                "nightshift music places tells from where.")  # fmt: skip
    return "Nothing was heard in this period."


def headed(title: str, wanted: Asked) -> Heading:
    """The heading of a plot; days as in the time zone of the settings."""
    from zoneinfo import ZoneInfo

    from utils.config import load_settings
    from utils.music.reports import canvas

    return canvas.heading(title, wanted, ZoneInfo(load_settings().timezone))


def is_given(rows: Sequence[Any], form: Form, draw: Callable[[Path], tuple[str, ...]]) -> bool:
    """Write the plot, JSON or CSV that was asked for; True if no table is to be printed.

    Raises:
        typer.BadParameter: both are wanted, or the plot is no PNG.
    """
    from utils.music.reports.answer_documents import documents

    if form.as_json and form.as_csv:
        raise typer.BadParameter("either --json or --csv")
    if form.plot is not None:
        for note in draw(target_of(form.plot, ".png")):
            errors.print(shown(note), markup=False)
        errors.print(shown(f"Drawn: {form.plot}"), markup=False)
    if form.as_json:
        print_json(documents(rows, form.columns))
    elif form.as_csv:
        print_records(documents(rows, form.columns), form.columns, as_csv=True)
    return form.as_json or form.as_csv


def target_of(path: Path, suffix: str) -> Path:
    """Where a file is to be written.

    Raises:
        typer.BadParameter: it can't be one of this kind.
    """
    target = path.expanduser()
    if target.suffix.lower() != suffix:
        raise typer.BadParameter(f"{path} does not end in {suffix}")
    if not target.parent.is_dir():
        raise typer.BadParameter(f"the folder {path.parent} is not there")
    if target.is_dir():
        raise typer.BadParameter(f"{path} is a folder")
    return target


def numbers(row: Any) -> tuple[str, str]:
    """Plays and minutes of a row as cells."""
    return f"{row.plays:,}", f"{row.minutes:,.0f}"

"""`nightshift music build` and `export`: the tables, made and given away."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from nightshift.cli.output import (
    Json,
    console,
    errors,
    print_error,
    print_json,
    print_table,
    spinner,
)


class Format(StrEnum):
    """What tables are given away as."""

    PARQUET = "parquet"
    CSV = "csv"
    DUCKDB = "duckdb"


def build(
    full: Annotated[
        bool, typer.Option("--full", help="Read all of the database again, not what is new.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make the tables that questions are asked of; what is new since the last time is added.

    They are built aside and tested; readers have the old ones until the new ones are whole. Where
    a test fails, the old ones stay.
    """
    from utils.config import load_settings
    from utils.models.music import Outcome
    from utils.music.history import preparation
    from utils.music.star_schema import building, tables

    settings = load_settings()
    with errors.status("Building the tables of music …", spinner=spinner()):
        preparation.prepare()  # or what two services tell of would count twice
        result = building.build(settings, full)
    if as_json:
        print_json(result.model_dump(mode="json"))
    elif result.status == Outcome.NO_UPDATES:
        console.print("Nothing changed since the last build: the tables stay as they are.")
    elif result.status == Outcome.FAILED:
        print_error("The new tables failed their tests; the old ones stay.")
        print_table(("test", "rows"), ((fault.what, fault.message) for fault in result.errors))
    elif (made := tables.newest(settings)) is not None:
        how = "in full" if made.full else f"{result.metrics['new']:,.0f} plays new or changed"
        console.print(f"Built in {result.seconds:.1f} s, {how}: {tables.folder(settings)}")
        if made.full and not full:
            console.print(
                "All was read again: it is the first build, or one by another version of "
                "Night Shift, or in another time zone."
            )
        print_table(("table", "rows"), ((one, f"{made.rows[one]:,}") for one in tables.TABLES))
    sys.exit(1 if result.status == Outcome.FAILED else 0)


def export(
    directory: Annotated[
        Path, typer.Argument(metavar="DIRECTORY", help="Where to; made if it is not there.")
    ],
    form: Annotated[
        Format, typer.Option("--format", help="A file a table, or one database of duckdb.")
    ] = Format.PARQUET,
    as_json: Json = False,
) -> None:
    """Write the tables of the last build for other tools; what is in DIRECTORY is not touched."""
    from utils.config import load_settings
    from utils.music.star_schema import exporting

    files = exporting.export(load_settings(), directory, form.value)
    if as_json:
        print_json([{"path": str(file), "size_bytes": file.stat().st_size} for file in files])
    else:
        print_table(("file", "bytes"), ((str(one), f"{one.stat().st_size:,}") for one in files))

"""What lists share: pages, columns by name, CSV, and how many more there are."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from nightshift.cli.output import console, print_table, shown

Record = Mapping[str, Any]

Offset = Annotated[int, typer.Option("--offset", min=0, help="Leave out so many first.")]
Columns = Annotated[
    str | None,
    typer.Option("--columns", metavar="NAME,NAME", help="Fields of --json, in this order."),
]
Csv = Annotated[bool, typer.Option("--csv", help="CSV with a head line on stdout, nothing else.")]


def chosen_columns(wanted: str | None, known: Sequence[str]) -> list[str]:
    """The columns that ``--columns`` names; all that there are if it is not given.

    Raises:
        typer.BadParameter: one is none.
    """
    if wanted is None:
        return list(known)
    names = [name.strip() for name in wanted.split(",")]
    if wrong := [name for name in names if name not in known]:
        raise typer.BadParameter(
            f"{', '.join(wrong) or 'nothing'} is no column. There are {', '.join(known)}"
        )
    return names


def print_records(records: Sequence[Record], columns: Sequence[str], as_csv: bool) -> None:
    """Print columns of records as they are kept: no rounded sizes, no shortened ids."""
    rows = [[_plain(record[name]) for name in columns] for record in records]
    if not as_csv:
        print_table(columns, rows)
        return
    if console.is_terminal:  # which would obey what a file's name holds
        rows = [[shown(cell) for cell in row] for row in rows]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerows([columns, *rows])


def print_more(begun_at: int, number: int, total: int) -> None:
    """Say on stderr which part of a list was shown, if it was not all of it."""
    last = begun_at + number
    if begun_at or last < total:
        part = f"{begun_at + 1:,}–{last:,}" if number else "none"
        more = f"; {total - last:,} more: --offset {last}" if last < total and number else ""
        print(f"{part} of {total:,}{more}", file=sys.stderr)


def _plain(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)

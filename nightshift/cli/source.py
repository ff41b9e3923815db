"""`nightshift source`: folders, buckets and addresses that shifts look into."""

from __future__ import annotations

from typing import Annotated

import typer

from nightshift.cli import source_import
from nightshift.cli.output import Json, console, not_blank, print_json, print_table
from nightshift.cli.work_options import not_too_long
from utils.models.sanitize import visible
from utils.privacy import redaction

Location = Annotated[str, typer.Argument(metavar="PATH_OR_URL", callback=not_blank)]

sources = typer.Typer(
    no_args_is_help=True, help="Folders and addresses that each shift looks into."
)


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    source_import.add_to(sources)
    app.add_typer(sources, name="source")


@sources.command("add")
def add_source(
    location: Location,
    vocabulary: Annotated[
        str | None,
        typer.Option(
            "--vocabulary",
            metavar="WORDS",
            callback=not_too_long,
            help='Names and places that are spoken of there; "" for none.',
        ),
    ] = None,
) -> None:
    """Have every shift look into a folder or an address."""
    from utils.config import load_settings
    from utils.db import sources as table
    from utils.db.session import session
    from utils.storage.sealing import sealed

    with session() as s:
        kept = table.add(s, sealed(location, load_settings()), vocabulary)
        console.print(f"Added {visible(redaction.shown(kept))}", soft_wrap=True, markup=False)


@sources.command("remove")
def remove_source(location: Location) -> None:
    """Forget a source; its items stay."""
    from utils.config import load_settings
    from utils.db import sources as table
    from utils.db.session import session
    from utils.storage.sealing import sealed

    with session() as s:
        table.remove(s, sealed(location, load_settings()))


@sources.command("list")
def list_sources(as_json: Json = False) -> None:
    """List the sources and how they are; the inbox in NIGHTSHIFT_HOME is always one."""
    from nightshift.cli.server import next_look
    from utils.config import load_settings
    from utils.db import sources as table
    from utils.db import vocabularies
    from utils.db.session import session
    from utils.documents.source import looked_into

    settings = load_settings()
    with session() as s:
        looks, expected = table.looks(s), vocabularies.by_location(s)
        rows = [
            looked_into(location, looks.get(location)) | {"vocabulary": expected.get(location)}
            for location in (str(settings.inbox), *table.locations(s))
        ]
    coming = next_look(settings)
    if as_json:
        print_json([row | {"next_look": coming} for row in rows])
        return
    print_table(
        ("source", "state", "last look", "found", "words expected", "last error"),
        (
            (
                row["location"],
                row["state"],
                _moment(row["looked_at"]),
                "–" if row["found"] is None else f"{row['found']:,}",
                row["vocabulary"] or "",
                row["error"] or "",
            )
            for row in rows
        ),
        below=("last error",),
    )
    console.print(
        f"Next look: {_moment(coming)}"
        if coming
        else "Next look: with the next shift (nightshift night; nightshift up has a schedule)",
        style="dim",
    )


def _moment(iso: str | None) -> str:
    from datetime import datetime

    return f"{datetime.fromisoformat(iso).astimezone():%Y-%m-%d %H:%M}" if iso else "–"

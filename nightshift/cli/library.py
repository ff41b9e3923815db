"""Commands that look at the library: items, show, search, report, source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightshift.cli import item
from nightshift.cli.items import items
from nightshift.cli.output import (
    Json,
    console,
    not_blank,
    print_costs,
    print_json,
    print_pause,
    print_report,
    print_table,
    report_document,
)
from nightshift.cli.search import search
from nightshift.cli.work_options import not_too_long
from utils.models.sanitize import visible
from utils.privacy import redaction

if TYPE_CHECKING:
    from utils.db.schema import SourceLook

Wanted = Annotated[str, typer.Argument(metavar="ITEM", help="A checksum, its beginning, a path.")]

Location = Annotated[str, typer.Argument(metavar="PATH_OR_URL", callback=not_blank)]

sources = typer.Typer(
    no_args_is_help=True, help="Folders and addresses that each shift looks into."
)


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (items, show, search, report):
        app.command()(command)
    app.add_typer(sources, name="source")


def show(wanted: Wanted, as_json: Json = False) -> None:
    """Show all that is known of an item, or of a failed address."""
    from utils.config import load_settings
    from utils.db import addresses
    from utils.db import items as library
    from utils.db.session import session
    from utils.storage.sealing import sealed

    with session() as s:
        if (address := addresses.find(s, sealed(wanted, load_settings()))) is not None:
            item.print_address(addresses.facts(address), as_json)
            return
        document = item.document(s, library.find(s, wanted))
    if as_json:
        print_json(document)
        return
    item.print_all(document)


def report(
    wanted: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="A run's id; the latest if left out.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what a run came to, and where its HTML report lies."""
    from utils.db import flags, runs
    from utils.db.session import session
    from utils.observability.reports import costs

    with session() as s:
        found = runs.load(s, runs.find(s, wanted).id)
        spent = costs.of_run(s, found)
        paused = flags.why_paused(s)
    if as_json:
        steps, lanes = ([line._asdict() for line in lines] for lines in spent)
        print_json(report_document(found) | {"steps": steps, "lanes": lanes, "paused": paused})
    else:
        print_report(found)
        print_costs(spent)
        print_pause()


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

    settings = load_settings()
    with session() as s:
        looks, expected = table.looks(s), vocabularies.by_location(s)
        rows = [
            _source(location, looks.get(location)) | {"vocabulary": expected.get(location)}
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


def _source(location: str, look: SourceLook | None) -> dict[str, Any]:
    """How a source is, as JSON."""
    state = "never looked into" if look is None else "failed" if look.failing_since else "ok"
    return {
        "location": redaction.shown(location),
        "state": state,
        "looked_at": look.looked_at.isoformat() if look else None,
        "found": look.found if look else None,
        "error_class": look.error_class if look else None,
        "error": redaction.shown(look.error) if look and look.error else None,
        "failing_since": look.failing_since.isoformat() if look and look.failing_since else None,
    }


def _moment(iso: str | None) -> str:
    from datetime import datetime

    return f"{datetime.fromisoformat(iso).astimezone():%Y-%m-%d %H:%M}" if iso else "–"

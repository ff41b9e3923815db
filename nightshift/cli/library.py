"""Commands that look at the library: items, show, search, report, source."""

from __future__ import annotations

from typing import Annotated

import typer

from nightshift.cli import item
from nightshift.cli.items import items
from nightshift.cli.output import (
    Json,
    console,
    not_blank,
    print_costs,
    print_json,
    print_report,
    report_document,
)
from nightshift.cli.search import search
from utils.models.sanitize import visible

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
    """Show all that is known of one item."""
    from utils.db import items as library
    from utils.db.session import session

    with session() as s:
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
    from utils.db import runs
    from utils.db.session import session
    from utils.observability.reports import costs

    with session() as s:
        found = runs.load(s, runs.find(s, wanted).id)
        spent = costs.of_run(s, found)
    if as_json:
        steps, lanes = ([line._asdict() for line in lines] for lines in spent)
        print_json(report_document(found) | {"steps": steps, "lanes": lanes})
    else:
        print_report(found)
        print_costs(spent)


@sources.command("add")
def add_source(location: Location) -> None:
    """Have every shift look into a folder or an address."""
    from utils.db import sources as table
    from utils.db.session import session

    with session() as s:
        console.print(f"Added {visible(table.add(s, location))}", soft_wrap=True, markup=False)


@sources.command("remove")
def remove_source(location: Location) -> None:
    """Forget a source; its items stay."""
    from utils.db import sources as table
    from utils.db.session import session

    with session() as s:
        table.remove(s, location)


@sources.command("list")
def list_sources(as_json: Json = False) -> None:
    """List the sources; the inbox in NIGHTSHIFT_HOME is always one."""
    from utils.config import load_settings
    from utils.db import sources as table
    from utils.db.session import session

    with session() as s:
        found = [str(load_settings().inbox), *table.locations(s)]
    if as_json:
        print_json(found)
    else:
        console.print("\n".join(map(visible, found)), soft_wrap=True, highlight=False, markup=False)

"""Commands that look at the library: items, show, search, report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nightshift.cli import item
from nightshift.cli.items import items
from nightshift.cli.output import (
    Json,
    print_costs,
    print_json,
    print_music,
    print_pause,
    print_report,
    print_reviews,
)
from nightshift.cli.search import search

if TYPE_CHECKING:
    from utils.distribution.credentials import Credentials

Wanted = Annotated[str, typer.Argument(metavar="ITEM", help="A checksum, its beginning, a path.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (items, show, search, report):
        app.command()(command)


def show(wanted: Wanted, as_json: Json = False) -> None:
    """Show all that is known of an item, or of a failed address."""
    from utils.config import load_settings
    from utils.db import addresses
    from utils.db import items as library
    from utils.db.session import session
    from utils.documents.item import document as document_of
    from utils.storage.sealing import sealed

    with session() as s:
        if (address := addresses.find(s, sealed(wanted, load_settings()))) is not None:
            item.print_address(addresses.facts(address), as_json)
            return
        document = document_of(s, library.find(s, wanted))
    signed = _credentials(document["item"]["paths"])
    document["credentials"] = signed._asdict() | {"in_words": signed.in_words} if signed else None
    if as_json:
        print_json(document)
        return
    item.print_all(document)


def _credentials(paths: list[str]) -> Credentials | None:
    """What the original says of itself, where it is on this machine."""
    from utils.distribution import credentials

    there = next((path for path in map(Path, paths) if path.is_file()), None)
    return credentials.found(there) if there else None


def report(
    wanted: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="A run's id; the latest if left out.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what a run came to, and where its HTML report lies."""
    from utils.db import flags, runs
    from utils.db.session import session
    from utils.documents import run
    from utils.observability.reports import costs, music, reviews

    with session() as s:
        found = runs.load(s, runs.find(s, wanted).id)
        spent, heard = costs.of_run(s, found), music.of_run(s, found)
        waiting = reviews.of_library(s)
        paused = flags.why_paused(s)
    if as_json:
        steps, lanes = ([line._asdict() for line in lines] for lines in spent)
        listening = {"music": music.document(heard)} if heard else {}
        waits = {"waiting_for_review": waiting.total if waiting else 0}
        told = waits | {"steps": steps, "lanes": lanes, "paused": paused, **listening}
        print_json(run.report(found) | told)
    else:
        print_report(found)
        print_reviews(waiting)
        print_music(heard)
        print_costs(spent)
        print_pause()

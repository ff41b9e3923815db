"""Commands that look at the library: items, show, search, report, source."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightshift.cli import item
from nightshift.cli.filters import (
    After,
    Before,
    Camera,
    Kind,
    Language,
    MaxDuration,
    MinDuration,
    Verdict,
    filters,
)
from nightshift.cli.item import facts
from nightshift.cli.output import (
    Json,
    console,
    print_costs,
    print_json,
    print_pause,
    print_report,
    print_table,
    report_document,
)

if TYPE_CHECKING:
    from utils.db.schema import SourceLook
    from utils.models.search import SearchHit

Wanted = Annotated[str, typer.Argument(metavar="ITEM", help="A checksum, its beginning, a path.")]

sources = typer.Typer(
    no_args_is_help=True, help="Folders and addresses that each shift looks into."
)


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (items, show, search, report):
        app.command()(command)
    app.add_typer(sources, name="source")


def items(
    status: Annotated[
        str | None,
        typer.Option("--status", help="pending, processing, done, deferred, failed, quarantined."),
    ] = None,
    kind: Kind = None,
    language: Language = None,
    after: After = None,
    before: Before = None,
    verdict: Verdict = None,
    camera: Camera = None,
    min_duration: MinDuration = None,
    max_duration: MaxDuration = None,
    limit: Annotated[int, typer.Option("--limit", min=1)] = 1000,
    as_json: Json = False,
) -> None:
    """List the items of the library, newest first."""
    from utils.db import addresses, library
    from utils.db import items as table
    from utils.db.session import session
    from utils.models.item import ItemStatus
    from utils.observability.reports.rows import duration, size

    chosen = filters(
        after, before, kind=kind, language=language, verdict=verdict, camera=camera,
        min_duration_seconds=min_duration, max_duration_seconds=max_duration,
    )  # fmt: skip
    known = (*ItemStatus, table.IN_WORK)
    if status and status not in known:
        raise typer.BadParameter(f"{status} is none of {', '.join(known)}")
    with session() as s:
        rows = library.newest(s, chosen, status, limit)
        failed = addresses.count_by_status(s)
    if as_json:
        print_json([facts(row) for row in rows])
        return
    print_table(
        ("item", "title", "kind", "length", "size", "language", "status", "verdict", "error"),
        (
            (
                row.id[:10],
                row.title,
                row.kind,
                duration(row.duration_seconds),
                size(row.size_bytes),
                row.language or "–",
                table.shown_status(row),
                row.verdict or "–",
                row.error or "",
            )
            for row in rows
        ),
    )
    if number := sum(failed.get(one, 0) for one in ([status] if status else failed)):
        what = "address" if number == 1 else "addresses"
        console.print(f"{number} {what} could not be fetched: nightshift failures")
    print_pause()


def show(wanted: Wanted, as_json: Json = False) -> None:
    """Show all that is known of one item, or of an address that could not be fetched."""
    from utils.db import addresses
    from utils.db import items as library
    from utils.db.session import session

    with session() as s:
        if (address := addresses.find(s, wanted)) is not None:
            item.print_address(addresses.facts(address), as_json)
            return
        document = item.document(s, library.find(s, wanted))
    if as_json:
        print_json(document)
        return
    item.print_all(document)


def search(
    query: Annotated[
        str, typer.Argument(metavar="[QUERY]", help='Words in any language, "phrases", begin*.')
    ] = "",
    kind: Kind = None,
    language: Language = None,
    after: After = None,
    before: Before = None,
    verdict: Verdict = None,
    camera: Camera = None,
    min_duration: MinDuration = None,
    max_duration: MaxDuration = None,
    limit: Annotated[int, typer.Option("--limit", min=1)] = 10,
    as_json: Json = False,
) -> None:
    """Find what was said or is summarised, and when; without words, the newest that pass."""
    from utils.config import load_settings
    from utils.search import query as find

    chosen = filters(
        after, before, kind=kind, language=language, verdict=verdict, camera=camera,
        min_duration_seconds=min_duration, max_duration_seconds=max_duration,
    )  # fmt: skip
    if not query.strip() and chosen.is_empty:
        raise typer.BadParameter("say what to look for, or give a filter such as --camera")
    hits = find.search(query, limit, load_settings(), chosen)
    if as_json:
        print_json([hit.model_dump(mode="json") for hit in hits])
    elif hits:
        _print_hits(hits)
    elif chosen.is_empty:
        console.print("Nothing is findable yet: nightshift run FOLDER")
    else:
        console.print("Nothing passes these filters.")


def _print_hits(hits: list[SearchHit]) -> None:
    from utils.observability.reports.rows import duration

    print_table(
        ("item", "kind", "at", "score", "file", "text", "found by"),
        (
            (
                hit.item_id[:10],
                hit.kind,
                duration(hit.start_seconds) if hit.start_seconds is not None else "–",
                f"{hit.score:.4f}",
                Path(hit.path).name,
                hit.snippet,
                ", ".join(f"{rank.list} {rank.rank}" for rank in hit.why),
            )
            for hit in hits
        ),
    )


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
def add_source(location: Annotated[str, typer.Argument(metavar="PATH_OR_URL")]) -> None:
    """Have every shift look into a folder or an address."""
    from utils.db import sources as table
    from utils.db.session import session

    with session() as s:
        console.print(f"Added {table.add(s, location)}", soft_wrap=True, markup=False)


@sources.command("remove")
def remove_source(location: Annotated[str, typer.Argument(metavar="PATH_OR_URL")]) -> None:
    """Forget a source; its items stay."""
    from utils.db import sources as table
    from utils.db.session import session

    with session() as s:
        table.remove(s, location)


@sources.command("list")
def list_sources(as_json: Json = False) -> None:
    """List the sources and how they are; the inbox in NIGHTSHIFT_HOME is always one."""
    from nightshift.cli.server import next_look
    from utils.config import load_settings
    from utils.db import sources as table
    from utils.db.session import session

    settings = load_settings()
    with session() as s:
        looks = table.looks(s)
        rows = [
            _source(location, looks.get(location))
            for location in (str(settings.inbox), *table.locations(s))
        ]
    coming = next_look(settings)
    if as_json:
        print_json([row | {"next_look": coming} for row in rows])
        return
    print_table(
        ("source", "state", "last look", "found", "last error"),
        (
            (
                row["location"],
                row["state"],
                _moment(row["looked_at"]),
                "–" if row["found"] is None else f"{row['found']:,}",
                row["error"] or "",
            )
            for row in rows
        ),
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
        "location": location,
        "state": state,
        "looked_at": look.looked_at.isoformat() if look else None,
        "found": look.found if look else None,
        "error_class": look.error_class if look else None,
        "error": look.error if look else None,
        "failing_since": look.failing_since.isoformat() if look and look.failing_since else None,
    }


def _moment(iso: str | None) -> str:
    from datetime import datetime

    return f"{datetime.fromisoformat(iso).astimezone():%Y-%m-%d %H:%M}" if iso else "–"

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
from nightshift.cli.listing import (
    Columns,
    Csv,
    Offset,
    chosen_columns,
    print_more,
    print_records,
)
from nightshift.cli.output import (
    Json,
    console,
    print_costs,
    print_hit,
    print_json,
    print_report,
    print_table,
    report_document,
    visible,
    without_name,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from utils.db.schema import Item
    from utils.models.search import SearchHit

_ROWS, _RECORDS = 50, 1_000  # that a list has if nobody says how many: for people, for programs

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
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, help="[default: 50; with --json or --csv 1000]"),
    ] = None,
    offset: Offset = 0,
    columns: Columns = None,
    as_csv: Csv = False,
    as_json: Json = False,
) -> None:
    """List the items of the library, newest first."""
    from utils.db import items as table
    from utils.db import library
    from utils.db.session import session
    from utils.models.item import ItemStatus

    chosen = filters(
        after, before, kind=kind, language=language, verdict=verdict, camera=camera,
        min_duration_seconds=min_duration, max_duration_seconds=max_duration,
    )  # fmt: skip
    known = (*ItemStatus, table.IN_WORK)
    if status and status not in known:
        raise typer.BadParameter(f"{status} is none of {', '.join(known)}")
    names = chosen_columns(columns, item.LISTED)
    limit = limit or (_RECORDS if as_json or as_csv else _ROWS)
    with session() as s:
        rows = library.newest(s, chosen, status, limit, offset)
        total = library.count(s, chosen, status)
        records = _records(s, rows)
    if as_json:
        print_json(records)
    elif as_csv or columns:
        print_records(records, names, as_csv)
    elif total:
        _print_items(records)
    elif status or not chosen.is_empty:
        console.print("No item passes these filters.")
    else:
        console.print("There are no items yet: nightshift run FOLDER")
    print_more(offset, len(rows), total)


def _records(s: Session, rows: Sequence[Item]) -> list[dict[str, Any]]:
    """Items as lists have them: their facts, where they lie, what was made of them."""
    from utils.db import items as table
    from utils.db import ledger

    ids = [row.id for row in rows]
    places, made = table.paths_by_item(s, ids), ledger.renditions(s, ids)
    return [
        facts(row)
        | {
            "path": str(places[row.id][0]) if places[row.id] else None,
            "rendition": str(made[row.id]) if row.id in made else None,
        }
        for row in rows
    ]


def _print_items(records: Sequence[dict[str, Any]]) -> None:
    from utils.observability.reports.rows import duration, size

    print_table(
        ("item", "title", "kind", "length", "size", "language", "status", "verdict", "error"),
        (
            (
                one["item_id"][:10],
                one["title"],
                one["kind"],
                duration(one["duration_seconds"]),
                size(one["size_bytes"]),
                one["language"] or "–",
                one["status"],
                one["verdict"] or "–",
                without_name(one["error"], one["path"]),
            )
            for one in records
        ),
    )


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
    weak: Annotated[
        bool, typer.Option("--weak", help="Also what is hardly nearer than anything else.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="So many at most.")] = 10,
    offset: Offset = 0,
    columns: Columns = None,
    as_csv: Csv = False,
    as_json: Json = False,
) -> None:
    """Find what was said or is summarised, and when.

    Without words: the newest that pass the filters.
    """
    from utils.config import load_settings
    from utils.search import query as find

    chosen = filters(
        after, before, kind=kind, language=language, verdict=verdict, camera=camera,
        min_duration_seconds=min_duration, max_duration_seconds=max_duration,
    )  # fmt: skip
    if not query.strip() and chosen.is_empty:
        raise typer.BadParameter("say what to look for, or give a filter such as --camera")
    names = chosen_columns(columns, _HIT)
    hits, total = find.page(query, limit, load_settings(), chosen, offset, weak)
    records = [hit.model_dump(mode="json") for hit in hits]
    if as_json:
        print_json(records)
    elif as_csv or columns:
        print_records(records, names, as_csv)
    elif hits:
        _print_hits(hits)
    elif not total:
        console.print(_nothing(query, chosen.is_empty), markup=False)
    print_more(offset, len(hits), total)


_HIT = (
    *("item_id", "title", "kind", "path", "score", "snippet", "start_seconds", "source_url"),
    "rendition",
)


def _nothing(query: str, of_all: bool) -> str:
    """Why there is no hit."""
    from utils.db import items as table
    from utils.db.session import session
    from utils.models.item import ItemStatus

    with session() as s:
        done = table.count_by_status(s).get(ItemStatus.DONE.value, 0)
    if not done:
        return "Nothing is findable yet: nightshift run FOLDER"
    passing = "" if of_all else " that passes these filters"
    return (
        f"Nothing found for {visible(query)!r}{passing}. With --weak: what is nearest all the same."
    )


def _print_hits(hits: list[SearchHit]) -> None:
    """Print two lines a hit on a terminal, what it is and what was found; elsewhere a table."""
    from utils.observability.reports.rows import duration

    def at(hit: SearchHit) -> str:
        return duration(hit.start_seconds) if hit.start_seconds is not None else "–"

    if console.is_terminal:
        for hit in hits:
            print_hit((hit.item_id[:10], at(hit), Path(hit.path).name), hit.snippet)
        return
    print_table(
        ("item", "kind", "at", "score", "file", "text", "found by"),
        (
            (
                hit.item_id[:10],
                hit.kind,
                at(hit),
                f"{hit.score:.4f}",
                hit.path,
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
    """List the sources; the inbox in NIGHTSHIFT_HOME is always one."""
    from utils.config import load_settings
    from utils.db import sources as table
    from utils.db.session import session

    with session() as s:
        found = [str(load_settings().inbox), *table.locations(s)]
    if as_json:
        print_json(found)
    else:
        console.print("\n".join(found), soft_wrap=True, highlight=False, markup=False)

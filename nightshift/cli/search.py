"""`nightshift search`: what was said, and when."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nightshift.cli.filters import (
    After,
    Before,
    Camera,
    Kind,
    Language,
    MaxDuration,
    MinDuration,
    Place,
    SourceName,
    Speaker,
    Verdict,
    filters,
)
from nightshift.cli.listing import (
    Columns,
    Csv,
    Offset,
    chosen_columns,
    print_more,
    print_records,
)
from nightshift.cli.output import Json, console, print_hit, print_json, print_table
from utils.models.sanitize import visible

if TYPE_CHECKING:
    from utils.models.search import SearchHit

_HIT = (  # the fields of a hit that can be columns
    *("item_id", "title", "kind", "path", "score", "snippet", "start_seconds", "source_url"),
    "rendition",
)


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
    place: Place = None,
    source: SourceName = None,
    speaker: Speaker = None,
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
        place=place, source=source, speaker=speaker,
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

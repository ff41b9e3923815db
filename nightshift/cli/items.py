"""`nightshift items`: the library, a line an item."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightshift.cli.approval import reason_of
from nightshift.cli.filters import (
    After,
    Approval,
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
from nightshift.cli.output import (
    Json,
    console,
    print_json,
    print_pause,
    print_table,
    without_name,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROWS, _RECORDS = 50, 1_000  # that a list has if nobody says how many: for people, for programs


def items(
    status: Annotated[
        str | None,
        typer.Option(
            "--status", help="pending, processing, done, deferred, failed, quarantined, superseded."
        ),
    ] = None,
    kind: Kind = None,
    language: Language = None,
    after: After = None,
    before: Before = None,
    verdict: Verdict = None,
    approval: Approval = None,
    camera: Camera = None,
    min_duration: MinDuration = None,
    max_duration: MaxDuration = None,
    place: Place = None,
    source: SourceName = None,
    speaker: Speaker = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, help="\\[default: 50; with --json or --csv 1000]"),
    ] = None,
    offset: Offset = 0,
    columns: Columns = None,
    as_csv: Csv = False,
    as_json: Json = False,
) -> None:
    """List the items of the library, newest first."""
    from utils.db import addresses, library
    from utils.db import items as table
    from utils.db.session import session
    from utils.documents import item
    from utils.models.item import ItemStatus

    chosen = filters(
        after, before, kind=kind, language=language, verdict=verdict,
        approval=approval, camera=camera,
        min_duration_seconds=min_duration, max_duration_seconds=max_duration,
        place=place, source=source, speaker=speaker,
    )  # fmt: skip
    known = (*ItemStatus, table.IN_WORK)
    if status and status not in known:
        raise typer.BadParameter(f"{status} is none of {', '.join(known)}")
    names = chosen_columns(columns, item.LISTED)
    limit = limit or (_RECORDS if as_json or as_csv else _ROWS)
    with session() as s:
        rows = library.newest(s, chosen, status, limit, offset)
        total = library.count(s, chosen, status)
        records = item.records(s, rows)
        failed = addresses.count_by_status(s)
    if as_json:
        print_json(records)
    elif as_csv or columns:
        print_records(records, names, as_csv)
    elif total:
        _print_items(records, with_reasons=approval is not None)
    elif status or not chosen.is_empty:
        console.print("No item passes these filters.")
    else:
        console.print("There are no items yet: nightshift run FOLDER")
    print_more(offset, len(rows), total)
    if as_json or as_csv or columns:
        return
    if parts := sum(one["work"] is not None for one in records):
        console.print(f"{parts} of these are parts of works of several files: nightshift works")
    if number := sum(failed.get(one, 0) for one in ([status] if status else failed)):
        what = "address" if number == 1 else "addresses"
        console.print(f"{number} {what} could not be fetched: nightshift failures")
    print_pause()


def _print_items(records: Sequence[dict[str, Any]], with_reasons: bool) -> None:
    from utils.models.shift import Lack, lacks_in_words
    from utils.observability.reports.rows import duration, size

    print_table(
        (
            "item",
            "title",
            "kind",
            "length",
            "size",
            "language",
            "status",
            "verdict",
            "approval",
            "why",
        ),
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
                one["approval"] or "–",
                without_name(one["error"], one["path"])
                or lacks_in_words([Lack.model_validate(lack) for lack in one["lacks"]])
                or _why_not_approved(one),
            )
            for one in records
        ),
        below=("why",) if with_reasons else (),
    )


def _why_not_approved(one: dict[str, Any]) -> str:
    """Why it is not to be published, or a person decides."""
    return "" if one["approval"] == "approved" else reason_of(one["approval_reason"])

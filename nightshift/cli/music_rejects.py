"""`nightshift music rejects`: rows of histories that are no plays, and why."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from nightshift.cli.output import Json, console, print_json, print_table


def rejects(
    limit: Annotated[
        int, typer.Option(min=1, help="So many, those that came last first; all are counted.")
    ] = 100,
    as_json: Json = False,
) -> None:
    """Show the rows of histories that are no plays: where they stand, and why.

    One that a later import takes, because its day has come or the rules changed, is shown no more.
    """
    from utils.db import play_rejects
    from utils.db.session import session
    from utils.models.music_import import IN_WORDS, Reason

    with session() as s:
        shown = play_rejects.newest(s, limit)
        counts = play_rejects.by_reason(s)
    words = {reason.value: text for reason, text in IN_WORDS.items()}
    assert set(words) == {reason.value for reason in Reason}
    if as_json:
        rows = [
            {"place": one.place, "account": one.account, "service": one.service,
             "origin": one.origin, "reason": one.reason, "why": words.get(one.reason, one.reason),
             "row": one.row, "added_at": one.added_at.isoformat()}
            for one in shown
        ]  # fmt: skip
        print_json({"count": sum(counts.values()), "by_reason": counts, "rejects": rows})
        return
    print_table(
        ("place", "service", "why", "row"),
        (
            (
                one.place,
                one.service,
                words.get(one.reason, one.reason),
                json.dumps(one.row, ensure_ascii=False, default=str)[:500],
            )
            for one in shown
        ),
        below=("row",),
    )
    total = sum(counts.values())
    if total > len(shown):
        console.print(f"… and {total - len(shown):,} more (--limit)", highlight=False)

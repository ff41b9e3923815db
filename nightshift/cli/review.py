"""`nightshift review`: what waits for a person, and what people decide of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightshift.cli import review_calibration
from nightshift.cli.approval import changed, reason_of
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
from nightshift.cli.listing import Offset, print_more
from nightshift.cli.output import Json, console, print_json, print_table
from nightshift.cli.review_deciding import accept, reject, revise, undo, user

if TYPE_CHECKING:
    from collections.abc import Sequence

review = typer.Typer(
    help="What waits for you before it may be published: decide.",
    rich_markup_mode="rich",
)

Wanted = Annotated[str, typer.Argument(metavar="ITEM", help="A checksum, its beginning, a path.")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="Rows at most.")]

_HINT = (
    "On a terminal `nightshift review` shows them one by one, and takes keys. Here: nightshift "
    "review list, show ITEM, accept ITEM…, reject ITEM…, revise ITEM --set NAME=VALUE."
)


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (accept, reject, revise, undo):
        review.command()(command)
    review_calibration.add_to(review)
    app.add_typer(review, name="review")


@review.callback(invoke_without_command=True)
def review_waiting(context: typer.Context) -> None:
    """Review what waits for you, one item after the other, by single keys.

    It waits where rules and critic are not sure. What you decide stands above them.
    """
    if context.invoked_subcommand is None:
        review_next()


@review.command("next")
def review_next(
    kind: Kind = None,
    language: Language = None,
    after: After = None,
    before: Before = None,
    verdict: Verdict = None,
    camera: Camera = None,
    min_duration: MinDuration = None,
    max_duration: MaxDuration = None,
) -> None:
    """Review what waits for you by single keys: all of it, or what the filters choose."""
    from nightshift.cli.keyboard import Keyboard
    from nightshift.cli.review_session import Session
    from utils.db import reviews
    from utils.db.session import session

    chosen = filters(
        after, before, kind=kind, language=language, verdict=verdict, camera=camera,
        min_duration_seconds=min_duration, max_duration_seconds=max_duration,
    )  # fmt: skip
    with session() as s:
        waiting = reviews.waiting_ids(s, chosen)
    if not waiting:
        console.print("Nothing waits for you.")
    elif console.is_terminal and sys.stdin.isatty():
        Session(waiting, user(), Keyboard()).run()
    else:
        verb = "item waits" if len(waiting) == 1 else "items wait"
        console.print(f"{len(waiting):,} {verb} for you. {_HINT}")


@review.command("list")
def list_waiting(
    kind: Kind = None,
    language: Language = None,
    after: After = None,
    before: Before = None,
    verdict: Verdict = None,
    camera: Camera = None,
    min_duration: MinDuration = None,
    max_duration: MaxDuration = None,
    limit: Limit = 50,
    offset: Offset = 0,
    as_json: Json = False,
) -> None:
    """List what waits for you, what waits longest first."""
    from utils.db import reviews
    from utils.db.session import session
    from utils.documents import review as documents
    from utils.observability.reports.rows import duration

    chosen = filters(
        after, before, kind=kind, language=language, verdict=verdict, camera=camera,
        min_duration_seconds=min_duration, max_duration_seconds=max_duration,
    )  # fmt: skip
    with session() as s:
        rows = documents.waiting(reviews.waiting(s, chosen, limit, offset))
        total = reviews.count_waiting(s, chosen)
    if as_json:
        print_json(rows)
    elif total:
        print_table(
            ("item", "title", "kind", "length", "lang", "score", "verdict", "why"),
            (
                (
                    one["item_id"][:10], one["title"], one["kind"],
                    duration(one["duration_seconds"]), one["language"] or "–",
                    f"{one['score']:.2f}" if one["score"] is not None else "–",
                    one["verdict"] or "–", reason_of(one["reason"]),
                )
                for one in rows
            ),
            below=("why",),
        )  # fmt: skip
    else:
        console.print("Nothing waits for you.")
    print_more(offset, len(rows), total)


@review.command()
def show(wanted: Wanted, as_json: Json = False) -> None:
    """Show what a decision on an item needs: scores, reasons, evidence, what is said in it."""
    from nightshift.cli.review_page import print_page
    from utils.critic import decisions
    from utils.db import reviews
    from utils.db.session import session
    from utils.documents import item as items
    from utils.documents import review as documents

    with session() as s:
        row = decisions.found(s, wanted)
        document = items.document(s, row)
        history = [documents.decision(one) for one in reviews.of_item(s, row.id)]
    if as_json:
        names = ("item", "verdict", "approval")
        print_json({name: document[name] for name in names} | {"decisions": history})
        return
    print_page(document)
    if history:
        console.print("\n[bold]Decisions[/]")
        _print_decisions(history)


@review.command()
def history(
    wanted: Annotated[
        str | None, typer.Argument(metavar="[ITEM]", help="Of this item alone.")
    ] = None,
    decision: Annotated[
        str | None, typer.Option("--decision", help="accept, reject or revise.")
    ] = None,
    limit: Limit = 50,
    offset: Offset = 0,
    as_json: Json = False,
) -> None:
    """List what people decided, the last first, also what was undone."""
    from utils.critic import decisions
    from utils.db import reviews
    from utils.db.session import session
    from utils.documents import review as documents

    if decision and decision not in reviews.DONE_WORDS:
        raise typer.BadParameter(f"{decision} is none of {', '.join(reviews.DONE_WORDS)}")
    with session() as s:
        item_id = decisions.found(s, wanted).id if wanted else None
        rows = [
            documents.decision(row, title)
            for row, title in reviews.latest(s, decision, limit, offset, item_id)
        ]
        total = reviews.count(s, decision, item_id)
    if as_json:
        print_json(rows)
    elif rows:
        _print_decisions(rows)
    else:
        console.print("Nobody has decided anything yet.")
    print_more(offset, len(rows), total)


def _print_decisions(rows: Sequence[dict[str, Any]]) -> None:
    from nightshift.cli.item_facts import day

    print_table(
        ("number", "item", "when", "title", "decision", "by", "why"),
        (
            (
                str(one["review_id"]),
                one["item_id"][:10],
                day(one["made_at"]),
                one.get("title", ""),
                one["decision"] + (" (undone)" if one["undone_at"] else ""),
                one["made_by"] or "–",
                " ".join(filter(None, (_changed(one["changes"]), one["reason"]))),
            )
            for one in rows
        ),
        below=("why",),
    )


def _changed(changes: dict[str, Any]) -> str:
    return f"[{changed(changes)}]" if changes else ""

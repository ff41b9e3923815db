"""`nightshift review accept|reject|revise|undo`: what a person decides of items."""

from __future__ import annotations

import getpass
import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightshift.cli.output import Json, console, print_error, print_json, print_paragraph
from utils.models.sanitize import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from utils.critic.decisions import Wanted as Decision

Wanted = Annotated[str, typer.Argument(metavar="ITEM", help="A checksum, its beginning, a path.")]
Several = Annotated[
    list[str], typer.Argument(metavar="ITEM...", help="Checksums, beginnings of them, paths.")
]
Reason = Annotated[
    str | None, typer.Option("--reason", help="Why; the critic is told of it with items like it.")
]


def accept(items: Several, reason: Reason = None, as_json: Json = False) -> None:
    """Say that items may be published: this overrides rules and critic."""
    from utils.critic import decisions

    _decide(items, decisions.Wanted("accept", reason), as_json)


def reject(items: Several, reason: Reason = None, as_json: Json = False) -> None:
    """Say that items are not to be published."""
    from utils.critic import decisions

    _decide(items, decisions.Wanted("reject", reason), as_json)


def revise(
    wanted: Wanted,
    options: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Such as transcription.model=small."),
    ] = None,
    numbers: Annotated[
        list[int] | None,
        typer.Option("--change", min=1, help="What the critic asks for, by its number in show."),
    ] = None,
    reason: Reason = None,
    now: Annotated[bool, typer.Option("--now", help="Do it now, not in the next night.")] = False,
    as_json: Json = False,
) -> None:
    """Have an item done again with other options: only the steps that they touch run.

    With --now alone, what was asked for before is done now. After that rules and critic judge it
    anew. Undo brings the former options back.
    """
    from utils.config import load_settings
    from utils.critic import decisions
    from utils.db import reviews
    from utils.db.session import session
    from utils.documents import review as documents
    from utils.models.approval import Change

    with session() as s:
        row = decisions.found(s, wanted)
        item_id, approval = row.id, documents.approval(s, row) or {}
        last = reviews.last_decision(s, row.id)
        is_asked = last is not None and reviews.is_due(row, last)
    if now and is_asked and not (options or numbers or reason):  # decided before, not done yet
        _work_now(item_id, as_json)
        return
    asked = [Change.model_validate(one) for one in approval.get("changes", ())]
    changes = decisions.picked(asked, numbers or ()) | decisions.from_words(options or ())
    decision = decisions.Wanted("revise", reason, changes)
    decisions.checked_changes(decision, load_settings())
    if not now:
        _decide([item_id], decision, as_json)
        return
    told, failed = _decided([item_id], decision)
    if failed:
        _finish(told, failed, as_json)
    _work_now(item_id, as_json)


def undo(
    wanted: Annotated[
        str,
        typer.Argument(
            metavar="NUMBER_OR_ITEM", help="A decision's number, or an item: its last one."
        ),
    ],
    as_json: Json = False,
) -> None:
    """Undo a decision: the item returns to what rules and critic say now."""
    from utils.config import load_settings
    from utils.critic import decisions
    from utils.db import reviews
    from utils.db.review_tables import ReviewRow
    from utils.db.session import session
    from utils.documents import review as documents

    with session() as s:
        review_id = decisions.found_review(s, wanted)
    decisions.undo(review_id, load_settings())
    with session() as s:
        row = s.get_one(ReviewRow, review_id)
        item = decisions.found(s, row.item_id)
        told = documents.decision(row, item.title) | {"approval": item.approval}
        waits = reviews.is_waiting(item)
    if as_json:
        print_json(told)
        return
    now = "it waits for you again" if waits else f"now: {told['approval'] or 'not judged'}"
    again = "; it is done again with its former options" if item.status == "pending" else ""
    console.print(f"{visible(told['title'])}: no longer {told['in_words']}; {now}{again}.",
                  markup=False, soft_wrap=True)  # fmt: skip


def user() -> str:
    """Who decides at this command line."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return f"uid {os.getuid()}"


def _decide(items: Sequence[str], decision: Decision, as_json: bool) -> None:
    _finish(*_decided(items, decision), as_json)


def _decided(
    wanted: Sequence[str], decision: Decision
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Decide of items; returns the decisions, and what could not be decided and why.

    Raises:
        UsageError: one is not there: nothing was decided of any.
    """
    from utils.config import load_settings
    from utils.critic import decisions
    from utils.db.review_tables import ReviewRow
    from utils.db.session import session
    from utils.documents import review as documents
    from utils.errors import PermanentError

    with session() as s:
        found = {row.id: row.title for row in (decisions.found(s, one) for one in wanted)}
    told, failed = [], []
    for item_id, title in found.items():
        try:
            review_id = decisions.decide(item_id, decision, user(), load_settings())
        except PermanentError as error:
            failed.append({"item_id": item_id, "title": title, "error": str(error)})
            continue
        with session() as s:
            told.append(documents.decision(s.get_one(ReviewRow, review_id), title))
    return told, failed


def _finish(told: list[dict[str, Any]], failed: list[dict[str, Any]], as_json: bool) -> None:
    """Say what was decided, and end; with 1 if something could not be."""
    if as_json:
        print_json({"decided": told, "failed": failed})
    for one in told if not as_json else ():
        again = f"; {what_follows(one['item_id'])}" if one["decision"] == "revise" else ""
        print_paragraph(f"{visible(one['title'])}: {one['in_words']}{again}", 0)
    for one in failed if not as_json else ():
        print_error(one["error"])
    raise typer.Exit(1 if failed else 0)


def what_follows(item_id: str) -> str:
    """What does a revision that was asked for."""
    now = f"nightshift review revise {item_id[:10]} --now"
    return f"the next `nightshift night` does it (or `{now}`)"


def _work_now(item_id: str, as_json: bool) -> None:
    """Run what is to be revised at once, with the options that a night would have for it."""
    from nightshift.cli.work import call_flow
    from utils.config import load_settings
    from utils.db import items
    from utils.db.session import session
    from utils.sources import own_options

    settings = load_settings()
    with session() as s:
        path = items.media_item(s, item_id).path
        options = own_options.of_item(s, item_id, settings.pipeline, settings)
    call_flow("content_ingestion", as_json, False, urls=[str(path)], options=options)

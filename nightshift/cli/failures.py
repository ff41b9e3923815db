"""`nightshift requeue`: what failed, why and where, and have it tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightshift.cli.output import Json, console, print_json, print_table

if TYPE_CHECKING:
    from utils.db.failures import Choice, Group


def add_to(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(requeue)


def requeue(
    wanted: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ITEM]...", help="Items to try again, whatever their status."),
    ] = None,
    failed: Annotated[
        bool, typer.Option("--failed", help="All that failed or are quarantined.")
    ] = False,
    step: Annotated[
        str | None, typer.Option("--step", help="Only what failed in this step.")
    ] = None,
    error: Annotated[
        str | None, typer.Option("--error", help="Only this class, such as RetryableError.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--source", help="Only from this folder, address or site."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what failed and why; change nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Let failed items be tried again by the next run or shift, before all others.

    Says what failed, in which step, from which source, and why.
    """
    from utils.db import failures
    from utils.db.session import session

    choice = _choice(wanted or [], failed, step, error, source)
    with session() as s:
        found = failures.failures(s, choice)
        requeued = [] if dry_run else failures.requeue(s, choice)
        every = found if found or choice.ids else failures.failures(s, failures.Choice())
    groups = failures.grouped(found)
    if as_json:
        print_json(
            {"dry_run": dry_run, "requeued": requeued, "groups": [_document(g) for g in groups]}
        )
        return
    _print_groups(groups)
    if requeued:
        busy = len(found) - len(requeued)
        console.print(
            f"{len(requeued)} requeued. `nightshift night` takes them first."
            + (f" {busy} in work, left alone." if busy else "")
        )
    elif found and dry_run:
        console.print(f"{len(found)} would be requeued. Nothing was changed (--dry-run).")
    elif choice.ids:
        console.print("Nothing was requeued: another run is working on it.")
    elif every:
        console.print("None of what failed is meant. This is what failed:")
        _print_groups(failures.grouped(every))
    else:
        console.print("Nothing has failed.")


def _choice(
    wanted: list[str], failed: bool, step: str | None, error: str | None, source: str | None
) -> Choice:
    """What the command line means.

    Raises:
        typer.BadParameter: it means nothing, two things, or no step that there is.
    """
    from utils.config import load_settings
    from utils.db import items
    from utils.db.failures import Choice
    from utils.db.session import session
    from utils.models import steps
    from utils.storage.sealing import sealed

    narrowed = bool(failed or step or error or source)
    if bool(wanted) == narrowed:
        raise typer.BadParameter(
            "name items, or choose from what failed with --failed, --step, --error, --source"
        )
    if step and step not in steps.BY_NAME:
        raise typer.BadParameter(f"{step} is no step. The steps are {list(steps.BY_NAME)}")
    source = sealed(source, load_settings()) if source else None
    with session() as s:
        return Choice(tuple(items.find(s, one).id for one in wanted), step, error, source)


def _document(group: Group) -> dict[str, Any]:
    return {
        "error": group.error_class,
        "step": group.step,
        "source": group.source,
        "count": group.number,
        "example": {
            "item_id": group.example.item_id,
            "title": group.example.title,
            "status": group.example.status,
            "error": group.example.error,
        },
    }


def _print_groups(groups: list[Group]) -> None:
    if groups:
        print_table(
            ("items", "error class", "step", "from", "item", "why"),
            (
                (
                    str(group.number),
                    group.error_class,
                    group.step,
                    group.source,
                    group.example.item_id[:10],
                    group.example.error,
                )
                for group in groups
            ),
        )

"""`nightshift failures` and `requeue`: what failed, why and where; have it tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nightshift.cli.output import Json, console, print_json, print_table

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from utils.db.failures import Choice, Group


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(failures)
    app.command()(requeue)


def failures(as_json: Json = False) -> None:
    """List what failed or waits for you, and what to do.

    Items, addresses and sources, one by one."""
    from utils.db.session import session
    from utils.documents import failure

    with session() as s:
        rows = failure.every(s)
    if as_json:
        print_json(rows)
    elif rows:
        print_table(
            ("item", "status", "file", "step", "why", "what to do"),
            (
                (
                    (row["item_id"] or "–")[:10], row["status"], row["where"], row["step"] or "–",
                    row["error"] or "", row["what_to_do"],
                )
                for row in rows
            ),
            below=("why", "what to do"),
        )  # fmt: skip
    else:
        console.print("Nothing has failed, and nothing waits for you.")


def requeue(
    wanted: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ITEM]...", help="Items or addresses to try again."),
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
    """Let failed items and addresses be tried again, first of all.

    Says what failed, in which step, from which source, and why.
    """
    from utils.db import failures
    from utils.db.session import session
    from utils.documents import failure

    choice = _choice(wanted or [], failed, step, error, source)
    with session() as s:
        found = failures.failures(s, choice)
        requeued = [] if dry_run else failures.requeue(s, choice)
        every = found if found or choice.ids else failures.failures(s, failures.Choice())
    groups = failures.grouped(found)
    if as_json:
        told = [failure.group(one) for one in groups]
        print_json({"dry_run": dry_run, "requeued": requeued, "groups": told})
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
        return Choice(tuple(_id_of(s, one) for one in wanted), step, error, source)


def _id_of(s: Session, wanted: str) -> str:
    """The item, or the address, that a person means."""
    from utils.config import load_settings
    from utils.db import addresses, items
    from utils.db.sources import is_url
    from utils.errors import UsageError
    from utils.storage.sealing import sealed

    address = addresses.find(s, sealed(wanted, load_settings()))
    if address is None and is_url(wanted):
        raise UsageError(
            f"{wanted} has not failed. `nightshift failures` lists what has; `nightshift run` "
            "fetches an address."
        )
    return address.key if address else items.find(s, wanted).id


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
            below=("why",),
        )

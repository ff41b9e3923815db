"""The command that lists duplicates, for a person to decide. Nothing is ever deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nightshift.cli.output import Json, console, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from utils.models.fingerprint import Copy, DuplicateGroup, Pair

_TWO = "ITEM ITEM"


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(duplicates)


def duplicates(
    different: Annotated[
        tuple[str, str] | None,
        typer.Option("--different", metavar=_TWO, help="These two are not the same: forget it."),
    ] = None,
    same: Annotated[
        tuple[str, str] | None,
        typer.Option("--same", metavar=_TWO, help="These two are the same, whatever is measured."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also the pairs that were called different.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List what is there more than once: copies, other encodings.

    The first of each group looks best to keep. Nothing is deleted.
    """
    from utils.db import duplicates as table
    from utils.db import items as library
    from utils.db.session import session
    from utils.documents import duplicate

    with session() as s:
        for pair, decision in ((different, "different"), (same, "same")):
            if pair:
                one, other = (library.find(s, wanted).id for wanted in pair)
                table.decide(s, one, other, "same" if decision == "same" else "different")
        groups, copies = table.groups(s), duplicate.present(table.exact(s))
        dismissed = table.dismissed(s) if everything else []
        titles = _titles(s, dismissed)
    if as_json:
        print_json(duplicate.document(groups, copies, dismissed))
        return
    if not groups and not copies:
        console.print("No duplicates are known.")
    for number, group in enumerate(groups, start=1):
        _print_group(number, group)
    _print_exact(copies)
    if dismissed:
        console.print("\n[bold]Called different[/]")
        print_table(
            ("item", "title", "other", "other title"),
            (
                (pair.first[:10], titles[pair.first], pair.second[:10], titles[pair.second])
                for pair in dismissed
            ),
        )
    if groups:
        console.print("\nNot the same? nightshift duplicates --different ITEM ITEM", style="dim")


def _titles(s: Session, pairs: Sequence[Pair]) -> dict[str, str]:
    from utils.db import items as library

    wanted = sorted({item_id for pair in pairs for item_id in (pair.first, pair.second)})
    return {item.id: item.title for item in library.preload(s, wanted)}


def _print_group(number: int, group: DuplicateGroup) -> None:
    from utils.observability.reports.rows import duration, size

    console.print(f"\n[bold]Group {number}[/]: keep {group.keep.item_id[:10]}, {group.why_keep}")
    print_table(
        ("item", "title", "picture", "length", "size", "file"),
        (
            (
                copy.item_id[:10],
                copy.title,
                f"{copy.width}×{copy.height}" if copy.width and copy.height else "–",
                duration(copy.duration_seconds),
                size(copy.size_bytes),
                str(copy.paths[0]) if copy.paths else "–",
            )
            for copy in group.copies
        ),
    )
    print_table(
        ("pair", "", "score", "why"),
        (
            (
                pair.first[:10],
                pair.second[:10],
                pair.decision or f"{pair.score:.2f}",
                pair.evidence,
            )
            for pair in group.pairs
        ),
    )


def _print_exact(copies: Sequence[Copy]) -> None:
    from utils.observability.reports.rows import size

    if not copies:
        return
    console.print("\n[bold]Equal files[/]")
    print_table(
        ("item", "title", "size", "file"),
        (
            (copy.item_id[:10], copy.title, size(copy.size_bytes), str(path))
            for copy in copies
            for path in copy.paths
        ),
    )

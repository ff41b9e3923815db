"""Works of several files: listed, split and joined. No file is moved or changed."""

from __future__ import annotations

from typing import Annotated

import typer

from nightshift.cli.output import Json, console, print_json, print_table

Wanted = Annotated[str, typer.Argument(metavar="ITEM", help="A checksum, its beginning, a path.")]

works = typer.Typer(
    invoke_without_command=True,
    help="List files that are one thing: Live Photos, bursts, parts.",
)


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(works, name="works")


@works.callback()
def list_works(context: typer.Context, as_json: Json = False) -> None:
    """List the works of several files; `split` and `join` correct what was recognised."""
    if context.invoked_subcommand is not None:
        return
    from utils.db.session import session
    from utils.documents.work import document
    from utils.works import grouping

    with session() as s:
        found = grouping.all_works(s)
    if as_json:
        print_json([document(work) for work in found])
        return
    if not found:
        console.print("No works of several files are known.")
        return
    for number, work in enumerate(found, start=1):
        console.print(f"\n[bold]Work {number}[/]: {work.words}, {', '.join(work.evidence)}")
        print_table(
            ("item", "title", "is", "file"),
            (
                (member.item_id[:10], member.title, member.role, str(member.path or "–"))
                for member in work.members
            ),
        )
    console.print("\nNot one thing? nightshift works split ITEM", style="dim")


@works.command()
def split(wanted: Wanted, as_json: Json = False) -> None:
    """Take an item out of its work, for good: it stays one by itself in every later run."""
    from utils.db import items
    from utils.db.session import session
    from utils.documents.work import document
    from utils.errors import UsageError
    from utils.works import grouping

    with session() as s:
        item = items.find(s, wanted)
        work = grouping.split(s, item.id)
        if work is None:
            raise UsageError(f"{item.title} is a part of no work: nightshift works lists them.")
        left = grouping.of_item(s, next(one for one in work.item_ids if one != item.id))
        title = item.title
    if as_json:
        print_json({"split": item.id, "left": document(left) if left else None})
        return
    console.print(f"{title} is one by itself now. Undo it: nightshift works join ITEM ITEM")


@works.command()
def join(wanted: Wanted, other: Wanted, as_json: Json = False) -> None:
    """Have two items, and what belongs to each, be one work."""
    from utils.db import items
    from utils.db.session import session
    from utils.documents.work import document
    from utils.works import grouping

    with session() as s:
        one = items.find(s, wanted).id
        grouping.join(s, one, items.find(s, other).id)
        work = grouping.of_item(s, one)
    if work is None:  # can't be: they were joined
        return
    if as_json:
        print_json(document(work))
        return
    titles = ", ".join(member.title for member in work.members)
    console.print(f"One work now: {titles}", markup=False)

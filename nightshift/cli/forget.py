"""`nightshift forget`: an item and all that was made of it go."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from nightshift.cli.output import Json, console, print_error, print_json, print_table
from utils.models.sanitize import visible

if TYPE_CHECKING:
    from utils.housekeeping.forgetting import Forgetting


def add_to(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(forget)


def forget(
    wanted: Annotated[
        list[str], typer.Argument(metavar="ITEM...", help="Checksums, beginnings of them, paths.")
    ],
    files: Annotated[
        bool, typer.Option("--files", help="Remove the files themselves, too.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go; change nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Forget items, and all that was made of them.

    Their files stay, unless --files is given; what has changed since stays in any case. They are
    not taken again, but by nightshift run --again.
    """
    from utils.config import load_settings
    from utils.documents.item import going
    from utils.housekeeping import forgetting

    settings = load_settings()
    found = forgetting.preview(wanted, settings)
    if not as_json:
        _print(found, files)
    if not (dry_run or yes):
        if as_json or not _can_be_asked():
            raise typer.BadParameter("say --yes, or --dry-run: nobody can be asked here")
        typer.confirm("Forget this?", abort=True)
    nothing = forgetting.Outcome((), ())
    done = nothing if dry_run else forgetting.forget(found, settings, files)
    if as_json:
        print_json(
            {
                "dry_run": dry_run,
                "items": [going(one, files) for one in found],
                "forgotten": list(done.item_ids),
                "left": list(done.left),
            }
        )
    elif dry_run:
        console.print("Nothing was changed (--dry-run).")
    else:
        console.print(f"{len(done.item_ids)} forgotten.")
        for problem in done.left:
            print_error(problem)
    sys.exit(1 if done.left else 0)


def _can_be_asked() -> bool:
    return sys.stdin.isatty()


def _print(found: list[Forgetting], files: bool) -> None:
    from utils.observability.reports.rows import size

    print_table(
        ("item", "title", "steps", "made of it", "elsewhere"),
        (
            (
                one.item_id[:10],
                one.title,
                str(one.executions),
                f"{len(one.made)} files, {size(one.size_bytes)}",
                str(len(one.published) + len(one.publications) + len(one.stored)),
            )
            for one in found
        ),
    )
    for row in (row for one in found for row in one.files):
        word = "goes" if files else "stays"
        console.print(f"{word}: {visible(row.path)}", soft_wrap=True, markup=False, highlight=False)

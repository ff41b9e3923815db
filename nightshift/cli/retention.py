"""`nightshift clean`: what is too old to keep."""

from __future__ import annotations

from typing import Annotated

import typer

from nightshift.cli.output import Json, console, print_json, print_table


def add_to(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(clean)


def clean(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go; change nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Remove what is older than NIGHTSHIFT_RETENTION_… keeps.

    Shifts do most of it once a day.

    Originals, renditions, verdicts, and results that a step may be asked for again stay.
    """
    import humanize

    from utils.config import load_settings
    from utils.housekeeping import retention
    from utils.processes.prefect_environment import prepare_prefect
    from utils.storage import home

    settings = load_settings()
    home.prepare(settings)
    prepare_prefect(settings, log_level="CRITICAL")
    from tasks.retention import clean_prefect, compact_prefect

    parts = [
        *retention.clean_by_hand(settings, dry_run),
        *clean_prefect(settings, dry_run),
        *compact_prefect(settings, dry_run),
    ]
    if as_json:
        print_json({"dry_run": dry_run, "parts": [part._asdict() for part in parts]})
        return
    print_table(
        ("what", "rows", "files", "size"),
        (
            (
                part.what,
                str(part.rows or "–"),
                str(part.files or "–"),
                humanize.naturalsize(part.size_bytes, binary=True) if part.size_bytes else "–",
            )
            for part in parts
        ),
    )
    freed = humanize.naturalsize(sum(part.size_bytes for part in parts), binary=True)
    console.print(
        f"{freed} would go. Nothing was changed (--dry-run)." if dry_run else f"{freed} freed.",
        highlight=False,
    )

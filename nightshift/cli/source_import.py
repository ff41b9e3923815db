"""`nightshift source import`: sources out of files of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightshift.cli import source_prefect
from nightshift.cli.output import Json, console, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from utils.config import Settings
    from utils.models.source import SourceDefinition
    from utils.sources.definitions.found import Found
    from utils.sources.definitions.n8n_mapping import NodeMapping

ADDED, WOULD_BE, EXISTS, CAN_NOT = "added", "would be added", "exists", "can't be mapped"
Row = dict[str, Any]


def add_to(sources: typer.Typer) -> None:
    """Add the command of this module to those of ``nightshift source``."""
    sources.command("import")(import_sources)


def import_sources(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="YAML or JSON definitions, OPML, a list of addresses, channels of TubeArchivist "
            "or NewPipe, Google's subscriptions as CSV, a workflow of n8n.",
        ),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be added, and change nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Add the sources that a file of another program describes.

    Says of each what was changed or left out. Credentials are named, never taken over.
    """
    from utils.config import load_settings
    from utils.db.session import session
    from utils.sources.definitions import reading

    settings = load_settings()
    form, found = reading.read(file.expanduser())
    with session() as s:
        rows = [_taken(s, one, settings) for one in found]
        if dry_run:
            s.rollback()
    if dry_run:
        rows = [row | {"state": WOULD_BE} if row["state"] == ADDED else row for row in rows]
    elif any(row["state"] == ADDED for row in rows):
        when = next((row["schedule"] for row in rows if row["schedule"]), None)
        source_prefect.tell(settings, None, when)
    if as_json:
        print_json({"file": str(file), "form": form, "dry_run": dry_run, "sources": rows})
        return
    _print(rows, form, dry_run)


def _taken(s: Session, one: Found, settings: Settings) -> Row:
    """Add a source, unless there is one of its kind; returns what to say of it."""
    from utils.clock import now
    from utils.db import sources
    from utils.errors import NightShiftError
    from utils.storage.sealing import sealed_source

    if one.definition is None:
        return _row(one, CAN_NOT, one.why_not or "")
    wanted = sealed_source(one.definition, settings)
    if known := _known(s, wanted):
        return _row(one, EXISTS, "" if known == wanted.name else f"as {known}", wanted)
    named = wanted.model_copy(update={"name": _free(s, wanted.name)})
    try:
        row = sources.define(s, named)
    except NightShiftError as error:
        return _row(one, CAN_NOT, str(error), wanted)
    if one.is_paused:
        row.paused_at = now()
    return _row(one, ADDED, "; ".join((*one.notes, *(["paused"] if one.is_paused else []))), named)


def taken_all(s: Session, found: Sequence[NodeMapping], settings: Settings) -> list[Row]:
    """Add the sources that nodes of a workflow become; returns what to say of each."""
    from utils.sources.definitions.found import Found

    rows = []
    for one in found:
        as_source = Found(
            name=one.name, definition=one.definition, notes=one.notes, is_paused=one.is_paused
        )
        rows.append(_taken(s, as_source, settings))
    return rows


def _known(s: Session, wanted: SourceDefinition) -> str | None:
    """The name of the source that looks for the same at the same place; None if there is none."""
    from utils.db import sources

    at = sources.at(s, [wanted.url]).get(wanted.url, [])
    return next((one.name for one in at if one.pattern == wanted.pattern), None)


def _free(s: Session, name: str) -> str:
    """The name, or the first with a number behind it that no source has."""
    from utils.db import sources

    return sources.numbered(s, name)


def _row(one: Found, state: str, why: str, definition: SourceDefinition | None = None) -> Row:
    from utils.privacy import redaction

    return {
        "in_file": redaction.shown(one.name),
        "state": state,
        "name": definition.name if definition else None,
        "kind": definition.kind.value if definition else None,
        "url": redaction.shown(definition.url) if definition else None,
        "pattern": definition.pattern if definition else None,
        "schedule": definition.schedule if definition else None,
        "timezone": definition.timezone if definition else None,
        "queue": definition.queue if definition else None,
        "keep_last": definition.keep_last if definition else None,
        "why": redaction.shown(why),
    }


def _print(rows: list[Row], form: str, dry_run: bool) -> None:
    from utils.models.sanitize import visible

    print_table(
        ("source", "state", "kind", "address", "schedule", "why"),
        (
            (
                row["name"] or row["in_file"],
                row["state"],
                row["kind"] or "–",
                row["url"] or "–",
                row["schedule"] or "–",
                row["why"],
            )
            for row in rows
        ),
        below=("why",),
    )
    counts = {state: sum(row["state"] == state for row in rows) for state in
              (ADDED, WOULD_BE, EXISTS, CAN_NOT)}  # fmt: skip
    told = ", ".join(f"{number:,} {state}" for state, number in counts.items() if number)
    unchanged = ". Nothing was changed (--dry-run)" if dry_run else ""
    console.print(visible(f"{form}: {told or 'nothing in it'}{unchanged}."), markup=False)

"""`nightshift import n8n`: a whole workflow of another program, node by node."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightshift.cli.output import Json, console, print_json, print_table

if TYPE_CHECKING:
    from utils.sources.definitions.n8n_mapping import NodeMapping

workflows = typer.Typer(no_args_is_help=True, help="Take over workflows of another program (n8n).")


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(workflows, name="import")


@workflows.callback()
def of() -> None:
    """Take over workflows of another program (n8n)."""


@workflows.command("n8n")
def import_n8n(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A workflow as n8n downloads it (JSON), or several."),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what becomes of each node; change nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say of each node what it becomes here, and add the sources among them.

    Nothing else is changed: rules, messages, targets and settings are yours to write, and
    each line says which. Credentials are named, never taken over.
    """
    from utils.config import load_settings
    from utils.db.session import session
    from utils.sources.definitions import reading

    settings = load_settings()
    found = reading.nodes(file.expanduser())
    from nightshift.cli.source_import import ADDED, taken_all

    sources = [one for one in found if one.definition]
    with session() as s:
        states = taken_all(s, sources, settings)
        if dry_run:
            s.rollback()
    _tell_prefect(states, settings, dry_run)
    told = dict(zip((one.name for one in sources), states, strict=True))
    if as_json:
        print_json({
            "file": str(file), "dry_run": dry_run,
            "nodes": [_document(one, told.get(one.name), dry_run) for one in found],
        })  # fmt: skip
        return
    _print(found, told, dry_run, ADDED)


def _tell_prefect(states: list[dict[str, Any]], settings: Any, dry_run: bool) -> None:
    from nightshift.cli import source_prefect
    from nightshift.cli.source_import import ADDED

    if not dry_run and any(one["state"] == ADDED for one in states):
        when = next((one["schedule"] for one in states if one["schedule"]), None)
        source_prefect.tell(settings, None, when)


def _state(row: dict[str, Any] | None, dry_run: bool) -> str | None:
    from nightshift.cli.source_import import ADDED, WOULD_BE

    if row is None:
        return None
    return WOULD_BE if dry_run and row["state"] == ADDED else str(row["state"])


def _document(one: NodeMapping, row: dict[str, Any] | None, dry_run: bool) -> dict[str, Any]:
    document = one.model_dump(mode="json", exclude={"definition", "is_paused"})
    return document | {"state": _state(row, dry_run), "source": row and row["name"]}


def _print(
    found: list[NodeMapping], told: dict[str, dict[str, Any]], dry_run: bool, added: str
) -> None:
    from utils.models.sanitize import visible

    print_table(
        ("node", "becomes", "what", "do"),
        (
            (one.name, one.becomes, one.what, _to_do(one, told.get(one.name), dry_run))
            for one in found
        ),
        below=("do",),
    )
    counts = Counter(one.becomes for one in found)
    said = ", ".join(f"{number} {what}" for what, number in counts.most_common())
    new = sum(row["state"] == added for row in told.values())
    change = f"{new} sources {'would be ' if dry_run else ''}added"
    unchanged = " Nothing was changed (--dry-run)." if dry_run else ""
    console.print(
        visible(f"{len(found)} nodes: {said or 'none'}. {change}.{unchanged}"), markup=False
    )


def _to_do(one: NodeMapping, row: dict[str, Any] | None, dry_run: bool) -> str:
    if row is None:
        return "; ".join((one.remedy, *one.notes))
    why = row["why"] if row["why"] else ""
    return "; ".join(filter(None, (_state(row, dry_run), why)))

"""Commands about steps: plan (what would run), why (what ran, and for what reason)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from nightshift.cli.output import Json, console, not_blank, print_json, print_table
from nightshift.cli.work import Force, Only, Profile, Skip, chosen
from utils.models.sanitize import visible

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from utils.db.schema import Execution, Item


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(plan)
    app.command()(why)


def plan(
    locations: Annotated[
        list[str],
        typer.Argument(metavar="PATH...", help="Files and folders.", callback=not_blank),
    ],
    profile: Profile = None,
    only: Only = None,
    skip: Skip = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Show what a run would do with each file, and why it would leave steps out.

    Nothing is registered or written, and of the files only the containers are read.
    """
    from humanize import naturaldelta

    from utils.config import load_settings
    from utils.scheduling import preview

    found = preview.of(locations, chosen(profile, only, skip, force), load_settings())
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
        return
    for one in found:
        kind = f" as {one.profile}" if one.profile else ""
        time = f", within {naturaldelta(one.predicted_seconds)}" if one.predicted_seconds else ""
        console.print(f"\n{visible(str(one.path))}{kind}: {visible(one.summary)}{time}",
                      style="bold", markup=False, soft_wrap=True, highlight=False)  # fmt: skip
        if one.steps:
            print_table(
                ("step", "runs", "why"),
                ((step.step, "yes" if step.runs else "no", step.why) for step in one.steps),
            )


def why(
    wanted: Annotated[str, typer.Argument(metavar="ITEM")],
    step: Annotated[str, typer.Argument(metavar="STEP")],
    as_json: Json = False,
) -> None:
    """Say why a step of an item ran, was recalled, or did not run at all."""
    from utils.db import items, ledger
    from utils.db.session import session
    from utils.models import steps

    if step not in steps.BY_NAME:
        raise typer.BadParameter(f"{step} is no step: {[*steps.BY_NAME]}")
    with session() as s:
        item = items.find(s, wanted)
        rows = ledger.history(s, item.id, step)
        document = {
            "item_id": item.id,
            "title": item.title,
            "step": step,
            "applies": _applies(s, item, step),
            "executions": [_row(row) for row in rows],
        }
    if as_json:
        print_json(document)
    else:
        _print(document)


def _applies(s: Session, item: Item, step: str) -> str | None:
    """Why the step would not run with the present settings; None if it would."""
    from utils.config import load_settings
    from utils.db import ledger
    from utils.models.probe import FfprobeReport
    from utils.models.verdict import Band
    from utils.pipeline import planning

    probed = ledger.latest_result(s, item.id, "extract_ffprobe", FfprobeReport)
    if probed is None:
        return "that is not known before this version has probed the file"
    settings = load_settings()
    plan = planning.plan(probed.container, settings.pipeline, settings)
    if item.verdict == Band.REJECT.value:
        plan = plan.for_rejected()
    reason = plan.reasons.get(step)
    if reason is None and item.error and not ledger.history(s, item.id, step):
        return f"the item never came so far: {item.error}"
    return reason


def _row(row: Execution) -> dict[str, Any]:
    from utils.config import load_settings
    from utils.db.schema import ExecutionStatus

    zone = ZoneInfo(load_settings().timezone)
    recalled = row.used_at and row.ended_at and (row.used_at - row.ended_at).total_seconds() > 1
    return {
        "at": row.started_at.astimezone(zone).isoformat(timespec="seconds"),
        "run": row.run_id,
        "status": row.status,
        "cause": row.cause,
        "seconds": row.duration_seconds,
        "error": row.error,
        "recalled_at": row.used_at.astimezone(zone).isoformat(timespec="seconds")
        if row.status == ExecutionStatus.DONE and recalled and row.used_at
        else None,
        "inputs": row.inputs,
    }


def _print(document: dict[str, Any]) -> None:
    step, rows = document["step"], document["executions"]
    if not rows:
        reason = (
            document["applies"]
            or "it applies now; it did not in the runs so far, or was left out there"
        )
        console.print(f"{step} never ran: {visible(reason)}", markup=False, soft_wrap=True)
        return
    print_table(
        ("executed", "run", "status", "seconds", "why"),
        (
            (
                row["at"],
                (row["run"] or "–")[:12],
                row["status"],
                f"{row['seconds'] or 0:.2f}",
                row["cause"] or "not noted",
            )
            for row in rows
        ),
    )
    recalled = [row["recalled_at"] for row in rows if row["recalled_at"]]
    if recalled:
        console.print(
            f"Recalled last at {max(recalled)}: nothing that it depends on had changed.",
            markup=False, soft_wrap=True, highlight=False,
        )  # fmt: skip
    if document["applies"]:
        console.print(
            f"With the present settings: {document['applies']}.",
            markup=False, soft_wrap=True,
        )  # fmt: skip

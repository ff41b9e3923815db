"""Commands about steps: plan (what would run), why (what ran, and for what reason)."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from nightshift.cli.output import Json, console, not_blank, print_json, print_table
from nightshift.cli.work import require_one
from nightshift.cli.work_options import (
    Force,
    Language,
    Model,
    Only,
    Profile,
    ReadText,
    Skip,
    Speakers,
    Speech,
    Translate,
    Vocabulary,
    Words,
    chosen,
    with_speakers,
    with_text,
)
from utils.models.sanitize import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from utils.db.schema import Execution, Item
    from utils.scheduling.preview import ItemPreview


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
    model: Model = None,
    language: Language = None,
    words: Words = False,
    translate: Translate = False,
    vocabulary: Vocabulary = None,
    speakers: Speakers = None,
    read_text: ReadText = False,
    with_steps: Annotated[
        bool, typer.Option("--steps", help="The steps of each file \\[default: of a single file].")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show what a run would do with each file, what not, and why.

    Nothing is registered or written, and of the files only the containers are read. Ends as the
    run would where that is known: with 1 if a file would fail.
    """
    from utils.config import load_settings
    from utils.db.sources import is_url
    from utils.errors import UsageError
    from utils.models.shift import left_out_in_words
    from utils.scheduling import preview

    if addresses := [location for location in locations if is_url(location)]:
        raise UsageError(f"{addresses[0]} is an address: only a run fetches what it leads to.")
    require_one(locations)
    speech = Speech(model, language, words, translate, vocabulary)
    options = with_speakers(chosen(profile, only, skip, force, speech), speakers)
    options = with_text(options, read_text)
    left_out = Counter[str]()
    found = list(preview.of(locations, options, load_settings(), left_out))
    if as_json:
        rest = [preview.of_rest(locations[0], left_out)] if left_out else []
        print_json([one.model_dump(mode="json") for one in (*found, *rest)])
    elif with_steps or len(found) == 1:
        for one in found:
            _print_steps(one)
    else:
        print_table(
            ("file", "profile", "within", "summary"),
            ((_name(one), one.profile or "", _time(one), one.summary) for one in found),
        )
    if not as_json:
        console.print(f"\n{_summary(found)}", markup=False)
        if left_out:
            told = visible(left_out_in_words(left_out))
            console.print(told, markup=False, highlight=False, soft_wrap=True)
    sys.exit(1 if any(one.would_fail for one in found) else 0)


def _print_steps(one: ItemPreview) -> None:
    kind = f" as {one.profile}" if one.profile else ""
    time = f", within {_time(one)}" if one.predicted_seconds else ""
    console.print(f"\n{visible(str(one.path))}{kind}: {visible(one.summary)}{time}",
                  style="bold", markup=False, soft_wrap=True)  # fmt: skip
    if one.rules:
        console.print(f"Rules: {visible(', '.join(one.rules))}", markup=False, soft_wrap=True)
    if one.steps:
        print_table(
            ("step", "runs", "why"),
            ((step.step, "yes" if step.runs else "no", step.why) for step in one.steps),
            below=("why",),
        )


def _name(one: ItemPreview) -> str:
    return one.path.name if console.is_terminal else str(one.path)


def _time(one: ItemPreview) -> str:
    from humanize import naturaldelta

    return naturaldelta(one.predicted_seconds) if one.predicted_seconds else ""


def _summary(found: Sequence[ItemPreview]) -> str:
    """How many files a run would work on, and for how long."""
    from humanize import naturaldelta

    to_do = sum(bool(one.steps) for one in found)
    fail = sum(one.would_fail for one in found)
    wait = sum(one.summary.startswith("waits for you") for one in found)
    rest = len(found) - to_do - fail - wait
    parts = [f"{to_do} to do", f"{rest} with nothing to do" if rest else ""]
    parts += [f"{wait} waiting for you" if wait else "", f"{fail} would fail" if fail else ""]
    seconds = sum(one.predicted_seconds or 0 for one in found)
    time = f", within {naturaldelta(seconds)} of work" if seconds else ""
    files = "1 file" if len(found) == 1 else f"{len(found):,} files"
    return f"{files}: {', '.join(filter(None, parts))}{time}."


def why(
    wanted: Annotated[str, typer.Argument(metavar="ITEM")],
    step: Annotated[str, typer.Argument(metavar="STEP")],
    as_json: Json = False,
) -> None:
    """Say why a step of an item ran, was recalled, or did not run."""
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
            "rules": _rules(s, item),
            "executions": [_row(row) for row in rows],
        }
    if as_json:
        print_json(document)
    else:
        _print(document)


def _rules(s: Session, item: Item) -> list[dict[str, Any]]:
    """The rules that apply to an item, and what each changes."""
    from utils.config import load_settings
    from utils.rules import changes, file

    settings = load_settings()
    decision, rules = changes.of_item(s, item, settings), file.load(settings)
    return [
        {"name": rule.name, "effects": rule.then.model_dump(mode="json", exclude_unset=True)}
        for rule in rules.rules
        if rule.name in decision.applied
    ]


def _applies(s: Session, item: Item, step: str) -> str | None:
    """Why the step would not run with the present settings; None if it would."""
    from utils.config import load_settings
    from utils.db import ledger
    from utils.documents import history

    reason = history.left_out(s, item, load_settings()).get(step)
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
    for rule in document["rules"]:
        told = ", ".join(f"{name}: {value}" for name, value in rule["effects"].items())
        console.print(f"Rule {visible(rule['name'])}: {visible(told)}",
                      markup=False, soft_wrap=True, highlight=False)  # fmt: skip
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
                f"{row['cause'] or 'not noted'}" + (f": {row['error']}" if row["error"] else ""),
            )
            for row in rows
        ),
        below=("why",),
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

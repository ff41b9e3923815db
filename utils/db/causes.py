"""Why a step is executed though it may have been before, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from utils.db.schema import Execution, ExecutionStatus

FORCED = "asked for again"


def missing_file(name: str) -> str:
    """The cause where a file of the cached result is gone."""
    return f"its file {name} was gone"


def cause_of(s: Session, item_id: str, step: str, parts: dict[str, Any]) -> str:
    """Why a step of an item is executed, by what the execution before came to."""
    before = s.scalars(
        select(Execution)
        .where(Execution.item_id == item_id, Execution.step == step)
        .order_by(Execution.id.desc())
        .limit(1)
    ).first()
    if before is None:
        return "the first time"
    if before.status == ExecutionStatus.DEFERRED:
        return "it was put off before"
    if before.status == ExecutionStatus.FAILED:
        return f"the try before failed: {before.error_class}"
    changes = list(differences(before.inputs or {}, parts))
    if changes:
        return "; ".join(changes)
    return (
        "the run before broke off"
        if before.status in {ExecutionStatus.RUNNING, ExecutionStatus.LOST}
        else "nothing usable was kept"
    )


def differences(old: dict[str, Any], new: dict[str, Any], within: str = "") -> Iterator[str]:
    """What changed between the inputs of two executions, in words."""
    for name in sorted({*old, *new}):
        was, is_now = old.get(name), new.get(name)
        if was == is_now:
            continue
        label = f"{within}{name}"
        if isinstance(was, dict) and isinstance(is_now, dict):
            yield from differences(was, is_now, f"{label}.")
        elif str(is_now).startswith("sha256:") or len(f"{was}{is_now}") > 160:
            yield f"{label} came out differently"
        elif name == "fingerprint":
            yield f"tool, model or file changed: {was or '–'} → {is_now or '–'}"
        else:
            yield f"{label}: {was} → {is_now}"

"""What happened to an item: which steps ran, were recalled or left out, and why."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy.orm import Session

from utils.config import Settings
from utils.db import executions, ledger
from utils.db.executions import Executed
from utils.db.schema import Item
from utils.models import steps
from utils.models.probe import FfprobeReport
from utils.models.verdict import Band
from utils.pipeline import planning
from utils.rules import changes, matching

UNKNOWN = "that is not known before this version has probed the file"


class StepHistory(NamedTuple):
    """A step and its executions, the latest first; ``left_out``: why it would not run now."""

    step: str
    label: str
    executed: tuple[Executed, ...]
    left_out: str | None


def of_item(s: Session, row: Item, settings: Settings) -> list[StepHistory]:
    """Every step in the order of the pipeline: those that ran, and those that did not."""
    found: dict[str, list[Executed]] = {}
    for one in executions.of_item(s, row.id):
        found.setdefault(one.step, []).append(one)
    reasons = left_out(s, row, settings)
    known = [step.name for step in steps.STEPS]
    former = [name for name in found if name not in known]  # of fetching, and of older versions
    return [
        StepHistory(
            name,
            steps.BY_NAME[name].label if name in steps.BY_NAME else name,
            tuple(found.get(name, ())),
            reasons.get(name),
        )
        for name in (*former, *known)
    ]


def left_out(s: Session, row: Item, settings: Settings) -> dict[str, str]:
    """Why steps would not run with the present settings; those that would are not in it."""
    probed = ledger.latest_result(s, row.id, "extract_ffprobe", FfprobeReport)
    if probed is None:
        return dict.fromkeys(steps.BY_NAME, UNKNOWN)
    decision = changes.of_item(s, row, settings)
    if decision.skipped_by:
        why = f"the item is left out by the rule {decision.skipped_by}"
        return dict.fromkeys(steps.BY_NAME, why)
    options = matching.options_under(decision, settings.pipeline)
    plan = planning.plan(probed.container, options, settings)
    if row.verdict == Band.REJECT.value:
        plan = plan.for_rejected()
    return {step: reason for step, reason in plan.reasons.items() if reason}

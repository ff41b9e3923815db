"""What a run cost, for reports: its slowest steps, and what each class of work came to."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy.orm import Session

from utils.db import costs
from utils.models.shift import ShiftReport
from utils.models.steps import lane_of
from utils.observability.reports.rows import size, time_spent

STEP_HEAD = ("slowest steps", "lane", "time", "share", "p95", "executions", "failed")
LANE_HEAD = ("class of work", "time", "share", "executions", "written", "cost")
SLOWEST = 8  # steps that a report names; the rest is in the sums of their lanes


class StepLine(NamedTuple):
    """A step; ``share`` is its part of the time of all steps, 0–1."""

    step: str
    lane: str
    executions: int
    failures: int
    seconds: float
    p95_seconds: float
    share: float

    @property
    def cells(self) -> tuple[str, ...]:
        """Under ``STEP_HEAD``, for people."""
        return (
            self.step,
            self.lane,
            time_spent(self.seconds),
            f"{self.share:.0%}",
            f"{self.p95_seconds:.1f} s",
            str(self.executions),
            str(self.failures or "–"),
        )


class LaneLine(NamedTuple):
    """A class of work; the shares of all lanes are 1."""

    lane: str
    executions: int
    seconds: float
    share: float
    bytes_written: int
    cost_usd: float

    @property
    def cells(self) -> tuple[str, ...]:
        """Under ``LANE_HEAD``, for people."""
        return (
            self.lane,
            time_spent(self.seconds),
            f"{self.share:.0%}",
            str(self.executions),
            size(self.bytes_written),
            f"{self.cost_usd:.4f} USD" if self.cost_usd else "–",
        )


class Costs(NamedTuple):
    """The slowest steps, and all lanes, both with the most time first."""

    steps: tuple[StepLine, ...]
    lanes: tuple[LaneLine, ...]


def of_run(s: Session, report: ShiftReport) -> Costs:
    """What the steps of a run took; empty where it executed none."""
    if not report.counts.failures and not any(one.was_worked_on for one in report.items):
        return Costs((), ())  # a look at the ledger for nothing
    found = costs.steps(s, report.run_id)
    whole = sum(cost.seconds for cost in found) or 1.0
    by_lane: dict[str, list[costs.StepCost]] = {}
    for cost in found:
        by_lane.setdefault(lane_of(cost.step), []).append(cost)
    lanes = [
        LaneLine(
            lane=lane,
            executions=sum(cost.executions for cost in parts),
            seconds=round(sum(cost.seconds for cost in parts), 3),
            share=round(sum(cost.seconds for cost in parts) / whole, 4),
            bytes_written=sum(cost.bytes_written for cost in parts),
            cost_usd=sum(cost.microusd for cost in parts) / 1e6,
        )
        for lane, parts in by_lane.items()
    ]
    return Costs(
        tuple(
            StepLine(
                step=cost.step,
                lane=lane_of(cost.step),
                executions=cost.executions,
                failures=cost.failures,
                seconds=round(cost.seconds, 3),
                p95_seconds=round(cost.p95_seconds, 3),
                share=round(cost.seconds / whole, 4),
            )
            for cost in found[:SLOWEST]
        ),
        tuple(sorted(lanes, key=lambda line: -line.seconds)),
    )

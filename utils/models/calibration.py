"""What people's decisions say of the weights and thresholds by which items are approved."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from utils.models.base import Frozen


class Thresholds(Frozen):
    """When the machine approves. ``weights``: those that differ from what criteria have."""

    publish_from: float
    rules_weight: float
    weights: dict[str, float] = Field(default_factory=dict)


class Confusion(Frozen):
    """How many items machine and person approve: of both, of one alone, of neither.

    ``person_only``: the machine sends them to a person for nothing; ``machine_only``: it would
    publish what a person did not want.
    """

    both: int = 0
    person_only: int = 0
    machine_only: int = 0
    neither: int = 0

    @property
    def errors(self) -> int:
        """How many they see differently."""
        return self.person_only + self.machine_only

    @property
    def total(self) -> int:
        """All of them."""
        return self.errors + self.both + self.neither


class ChangedItem(Frozen):
    """An item that the proposal would treat otherwise; a person's decision stands in any case."""

    item_id: str
    title: str
    score: float
    proposed_score: float
    status: Literal["approved", "review", "rejected"]
    proposed_status: Literal["approved", "review", "rejected"]
    decision: Literal["accept", "reject", "revise"] | None = None


class Calibration(Frozen):
    """What is proposed, and what it would do. Nothing of it is applied.

    ``decisions``: of people, one an item; ``unusable``: those without scores of their time;
    ``barred``: not published whatever the weights are, so nothing is learnt from them. ``seen`` and
    ``held_out``: today's thresholds and the proposed ones on all decisions, and on those that the
    proposal was not made of (in ``folds`` parts). ``settings``: lines to set by hand; none where
    nothing better is known.
    """

    decisions: int
    accepted: int
    unusable: int
    barred: int
    folds: int
    today: Thresholds
    proposed: Thresholds
    is_better: bool
    reason: str
    seen_today: Confusion = Confusion()
    seen_proposed: Confusion = Confusion()
    held_out_today: Confusion = Confusion()
    held_out_proposed: Confusion = Confusion()
    past_items: int = 0
    changed: tuple[ChangedItem, ...] = ()
    settings: tuple[str, ...] = ()

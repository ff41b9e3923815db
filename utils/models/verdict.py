"""The judgement of an item."""

from __future__ import annotations

from enum import StrEnum

from utils.models.base import Frozen


class Band(StrEnum):
    """reject < 0.5 ≤ revise < 0.7 ≤ accept < 0.9 ≤ approve."""

    REJECT = "reject"
    REVISE = "revise"
    ACCEPT = "accept"
    APPROVE = "approve"


class Criterion(Frozen):
    """One aspect, judged: ``score`` 0–1, its weight, and the reason in words.

    ``must`` is the score below which the item is rejected whatever the rest says.
    """

    name: str
    score: float
    weight: float
    must: float | None = None
    reason: str

    @property
    def failed(self) -> bool:
        """True if this alone rejects the item."""
        return self.must is not None and self.score < self.must


class Verdict(Frozen):
    """The weighted score of all criteria, 0–1, and its band."""

    band: Band
    score: float
    criteria: tuple[Criterion, ...]

"""What was known of an item when a person decided on it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from utils.models.approval import ApprovalStatus
from utils.models.base import Frozen

TEXT_CHARACTERS = 2_000


class SnapshotScore(Frozen):
    """One criterion as it stood: whose it is, its score 0–1 and the weight that it had.

    A critic's criterion without evidence that holds has a weight of 0.
    """

    by: Literal["rules", "critic"]
    name: str
    score: float = Field(ge=0, le=1)
    weight: float = Field(ge=0)


class ReviewSnapshot(Frozen):
    """All that calibration and retrieval need of an item; None: that step had not been done.

    ``is_barred``: whatever the weights are it is not published (it does not decode, or breaks a
    house rule). ``is_doubtful``: nor is it approved by a machine (it gives orders to whoever judges
    it, or too few of the critic's scores have evidence). ``text``: what it is found by, the most
    telling first.
    """

    title: str = ""
    source: str | None = None
    scores: tuple[SnapshotScore, ...] = ()
    verdict_score: float | None = None
    critic_score: float | None = None
    approval_score: float | None = None
    approval_status: ApprovalStatus | None = None
    is_barred: bool = False
    is_doubtful: bool = False
    breaches: tuple[str, ...] = ()
    text: str = Field(default="", max_length=TEXT_CHARACTERS)

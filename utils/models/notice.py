"""What people are told of a run."""

from __future__ import annotations

from enum import StrEnum

from utils.models.base import Frozen


class Event(StrEnum):
    """What may be worth a message.

    ``finished``: a run that had something to do has ended, well or not; ``partial``: something
    failed; ``quarantined``: something waits for a person; ``window_missed``: something was
    postponed; ``budget_reached``: something was deferred because of its cost.
    """

    FINISHED = "finished"
    PARTIAL = "partial"
    QUARANTINED = "quarantined"
    WINDOW_MISSED = "window_missed"
    BUDGET_REACHED = "budget_reached"


class Notice(Frozen):
    """One message: of a run, whatever its events are."""

    title: str
    text: str
    bad: bool

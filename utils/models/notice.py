"""What people are told of a run."""

from __future__ import annotations

import json
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


def words(value: object, with_commas: bool) -> object:
    """A list as people write it: with blanks between, or as JSON; what is no text stays as it is.

    ``with_commas``: commas stand between words too; they may be part of an address.

    Raises:
        ValueError: it begins like JSON and is none. The text, which may hold a secret, is not told.
    """
    if not isinstance(value, str):
        return value
    if not value.lstrip().startswith("["):
        return (value.replace(",", " ") if with_commas else value).split()
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError("neither words with blanks between nor a JSON list") from None

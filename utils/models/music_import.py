"""What came of reading histories: why rows were refused, and what each file came to."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from utils.models.base import Frozen


class Reason(StrEnum):
    """Why a row of a history is no play."""

    NO_TIME = "no_time"
    NO_TRACK = "no_track"
    IN_THE_FUTURE = "in_the_future"
    BEFORE_THE_SERVICE = "before_the_service"
    NEGATIVE_LENGTH = "negative_length"
    ABSURD_LENGTH = "absurd_length"
    NO_ROW = "no_row"
    UNREADABLE = "unreadable"
    TOO_LONG = "too_long"


IN_WORDS = {
    Reason.NO_TIME: "no time, or one that can't be read",
    Reason.NO_TRACK: "neither a title nor an id",
    Reason.IN_THE_FUTURE: "in the future",
    Reason.BEFORE_THE_SERVICE: "before its service began: the clock of a device was wrong",
    Reason.NEGATIVE_LENGTH: "played for less than nothing",
    Reason.ABSURD_LENGTH: "played for more than a day, or no number",
    Reason.NO_ROW: "not a row of a history",
    Reason.UNREADABLE: "damaged: it can't be read",
    Reason.TOO_LONG: "longer than any row",
}


class ImportedFile(Frozen):
    """What one file of a history came to.

    ``rows``: all that were read; each is new, known (also: twice in this file) or rejected.
    ``episodes``: those of new and known that are podcasts, audiobooks, videos. ``cleaned``: names
    that had control characters or were cut. ``not_kept``: rejects beyond those that are kept.
    ``cut``: where reading ended before the file did, and why; None for a whole file. ``accounts``:
    plays by account. ``notes``: what a person must know of it.
    """

    file: str
    format: str
    rows: int = 0
    new: int = 0
    known: int = 0
    rejected: dict[Reason, int] = Field(default_factory=dict)
    not_kept: int = 0
    episodes: int = 0
    cleaned: int = 0
    cut: str | None = None
    accounts: dict[str, int] = Field(default_factory=dict)
    first: str | None = None
    last: str | None = None
    notes: tuple[str, ...] = ()

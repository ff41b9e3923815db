"""What failed, over HTTP; and failed items tried again."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field, StrictBool

from nightshift.api.access import Reader, Writer
from nightshift.api.listing import MOST
from utils.db import failures
from utils.db.failures import Choice
from utils.db.session import session
from utils.documents import failure
from utils.models import steps
from utils.models.base import Frozen
from utils.privacy.redaction import shown_within

router = APIRouter(tags=["failures"])

_STEP = f"^({'|'.join(steps.BY_NAME)})$"


class Failed(Frozen):
    """An item, an address (its id is its key) or a source (without an id) that failed."""

    item_id: str | None
    title: str
    status: str
    tries: int | None
    error_class: str | None
    error: str | None
    step: str | None
    source: str
    where: str
    what_to_do: str


class Failures(Frozen):
    """What failed or waits for a person, as far as asked for, and how much of it there is."""

    failures: tuple[Failed, ...]
    total: int


class FailureQuery(Frozen):
    """Which part of what failed."""

    limit: int = Field(MOST, ge=1, le=1_000)
    offset: int = Field(0, ge=0, le=1_000_000)


class Wanted(Frozen):
    """Which failed items are tried again: all that fit; without more all that failed."""

    step: str | None = Field(None, pattern=_STEP, description="Only what failed in this step.")
    error_class: str | None = Field(
        None, pattern=r"^[A-Za-z]{1,40}$", description="Only this class, such as RetryableError."
    )
    dry_run: StrictBool = Field(False, description="Say what failed; change nothing.")


class RequeuedAll(Frozen):
    """What is tried again, and what had failed of what is meant."""

    dry_run: bool
    requeued: tuple[str, ...]
    groups: tuple[dict[str, Any], ...]


@router.get("/failures")
def list_failures(wanted: Annotated[FailureQuery, Query()], _caller: Reader) -> Failures:
    """List what failed or waits for you, and what to do: items, addresses and sources."""
    with session() as s:
        rows = failure.every(s)
    shown = rows[wanted.offset : wanted.offset + wanted.limit]
    return Failures(failures=tuple(Failed(**shown_within(row)) for row in shown), total=len(rows))


@router.post("/failures/requeue")
def requeue_failures(wanted: Wanted, _caller: Writer) -> RequeuedAll:
    """Have failed items be tried again, first of all; what is in work is left alone."""
    with session() as s:
        choice = Choice((), wanted.step, wanted.error_class)
        found = failures.failures(s, choice)
        requeued = [] if wanted.dry_run else failures.requeue(s, choice)
    groups = [failure.group(one) for one in failures.grouped(found)]
    return RequeuedAll(
        dry_run=wanted.dry_run, requeued=tuple(requeued), groups=tuple(shown_within(groups))
    )

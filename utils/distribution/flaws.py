"""What lies at targets and should not be as it is: named, and never taken back by itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from sqlalchemy.orm import Session

from utils.db import publishable
from utils.db.publishable import Flawed, ItemState
from utils.models.publishing import PublicationFlaw

_NOT_WHOLE = {
    "pending": "it was not worked on to its end",
    "skipped": "a rule leaves it out",
    "failed": "it failed",
    "quarantined": "it failed too often and waits for a person",
    "superseded": "other content came in its place before it was done",
}
_NOT_APPROVED = {"review": "a person has to decide now", "rejected": "it is rejected now"}


def of(s: Session, ids: Collection[int] | None = None) -> tuple[PublicationFlaw, ...]:
    """All that is published and may not be any more, was forgotten, changed, or is damaged.

    ``ids``: of these publications alone.
    """
    return tuple(
        PublicationFlaw(
            publication_id=row.id, item_id=row.item_id, title=row.title, target=row.target,
            address=row.address, flaw=flaw,
        )
        for row, flaw in _flaws(s, ids)
    )  # fmt: skip


def not_whole(known: ItemState) -> str | None:
    """Why an item is not whole, in words; None: it is."""
    if known.is_whole:
        return None
    why = _NOT_WHOLE.get(known.status, f"it is {known.status}")
    return f"{why}: {known.error}" if known.error else why


def _flaws(s: Session, ids: Collection[int] | None) -> Iterator[tuple[Flawed, str]]:
    for row, known in publishable.disapproved(s, ids):
        if known is None:
            yield row, "published, but the item was forgotten here"
        elif known.approval == "approved":
            yield row, f"published, but {not_whole(known)}"
        else:
            said = _NOT_APPROVED.get(known.approval or "", "nobody has judged it since")
            yield row, f"published, but {said}{f': {known.reason}' if known.reason else ''}"
    for row in publishable.changed(s, ids):
        yield row, "published, but the item was worked on since: what lies there may be older"
    for row in publishable.damaged(s, ids):
        yield row, f"damaged where it lies: {'; '.join(map(str, row.flaws))}"

"""What lies at targets and should not be as it is: named, and never taken back by itself."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from utils.db import publications
from utils.db.publication_tables import PublicationRow
from utils.models.publishing import PublicationFlaw


def of(s: Session) -> tuple[PublicationFlaw, ...]:
    """All that is published and is not approved any more, was forgotten, changed, or is damaged."""
    return tuple(
        PublicationFlaw(
            publication_id=row.id, item_id=row.item_id, title=row.title, target=row.target,
            address=row.address or "", flaw=flaw,
        )
        for row, flaw in _flaws(s)
    )  # fmt: skip


def _flaws(s: Session) -> Iterator[tuple[PublicationRow, str]]:
    for row, approval, reason, is_known in publications.disapproved(s):
        if not is_known:
            yield row, "published, but the item was forgotten here"
            continue
        now = {"review": "a person has to decide now", "rejected": "it is rejected now"}
        said = now.get(approval or "", "nobody has judged it since")
        yield row, f"published, but {said}{f': {reason}' if reason else ''}"
    for row in publications.changed(s):
        yield row, "published, but the item was worked on since: what lies there may be older"
    for row in publications.damaged(s):
        yield row, f"damaged where it lies: {'; '.join(map(str, row.flaws))}"

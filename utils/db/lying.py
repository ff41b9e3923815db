"""All that lies at a target now, as its index has it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, undefer

from utils.db.publication_tables import PublicationRow as Row
from utils.models.publishing import PublicationStatus

_NEWEST = (Row.published_at.desc(), Row.id.desc())


def at(s: Session, target: str) -> Sequence[Row]:
    """All that lies at a target now, with its document, the newest first.

    What is being taken back belongs to no index any more.
    """
    query = select(Row).where(*_lies(target)).options(undefer(Row.document))
    fresh = query.execution_options(populate_existing=True)
    return s.scalars(fresh.order_by(*_NEWEST)).all()


def keys(s: Session, target: str) -> list[tuple[str, str, str, str]]:
    """The same by what tells whether an index is of it: item, package, moment, address."""
    facts = select(Row.item_id, Row.package_key, Row.published_at, Row.address)
    rows = s.execute(facts.where(*_lies(target)).order_by(*_NEWEST))
    return [(item_id, key, str(at), address) for item_id, key, at, address in rows]


def _lies(target: str) -> tuple[ColumnElement[bool], ...]:
    retracting = PublicationStatus.RETRACTING.value
    return Row.target == target, Row.address.is_not(None), Row.status != retracting

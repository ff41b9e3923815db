"""Fingerprints of items, and the index of terms by which those that share some are found."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError
from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from utils.db import locks
from utils.db.schema import DuplicatePair, FingerprintRow, FingerprintTerm
from utils.db.session import upsert
from utils.models.fingerprint import Fingerprint

# Where thousands of items share terms (a fixed camera) no more rows than this are counted.
_MAX_ROWS = 10_000


class Lengths(NamedTuple):
    """The lengths that a copy may have, in seconds."""

    least_seconds: float
    most_seconds: float


def load(s: Session, item_id: str) -> Fingerprint | None:
    """The fingerprint of an item; None if there is none, or only one of an older version."""
    return _read(s.scalar(select(FingerprintRow.document).where(FingerprintRow.item_id == item_id)))


def replace(
    s: Session, fingerprint: Fingerprint, terms: Sequence[int], earlier_terms: Sequence[int]
) -> None:
    """Keep the fingerprint of an item, and the terms that it is found by, in place of earlier ones.

    Such transactions go one after another: of two workers that store two copies at the same
    moment and look for duplicates afterwards, at least one finds the other's.
    """
    document = json.loads(fingerprint.model_dump_json())
    row_id, earlier = s.execute(
        select(FingerprintRow.id, FingerprintRow.document).where(
            FingerprintRow.item_id == fingerprint.item_id
        )
    ).one()
    if earlier == document:
        return
    if earlier_terms:
        s.execute(
            delete(FingerprintTerm).where(
                FingerprintTerm.term.in_(earlier_terms), FingerprintTerm.fingerprint_id == row_id
            )
        )
    s.execute(
        update(FingerprintRow)
        .where(FingerprintRow.id == row_id)
        .values(duration_seconds=fingerprint.duration_seconds, document=document)
    )
    if rows := [{"term": term, "fingerprint_id": row_id} for term in terms]:
        # The table rather than the class: the ORM's share was most of the time for 230 rows.
        s.execute(upsert(s)(FingerprintTerm.__table__).on_conflict_do_nothing(), rows)


def begin_replacing(s: Session, item_id: str) -> Fingerprint | None:
    """Wait for the turn to store a fingerprint; returns the present one, if any."""
    locks.wait_for(s, locks.FINGERPRINTS)  # SQLite has one writer anyway
    s.execute(  # a write before any read: on SQLite it waits its turn, a later one would fail
        upsert(s)(FingerprintRow).values(item_id=item_id, document={}).on_conflict_do_nothing()
    )
    return load(s, item_id)


def sharing(
    s: Session, item_id: str, terms: Sequence[int], lengths: Lengths | None, limit: int
) -> list[str]:
    """Other items that share the most of ``terms``, ``limit`` at most; an unknown length fits."""
    if not terms:
        return []
    hits = (
        select(FingerprintTerm.fingerprint_id)
        .where(FingerprintTerm.term.in_(terms))
        .limit(_MAX_ROWS)
        .subquery()
    )
    shared = func.count().label("shared")
    counted = select(hits.c.fingerprint_id, shared).group_by(hits.c.fingerprint_id).subquery()
    query = (
        select(FingerprintRow.item_id)
        .join(counted, counted.c.fingerprint_id == FingerprintRow.id)
        .where(FingerprintRow.item_id != item_id)
        .order_by(counted.c.shared.desc(), FingerprintRow.id)
        .limit(limit)
    )
    if lengths is not None:
        seconds = FingerprintRow.duration_seconds
        fits = and_(seconds >= lengths.least_seconds, seconds <= lengths.most_seconds)
        query = query.where(or_(seconds.is_(None), fits))
    return list(s.scalars(query))


def load_all(s: Session, item_ids: Collection[str]) -> list[Fingerprint]:
    """The fingerprints of these items, by id; those of older versions are left out."""
    rows = s.scalars(
        select(FingerprintRow.document)
        .where(FingerprintRow.item_id.in_(item_ids))
        .order_by(FingerprintRow.item_id)
    )
    return [known for row in rows if (known := _read(row)) is not None]


def decisions(s: Session, item_id: str) -> dict[str, str | None]:
    """The items that this one is paired with, and what a person said of each pair."""
    rows = s.execute(
        select(DuplicatePair.first_id, DuplicatePair.second_id, DuplicatePair.decision).where(
            or_(DuplicatePair.first_id == item_id, DuplicatePair.second_id == item_id)
        )
    )
    return {(b if a == item_id else a): decision for a, b, decision in rows}


def _read(document: Any) -> Fingerprint | None:
    try:
        return Fingerprint.model_validate(document) if document else None
    except ValidationError:
        return None

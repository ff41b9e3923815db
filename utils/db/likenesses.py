"""Likenesses kept, and those that resemble one found among many.

Which of the library may resemble a new item is asked of an index of terms, so that the cost
hardly grows with the library; the likeliest few are then compared in full.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from pydantic import ValidationError
from sqlalchemy import and_, delete, func, or_, select, text, update
from sqlalchemy.orm import Session

from utils.db.schema import DuplicatePair, LikenessRow, LikenessTerm
from utils.db.session import upsert
from utils.media import resemblance, terms
from utils.models.item import MediaKind
from utils.models.likeness import Likeness, NearDuplicate, NearDuplicates
from utils.models.options import DuplicateOptions

# Where thousands of items share terms (a fixed camera) no more rows than this are counted.
_MAX_ROWS = 10_000


def store(s: Session, likeness: Likeness) -> None:
    """Keep the likeness of an item in place of an earlier one.

    Such transactions go one after another: of two workers that store two copies at the same
    moment and look for duplicates afterwards, at least one finds the other's.
    """
    if s.get_bind().dialect.name == "postgresql":  # SQLite has one writer anyway
        s.execute(text("SELECT pg_advisory_xact_lock(73112)"))
    s.execute(  # a write before any read: on SQLite it waits its turn, a later one would fail
        upsert(s)(LikenessRow)
        .values(item_id=likeness.item_id, document={})
        .on_conflict_do_nothing()
    )
    row_id, earlier = s.execute(
        select(LikenessRow.id, LikenessRow.document).where(LikenessRow.item_id == likeness.item_id)
    ).one()
    document = json.loads(likeness.model_dump_json())
    if earlier == document:
        return
    if (replaced := _read(earlier)) is not None:
        s.execute(
            delete(LikenessTerm).where(
                LikenessTerm.term.in_(terms.of(replaced)), LikenessTerm.likeness_id == row_id
            )
        )
    s.execute(
        update(LikenessRow)
        .where(LikenessRow.id == row_id)
        .values(duration_seconds=likeness.duration_seconds, document=document)
    )
    if rows := [{"term": term, "likeness_id": row_id} for term in terms.of(likeness)]:
        # The table rather than the class: the ORM's share was most of the time for 230 rows.
        s.execute(upsert(s)(LikenessTerm.__table__).on_conflict_do_nothing(), rows)


def load(s: Session, item_id: str) -> Likeness | None:
    """The likeness of an item; None if there is none, or only one of an older version."""
    return _read(s.scalar(select(LikenessRow.document).where(LikenessRow.item_id == item_id)))


def near_duplicates(s: Session, likeness: Likeness, options: DuplicateOptions) -> NearDuplicates:
    """What of the library is the same work as an item, best first.

    Reads only; ``duplicates.link`` keeps the result. Call it after the transaction that stored
    the item's own likeness has ended, so that two copies can't miss each other. Pairs that a
    person called different are left out; what was linked before is compared again.
    """
    linked = _decisions(s, likeness.item_id)
    candidates = _candidates(s, likeness, options)
    undecided = {item_id for item_id, decision in linked.items() if decision is None}
    matches, refuted = [], []
    for other in _load_all(s, {*candidates, *undecided}):
        if linked.get(other.item_id) == "different":
            continue
        found = resemblance.match(likeness, other, options)
        if found is not None:
            matches.append(
                NearDuplicate(item_id=other.item_id, score=found.score, evidence=found.evidence)
            )
        elif other.item_id in undecided:
            refuted.append(other.item_id)
    matches.sort(key=lambda match: (-match.score, match.item_id))
    return NearDuplicates(
        item_id=likeness.item_id, matches=tuple(matches), refuted=tuple(sorted(refuted))
    )


def _candidates(s: Session, likeness: Likeness, options: DuplicateOptions) -> list[str]:
    """Items that share the most terms with this one, of about its length."""
    sought = terms.sought(likeness)
    if not sought:
        return []
    hits = (
        select(LikenessTerm.likeness_id)
        .where(LikenessTerm.term.in_(sought))
        .limit(_MAX_ROWS)
        .subquery()
    )
    shared = func.count().label("shared")
    counted = select(hits.c.likeness_id, shared).group_by(hits.c.likeness_id).subquery()
    query = (
        select(LikenessRow.item_id)
        .join(counted, counted.c.likeness_id == LikenessRow.id)
        .where(LikenessRow.item_id != likeness.item_id)
        .order_by(counted.c.shared.desc(), LikenessRow.id)
        .limit(options.max_candidates)
    )
    if likeness.kind is not MediaKind.IMAGE and (length := likeness.duration_seconds) is not None:
        # The longer of the two sets the tolerance, and the other may be the longer one.
        reach = resemblance.tolerance(length * (1 + 2 * options.duration_share), options)
        query = query.where(
            or_(
                LikenessRow.duration_seconds.is_(None),
                and_(
                    LikenessRow.duration_seconds >= length - reach,
                    LikenessRow.duration_seconds <= length + reach,
                ),
            )
        )
    return list(s.scalars(query))


def _load_all(s: Session, item_ids: Collection[str]) -> list[Likeness]:
    rows = s.scalars(
        select(LikenessRow.document)
        .where(LikenessRow.item_id.in_(item_ids))
        .order_by(LikenessRow.item_id)
    )
    return [known for row in rows if (known := _read(row)) is not None]


def _decisions(s: Session, item_id: str) -> dict[str, str | None]:
    """The items that this one is paired with, and what a person said of each pair."""
    rows = s.execute(
        select(DuplicatePair.first_id, DuplicatePair.second_id, DuplicatePair.decision).where(
            or_(DuplicatePair.first_id == item_id, DuplicatePair.second_id == item_id)
        )
    )
    return {(b if a == item_id else a): decision for a, b, decision in rows}


def _read(document: Any) -> Likeness | None:
    """A kept likeness; None if an older version wrote it with other fields."""
    try:
        return Likeness.model_validate(document) if document else None
    except ValidationError:
        return None

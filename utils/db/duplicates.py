"""Pairs of duplicates, what a person said of them, and the groups that they make.

Only pairs are kept. A group is what pairs connect, found when it is read: two workers that
each add a pair can't leave two halves of one group, and nothing is ever merged or split.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import BindParameter, bindparam, delete, func, or_, select
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db import items, works
from utils.db.groups import Decision, connect, say
from utils.db.schema import DuplicatePair, File, FingerprintRow, Item
from utils.db.session import rows as rows_of
from utils.db.session import upsert
from utils.errors import UsageError
from utils.models.fingerprint import Copy, DuplicateGroup, NearDuplicates, Pair

_ITEM: BindParameter[str] = bindparam("item_id")
_TOUCHING = (
    select(DuplicatePair.first_id)
    .where(or_(DuplicatePair.first_id == _ITEM, DuplicatePair.second_id == _ITEM))
    .limit(1)
)
_BOX_ERROR = 0.03  # a border is measured on a small still: of a tie the copy without one is better
_SAME_LENGTH_SECONDS = 0.5  # lengths that differ by less tell no complete copy from a cut one


def link(s: Session, found: NearDuplicates) -> None:
    """Keep what a look into the library found; a person's decisions stay as they are."""
    insert = upsert(s)
    rows = [
        {
            "first_id": min(found.item_id, match.item_id),
            "second_id": max(found.item_id, match.item_id),
            "score": match.score,
            "evidence": match.evidence,
        }
        for match in found.matches
    ]
    for row in sorted(rows, key=lambda row: (row["first_id"], row["second_id"])):
        fresh = {"score": row["score"], "evidence": row["evidence"], "found_at": now()}
        s.execute(
            insert(DuplicatePair)
            .values(**row)
            .on_conflict_do_update(index_elements=["first_id", "second_id"], set_=fresh)
        )
    for other in found.refuted:
        s.execute(
            delete(DuplicatePair).where(
                DuplicatePair.first_id == min(found.item_id, other),
                DuplicatePair.second_id == max(found.item_id, other),
                DuplicatePair.decision.is_(None),
            )
        )


def decide(s: Session, one: str, other: str, decision: Decision) -> None:
    """Keep what a person says of two items, by their checksums.

    Raises:
        UsageError: both are the same item.
    """
    if one == other:
        raise UsageError(f"{one[:10]} is one item: its copies are equal, byte for byte.")
    say(s, DuplicatePair, one, other, decision, score=0.0)


def groups(s: Session) -> list[DuplicateGroup]:
    """All groups of near-duplicates, those with the most to save first."""
    pairs = _pairs(s)
    members = connect(_outside_works(s, pairs))
    wanted = [item_id for group in members for item_id in group]
    copies = {copy.item_id: copy for copy in _copies(s, wanted)}
    found = []
    for group in members:
        ranked, why = rank([copies[item_id] for item_id in group])
        inside = tuple(
            pair
            for pair in pairs
            if pair.decision != "different" and {pair.first, pair.second} <= set(group)
        )
        found.append(DuplicateGroup(copies=tuple(ranked), pairs=inside, why_keep=why))
    return sorted(found, key=lambda group: -sum(copy.size_bytes for copy in group.copies[1:]))


def group_of(s: Session, item_id: str) -> DuplicateGroup | None:
    """The group that an item is in; None if it has no near-duplicate."""
    if rows_of(s, _TOUCHING, item_id=item_id).first() is None:
        return None  # most items: no need to put all groups together
    return next(
        (group for group in groups(s) if any(c.item_id == item_id for c in group.copies)), None
    )


def dismissed(s: Session) -> list[Pair]:
    """The pairs that a person called different."""
    return [pair for pair in _pairs(s) if pair.decision == "different"]


def exact(s: Session) -> list[Copy]:
    """Items that lie at several paths, byte for byte the same; those may be gone by now."""
    several = select(File.item_id).group_by(File.item_id).having(func.count() > 1)
    return sorted(_copies(s, s.scalars(several).all()), key=lambda copy: -copy.size_bytes)


def _pixels(copy: Copy) -> int | None:
    """Pixels of a picture, without a border; None if its size is not known."""
    if not copy.width or not copy.height:
        return None
    sure = 1.0 if copy.inside == 1 else copy.inside - _BOX_ERROR
    return round(copy.width * copy.height * sure)


def rank(copies: Sequence[Copy]) -> tuple[list[Copy], str]:
    """Copies of one work, what looks best to keep first, and why that one.

    By what can't be had back: picture size without a border, then length, then bytes; then who was
    there first. Picture sizes are compared only where all are known.
    """
    pixels = [_pixels(copy) for copy in copies]
    lengths = [copy.duration_seconds for copy in copies]
    longest = max((length for length in lengths if length is not None), default=0.0)

    def key(number: int) -> tuple[int, bool, int]:
        length = lengths[number]
        size = pixels[number] if None not in pixels else 0
        whole = length is None or length > longest - _SAME_LENGTH_SECONDS
        return -(size or 0), not whole, -copies[number].size_bytes

    order = sorted(
        range(len(copies)),
        key=lambda n: (*key(n), copies[n].added_at, copies[n].item_id),
    )
    best, *others = (key(number) for number in order)
    first = copies[order[0]]
    reasons = (
        f"largest picture ({first.width}×{first.height})",
        f"whole ({first.duration_seconds or 0:.1f} s)",
        "largest file",
    )
    why = next(
        (
            reason
            for place, reason in enumerate(reasons)
            if any(other[place] != best[place] for other in others)
        ),
        "first added",
    )
    return [copies[number] for number in order], why


def _outside_works(s: Session, pairs: Sequence[Pair]) -> list[Pair]:
    """Pairs without those whose two are parts of one work: a raw photo is no copy of its JPEG."""
    work_of = works.numbered(s)
    return [
        pair
        for pair in pairs
        if pair.decision == "same"
        or pair.first not in work_of
        or work_of[pair.first] != work_of.get(pair.second)
    ]


def _pairs(s: Session) -> list[Pair]:
    rows = s.scalars(
        select(DuplicatePair).order_by(
            DuplicatePair.score.desc(), DuplicatePair.first_id, DuplicatePair.second_id
        )
    )
    return [
        Pair(
            first=row.first_id,
            second=row.second_id,
            score=row.score,
            evidence=row.evidence,
            decision=row.decision,
        )
        for row in rows
    ]


def _copies(s: Session, item_ids: Iterable[str]) -> list[Copy]:
    found = []
    for item_id in item_ids:
        item = s.get_one(Item, item_id)
        known = s.scalar(select(FingerprintRow).where(FingerprintRow.item_id == item_id))
        length = item.duration_seconds or (known and known.duration_seconds)
        within = (known.document.get("inside") if known else None) or {}
        found.append(
            Copy(
                item_id=item.id,
                title=item.title,
                kind=item.kind,
                paths=tuple(items.paths_of(s, item_id)),
                size_bytes=item.size_bytes,
                duration_seconds=length,
                width=item.width,
                height=item.height,
                added_at=item.added_at,
                inside=within.get("share", 1.0),
            )
        )
    return found

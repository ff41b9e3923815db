"""Pairs of duplicates, what a person said of them, and the groups that they make.

Only pairs are kept. A group is what pairs connect, found when it is read: two workers that
each add a pair can't leave two halves of one group, and nothing is ever merged or split.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import BindParameter, bindparam, delete, func, or_, select
from sqlalchemy.orm import Session

from utils.clock import now
from utils.db import items, works
from utils.db.groups import Decision, Joined, connect, say, take_back_said
from utils.db.schema import DuplicatePair, File, FingerprintRow, Item
from utils.db.session import chunks, upsert
from utils.db.session import rows as rows_of
from utils.db.work_tables import WorkLinkRow
from utils.errors import UsageError
from utils.models.fingerprint import Copy, DuplicateGroup, NearDuplicates, Pair

Two = TypeVar("Two", bound=Joined)
_ITEM: BindParameter[str] = bindparam("item_id")
_TOUCHING = (
    select(DuplicatePair.first_id)
    .where(or_(DuplicatePair.first_id == _ITEM, DuplicatePair.second_id == _ITEM))
    .limit(1)
)
_LIGHT = select(
    DuplicatePair.first_id.label("first"), DuplicatePair.second_id.label("second"),
    DuplicatePair.score, DuplicatePair.decision,
    select(Item.size_bytes).where(Item.id == DuplicatePair.first_id).scalar_subquery(),
    select(Item.size_bytes).where(Item.id == DuplicatePair.second_id).scalar_subquery(),
)  # fmt: skip
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


class Outline(NamedTuple):
    """A group by its members alone, which stand in the order of their checksums.

    ``saved_bytes``: what all but the largest of them take; ``is_open``: of two of them nobody said
    yet whether they are the same.
    """

    item_ids: tuple[str, ...]
    saved_bytes: int
    is_open: bool

    @property
    def key(self) -> str:
        """By which it is found again: the checksum of a member."""
        return self.item_ids[0]


class _Light(NamedTuple):
    """A pair without its words, and the sizes of its two: thousands are read at once."""

    first: str
    second: str
    score: float
    decision: str | None
    first_bytes: int
    second_bytes: int


def outlines(s: Session) -> list[Outline]:
    """All groups of near-duplicates, those with the most to save first; two statements."""
    pairs = _outside_works(s, [_Light._make(row) for row in rows_of(s, _LIGHT)])
    groups = connect(pairs)
    number_of = {one: number for number, group in enumerate(groups) for one in group}
    sizes: dict[str, int] = {}
    undecided: set[int | None] = set()
    for first, second, _, decision, first_bytes, second_bytes in pairs:
        sizes[first], sizes[second] = first_bytes, second_bytes
        if decision is None and number_of.get(first, -1) == number_of.get(second, -2):
            undecided.add(number_of[first])
    found = []
    for number, group in enumerate(groups):
        bytes_of = [sizes[one] for one in group]
        saved = sum(bytes_of) - max(bytes_of)
        found.append(Outline(tuple(group), saved, number in undecided))
    return sorted(found, key=lambda one: (-one.saved_bytes, one.item_ids))


def state(s: Session) -> tuple[Any, ...]:
    """What changes whenever groups do: to be asked before all of them are read again."""
    pair, link = DuplicatePair, WorkLinkRow
    pairs = select(func.count(), func.max(pair.found_at), func.max(pair.decided_at))
    links = select(func.count(), func.max(link.first_id), func.max(link.decided_at))
    decided = (func.count(pair.decision), func.count(link.decision))
    return (
        *s.execute(pairs.add_columns(decided[0]).select_from(pair)).one(),
        *s.execute(links.add_columns(decided[1]).select_from(link)).one(),
    )


def details(s: Session, item_ids: Sequence[str]) -> DuplicateGroup:
    """A group of these items: what looks best to keep first, and the pairs that connect them."""
    ranked, why = rank(_copies(s, item_ids))
    inside = [pair for pair in _pairs(s, item_ids) if pair.decision != "different"]
    return DuplicateGroup(copies=tuple(ranked), pairs=tuple(inside), why_keep=why)


def undo(s: Session, one: str, other: str) -> None:
    """Take back what a person said of two items: what was measured holds again."""
    take_back_said(s, DuplicatePair, one, other)


def touching(s: Session, item_ids: Sequence[str]) -> list[Pair]:
    """The pairs of two of these items, also those that a person called different."""
    return _pairs(s, item_ids)


def groups(s: Session) -> list[DuplicateGroup]:
    """All groups of near-duplicates, those with the most to save first."""
    pairs = _pairs(s)
    members = connect(_outside_works(s, pairs))
    wanted = [item_id for group in members for item_id in group]
    copies = {copy.item_id: copy for copy in _copies(s, wanted)}
    number_of = {item_id: number for number, group in enumerate(members) for item_id in group}
    inside: dict[int, list[Pair]] = {number: [] for number in range(len(members))}
    for pair in pairs:
        number = number_of.get(pair.first)
        is_inside = number is not None and number == number_of.get(pair.second)
        if number is not None and is_inside and pair.decision != "different":
            inside[number].append(pair)
    found = []
    for number, group in enumerate(members):
        ranked, why = rank([copies[item_id] for item_id in group])
        made = DuplicateGroup(copies=tuple(ranked), pairs=tuple(inside[number]), why_keep=why)
        found.append(made)
    return sorted(found, key=lambda group: -sum(copy.size_bytes for copy in group.copies[1:]))


def group_of(s: Session, item_id: str) -> DuplicateGroup | None:
    """The group that an item is in; None if it has no near-duplicate."""
    if rows_of(s, _TOUCHING, item_id=item_id).first() is None:
        return None  # most items: no need to put all groups together
    found = next((group for group in outlines(s) if item_id in group.item_ids), None)
    return details(s, found.item_ids) if found else None


def dismissed(s: Session) -> list[Pair]:
    """The pairs that a person called different."""
    return [pair for pair in _pairs(s) if pair.decision == "different"]


def exact(s: Session) -> list[Copy]:
    """Items that lie at several paths, byte for byte the same; those may be gone by now."""
    several = select(File.item_id).group_by(File.item_id).having(func.count() > 1)
    return sorted(_copies(s, s.scalars(several).all()), key=lambda copy: -copy.size_bytes)


def exact_ids(s: Session) -> list[str]:
    """The same by their ids, those whose further copies take the most first."""
    several = (
        select(File.item_id, func.count().label("copies"))
        .group_by(File.item_id).having(func.count() > 1).subquery()
    )  # fmt: skip
    taken = Item.size_bytes * (several.c.copies - 1)
    query = select(Item.id).join(several, several.c.item_id == Item.id)
    return list(s.scalars(query.order_by(taken.desc(), Item.id)))


def exact_among(s: Session, item_ids: Sequence[str]) -> list[Copy]:
    """These items as copies with their paths, in their order."""
    return _copies(s, item_ids)


def count_decided(s: Session) -> int:
    """Of how many pairs a person said something."""
    query = select(func.count()).select_from(DuplicatePair)
    return s.scalar(query.where(DuplicatePair.decision.is_not(None))) or 0


def decided(s: Session, limit: int, offset: int = 0) -> list[Pair]:
    """Pairs that a person said something of, the last first."""
    query = select(DuplicatePair).where(DuplicatePair.decision.is_not(None))
    rows = s.scalars(
        query.order_by(DuplicatePair.decided_at.desc(), DuplicatePair.first_id,
                       DuplicatePair.second_id).limit(limit).offset(offset)
    )  # fmt: skip
    return [_pair(row) for row in rows]


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


def _outside_works(s: Session, pairs: Sequence[Two]) -> list[Two]:
    """Pairs without those whose two are parts of one work: a raw photo is no copy of its JPEG."""
    work_of = works.numbered(s)
    return [
        pair
        for pair in pairs
        if pair.decision == "same"
        or pair.first not in work_of
        or work_of[pair.first] != work_of.get(pair.second)
    ]


def _pairs(s: Session, within: Sequence[str] | None = None) -> list[Pair]:
    """All pairs, or those of two of these items, the most alike first."""
    query = select(DuplicatePair).order_by(
        DuplicatePair.score.desc(), DuplicatePair.first_id, DuplicatePair.second_id
    )
    if within is not None:
        query = query.where(DuplicatePair.first_id.in_(within), DuplicatePair.second_id.in_(within))
    return [_pair(row) for row in s.scalars(query)]


def _pair(row: DuplicatePair) -> Pair:
    return Pair.model_validate(
        {"first": row.first_id, "second": row.second_id, "score": row.score,
         "evidence": row.evidence, "decision": row.decision}
    )  # fmt: skip


def _copies(s: Session, item_ids: Sequence[str]) -> list[Copy]:
    """These items as people compare them, in their order; a few statements for 500."""
    rows = {row.id: row for row in items.preload(s, item_ids)}
    paths = items.paths_by_item(s, item_ids)
    known = _fingerprints(s, item_ids)
    found = []
    for item in (rows[one] for one in item_ids if one in rows):
        length, document = known.get(item.id, (None, {}))
        found.append(
            Copy(
                item_id=item.id,
                title=item.title,
                kind=item.kind,
                paths=tuple(paths[item.id]),
                size_bytes=item.size_bytes,
                duration_seconds=item.duration_seconds or length,
                width=item.width,
                height=item.height,
                added_at=item.added_at,
                inside=(document.get("inside") or {}).get("share", 1.0),
            )
        )
    return found


def _fingerprints(s: Session, item_ids: Sequence[str]) -> dict[str, tuple[float | None, Any]]:
    """Length in seconds and document of the fingerprints of these items, of those that have one."""
    columns = (FingerprintRow.item_id, FingerprintRow.duration_seconds, FingerprintRow.document)
    found: dict[str, tuple[float | None, Any]] = {}
    for chunk in chunks(item_ids):
        for row in s.execute(select(*columns).where(FingerprintRow.item_id.in_(chunk))):
            found[row.item_id] = (row.duration_seconds, row.document)
    return found

"""Works of several files: clues, the keys that partners are found by, links and decisions.

Only links between two files are kept. A work is what links connect when it is read, as with
near-duplicates (utils/db/duplicates.py): the order in which files come decides nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from sqlalchemy import BindParameter, bindparam, delete, literal, or_, select
from sqlalchemy.orm import Session

from utils.db import locks
from utils.db.groups import Decision, connect, say, take_back_said
from utils.db.session import chunks, upsert
from utils.db.session import rows as rows_of
from utils.db.work_tables import WorkCluesRow, WorkKey, WorkLinkRow
from utils.errors import UsageError
from utils.models.work import WorkClues, WorkKind, WorkLink

# Where more than this share a key (a folder of equal names), no more are looked at.
_MAX_PARTNERS = 200
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_TOUCHING = select(
    WorkLinkRow.first_id,
    WorkLinkRow.second_id,
    WorkLinkRow.kind,
    WorkLinkRow.evidence,
    WorkLinkRow.decision,
).where(or_(WorkLinkRow.first_id.in_(_IDS), WorkLinkRow.second_id.in_(_IDS)))


def replace(s: Session, clues: WorkClues, keys: Sequence[str]) -> None:
    """Keep the clues of a file and the keys that it is found by, in place of earlier ones.

    Such transactions go one after another, so that of two parts stored at the same moment one
    finds the other.
    """
    locks.wait_for(s, locks.WORKS)
    document = clues.model_dump(mode="json")
    s.execute(
        upsert(s)(WorkCluesRow)
        .values(item_id=clues.item_id, document=document)
        .on_conflict_do_update(index_elements=["item_id"], set_={"document": document})
    )
    s.execute(delete(WorkKey).where(WorkKey.item_id == clues.item_id))
    if rows := [{"key": key, "item_id": clues.item_id} for key in keys]:
        s.execute(upsert(s)(WorkKey).on_conflict_do_nothing(), rows)


def partners(s: Session, item_id: str, keys: Sequence[str]) -> list[WorkClues]:
    """The clues of other files that have one of ``keys``, or were linked with this one before."""
    found = set(
        s.scalars(
            select(WorkKey.item_id)
            .where(WorkKey.key.in_(keys), WorkKey.item_id != item_id)
            .distinct()
            .limit(_MAX_PARTNERS)
        )
    )
    for link in touching(s, [item_id]):
        found |= {link.first, link.second} - {item_id}
    return list(clues_of(s, found).values())


def clues_of(s: Session, item_ids: Iterable[str]) -> dict[str, WorkClues]:
    """The clues of these files, by item; those of older versions are left out."""
    found: dict[str, WorkClues] = {}
    for chunk in chunks(sorted(item_ids)):
        rows = select(WorkCluesRow).where(WorkCluesRow.item_id.in_(chunk))
        for row in s.scalars(rows):
            try:
                found[row.item_id] = WorkClues.model_validate(row.document)
            except ValidationError:
                continue
    return found


def link(s: Session, item_id: str, related: Mapping[str, tuple[WorkKind, str]]) -> None:
    """Have a file be linked with these others and no more; a person's decisions stay."""
    for other, (kind, evidence) in sorted(related.items()):
        fresh = {"kind": kind.value, "evidence": evidence}
        s.execute(
            upsert(s)(WorkLinkRow)
            .values(first_id=min(item_id, other), second_id=max(item_id, other), **fresh)
            .on_conflict_do_update(index_elements=["first_id", "second_id"], set_=fresh)
        )
    for known in touching(s, [item_id]):
        other = known.second if known.first == item_id else known.first
        if known.decision is None and other not in related:
            s.execute(
                delete(WorkLinkRow).where(
                    WorkLinkRow.first_id == known.first, WorkLinkRow.second_id == known.second
                )
            )


def decide(
    s: Session, one: str, other: str, decision: Decision, kind: WorkKind = WorkKind.JOINED
) -> None:
    """Keep what a person says of two files, by their checksums.

    Raises:
        UsageError: both are the same item.
    """
    if one == other:
        raise UsageError(f"{one[:10]} is one item: name another one to join it with.")
    say(s, WorkLinkRow, one, other, decision, kind=kind.value)


def take_back(s: Session, some: Collection[str], others: Collection[str]) -> None:
    """Have what a person said no longer part any of ``some`` from any of ``others``."""
    for known in touching(s, some):
        crosses = (known.first in some and known.second in others) or (
            known.first in others and known.second in some
        )
        if crosses and known.decision == "different":
            decide(s, known.first, known.second, "same")


def touching(s: Session, item_ids: Collection[str]) -> list[WorkLink]:
    """The links of these items, also those that a person parted."""
    found: dict[tuple[str, str], WorkLink] = {}
    for chunk in chunks(sorted(item_ids)):
        for row in rows_of(s, _TOUCHING, ids=list(chunk)):
            found[row.first_id, row.second_id] = _read(row)
    return list(found.values())


def around(s: Session, item_id: str) -> list[WorkLink]:
    """All links of the work that an item is in, however far."""
    found: dict[tuple[str, str], WorkLink] = {}
    seen: set[str] = set()
    edge = {item_id}
    while edge:
        links = touching(s, edge)
        seen |= edge
        found |= {(link.first, link.second): link for link in links}
        together = (link for link in links if link.decision != "different")
        edge = {one for link in together for one in (link.first, link.second)} - seen
    return list(found.values())


def all_links(s: Session) -> list[WorkLink]:
    """Every link, also those that a person parted."""
    rows = select(WorkLinkRow).order_by(WorkLinkRow.first_id, WorkLinkRow.second_id)
    return [_read(row) for row in s.scalars(rows)]


def numbered(s: Session) -> dict[str, int]:
    """The items that are parts of works, each with a number that only its work has."""
    columns = (
        WorkLinkRow.first_id.label("first"), WorkLinkRow.second_id.label("second"),
        literal(1.0).label("score"), WorkLinkRow.decision,
    )  # fmt: skip
    links = s.execute(select(*columns).order_by(WorkLinkRow.first_id, WorkLinkRow.second_id)).all()
    groups = connect(links)  # rows have what a link has
    return {item_id: number for number, group in enumerate(groups) for item_id in group}


def undo(s: Session, one: str, other: str) -> None:
    """Take back what a person said of two files: what was recognised holds again."""
    take_back_said(s, WorkLinkRow, one, other)


def _read(row: Any) -> WorkLink:
    return WorkLink.model_validate(
        {
            "first": row.first_id,
            "second": row.second_id,
            "kind": row.kind,
            "evidence": row.evidence,
            "decision": row.decision,
        }
    )

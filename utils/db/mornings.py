"""What was done lately and what it cost, what waits, what has trouble: few indexed queries each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Subquery, case, func, literal_column, null, select
from sqlalchemy.orm import Session

from utils.db import spending
from utils.db.failures import UNKNOWN
from utils.db.music_tables import MusicAccount
from utils.db.publication_tables import PublicationRow
from utils.db.schema import Address, DuplicatePair, Execution, Item, Run, RunItem, Spending
from utils.db.source_tables import Source, SourceLook
from utils.models.item import ItemStatus
from utils.models.publishing import PublicationStatus
from utils.models.rendition import COMPRESSIONS
from utils.models.shift import Outcome

NIGHT = "night-shift"
_THROUGH = (ItemStatus.DONE.value, ItemStatus.DEFERRED.value)
_OPEN = (ItemStatus.PENDING.value, ItemStatus.DEFERRED.value, ItemStatus.FAILED.value)
_BROKEN = (ItemStatus.FAILED.value, ItemStatus.QUARANTINED.value)
_SKIPPED = RunItem.outcome == Outcome.SKIPPED.value


class Trouble(NamedTuple):
    """Items or addresses that failed for one class of reason in one step.

    ``is_final``: they wait for a person. ``refusal``: why their site does not give them, of
    addresses. ``examples``: id, title and error of some of them.
    """

    error_class: str
    step: str
    refusal: str | None
    is_final: bool
    number: int
    examples: list[tuple[str, str, str]]


class Totals(NamedTuple):
    """What a run took and made: seconds of all steps, bytes read, written and saved, money."""

    step_seconds: float
    bytes_in: int
    bytes_written: int
    bytes_saved: int
    microusd: dict[str, int]


def last_run(s: Session, flow: str | None = None) -> Run | None:
    """The run that began last, of a flow or of any."""
    query = select(Run).order_by(Run.started_at.desc(), Run.id.desc()).limit(1)
    return s.scalars(query.where(Run.flow == flow) if flow else query).first()


def done_since(s: Session, since: datetime, limit: int) -> Sequence[Row[Any]]:
    """Items that were done since then, the last first."""
    columns = (Item.id, Item.title, Item.kind, Item.duration_seconds, Item.processed_at,
               Item.verdict, Item.approval, Item.status, Item.language)  # fmt: skip
    query = select(*columns).where(Item.processed_at >= since, Item.status.in_(_THROUGH))
    return s.execute(query.order_by(Item.processed_at.desc()).limit(limit)).all()


def count_since(s: Session, since: datetime) -> dict[str, int]:
    """How many items of each kind were done since then."""
    of_these = (Item.processed_at >= since, Item.status.in_(_THROUGH))
    rows = s.execute(select(Item.kind, func.count()).where(*of_these).group_by(Item.kind))
    return dict(rows.tuples().all())


def count_open(s: Session) -> dict[str, int]:
    """How many items wait for a shift, by status."""
    rows = select(Item.status, func.count()).where(Item.status.in_(_OPEN)).group_by(Item.status)
    return dict(s.execute(rows).tuples().all())


def is_empty(s: Session) -> bool:
    """True if there is no item yet."""
    return s.scalar(select(Item.id).limit(1)) is None


def broken_items(s: Session, examples: int = 3, limit: int = 20) -> list[Trouble]:
    """Items that failed, by class of error, step and whether they wait; the most first."""
    columns = (Item.id.label("key"), Item.title.label("title"), Item.error.label("error"),
               Item.error_class, Item.failed_step, null().label("refusal"), Item.status,
               Item.added_at)  # fmt: skip
    query = select(*columns).where(Item.status.in_(_BROKEN), Item.claimed_by.is_(None))
    return _grouped(s, query.subquery(), examples, limit)


def broken_addresses(s: Session, examples: int = 3, limit: int = 20) -> list[Trouble]:
    """Addresses likewise, also by why their site refuses."""
    title = func.coalesce(Address.title, Address.url).label("title")
    columns = (Address.key.label("key"), title, Address.error.label("error"), Address.error_class,
               Address.failed_step, Address.refusal, Address.status, Address.added_at)  # fmt: skip
    return _grouped(
        s, select(*columns).where(Address.status.in_(_BROKEN)).subquery(), examples, limit
    )


def _grouped(s: Session, found: Subquery, examples: int, limit: int) -> list[Trouble]:
    """Kinds of failures in one statement: how many of each, and the latest as examples."""
    final = case((found.c.status == ItemStatus.QUARANTINED.value, 1), else_=0)
    names = (
        func.coalesce(found.c.error_class, UNKNOWN),
        func.coalesce(found.c.failed_step, UNKNOWN),
    )
    kind = (*names, found.c.refusal, final)
    place = func.row_number().over(partition_by=kind, order_by=found.c.added_at.desc())
    number = func.count().over(partition_by=kind)
    row = select(
        names[0].label("error_class"), names[1].label("step"), found.c.refusal,
        final.label("is_final"), found.c.key, found.c.title, found.c.error,
        place.label("place"), number.label("number"),
    ).subquery()  # fmt: skip
    rows = s.execute(
        select(row).where(row.c.place <= examples).order_by(row.c.number.desc(), row.c.place)
    )
    kinds: dict[tuple[Any, ...], Trouble] = {}
    for one in rows:
        told = (one.error_class, one.step, one.refusal, bool(one.is_final))
        trouble = kinds.setdefault(told, Trouble(*told, one.number, []))
        trouble.examples.append((one.key, one.title, one.error or ""))
    return list(kinds.values())[:limit]


def failing_sources(s: Session) -> Sequence[Row[Any]]:
    """Sources whose last look was bad: name, location, error_class, error, failing_since."""
    columns = (Source.name, Source.location, SourceLook.error_class, SourceLook.error,
               SourceLook.failing_since)  # fmt: skip
    query = select(*columns).join(SourceLook, SourceLook.location == Source.location)
    bad = (SourceLook.failing_since.is_not(None), Source.paused_at.is_(None))
    return s.execute(query.where(*bad).order_by(Source.name)).all()


def count_undecided_pairs(s: Session) -> int:
    """How many pairs look alike and nobody has said what is to become of them."""
    query = select(func.count()).select_from(DuplicatePair)
    return s.scalar(query.where(DuplicatePair.decision.is_(None))) or 0


def count_failed_publications(s: Session) -> int:
    """How many publications could not be made and are tried no more by themselves."""
    failed = PublicationRow.status == PublicationStatus.FAILED.value
    return s.scalar(select(func.count()).select_from(PublicationRow).where(failed)) or 0


def refused_accounts(s: Session) -> list[str]:
    """The music accounts that a service does not let us into any more."""
    rows = s.execute(select(MusicAccount.service, MusicAccount.profile)).all()
    return sorted({service for service, profile in rows if (profile or {}).get("refused_at")})


def totals(s: Session, run_id: str) -> Totals:
    """What a run took and made so far; of a large one this takes a while (rows of its steps)."""
    of_run = Execution.run_id == run_id
    sums = s.execute(
        select(
            func.coalesce(func.sum(Execution.duration_seconds), 0.0),
            func.coalesce(func.sum(Execution.bytes_written), 0),
        ).where(of_run)
    ).one()
    encoded = s.scalars(
        select(Execution.result).where(
            of_run, Execution.step.in_(COMPRESSIONS), Execution.status == literal_column("'done'")
        )
    )
    read = select(func.sum(Item.size_bytes)).where(
        Item.id.in_(select(RunItem.item_id).where(RunItem.run_id == run_id, ~_SKIPPED))
    )
    return Totals(
        float(sums[0]), int(s.scalar(read) or 0), int(sums[1]), sum(map(_saved, encoded)),
        money(s, run_id),
    )  # fmt: skip


def money(s: Session, run_id: str) -> dict[str, int]:
    """Micro-USD by engine; as estimated where no bill came yet."""
    cost = func.coalesce(Spending.actual_microusd, Spending.reserved_microusd, 0)
    rows = s.execute(
        select(Spending.engine, func.sum(cost))
        .where(Spending.run_id == run_id, Spending.status != spending.RELEASED)
        .group_by(Spending.engine)
        .order_by(func.sum(cost).desc())
    )
    return {engine: int(microusd) for engine, microusd in rows}


def _saved(result: Any) -> int:
    """Bytes by which a rendition is smaller than what it was made of; 0 without one."""
    made = (result or {}).get("rendition") or {}
    return int(result["source_bytes"]) - int(made["size_bytes"]) if made else 0

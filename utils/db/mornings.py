"""What was done lately and what it cost, what waits, what has trouble: few indexed queries each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, func, literal_column, select
from sqlalchemy.orm import Session

from utils.db import spending
from utils.db.failures import UNKNOWN
from utils.db.music_tables import MusicAccount
from utils.db.publication_tables import PublicationRow
from utils.db.schema import Address, DuplicatePair, Execution, Item, Run, RunItem, Spending
from utils.db.source_tables import Source, SourceLook
from utils.models.item import ItemStatus, MediaKind
from utils.models.publishing import PublicationStatus
from utils.models.rendition import COMPRESSIONS
from utils.models.shift import Outcome, RunStatus

NIGHT = "night-shift"
# What is not through. Told so, and not by what is, or SQLite takes the index of the statuses
# instead of that of the moments: 94,000 rows instead of a day's.
_NOT_THROUGH = [
    one.value for one in ItemStatus if one not in {ItemStatus.DONE, ItemStatus.DEFERRED}
]
_OPEN = (ItemStatus.PENDING.value, ItemStatus.DEFERRED.value, ItemStatus.FAILED.value)
_BROKEN = (ItemStatus.FAILED.value, ItemStatus.QUARANTINED.value)
# By the index of what is broken (migration 0038); literals, or SQLite does not see it.
_IS_BROKEN = Item.status.in_([literal_column(f"'{status}'") for status in _BROKEN])
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
    """The run that began last and is over, of a flow or of any."""
    over = Run.status != RunStatus.RUNNING.value
    query = select(Run).where(over).order_by(Run.started_at.desc(), Run.id.desc()).limit(1)
    return s.scalars(query.where(Run.flow == flow) if flow else query).first()


def running_since(s: Session) -> datetime | None:
    """When the first run of those that run now began."""
    return s.scalar(select(func.min(Run.started_at)).where(Run.status == RunStatus.RUNNING.value))


def done_since(s: Session, since: datetime, limit: int) -> Sequence[Row[Any]]:
    """Items that were done since then, the last first."""
    columns = (Item.id, Item.title, Item.kind, Item.duration_seconds, Item.processed_at,
               Item.verdict, Item.approval, Item.status, Item.language)  # fmt: skip
    query = select(*columns).where(Item.processed_at >= since, Item.status.not_in(_NOT_THROUGH))
    return s.execute(query.order_by(Item.processed_at.desc()).limit(limit)).all()


def count_since(s: Session, since: datetime) -> dict[str, int]:
    """How many items of each kind were done since then.

    Each kind is counted by itself: grouped by kinds, SQLite reads all items in their order.
    """
    counts = [func.count().filter(Item.kind == kind.value) for kind in MediaKind]
    of_these = (Item.processed_at >= since, Item.status.not_in(_NOT_THROUGH))
    row = s.execute(select(*counts).where(*of_these)).one()
    return {kind.value: number for kind, number in zip(MediaKind, row, strict=True) if number}


def count_open(s: Session) -> dict[str, int]:
    """How many items wait for a shift, by status."""
    rows = select(Item.status, func.count()).where(Item.status.in_(_OPEN)).group_by(Item.status)
    return dict(s.execute(rows).tuples().all())


def is_empty(s: Session) -> bool:
    """True if there is no item yet."""
    return s.scalar(select(Item.id).limit(1)) is None


def broken_items(s: Session, examples: int = 3, limit: int = 20) -> list[Trouble]:
    """Items that failed, by class of error, step and whether they wait; the most first."""
    kind = (Item.error_class, Item.failed_step, Item.status)
    broken = (_IS_BROKEN, Item.claimed_by.is_(None))
    number = func.count()
    kinds = select(*kind, number).where(*broken).group_by(*kind).order_by(number.desc())
    example = select(Item.id, Item.title, Item.error).order_by(Item.added_at.desc()).limit(examples)
    return [
        Trouble(
            error_class=error_class or UNKNOWN,
            step=step or UNKNOWN,
            refusal=None,
            is_final=status == ItemStatus.QUARANTINED.value,
            number=found,
            examples=_texts(s, example.where(
                *broken, Item.status == status, Item.error_class.is_not_distinct_from(error_class),
                Item.failed_step.is_not_distinct_from(step))),
        )
        for error_class, step, status, found in s.execute(kinds.limit(limit)).all()
    ]  # fmt: skip


def broken_addresses(s: Session, examples: int = 3, limit: int = 20) -> list[Trouble]:
    """Addresses likewise, also by why their site refuses."""
    kind = (Address.error_class, Address.failed_step, Address.refusal, Address.status)
    broken, number = Address.status.in_(_BROKEN), func.count()
    kinds = select(*kind, number).where(broken).group_by(*kind).order_by(number.desc())
    title = func.coalesce(Address.title, Address.url)
    example = select(Address.key, title, Address.error).order_by(Address.added_at.desc())
    return [
        Trouble(
            error_class=error_class or UNKNOWN,
            step=step or UNKNOWN,
            refusal=refusal,
            is_final=status == ItemStatus.QUARANTINED.value,
            number=found,
            examples=_texts(s, example.limit(examples).where(
                Address.status == status, Address.refusal.is_not_distinct_from(refusal),
                Address.error_class.is_not_distinct_from(error_class),
                Address.failed_step.is_not_distinct_from(step))),
        )
        for error_class, step, refusal, status, found in s.execute(kinds.limit(limit)).all()
    ]  # fmt: skip


def _texts(s: Session, query: Select[Any]) -> list[tuple[str, str, str]]:
    return [(key, title, error or "") for key, title, error in s.execute(query)]


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

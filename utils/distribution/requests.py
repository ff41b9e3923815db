"""What is asked for many items at once: published, taken back, gone on with, looked at."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from utils.clock import now
from utils.config import Settings
from utils.db import items, publications, publishable, workers
from utils.db.publication_tables import PublicationRow as Row
from utils.db.publications import Wish
from utils.db.session import session
from utils.distribution import flaws, indexes, nightly_selection, permission, publishing, targets
from utils.errors import NightShiftError, UsageError
from utils.models.publishing import (
    PublicationOutcome,
    PublicationResult,
    PublicationStatus,
    PublishReport,
)

Hear = Callable[[PublicationOutcome], None]


class Watch(NamedTuple):
    """Who is told how many there are, and of each when it is done."""

    begun: Callable[[int], None]
    done: Hear


class Order(NamedTuple):
    """What a person asks for: items at targets, from a moment on, and who says so.

    ``reason``: why, though an item is not approved.
    """

    item_ids: tuple[str, ...]
    targets: tuple[str, ...]
    at: datetime | None = None
    reason: str | None = None
    made_by: str | None = None


def publish(order: Order, settings: Settings, hear: Hear | None = None) -> PublishReport:
    """Publish items at targets now, or note when; one failure stops no other.

    Raises:
        UsageError: an item or a target is none; nothing was begun.
        SettingsError: targets.yaml makes no sense.
    """
    kinds = {name: targets.one(settings, name).kind for name in order.targets}
    with session() as s:
        rows = {row.id: row.title for row in (items.find(s, one) for one in order.item_ids)}
        states = publishable.item_states(s, rows)
    refused, ids = [], []
    for item_id, title in rows.items():
        why = None if order.reason else permission.not_approved(states.get(item_id), item_id)
        for name, kind in kinds.items():
            if why:
                refused.append(_refused(item_id, title, name, why))
                continue
            wish = Wish(item_id, title, name, kind, order.at or now(), order.made_by, order.reason)
            with session() as s:
                ids.append(publications.want(s, wish))
    later = order.at is not None and order.at > now()
    with _worker(settings) as worker:
        found = [_scheduled(one) for one in ids] if later else _work(ids, worker, settings, hear)
        return _report([*refused, *found], [] if later else list(kinds), worker, settings)


def unpublish(
    item_ids: Sequence[str], names: Sequence[str], settings: Settings, hear: Hear | None = None,
    is_gone: bool = False,
) -> PublishReport:  # fmt: skip
    """Take items back from targets, from all where none is named; what was scheduled is not done.

    ``is_gone``: the targets are gone for good, and are not asked.

    Raises:
        UsageError: an item is none, or is published at none of these.
    """
    with session() as s:
        found = [_known_id(s, one) for one in item_ids]
        rows = [row for row in publications.of_items(s, found, names) if _is_open(row)]
        left = [one for one in found if one not in {row.item_id for row in rows}]
    if left:
        where = f" at {', '.join(names)}" if names else ""
        raise UsageError(f"{', '.join(one[:12] for one in left)}: not published{where}.")
    ids = [row.id for row in rows]
    return abandon(ids, settings) if is_gone else take_back(ids, settings, hear)


def take_back(ids: Sequence[int], settings: Settings, hear: Hear | None = None) -> PublishReport:
    """Take publications back by their numbers: out of the indexes first, then their files."""
    with _worker(settings) as worker:
        with session() as s:
            taken = [one for one in ids if publications.begin_retraction(s, worker, one)]
            touched = list(dict.fromkeys(publications.get(s, one).target for one in ids))
        indexes.refresh(touched, worker, settings)  # one that fails is told of below
        with session() as s:
            for one in taken:
                publications.change(s, worker, one, claimed_by=None)
        done = _work(ids, worker, settings, hear)
        return _report(done, touched, worker, settings)


def abandon(ids: Sequence[int], settings: Settings) -> PublishReport:
    """Count publications as taken back without asking their target, which is gone for good."""
    done = []
    with _worker(settings) as worker:
        for one in ids:
            with session() as s:
                row = publications.claim(s, worker, one)
                if row is None:
                    done.append(_of(publications.get(s, one), PublicationResult.BUSY))
                    continue
                publications.settle_retracted(s, worker, row)
                done.append(_of(row, PublicationResult.RETRACTED))
    return PublishReport(outcomes=tuple(done))


def _known_id(s: Session, given: str) -> str:
    """An item's id; also of one that was forgotten, where something of it is still known."""
    try:
        return items.find(s, given).id
    except UsageError:
        known = publications.id_like(s, given)
        if known is None:
            raise
        return known


def _is_open(row: Row) -> bool:
    return row.status != PublicationStatus.RETRACTED.value


def publish_due(
    settings: Settings,
    run_id: str | None = None,
    limit: int | None = None,
    *,
    item_ids: Collection[str] | None = None,
    to: Collection[str] | None = None,
    watch: Watch | None = None,
) -> PublishReport:
    """Publish what is wanted now: nightly targets, rules, what was scheduled, what failed before.

    Args:
        settings: The home, the targets.
        run_id: The run that this belongs to, if any.
        limit: So many publications at most; the rest stays for the next time.
        item_ids: These items alone.
        to: These targets alone; of items that are named, also those that are not nightly.
        watch: Is told how it goes.

    Raises:
        SettingsError: targets.yaml or rules.yaml makes no sense.
        UsageError: a target is none.
    """
    known = targets.load(settings).targets
    for name in to or ():
        targets.one(settings, name)
    names = [name for name in known if to is None or name in to]
    nightly_selection.note(known, names, settings, item_ids, is_asked=to is not None)
    with session() as s:
        publications.give_up(s)
        ids = publications.due(s, names, item_ids)
    ids = ids if limit is None else ids[:limit]
    if watch:
        watch.begun(len(ids))
    with _worker(settings) as worker:
        indexes.refresh(names, worker, settings)  # of what is taken back, before its files go
        done = _work(ids, worker, settings, watch.done if watch else None)
        found = _report(done, names, worker, settings)
    unknown = nightly_selection.unknown_targets(known, settings)
    return found.model_copy(update={"run_id": run_id, "problems": (*found.problems, *unknown)})


def retry(ids: Sequence[int], settings: Settings, hear: Hear | None = None) -> PublishReport:
    """Go on with publications that failed, whatever their tries.

    Raises:
        UsageError: there is no such publication, or it did not fail; nothing was begun.
    """
    with session() as s:
        publications.give_up(s)
        for one in ids:
            publications.revive(s, one)
    with _worker(settings) as worker:
        done = _work(ids, worker, settings, hear)
        return _report(done, list({one.target for one in done}), worker, settings)


class Looked(NamedTuple):
    """What was seen of a publication where it lies; ``error``: it could not be looked at."""

    row: Row
    wrong: tuple[str, ...]
    error: str | None = None


def verify(ids: Sequence[int], settings: Settings) -> Iterator[Looked]:
    """Look at publications where they lie: what is gone, cut, or has another content."""
    with _worker(settings) as worker:
        for one in ids:
            with session() as s:
                row = publications.claim(s, worker, one)
                busy = None if row else publications.get(s, one)
            if row is None:
                assert busy is not None
                yield Looked(busy, (), "another process is at it")
                continue
            try:
                yield Looked(row, publishing.verify(row, worker, settings))
            except Exception as error:  # noqa: BLE001  a driver's own: it stops no other
                found = publishing.told(error, f"looking at {row.target}")
                with session() as s:
                    publications.change(s, worker, one, claimed_by=None)
                yield Looked(row, (), str(found))


def _work(
    ids: Sequence[int], worker: str, settings: Settings, hear: Hear | None
) -> list[PublicationOutcome]:  # fmt: skip
    done = []
    for one in ids:
        with session() as s:
            row = publications.claim(s, worker, one)
            busy = None if row else publications.get(s, one)
        if row is None:
            assert busy is not None
            done.append(_of(busy, PublicationResult.BUSY, "another process is at it"))
        elif not publications.is_due(row):  # taken back, put off or settled since it was looked for
            with session() as s:
                publications.change(s, worker, one, claimed_by=None)
            why = f"another process was at it meanwhile: it is {row.status}"
            done.append(_of(row, PublicationResult.BUSY, why))
        elif row.status == PublicationStatus.RETRACTING.value:
            done.append(publishing.retract(row, worker, settings))
        else:
            done.append(publishing.publish(row, worker, settings))
        if hear:
            hear(done[-1])
    return done


def _report(
    done: Sequence[PublicationOutcome], names: Sequence[str], worker: str, settings: Settings
) -> PublishReport:
    errors = indexes.refresh(names, worker, settings)
    errors += _tidied(worker, settings)
    with session() as s:
        flawed = flaws.of(s)
    return PublishReport(outcomes=tuple(done), problems=tuple(errors), flaws=flawed)


def _tidied(worker: str, settings: Settings) -> list[str]:
    """Take away what belongs to no publication any more; returns what went wrong, in words."""
    wrong = []
    with session() as s:
        ids = publications.untidy(s)
    for one in ids:
        with session() as s:
            row = publications.claim(s, worker, one)
        if row is None:
            continue
        try:
            publishing.tidy(row, worker, settings)
        except Exception as error:  # noqa: BLE001  a driver's own: it stops no other
            found = publishing.told(error, f"taking former files away at {row.target}")
            wrong.append(f"Former files of {row.title} at {row.target} are still there: {found}")
            with session() as s:
                publications.change(s, worker, one, claimed_by=None)
    return wrong


def _scheduled(publication_id: int) -> PublicationOutcome:
    with session() as s:
        row = publications.get(s, publication_id)
    return _of(row, PublicationResult.WAITING).model_copy(update={"due_at": row.due_at})


def _of(row: Row, result: PublicationResult, error: str | None = None) -> PublicationOutcome:
    return PublicationOutcome(
        publication_id=row.id, item_id=row.item_id, title=row.title, target=row.target,
        result=result, address=row.address, error=error,
    )  # fmt: skip


def _refused(item_id: str, title: str, target: str, why: str) -> PublicationOutcome:
    return PublicationOutcome(
        item_id=item_id, title=title, target=target, result=PublicationResult.REFUSED, error=why
    )


@contextmanager
def _worker(settings: Settings) -> Iterator[str]:
    """Be known as alive while the block lasts: what this process has claimed is its own."""
    worker = f"publish-{uuid.uuid4().hex[:12]}"
    with session() as s:
        workers.register(s, worker, None, settings.lease_seconds)
    over = threading.Event()

    def beat() -> None:
        while not over.wait(settings.lease_seconds / 3):
            try:
                with session() as s:
                    workers.heartbeat(s, worker, settings.lease_seconds)
            except NightShiftError:  # a locked database: the next beat may pass
                continue

    thread = threading.Thread(target=beat, name="publishing", daemon=True)
    thread.start()
    try:
        yield worker
    finally:
        over.set()
        thread.join()
        with session() as s:
            publications.release_all(s, worker)
            workers.unregister(s, worker)

"""Claims, migrations and the ledger, on SQLite and on a real Postgres."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.conftest import Override
from tests.waiting import until
from utils.clock import now
from utils.config import load_settings
from utils.db import failures, flags, items, ledger, metrics_queries, queue, runs, sources
from utils.db.base import Base, is_described
from utils.db.items import Seen
from utils.db.schema import Download, Execution, Item, Run, RunItem
from utils.db.session import MIGRATIONS, engine, session, upgrade
from utils.db.source_tables import Source
from utils.errors import DeferredError, PermanentError, RetryableError, StoppedError
from utils.models.item import FileStat, ItemStatus, MediaKind
from utils.models.rendition import Thumbnails
from utils.pipeline import recall
from utils.storage.sealing import opened, sealed


def add(number: int, **facts: Any) -> str:
    item_id = f"{number:064x}"
    stat = FileStat(
        path=Path(f"/x/{number}"), size_bytes=number % 1000 + 1, modified_ns=1, inode=2**63
    )
    with session() as s:
        item = items.register(s, Seen(stat, item_id, True), MediaKind.AUDIO)
        for name, value in facts.items():
            setattr(item, name, value)
    return item_id


def claim(worker: str, limit: int = 10) -> list[str]:
    with session() as s:
        return queue.claim(s, worker, queue.waiting(3), limit)


def test_the_migrations_make_what_the_schema_says(database: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with engine(load_settings()).connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_name": is_described}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_an_older_database_keeps_what_it_holds_and_goes_back_again(database: str) -> None:
    from alembic import command
    from alembic.config import Config

    item_id = add(1, title="kept", camera_make="Canon")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    target = engine(load_settings())
    for move, version in ((command.downgrade, "0001"), (command.upgrade, "head")):
        with target.begin() as connection:
            config.attributes["connection"] = connection
            move(config, version)
    with session() as s:
        item = s.get_one(Item, item_id)
        assert (item.title, item.camera_make, len(items.paths_of(s, item_id))) == ("kept", None, 1)


def test_secrets_in_addresses_leave_an_older_database_and_come_back(database: str) -> None:
    from alembic import command
    from alembic.config import Config

    url = "https://me:hunter2@site/feed?token=hunter2"
    item_id = add(1, source_url=url, error=f"{url} is gone")
    with session() as s:
        s.add_all(
            [
                Source(id="1", name="site", kind="youtube", location=url),
                Download(key="k", url=url, item_id=item_id),
                Run(id="r", flow="f", status="failed", started_at=now(), reason=f"at {url}"),
                RunItem(run_id="r", path=url, outcome="failed", reason=url, error=f'"{url}"'),
                Execution(
                    item_id=item_id, step="fetch_media", version=1, key="k", status="done",
                    started_at=now(), error=url, result={"url": url}, inputs={"item": [url]},
                ),
            ]
        )  # fmt: skip
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    target = engine(load_settings())
    with target.begin() as connection:
        config.attributes["connection"] = connection
        connection.execute(text("UPDATE alembic_version SET version_num = '0007'"))
        command.upgrade(config, "0008")
    with session() as s:
        rows = [
            s.scalars(select(table)).one()
            for table in (Item, Source, Download, Run, RunItem, Execution)
        ]
        told = "".join(str(vars(row)) for row in rows)
        assert "hunter2" not in told and "site/feed" in told
        (kept,) = sources.locations(s)
        assert opened(kept, load_settings()) == url
        assert kept == s.get_one(Item, item_id).source_url == sealed(url, load_settings())
    with target.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0007")
        connection.execute(text("UPDATE alembic_version SET version_num = '0008'"))
    with session() as s:
        assert sources.locations(s) == [url]


def test_a_database_of_a_newer_version_is_refused(database: str) -> None:
    target = engine(load_settings())
    with target.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(PermanentError, match="Update Night Shift"):
        upgrade(target)


def test_nobody_gets_what_another_has_claimed(database: str) -> None:
    ids = {add(number) for number in range(6)}
    first, second = claim("a", limit=4), claim("b", limit=4)
    assert len(first) == 4
    assert len(second) == 2
    assert set(first) | set(second) == ids


def test_many_claimants_at_once_share_without_overlap(database: str) -> None:
    ids = {add(number) for number in range(40)}
    got, errors = [], []

    def worker(name: str) -> None:
        try:
            for _ in range(10):
                got.extend(claim(name, limit=3))
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=worker, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(got) == sorted(ids)


def test_what_was_not_settled_is_given_back(database: str) -> None:
    add(1)
    claim("a")
    with session() as s:
        queue.release_all(s, "a")
    assert len(claim("b")) == 1


def test_small_items_go_first_and_failed_ones_last(database: str) -> None:
    order = [add(5), add(9), add(1, tries=1, status="failed")]
    assert claim("a") == order


def test_three_failures_quarantine_and_a_permanent_one_at_once(database: str) -> None:
    unlucky, corrupt = add(1), add(2)
    for _ in range(3):
        claim("a")
        with session() as s:
            assert queue.settle_failed(s, "a", unlucky, RetryableError("busy"), 3)
    with session() as s:
        assert queue.settle_failed(s, "a", corrupt, PermanentError("corrupt"), 3)
    with session() as s:
        statuses = set(s.scalars(select(Item.status)))
    assert statuses == {ItemStatus.QUARANTINED.value}
    with session() as s:
        failures.requeue(s, failures.Choice((unlucky, corrupt)))
        assert [item.tries for item in s.scalars(select(Item))] == [0, 0]
    assert len(claim("a")) == 2


def test_an_item_is_found_by_checksum_prefix_and_path(database: str) -> None:
    item_id = add(0xABCDEF << 200)
    add(0xABCD00 << 200)
    with session() as s:
        for wanted in (item_id, item_id[:20], f"/x/{0xABCDEF << 200}"):
            assert items.find(s, wanted).id == item_id
        with pytest.raises(PermanentError, match="several"):
            items.find(s, item_id[:12])
        with pytest.raises(PermanentError, match="no item"):
            items.find(s, "feedfeed")


def test_the_ledger_keeps_and_recalls(database: str) -> None:
    row = ledger.start("a" * 64, "a_step", ledger.Inputs("key", {"version": 1}), "run")
    with session() as s:
        ledger.finish(s, row, Thumbnails(images=()), 0.5)
        assert ledger.execution_count(s) == 1
    assert recall.recall("key", Thumbnails, load_settings()).result == Thumbnails(images=())


def test_a_run_is_counted(database: str) -> None:
    with session() as s:
        runs.begin(s, "r1", "night-shift")
        assert runs.load(s, "r1").counts.done == 0
        assert runs.load(s, "r1").started_at.tzinfo is not None


def test_a_database_out_of_reach_is_a_clear_error_without_its_password(override: Override) -> None:
    override(database_url=SecretStr("postgresql+psycopg://u:hunter2@127.0.0.1:1/x"))
    with pytest.raises(RetryableError, match="can't be used") as caught:
        engine(load_settings())
    assert "hunter2" not in str(caught.value)


def test_too_many_at_once_are_told_to_come_again(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = engine(load_settings()).pool
    monkeypatch.setattr(pool, "_timeout", 0.01)
    with ExitStack() as stack:
        for _ in range(15):
            stack.enter_context(session()).connection()
        with pytest.raises(RetryableError, match="at once"), session() as s:
            s.connection()


def put(item_id: str, **values: Any) -> None:
    with session() as s:
        item = s.get_one(Item, item_id)
        for name, value in values.items():
            setattr(item, name, value)


def row_of(item_id: str) -> Any:
    with session() as s:
        item = s.get_one(Item, item_id)
        return item.status, item.claimed_by, item.tries, item.error


@pytest.mark.parametrize("status", list(ItemStatus))
def test_a_claim_and_its_release_change_no_status(database: str, status: Any) -> None:
    item_id = add(1, status=status.value)
    releases: tuple[Callable[[Session], object], ...] = (
        lambda s: queue.release(s, "a run", [item_id]),
        lambda s: queue.release_all(s, "a run"),
        lambda s: queue.settle_failed(s, "a run", item_id, StoppedError("by hand"), 3),
    )
    for release in releases:
        with session() as s:
            assert queue.claim_these(s, "a run", [item_id]) == [item_id]
        assert row_of(item_id) == (status.value, "a run", 0, None)
        with session() as s:
            release(s)
        assert row_of(item_id) == (status.value, None, 0, None)


@pytest.mark.parametrize(
    "settle",
    [
        lambda s, item_id: queue.settle_done(s, "stale", item_id, "key"),
        lambda s, item_id: queue.settle_failed(s, "stale", item_id, RetryableError("no"), 3),
        lambda s, item_id: queue.settle_deferred(s, "stale", item_id, DeferredError("dear")),
        lambda s, item_id: queue.release(s, "stale", [item_id]),
    ],
)
def test_a_worker_that_was_taken_for_dead_changes_nothing(database: str, settle: Any) -> None:
    item_id = add(1)
    claim("heir")
    with session() as s:
        assert not settle(s, item_id)
    assert row_of(item_id) == ("pending", "heir", 0, None)


def _waits_for_a_lock() -> bool:
    with session() as s:
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(s.scalar(waiting))


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_claim_that_comes_between_a_stale_workers_look_and_its_release_stays(
    database: str,
) -> None:
    """The other transaction is open while the stale worker releases: it waits, then looks again."""
    item_id = add(1, claimed_by="stale")
    with session() as taking_over:
        taken = select(Item).where(Item.id == item_id).with_for_update()
        taking_over.scalars(taken).one().claimed_by = "heir"
        taking_over.flush()

        def release() -> None:
            with session() as s:
                queue.release_all(s, "stale")

        stale = threading.Thread(target=release)
        stale.start()
        until(lambda: not stale.is_alive() or _waits_for_a_lock(), "the release, at the lock")
    stale.join(30)
    assert row_of(item_id) == ("pending", "heir", 0, None)


def test_what_was_put_off_comes_after_all_else(database: str) -> None:
    first, second = add(1), add(2)
    put(first, status="deferred")
    assert claim("a") == [second, first]


def ago(**span: Any) -> datetime:
    return datetime.now(UTC) - timedelta(**span)


def test_what_a_person_asked_for_goes_first_then_what_is_fresh_then_what_is_small(
    database: str,
) -> None:
    old = add(1, added_at=ago(days=2))
    big, small = add(2, size_bytes=5 * 2**30), add(3, size_bytes=2**20)
    asked = add(4, size_bytes=50 * 2**30, added_at=ago(days=2))
    with session() as s:
        queue.mark_requested(s, [asked])
    assert claim("a") == [asked, small, big, old]


def test_requeued_items_are_asked_for_until_they_are_done(database: str) -> None:
    first, second = add(1), add(2)
    with session() as s:
        failures.requeue(s, failures.Choice(ids=(second,)))
    assert claim("a") == [second, first]
    with session() as s:
        assert queue.settle_done(s, "a", second, "key")
        assert s.get_one(Item, second).requested_at is None


def test_a_big_old_item_comes_up_although_small_ones_arrive_each_night(database: str) -> None:
    """The worst case: endlessly big, put off before, failed before, and a night takes one item."""
    worst = add(1, size_bytes=2**50, status="failed", tries=2)
    deferred = add(2, size_bytes=2**50, status="deferred")
    nights = {}
    for night in range(1, 30):
        with session() as s:  # a day passes
            for item in s.scalars(select(Item)):
                item.added_at -= timedelta(days=1)
        add(100 + night)
        with session() as s:
            ids = queue.claim(s, "a shift", queue.waiting(3), 1)
            s.delete(s.get_one(Item, ids[0]))
        for name, item_id in (("worst", worst), ("put_off", deferred)):
            if ids == [item_id]:
                nights[name] = night
    assert 10 < nights["worst"] <= 26
    assert 10 < nights["put_off"] <= 26


def test_a_clock_that_was_ahead_starves_nobody(database: str) -> None:
    future, now = add(1, added_at=ago(days=-900)), add(2)
    assert claim("a") == [future, now]


def test_what_is_postponed_is_released_and_another_workers_is_left_alone(database: str) -> None:
    mine, failed, theirs = add(1), add(2, status="failed", tries=1), add(3)
    assert set(claim("me", limit=2)) == {mine, theirs}
    put(theirs, claimed_by="they")
    with session() as s:
        queue.release(s, "me", [mine, failed, theirs])
    assert [row_of(i)[:2] for i in (mine, failed, theirs)] == [
        ("pending", None), ("failed", None), ("pending", "they"),
    ]  # fmt: skip


def test_a_pause_is_told_through_the_database(database: str) -> None:
    with session() as s:
        flags.put(s, flags.PAUSED, {"reason": "disks"})
        flags.put(s, flags.PAUSED, {"reason": "disks, again"})
    with session() as s:
        assert flags.get(s, flags.PAUSED).value == {"reason": "disks, again"}
        assert flags.remove(s, flags.PAUSED) is not None
        assert flags.remove(s, flags.PAUSED) is None


def test_what_is_in_work_waits_no_longer(database: str) -> None:
    add(1)
    with session() as s:
        assert metrics_queries.waiting_since(s) is not None
    claim("a")
    with session() as s:
        assert metrics_queries.waiting_since(s) is None
        assert metrics_queries.items(s) == {("processing", "audio"): 1}

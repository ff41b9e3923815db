"""Growth is bounded: what is old goes, what may be asked for again stays."""

import os
import shutil
import sqlite3
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from tests.conftest import Override
from tests.unit.search.test_vectors import Axes, passage
from utils.clock import now
from utils.config import Settings, load_settings
from utils.db import ledger, runs
from utils.db.schema import Download, Execution, Item, Run, RunItem
from utils.db.session import session
from utils.errors import RetryableError
from utils.housekeeping import retention
from utils.housekeeping.retention import Part
from utils.models.rendition import Thumbnails
from utils.models.shift import ItemOutcome, Outcome, RunStatus
from utils.pipeline import recall
from utils.search import vectors
from utils.search.index_client import connected
from utils.storage import home

ITEM = "a" * 64


def clean(dry_run: bool = False) -> dict[str, Part]:
    return {part.what: part for part in retention.clean(load_settings(), dry_run)}


def a_run(
    name: str, days_ago: float = 0.0, outcomes: int = 3, status: RunStatus = RunStatus.SUCCESS
) -> Path:
    """A run of some days ago, with its report."""
    path = load_settings().home / "reports" / f"{name}.html"
    path.parent.mkdir(exist_ok=True)
    path.write_text("report" * 100)
    with session() as s:
        runs.begin(s, name, "night-shift")
        for number in range(outcomes):
            skipped = ItemOutcome(item_id=None, path=f"/x/{number}", outcome=Outcome.SKIPPED)
            runs.add_outcome(s, name, skipped)
        if status is not RunStatus.RUNNING:
            runs.finish(s, name, status, path)
        s.get_one(Run, name).started_at = now() - timedelta(days=days_ago)
    return path


def executed(
    key: str, status: str = "done", days_ago: float = 0.0, step: str = "a_step", item_id: str = ITEM
) -> int:
    """An execution of some days ago; returns its id."""
    row = ledger.start(item_id, step, ledger.Inputs(key, {"version": 1}), "run")
    if status == "done":
        with session() as s:
            ledger.finish(s, row, Thumbnails(images=()), 1.0)
    elif status == "failed":
        ledger.fail(row, RetryableError("busy"), 1.0)
    then = now() - timedelta(days=days_ago)
    with session() as s:
        s.execute(
            update(Execution)
            .where(Execution.id == row)
            .values(
                status=status, started_at=then, ended_at=then,
                used_at=then if status == "done" else None,
            )
        )  # fmt: skip
    return row


def rows(kind: type[Execution] | type[RunItem] | type[Run]) -> set[int | str]:
    with session() as s:
        return set(s.scalars(select(kind.id)))


def test_old_runs_go_with_their_outcomes_and_reports(database: str) -> None:
    old, new = a_run("old", days_ago=91), a_run("new", days_ago=89)
    told = clean()
    assert told["runs"].rows == 4
    assert (told["reports"].files, told["reports"].size_bytes) == (1, 600)
    assert rows(Run) == {"new"}
    assert len(rows(RunItem)) == 3
    assert (old.exists(), new.exists()) == (False, True)


def test_the_last_run_and_one_that_runs_are_kept_however_old(database: str) -> None:
    from utils.db import workers
    from utils.scheduling.run_session import run_session

    with run_session("night-shift", "works", load_settings()):
        with session() as s:
            s.get_one(Run, "works").started_at = now() - timedelta(days=300)
            assert "works" in workers.alive(s)
        a_run("last", days_ago=200)
        a_run("before", days_ago=250)
        clean()
        assert rows(Run) == {"works", "last"}


def test_a_dry_run_says_the_same_and_changes_nothing(database: str) -> None:
    a_run("old", days_ago=91)
    a_run("new")
    executed("k", days_ago=100)
    executed("k", days_ago=95)
    before = (rows(Run), rows(RunItem), rows(Execution))
    told = clean(dry_run=True)
    assert (rows(Run), rows(RunItem), rows(Execution)) == before
    assert clean() == told
    assert told["runs"].rows == 4
    assert told["superseded executions"].rows == 1
    assert all(not any(part[1:]) for part in clean().values())


def test_no_result_goes_that_a_step_may_be_asked_for(database: str) -> None:
    forced_again = executed("k1", days_ago=100)
    kept = {
        executed("k1", days_ago=95),  # the latest under its key, however old
        executed("k2", days_ago=400),  # of other options: switching back is free
        executed("k3", days_ago=100, item_id="b" * 64),
        executed("k1", days_ago=0.5),
    }
    clean()
    assert rows(Execution) == kept - {min(kept)}
    assert forced_again not in rows(Execution)
    for key in ("k1", "k2", "k3"):
        assert recall.recall(key, Thumbnails, load_settings()).result is not None


def test_failures_go_once_their_step_was_tried_again(database: str) -> None:
    for status in ("failed", "lost", "deferred"):
        executed("k", status, days_ago=100)
    last = executed("k", "failed", days_ago=95)  # why it failed, said by `show`
    recent = executed("k", "failed", days_ago=10, item_id="b" * 64)
    after = executed("k", "failed", days_ago=9, item_id="b" * 64)
    clean()
    assert rows(Execution) == {last, recent, after}


def test_a_year_of_nights_takes_no_more_room_than_the_limit(
    database: str, override: Override
) -> None:
    """Every fifth night, then each of the last hundred; one item is tried in vain every time."""
    override(retention_runs=20)
    sizes = []
    nights = [*range(0, 265, 5), *range(265, 365)]
    for number, night in enumerate(nights):
        a_run(f"night-{night:03}", days_ago=365 - night, outcomes=5)
        executed("k", "failed", days_ago=365 - night)
        if number % 10 == 2:
            clean()
            sizes.append((len(rows(Run)), len(rows(RunItem)), len(rows(Execution))))
    assert max(size[:2] for size in sizes) == (20, 100)
    assert [size[:2] for size in sizes[-5:]] == [sizes[-1][:2]] * 5
    assert sizes[-1][2] <= 91
    clean()
    assert len(list((load_settings().home / "reports").iterdir())) == 20


def test_a_report_of_no_run_goes_when_it_is_old(settings: Settings) -> None:
    a_run("new")
    stray = settings.home / "reports" / "0123456789ab.html"
    stray.write_text("x")
    assert clean()["reports"].files == 0
    os.utime(stray, (time.time() - 91 * 86400,) * 2)
    assert clean()["reports"].files == 1
    assert not stray.exists()


@pytest.mark.parametrize("place", ["reports/taxes.html", "logs/choir.log", "chroma/notes/a.txt"])
def test_what_is_not_named_as_ours_is_stays_however_old(settings: Settings, place: str) -> None:
    vectors.count(settings)
    theirs = settings.home / place
    theirs.parent.mkdir(exist_ok=True)
    theirs.write_bytes(b"x" * (11 * 2**20))
    os.utime(theirs, (time.time() - 400 * 86400,) * 2)
    retention.clean_by_hand(settings)
    assert theirs.stat().st_size == 11 * 2**20


@pytest.mark.parametrize(
    ("place", "file"),
    [
        ("reports", "0123456789ab.html"),
        ("logs", "worker.log"),
        ("scratch", "host_0123456789ab/a"),
        ("incoming", "{key}/a"),
    ],
)
def test_nothing_is_removed_behind_a_link(
    settings: Settings, tmp_path: Path, place: str, file: str
) -> None:
    """The folder was moved, and a link put in its place: it may lead to anything."""
    with session() as s:
        s.add(Item(id=ITEM, kind="video", title="", size_bytes=1, status="done"))
        s.flush()
        s.add(Download(key=ITEM, url="u", item_id=ITEM))
    theirs = tmp_path / "elsewhere" / file.format(key=ITEM)
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"x" * (11 * 2**20))
    (tmp_path / "elsewhere" / "host_0123456789ab.lock").touch()
    for path in (tmp_path / "elsewhere").rglob("*"):
        os.utime(path, (time.time() - 400 * 86400,) * 2)
    shutil.rmtree(settings.home / place, ignore_errors=True)
    (settings.home / place).symlink_to(tmp_path / "elsewhere")
    retention.clean(settings)
    assert theirs.stat().st_size == 11 * 2**20


def test_indexes_of_other_programs_on_a_chroma_server_stay(settings: Settings) -> None:
    vectors.count(settings)
    theirs = ("passages", "summary-2024", "speech-of-a-president", "picture-0123abcd")
    with connected(settings) as client:
        for name in (*theirs, "passages-0123abcd"):
            client.create_collection(name)
    vectors.forget_former(settings)
    with connected(settings) as client:
        left = {one.name for one in client.list_collections()}
    assert left >= set(theirs)
    assert "passages-0123abcd" not in left


def test_a_folder_without_our_mark_is_not_cleaned(settings: Settings) -> None:
    path = a_run("old", days_ago=91)
    (settings.home / home.MARKER).unlink()
    assert clean()["reports"].files == 0
    assert path.exists()


def test_a_log_that_a_server_writes_to_is_cut_and_goes_on(settings: Settings) -> None:
    logs = settings.home / "logs"
    logs.mkdir()
    log = logs / "worker.log"
    with log.open("ab") as server:
        server.write(b"a" * (11 * 2**20) + b"the end\n")
        server.flush()
        assert clean()["logs"].files == 1
        server.write(b"and on\n")
    assert log.read_bytes() == b"and on\n"
    assert (logs / "worker.log.1").read_bytes().endswith(b"the end\n")
    assert (logs / "worker.log.1").stat().st_size == 2**20
    assert clean()["logs"].files == 0


def test_former_indexes_go_with_their_files_and_the_present_one_stays(settings: Settings) -> None:
    now_used = Axes()
    vectors.replace("i", [passage("i", "3")], now_used, settings)
    found = [passage("i", f"2.{number}") for number in range(1200)]  # enough for files of vectors
    vectors.replace("i", found, Axes("a former model"), settings)
    told = vectors.forget_former(settings, dry_run=True)
    assert told[0] == 1200
    assert told[2] > 100_000
    assert vectors.forget_former(settings) == told
    assert vectors.forget_former(settings) == (0, 0, 0)
    assert vectors.count(settings) == 1
    assert vectors.nearest("3", 1, now_used, settings)["speech"][0].item_id == "i"


def test_a_database_gives_free_room_back_but_not_while_it_is_in_use(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.execute("INSERT INTO t VALUES (zeroblob(40000000))")
        connection.commit()
        connection.execute("DELETE FROM t")
        connection.commit()
        connection.execute("BEGIN EXCLUSIVE")
        assert retention.compact(path) == 0
        connection.rollback()
    assert retention.compact(path, dry_run=True) > 30e6
    assert path.stat().st_size > 30e6
    assert retention.compact(path) > 30e6
    assert path.stat().st_size < 1e6


def test_cleaning_is_due_once_a_day_and_after_the_clock_was_set_back(settings: Settings) -> None:
    assert not retention.is_due(settings)  # a new home: nothing is old
    assert not retention.is_due(settings)
    stamp = settings.home / "cleaned"
    for age, due in ((3600, False), (25 * 3600, True), (-3600, True)):
        os.utime(stamp, (time.time() - age,) * 2)
        assert retention.is_due(settings) is due
        assert not retention.is_due(settings)
